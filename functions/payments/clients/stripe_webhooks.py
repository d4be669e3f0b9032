"""Stripe's webhooks behind the port: only what Stripe has signed, and lately, is read at all.

The signature is the SDK's to check (HMAC-SHA256 over time and raw body, compared in constant time).
Stripe signs with the old and the new secret for as long as one is rolled; each repeat of a delivery
has a time and a signature of its own.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime

from stripe import SignatureVerificationError, WebhookSignature

from payments.clients import stripe_mapping as words
from payments.clients.secret import PspSecret
from payments.service.ports import WebhookEvent, WebhookRefusal
from shop import untrusted_json

TOLERANCE_S = 300
HEADER = "stripe-signature"
_TIME = re.compile(r"\d{1,11}", re.ASCII)


class StripeWebhooks:
    """`payments.service.ports.Webhooks`.

    A signature that does not fit never makes the secret be read anew: anyone can send one.
    """

    name = "stripe"

    def __init__(self, secret: Callable[[], PspSecret]) -> None:
        self._secret = secret

    def read(
        self, raw: bytes, headers: Mapping[str, str], *, now: datetime
    ) -> WebhookEvent | WebhookRefusal:
        """The event in our words, or why there is none."""
        if not self._is_signed(raw, headers.get(HEADER, ""), now):
            return WebhookRefusal.NOT_SIGNED
        try:
            return words.notice(untrusted_json.parse(raw))
        except ValueError:  # Neither clear JSON nor an event.
            return WebhookRefusal.UNREADABLE

    def _is_signed(self, raw: bytes, header: str, now: datetime) -> bool:
        """By Stripe and lately. Stripe signs text: what is no UTF-8 it has not signed."""
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            return False
        return _is_fresh(header, now) and any(
            _signed(text, header, key) for key in self._secret().webhook_secrets
        )


def _is_fresh(header: str, now: datetime) -> bool:
    """By the one time that the header has: with two, another one might be what was signed."""
    times = [part[2:] for part in header.split(",") if part.startswith("t=")]
    if len(times) != 1 or not _TIME.fullmatch(times[0]):
        return False
    return abs(now.timestamp() - int(times[0])) <= TOLERANCE_S


def _signed(text: str, header: str, key: str) -> bool:
    """The time is checked by our clock, before, so not by the SDK."""
    try:
        return header.isascii() and WebhookSignature.verify_header(text, header, key)
    except SignatureVerificationError:
        return False
