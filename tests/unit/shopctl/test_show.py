"""An order is shown as people read it; with --json as programs do."""

import json
from typing import Any

import pytest

from shop import ids
from tools.shopctl import cli, render, rows
from tools.shopctl.target import Target

ORDER_ID = ids.derive("ord", "1", region="us-east-1")
RESERVATION_ID = ids.derive("rsv", ORDER_ID, region="us-east-1")
PAID_EVENT = ids.derive("evt", "1", region="us-east-1")
TXN = ids.derive("txn", PAID_EVENT, "payment_captured", region="us-east-1")
AT = "2026-11-29T12:00:00.000Z"
LINE: dict[str, Any] = {
    "sku": "STA-0012", "quantity": 2, "product_id": "prd_1", "title": "Letter [A4] Paper",
    "unit_price": 499, "total": 998,
}  # fmt: skip
ORDER: dict[str, Any] = {
    "sk": "ORDER", "order_id": ORDER_ID, "status": "paid", "customer_id": "usr_1",
    "currency": "USD", "subtotal": 998, "shipping": 599, "tax": 66, "total": 1663,
    "payment_id": "pay_1", "refunded": '["pay_0"]', "lines": json.dumps([LINE]),
    "cancellation_requested_by": "staff", "shipping_address": '{"name": "Ada"}',
    "created_at": AT, "updated_at": AT,
}  # fmt: skip
EVENT: dict[str, Any] = {
    "sk": "EVENT#1",
    "event": json.dumps(
        {"occurred_at": AT, "type": "payment.captured", "id": PAID_EVENT, "subject": "pay_1",
         "sequence": 4}
    ),
}  # fmt: skip
STORED: dict[str, list[dict[str, Any]]] = {
    f"ORDER#{ORDER_ID}": [ORDER, EVENT],
    "PAYMENT#pay_1": [{"payment_id": "pay_1", "status": "captured", "amount": 1663,
                       "currency": "USD"}],
    f"RSV#{RESERVATION_ID}": [{
        "status": "committed", "held_until": AT, "updated_at": AT,
        "lines": '[{"sku": "STA-0012", "location": "use1-ewr", "quantity": 2}]',
    }],
    f"TXN#{TXN}": [
        {"sk": "TXN", "template": "payment_captured", "recorded_at": AT},
        {"sk": "1", "account": "1210:stripe:USD", "side": "debit", "amount": 1663,
         "currency": "USD"},
    ],
}  # fmt: skip


@pytest.fixture
def stored(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[dict[str, Any]]]:
    """What the tables hold, by partition; a test may change it."""
    found = {key: [dict(row) for row in partition] for key, partition in STORED.items()}
    monkeypatch.setattr(rows, "query", lambda _, __, pk: found.get(pk, []))
    monkeypatch.setattr(cli, "find", lambda **_: Target("prod", "us-east-1", ""))
    return found


def shown(capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    assert cli.main(["orders", "show", ORDER_ID, *words]) == 0
    return capsys.readouterr().out.splitlines()


@pytest.mark.usefixtures("stored")
def test_an_order_is_shown_with_what_was_bought_and_what_it_cost(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = [line.split() for line in shown(capsys)]
    for line in (
        ["status", "paid"],
        ["total", "16.63", "USD"],
        ["cancellation_requested_by", "staff"],
        ["refunded", "pay_0"],
        ["sku", "title", "quantity", "unit_price", "total"],
        ["STA-0012", "Letter", "[A4]", "Paper", "2", "4.99", "USD", "9.98", "USD"],
        [AT, "payment.captured", PAID_EVENT, "pay_1", "4"],
        ["STA-0012", "use1-ewr", "2"],
        [TXN, AT, "1210:stripe:USD", "debit", "16.63", "USD"],
    ):
        assert line in lines


@pytest.mark.usefixtures("stored")
def test_people_see_neither_documents_nor_minor_units_nor_the_address(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = "\n".join(shown(capsys))
    for each in ("{", '"', "499", "1663", "Ada"):
        assert each not in text


@pytest.mark.usefixtures("stored")
def test_programs_get_minor_units_and_no_document_in_a_document(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = json.loads("\n".join(shown(capsys, "--json")))
    assert found["order"]["total"] == 1663
    assert found["order"]["refunded"] == ["pay_0"]
    (line,) = found["lines"]
    assert (line["unit_price"], line["total"], line["currency"]) == (499, 998, "USD")
    assert found["reservation"]["lines"][0]["location"] == "use1-ewr"
    assert found["transactions"][0]["entries"][0]["amount"] == 1663
    assert "Ada" not in json.dumps(found)


def test_what_is_not_priced_yet_is_not_shown_as_free(
    stored: dict[str, list[dict[str, Any]]], capsys: pytest.CaptureFixture[str]
) -> None:
    known_later = ("subtotal", "shipping", "tax", "total", "payment_id")
    pending = {name: value for name, value in ORDER.items() if name not in known_later}
    unpriced = {**LINE, "title": "", "unit_price": 0, "total": 0}
    stored.clear()
    stored[f"ORDER#{ORDER_ID}"] = [pending | {"lines": json.dumps([unpriced])}]
    text = "\n".join(shown(capsys))
    assert "0.00 USD" not in text
    assert "STA-0012" in text


def test_what_there_is_none_of_is_said_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    render.details({"payment": None, "order": {"refund_due": []}})
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
        ["payment", "none"],
        ["order:"],
        ["refund_due", "none"],
    ]
