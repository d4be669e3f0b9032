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
from payments.service.ports import WebhookEvent
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

    def read(self, raw: bytes, headers: Mapping[str, str], *, now: datetime) -> WebhookEvent | None:
        """The event in our words, or None: not signed, too old, or none of Stripe's events."""
        header = headers.get(HEADER, "")
        if not _is_fresh(header, now):
            return None
        try:
            text = raw.decode()
            if not any(_signed(text, header, key) for key in self._secret().webhook_secrets):
                return None
            return words.notice(untrusted_json.parse(raw))
        except ValueError:  # Neither UTF-8, nor clear JSON, nor an event.
            return None


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
