"""What `shopctl demo` shows is what the README shows, and amounts are as people read them."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tools.shopctl import amounts, demo, render
from tools.shopctl.api import Answer, Api

README = Path(__file__).resolve().parents[3] / "README.md"
ORDER = "ord_use1_43cxg594hvrm23dkn1d7dzs042"
TRANSACTION = "txn_use1_4sxndm8ye61mqtc83q6xz7ej56"
FACTOR, SECRET = "fac_1", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
TOTAL = {"amount": 1131, "currency": "USD"}
EVENTS = (
    "inventory.reserved",
    "order.placed",
    "payment.authorized",
    "inventory.committed",
    "payment.captured",
    "order.paid",
)
ANSWERS: Mapping[str, tuple[int, dict[str, Any]]] = {
    "POST /users": (202, {"user_id": "usr_1", "status": "pending_verification"}),
    "POST /users/verify": (200, {"user_id": "usr_1", "status": "active"}),
    "POST /sessions": (201, {"access_token": "token"}),
    "POST /mfa/factors": (
        201,
        {"factor_id": FACTOR, "status": "pending", "secret": SECRET},
    ),
    f"POST /mfa/factors/{FACTOR}/confirm": (
        200,
        {"status": "active", "recovery_codes": ["x"] * 10},
    ),
    "GET /mfa/factors": (200, {"data": [{"last_used_at": "2026-11-29T13:50:30.000Z"}]}),
    "POST /mfa/challenge": (202, {"challenge_id": "cha_1"}),
    "POST /mfa/verify": (200, {"access_token": "token of two factors"}),
    "GET /products": (200, {"data": [{"variants": [{"sku": "STA-0012-CHARCOAL"}]}] * 20}),
    "POST /inventory/check": (
        200,
        {"lines": [{"sku": "STA-0012-CHARCOAL", "available_quantity": 808}]},
    ),
    "POST /orders": (
        201,
        {"order_id": ORDER, "status": "placed", "total": TOTAL, "currency": "USD"},
    ),
    "POST /payments": (
        201,
        {"payment_id": "pay_use1_39t0gqta14ssfj4jn5nvg0cfe7", "status": "captured"},
    ),
    f"GET /orders/{ORDER}/timeline": (
        200,
        {
            "data": [
                {
                    "occurred_at": "2026-11-29T13:50:47.262Z",
                    "type": type_,
                    "event_id": "evt_use1_12ngvy49h47wqn0n3ax66n7kez",
                }
                for type_ in EVENTS
            ]
        },
    ),
    "GET /ledger/accounts/1210%3Astripe%3AUSD/entries": (
        200,
        {"data": [{"transaction_id": TRANSACTION, "order_id": ORDER}]},
    ),
    f"GET /ledger/transactions/{TRANSACTION}": (
        200,
        {
            "entries": [
                {"account_id": "1210:stripe:USD", "side": "debit", "amount": TOTAL},
                {"account_id": "2100:USD", "side": "credit", "amount": TOTAL},
            ]
        },
    ),
}


class Shop(Api):
    """Answers as the platform does."""

    def _once(self, method: str, path: str, body: Any, key: str) -> Answer:
        status, found = ANSWERS[f"{method} {path.partition('?')[0]}"]
        return Answer(status, {}, found)


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (1131, "USD", "11.31 USD"),
        (5, "EUR", "0.05 EUR"),
        (100, "GBP", "1.00 GBP"),
        (0, "USD", "0.00 USD"),
        (-1131, "USD", "-11.31 USD"),
        (-5, "USD", "-0.05 USD"),
        (1131, "JPY", "1131 JPY"),
        (1131, "KWD", "1.131 KWD"),
        (10**12, "USD", "10000000000.00 USD"),
    ],
)
def test_amounts_have_the_places_of_their_currency(amount: int, currency: str, text: str) -> None:
    assert amounts.readable({"amount": amount, "currency": currency}) == text


def test_the_readme_shows_what_the_demo_shows(capsys: pytest.CaptureFixture[str]) -> None:
    run = demo.run(
        Shop("http://x"),
        customer=("ada@example.com", "x"),
        finance=("finance@example.com", "x", SECRET),
        code=str,
        on_step=render.step,
    )
    render.journey(run)
    shown = capsys.readouterr().out
    assert "11.31 USD" in shown
    assert _shape(_of_the_readme()) == _shape(shown)


def test_who_signs_up_buys_with_the_code_that_was_mailed() -> None:
    asked: list[str] = []

    def code(address: str) -> str:
        asked.append(address)
        return "a code"

    run = demo.run(Shop("http://x"), customer=None, finance=None, code=code, on_step=lambda _: None)
    steps = [step["step"] for step in run.steps]
    assert steps[:7] == [
        "POST /users",
        "the mail comes",
        "POST /users/verify",
        "sign in",
        "POST /mfa/factors",
        "POST /mfa/factors/{factor_id}/confirm",
        "POST /mfa/verify",
    ]
    assert [step["shows"] for step in run.steps if step["step"] == "sign in"] == asked


def _of_the_readme() -> str:
    found = re.search(r"```\n\$ make demo\n(.*?)```", README.read_text(), re.DOTALL)
    assert found, "the README has no output of `make demo`"
    return found[1]


def _shape(text: str) -> list[str]:
    """Line by line, whatever the ids, numbers and widths are."""
    lines = [re.sub(r"_use1_[0-9a-z]{26}", "_ID", line) for line in text.splitlines()]
    lines = [re.sub(r"[A-Z]{3}-\d{4}-[A-Z0-9]+", "SKU", line) for line in lines]
    return [" ".join(re.sub(r"\d+", "0", line).split()) for line in lines if line.strip()]
