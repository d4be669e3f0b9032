"""The local payment provider: localstripe as a process of its own, and the cards it must know.

localstripe is GPL and is never imported; isolation/sitecustomize.py keeps it inside the checkout.
"""

from __future__ import annotations

import json
import pickletools
import sys
from pathlib import Path
from typing import Any

import boto3

from tools.local import aws, processes
from tools.local.errors import LocalError
from tools.local.http import get_json, post_form, wait_for
from tools.local.settings import PREFIX, Settings, clean_environment

API_KEY = "sk_test_cartwright"
WEBHOOK_SECRET = "whsec_cartwright"  # noqa: S105 (of a provider that holds no money)
SECRET = f"{PREFIX}psp"  # Made by the payments stack with a key that opens nothing.
START_TIMEOUT_S = 30.0
_HEADERS = {"Authorization": f"Bearer {API_KEY}"}

# Stripe's test names that localstripe does not know, or (…visa_chargeDeclined) does not decline. It
# refuses at the charge only 4000000000000341: all declined cards are that one, with one reason.
CARDS = {
    "pm_card_mastercard": "5555555555554444",
    "pm_card_visa_debit": "4000056655665556",
    "pm_card_chargeDeclined": "4000000000000341",
    "pm_card_visa_chargeDeclined": "4000000000000341",
    "pm_card_chargeDeclinedInsufficientFunds": "4000000000000341",
    "pm_card_chargeDeclinedExpiredCard": "4000000000000341",
    "pm_card_chargeDeclinedFraudulent": "4000000000000341",
    "pm_card_authenticationRequired": "4000002500003155",
    "pm_card_threeDSecure2Required": "4000000000003220",
}


def service(settings: Settings) -> processes.Service:
    """The provider's process, with its state beside the emulator's."""
    return processes.Service(
        name="psp",
        command=[sys.executable, "-m", "localstripe", "--port", str(settings.psp_port)],
        port=settings.psp_port,
        home=settings.home,
        environment=clean_environment(
            settings,
            PYTHONPATH=str(Path(__file__).parent / "isolation"),
            LOCALSTRIPE_STATE=str(settings.books),
        ),
    )


def launch(settings: Settings) -> bool:
    """Start the provider unless it runs; do not wait. True: a new process was started."""
    if processes.find(service(settings)):
        return False
    settings.books.parent.mkdir(parents=True, exist_ok=True)
    _refuse_damaged_state(settings.books)
    processes.start(service(settings))
    return True


def wait_ready(settings: Settings) -> None:
    """Return when the provider answers; say why when it does not."""
    own = service(settings)

    def ready_or_dead() -> bool:
        return answers(settings) or not processes.find(own)

    wait_for(ready_or_dead, timeout_s=START_TIMEOUT_S)
    if not answers(settings):
        raise LocalError(
            f"The local payment provider does not answer on port {settings.psp_port}. "
            f"The end of {own.log} says:\n" + processes.last_lines(own.log)
        )


def answers(settings: Settings) -> bool:
    """True when the provider serves its API."""
    return get_json(f"{settings.psp_url}/v1/events", headers=_HEADERS) is not None


def stop(settings: Settings) -> bool:
    """Stop the provider, keeping its state. False: it was not running."""
    return processes.stop(service(settings), timeout_s=20)


def forget(settings: Settings) -> None:
    """Remove the provider's state. It must not be running."""
    settings.books.unlink(missing_ok=True)


def provision(settings: Settings, *, webhook_url: str) -> None:
    """Make every test card exist, store keys and cards in the secret that payments reads, and have
    webhooks sent.

    Repeatable: cards that the provider still has are kept, so the secret changes only when needed.
    The provider forgets at its end where webhooks go.
    """
    secrets = boto3.client("secretsmanager", **aws.options(settings))
    stored = _parsed(secrets.get_secret_value(SecretId=SECRET).get("SecretString"))
    known = stored.get("payment_methods") or {}
    wanted = {
        "api_key": API_KEY,
        "webhook_secrets": [WEBHOOK_SECRET],
        "payment_methods": {
            alias: _payment_method(settings, known.get(alias), CARDS[alias]) for alias in CARDS
        },
    }
    if wanted != stored:
        secrets.put_secret_value(SecretId=SECRET, SecretString=json.dumps(wanted))
    fields = {"url": webhook_url, "secret": WEBHOOK_SECRET}
    if post_form(f"{settings.psp_url}/_config/webhooks/cartwright", fields, headers={}) is None:
        raise LocalError("The local payment provider does not take the address for its webhooks.")


def _parsed(text: str | None) -> dict[str, Any]:
    """What is in the secret; a placeholder has no cards."""
    try:
        stored = json.loads(text or "")
    except ValueError:
        return {}
    return stored if isinstance(stored, dict) else {}


def _payment_method(settings: Settings, known: str | None, number: str) -> str:
    url = f"{settings.psp_url}/v1/payment_methods"
    if known and get_json(f"{url}/{known}", headers=_HEADERS) is not None:
        return known
    card = {"number": number, "exp_month": "12", "exp_year": "2040", "cvc": "123"}
    fields = {"type": "card"} | {f"card[{key}]": value for key, value in card.items()}
    made = post_form(url, fields, headers=_HEADERS)
    if made is None:
        raise LocalError(f"The local payment provider refused the test card {number}.")
    return str(made["id"])


def _refuse_damaged_state(file: Path) -> None:
    """Read to its end without making anything of it: what it is made of is the provider's."""
    if not file.exists():
        return
    try:
        for _ in pickletools.genops(file.read_bytes()):
            pass
    except (ValueError, IndexError, KeyError) as error:
        raise LocalError(
            f"The books of the local payment provider in {file} are damaged. Remove that file, and "
            "it knows no earlier payment; or start from nothing: `make reset`, then `make up`."
        ) from error
