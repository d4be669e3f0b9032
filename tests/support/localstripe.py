"""localstripe, Stripe's API as somebody else wrote it, as a process of its own."""

import json
import os
import socket
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from payments.clients.secret import PspSecret
from payments.clients.stripe import StripePsp
from payments.domain.payment import ProviderPayment, PspState
from shop.payer_details import PayerDetails
from tests.support.shop_client import eventually
from tests.unit.payments.fakes import TOTAL, make_payment

ROOT = Path(__file__).resolve().parents[2]
API_KEY = "sk_test_contract"
CARDS = {
    "pm_card_chargeDeclined": "4000000000000341",
    "pm_card_authenticationRequired": "4000002500003155",
}


def free_port() -> int:
    """Where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def post(url: str, /, **fields: str) -> dict[str, Any]:
    """What it answers to a form."""
    request = urllib.request.Request(
        url,
        data=urllib.parse.urlencode(fields).encode(),
        headers={"Authorization": f"Bearer {API_KEY}"},
    )
    with urllib.request.urlopen(request, timeout=5) as response:
        answer: dict[str, Any] = json.loads(response.read() or "{}")
    return answer


def _wait_until_it_answers(url: str, process: subprocess.Popen[bytes]) -> None:
    request = urllib.request.Request(
        f"{url}/v1/events", headers={"Authorization": f"Bearer {API_KEY}"}
    )

    def answers() -> bool:
        assert process.poll() is None, "localstripe ended"
        try:
            urllib.request.urlopen(request, timeout=1).close()
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False
        return True

    eventually(answers, until=bool)


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """Its URL. Its state lies in this folder; it listens on loopback only."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        [sys.executable, "-m", "localstripe", "--port", str(port), "--from-scratch"],
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT / "tools/local/isolation"),
            "LOCALSTRIPE_STATE": str(folder / "state.pickle"),
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_until_it_answers(url, process)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=20)


class Secret:
    """The secret as the local runtime fills it."""

    def __init__(self, methods: dict[str, str], api_key: str = API_KEY) -> None:
        self.value = PspSecret(api_key, methods)
        self.forgotten = 0

    def __call__(self) -> PspSecret:
        return self.value

    def forget(self) -> None:
        self.forgotten += 1


def secret_with_cards(url: str) -> Secret:
    """The test cards by the names that Stripe has for them."""
    methods = {}
    for alias, number in CARDS.items():
        card = {"number": number, "exp_month": "12", "exp_year": "2040", "cvc": "123"}
        fields = {f"card[{name}]": value for name, value in card.items()}
        made = post(f"{url}/v1/payment_methods", type="card", **fields)
        methods[alias] = str(made["id"])
    return Secret(methods)


def created(psp: StripePsp, method: str = "pm_card_visa") -> Any:
    """A payment whose reference is stored, as the use case confirms it."""
    payer = PayerDetails(method)
    payment = make_payment(payer)
    made = psp.create(payment, payer, TOTAL, key="att_1")
    assert isinstance(made, ProviderPayment)
    assert made.state is PspState.CREATED
    return replace(payment, psp_reference=made.reference)


def confirmed(psp: StripePsp, method: str = "pm_card_visa") -> tuple[Any, ProviderPayment]:
    """A payment that was confirmed, and what came of it."""
    payment = created(psp, method)
    return payment, psp.confirm(payment, return_url=None, key="att_1:confirm")
