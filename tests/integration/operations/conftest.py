"""A shop whose every change the auditor looks at, minute by minute."""

import contextlib
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest

from operations.api import get_invariants
from tests.support import dynamodb, gateway
from tests.support.checkout_scenario import AUDITOR, CheckoutScenario, started

JOB = AUDITOR
REGION = "us-east-1"


@dataclass
class Audited:
    """A journey, its ledger folded, and what the auditor says of it."""

    shop: CheckoutScenario
    metrics: dict[str, float] = field(default_factory=dict)

    # What happens in the shop.
    def sell(self, key: str, sku: str, units: int = 2) -> dict[str, Any]:
        """An order that is paid, posted and folded."""
        reply = self.shop.buy(key, {sku: units})
        assert reply.status == 201, reply.text
        self.shop.deliver()
        return dict(reply.json["order"])

    def take(self, sku: str, movement: str, *, left: int) -> None:
        """One unit leaves its shelf, as inventory writes it."""
        row = {"pk": f"MOV#{sku}#use1-ewr", "sk": movement, "quantity": -1}
        self.put("inventory", row)
        self.change("inventory", f"SKU#{sku}", "LOC#use1-ewr", on_hand=left, available=left)

    # What the auditor does.
    def run(self, *, minutes: float = 1) -> dict[str, Any]:
        """A minute later the job runs; its metrics are kept, until the next run."""
        self.metrics.clear()
        self.shop.pass_time(minutes=minutes)
        with contextlib.redirect_stdout(io.StringIO()) as out:
            result: dict[str, Any] = self.shop.interceptor.call(JOB, {})
        for line in out.getvalue().splitlines():
            metric = json.loads(line)
            for name in ("InvariantViolated", "InvariantLag"):
                if name in metric:
                    (value,) = metric[name]
                    self.metrics[name] = value
        return result

    def until(self, done: Callable[["Audited"], bool]) -> None:
        """Run until this is so: two looks, five minutes between them, perhaps after a count."""
        for minutes in (1, 6, 1, 6, 1):
            self.run(minutes=minutes)
            if done(self):
                return

    @property
    def violated(self) -> dict[str, list[str]]:
        """Subjects by invariant, as the route lists them; only what is violated."""
        report = self.report()["invariants"]
        for each in report.values():
            assert each["holds"] is (each["violations"] == [])
        open_ = sum(each["count"] for each in report.values())
        assert self.metrics.get("InvariantViolated", 0) == open_
        return {
            name: sorted(violation["subject"] for violation in each["violations"])
            for name, each in report.items()
            if not each["holds"]
        }

    def report(self) -> dict[str, Any]:
        """GET /ops/invariants."""
        reply = self.ask()
        assert reply.status == 200, reply.text
        return dict(reply.json)

    def ask(self, **options: Any) -> gateway.Reply:
        event = gateway.event("GET", "/ops/invariants", scope="ops", **options)
        return gateway.call(get_invariants.handler, event)

    def told(self, type_: str = "") -> list[dict[str, Any]]:
        """The auditor's events."""
        return [each for each in dynamodb.outbox("audit") if each["type"].startswith(type_)]

    def moved(self, sku: str) -> int:
        """The auditor's own sum of a shelf's movements."""
        state = json.loads(self.row("audit", f"SUM#stock#{sku}@use1-ewr", "AGGREGATE")["state"])
        return sum(int(state[part].get("quantity", 0)) for part in ("base", "added"))

    # What someone does by hand.
    def change(self, table: str, pk: str, sk: str, **values: Any) -> None:
        """Set attributes of a row; None takes them away."""
        row = self.row(table, pk, sk)
        row |= values
        self.put(table, {name: value for name, value in row.items() if value is not None})

    def row(self, table: str, pk: str, sk: str) -> dict[str, Any]:
        found: Any = self._table(table).get_item(Key={"pk": pk, "sk": sk})["Item"]
        return dict(found)

    def table(self, name: str) -> list[dict[str, Any]]:
        return dynamodb.rows(name)

    def rows(self, table: str, pk: str) -> list[dict[str, Any]]:
        """The rows of a partition."""
        return [row for row in dynamodb.rows(table) if row["pk"] == pk]

    def outbox(self, table: str) -> list[dict[str, Any]]:
        return dynamodb.outbox(table)

    def put(self, table: str, row: dict[str, Any]) -> None:
        self._table(table).put_item(Item=row)

    def remove(self, table: str, pk: str, sk: str) -> dict[str, Any]:
        """Take a row away; returns it."""
        row = self.row(table, pk, sk)
        self._table(table).delete_item(Key={"pk": pk, "sk": sk})
        return row

    def _table(self, name: str) -> Any:
        return boto3.resource("dynamodb", region_name=REGION).Table(name)


@pytest.fixture(scope="module")
def shared() -> Iterator[Audited]:
    """One shop for many tests, each of which leaves it as it was."""
    with pytest.MonkeyPatch.context() as patch, opened(patch) as audited:
        yield audited


@pytest.fixture
def audited(monkeypatch: pytest.MonkeyPatch) -> Iterator[Audited]:
    """A shop of the test's own."""
    with opened(monkeypatch) as audited:
        yield audited


@contextlib.contextmanager
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[Audited]:
    """A shop that sells TEA, with its streams, balances and the auditor's table."""
    with started(monkeypatch) as shop:
        shop.stock("TEA", units=100)
        yield Audited(shop)
