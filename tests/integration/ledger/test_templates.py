"""Every template of the chart, from its posting to what the API shows, in currencies whose minor
units are hundredths, thousandths and none."""

from collections import Counter, defaultdict
from datetime import UTC, datetime
from typing import Any

import pytest

from ledger.api import get_balance, get_transaction, list_accounts, list_entries
from ledger.consumers import on_transaction_posted
from ledger.domain.accounts import account
from ledger.domain.chart import TEMPLATES
from ledger.repository import BalanceRepository, JournalRepository
from ledger.service import post_transaction
from ledger.service.post_transaction import Posting
from shop import ids, trace
from shop.money import Money
from tests.support import dynamodb, envelopes, gateway
from tests.support.lambda_context import FakeContext

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
DIMENSIONS = {"psp": "stripe", "jurisdiction": "US-CA", "bank": "main"}
# All different, so that no two legs stand in for each other; what must balance does.
AMOUNTS = {
    "order_fulfilled": {"paid": 97, "discount": 10, "goods": 70, "shipping": 20, "tax": 17},
    "refund_after_fulfilment": {"goods": 71, "shipping": 21, "tax": 19, "total": 111},
    "chargeback_opened": {"amount": 1009, "fee": 15},
    "payout_converted": {"sold": 503, "bought": 707},
}


def _amounts(template: str) -> dict[str, int]:
    plain = 2000 + sorted(TEMPLATES).index(template)
    return AMOUNTS.get(template, {"amount": plain})


def _get(module: Any, path: str, **parameters: str) -> Any:
    sent = gateway.event(
        "GET", path.format(**parameters), scope="finance:read", path_parameters=parameters
    )
    reply = gateway.call(module.handler, sent)
    assert reply.status == 200, reply.text
    return reply.json


@pytest.fixture(params=["USD", "JPY", "KWD"])
def currency(
    request: pytest.FixtureRequest, moto_aws: None, monkeypatch: pytest.MonkeyPatch
) -> str:
    """All templates are posted in it once, and folded."""
    dynamodb.create("ledger", "balances")
    monkeypatch.setattr(on_transaction_posted, "balances", BalanceRepository())
    for template in TEMPLATES:
        amounts = {n: Money(units, request.param) for n, units in _amounts(template).items()}
        post_transaction.post(
            Posting(
                template=template,
                amounts=amounts,
                dimensions=DIMENSIONS,
                references={},
                effective=NOW,
            ),
            cause_event_id=ids.derive("evt", template, region="use1"),
            journal=JournalRepository(),
            now=NOW,
            trace=trace.from_header(None),
        )
    told = enumerate(dynamodb.outbox("ledger"))
    records = [envelopes.message(str(number), each) for number, each in told]
    answer = on_transaction_posted.handler({"Records": records}, FakeContext())
    assert answer == {"batchItemFailures": []}
    return str(request.param)


def _legs(currency: str) -> dict[str, list[tuple[str, str, int]]]:
    """(template, side, units) by account, as the chart alone says it."""
    found: dict[str, list[tuple[str, str, int]]] = defaultdict(list)
    for template, legs in TEMPLATES.items():
        for leg in legs:
            name = f"{leg.account.format_map(DIMENSIONS)}:{currency}"
            found[name].append((template, leg.side, _amounts(template)[leg.amount]))
    return found


def test_a_balance_is_the_sum_of_all_legs_of_all_templates(currency: str) -> None:
    legs = _legs(currency)
    shown = _get(list_accounts, "/ledger/accounts")["data"]
    assert [each["account_id"] for each in shown] == sorted(legs)
    for name, booked in legs.items():
        sums: Counter[str] = Counter()
        for _, side, units in booked:
            sums[side] += units
        of = account(name)
        net = sums["debit"] - sums["credit"]
        net = net if of.side == "debit" else -net
        found = _get(get_balance, "/ledger/accounts/{account_id}/balance", account_id=name)
        assert found | {"as_of": ""} == {
            "account_id": name,
            "posted": 0 if of.type.memo else net,
            "pending": net if of.type.memo else 0,
            "currency": currency,
            "version": len({template for template, _, _ in booked}),
            "as_of": "",
        }


def test_entries_and_transactions_show_the_units_that_were_posted(currency: str) -> None:
    by_transaction: dict[str, list[tuple[str, str, int]]] = defaultdict(list)
    for name, booked in _legs(currency).items():
        page = _get(list_entries, "/ledger/accounts/{account_id}/entries", account_id=name)
        for entry in page["data"]:
            assert entry["amount"]["currency"] == currency
            by_transaction[entry["transaction_id"]].append(
                (name, entry["side"], entry["amount"]["amount"])
            )
        units = Counter((entry["side"], entry["amount"]["amount"]) for entry in page["data"])
        assert units == Counter((side, amount) for _, side, amount in booked)
    assert len(by_transaction) == len(TEMPLATES)
    for id_, entries in by_transaction.items():
        path = "/ledger/transactions/{transaction_id}"
        shown = _get(get_transaction, path, transaction_id=id_)["entries"]
        told = [(each["account_id"], each["side"], each["amount"]["amount"]) for each in shown]
        assert sorted(told) == sorted(entries)
