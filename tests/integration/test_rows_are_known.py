"""Every row that a living shop writes is of a kind that its service's rules know."""

import pytest

from operations.domain.registry import facts_of
from operations.repository.registry import declared
from shop import clock
from tests.integration.test_personal_data import live
from tests.support import dynamodb
from tests.support.checkout_scenario import AUDITOR, started
from tests.support.gateway import CUSTOMER
from tests.support.oauth_clients import agreed, ask, asserted, assertion, with_key


def test_every_row_is_of_a_declared_type_and_read_by_what_is_asked_of_it_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    registry = declared()
    with started(monkeypatch) as shop:
        live(shop)
        _ask_for_tokens()
        assert shop.buy("paid", {"TEA": 1}).status == 201
        shop.settle(minutes=1)
        shop.interceptor.call(AUDITOR, {})
        seen = set()
        for table in dynamodb.TABLES:
            for row in dynamodb.rows(table):
                kind = registry.type_of(table, str(row["pk"]), str(row["sk"]))
                assert kind is not None, (table, row["pk"], row["sk"])
                assert not kind.statuses or row["status"] in kind.statuses, row["status"]
                seen.add((kind.table, kind.pk, kind.sk))
                if not kind.unchecked:
                    asked = {n: row[n] for n in registry.attributes(table) if n in row}
                    assert facts_of(kind, asked) == facts_of(kind, row)
        assert {(row.table, row.pk, row.sk) for row in registry.rows} - seen <= RARE


def _ask_for_tokens() -> None:
    """A partner's software proves itself, and comes with what a customer agreed to."""
    now = clock.now()
    partner = with_key(now, "ES256")
    agreed(now, partner, CUSTOMER)
    signed = asserted(assertion(partner, now))
    assert ask({"grant_type": "client_credentials"} | signed).status == 200


# Not of this shop: what the import writes, keys that took over, notices of the provider, what
# only looks wrong.
RARE = {
    ("catalog", "PRODUCT", "PRODUCT"),
    ("catalog", "LIST", ""),
    ("payments", "WEBHOOK", "WEBHOOK"),
    ("audit", "VIOLATION", "VIOLATION"),
    ("identity", "TOKEN_KEYS", "SET"),
}
