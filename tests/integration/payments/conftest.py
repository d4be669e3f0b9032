"""The payments table in moto, the provider in this process, the machine in six lines."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from payments.api import confirm_payment, create_payment
from payments.schedules import janitor
from payments.steps import _till, handler
from shop import tables
from shop.machine import CheckoutIncomplete
from tests.support import dynamodb
from tests.support.psp import SimulatedPsp
from tests.unit.payments.fakes import CUSTOMER, ORDER, TRACE


class World:
    """What a test touches: the provider, the steps, and who counts DynamoDB requests."""

    def __init__(self) -> None:
        self.psp = SimulatedPsp()
        self.requests: Counter[str] = Counter()
        self.dies_before: set[str] = set()
        self.refusal: dict[str, str] | None = None
        self.inputs: list[dict[str, Any]] = []

    def step(self, name: str, **fields: Any) -> dict[str, Any]:
        """One task of the machine."""
        return handler({"step": name, "trace": TRACE.to_dict(), **fields}, None)

    def machine(self, data: dict[str, Any]) -> dict[str, Any]:
        """The payments part of the checkout machine: claim, authorise, commit, capture."""
        self.inputs.append(data)
        payment_id = data["payment"]["payment_id"]
        if data["mode"] == "abandon":
            return self.step("void", payment_id=payment_id, **data["order"])
        if self.refusal:
            result = self.step("refuse", payment_id=payment_id, **self.refusal)
            return {"outcome": "refused", "answer": result["answer"]}
        claimed = {"amount": 1999, "currency": "EUR", **data["order"]}
        result = self._task("authorize", payment=data["payment"], trace=data["trace"], **claimed)
        if result["outcome"] == "unknown":
            raise CheckoutIncomplete("FAILED")
        if result["outcome"] == "authorized" and "commit" in self.dies_before:
            raise CheckoutIncomplete("TIMED_OUT")
        if result["outcome"] == "authorized" and result["capture"] == "auto":
            result = self._task(
                "capture", payment_id=payment_id, snapshot=result["snapshot"], trace=data["trace"]
            )
        return {"outcome": result["outcome"], "answer": result["answer"]}

    def _task(self, step: str, **fields: Any) -> dict[str, Any]:
        if step in self.dies_before:
            raise CheckoutIncomplete("TIMED_OUT")
        try:
            return handler({"step": step, **fields}, None)
        except Exception as error:
            raise CheckoutIncomplete("FAILED") from error


@pytest.fixture
def world(moto_aws: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    dynamodb.create("payments")
    made = World()
    monkeypatch.setattr(_till, "open_psp", lambda: made.psp)
    for module in (create_payment, confirm_payment):
        monkeypatch.setattr(module, "run", made.machine)
    monkeypatch.setattr(janitor, "start", made.machine)
    events = tables.connection().client.meta.events

    def count(model: Any, **_: Any) -> None:
        made.requests[model.name] += 1

    events.register("before-call.dynamodb", count)
    yield made
    events.unregister("before-call.dynamodb", count)


AUTHORIZE = {
    "order_id": ORDER,
    "customer_id": CUSTOMER,
    "amount": 1999,
    "currency": "EUR",
}
