"""The payments table in moto, the provider in this process, the machine in six lines."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from payments import wiring
from payments.api import confirm_payment, create_payment
from payments.schedules import recover_payments
from payments.steps import handler
from shop import strict, tables
from shop.checkout import CheckoutResult, ExecutionFailed, ExecutionInput
from tests.support import dynamodb
from tests.support.lambda_context import FakeContext
from tests.support.psp import SimulatedPsp
from tests.unit.payments.fakes import CUSTOMER, ORDER, TRACE, FakePersonalData


class FaultEnvironment:
    """What a test touches: the provider, the steps, and who counts DynamoDB requests."""

    def __init__(self) -> None:
        self.psp = SimulatedPsp()
        self.personal = FakePersonalData()
        self.requests: Counter[str] = Counter()
        self.dies_before: set[str] = set()
        self.refusal: dict[str, str] | None = None
        self.inputs: list[dict[str, Any]] = []
        self.waits: list[float] = []

    def step(self, name: str, **fields: Any) -> dict[str, Any]:
        """One task of the machine."""
        return handler({"step": name, "trace": TRACE.to_dict(), **fields}, FakeContext())

    def void(self, **fields: Any) -> dict[str, Any]:
        """As the machine gives up."""
        return self.step("void", code="order_closed", detail="", **fields)

    def run(self, data: ExecutionInput, *, timeout_s: float) -> CheckoutResult:
        """The payments part of the checkout machine: authorise, commit, capture."""
        self.waits.append(timeout_s)
        given = strict.dump(data)
        self.inputs.append(given)
        result = self._ended(given)
        return strict.parse(
            CheckoutResult, {"outcome": result["outcome"], "answer": result["answer"]}
        )

    def start(self, data: ExecutionInput) -> None:
        """Nobody waits for it, but here it has ended."""
        self.run(data, timeout_s=1)

    def _ended(self, data: dict[str, Any]) -> dict[str, Any]:
        payment_id, trace = data["payment"]["payment_id"], data["trace"]
        if data["mode"] == "abandon":
            return self.void(payment_id=payment_id, **data["order"])
        if self.refusal:
            return self.step("fail_payment", payment_id=payment_id, **self.refusal)
        attached = {"amount": 1999, "currency": "EUR", **data["order"]}
        result = self._task("authorize", payment=data["payment"], trace=trace, **attached)
        if result["outcome"] == "unknown":
            raise ExecutionFailed("FAILED")
        if result["outcome"] == "authorized" and "commit" in self.dies_before:
            raise ExecutionFailed("TIMED_OUT")
        if result["outcome"] == "authorized" and result["capture_method"] == "automatic":
            result = self._task("capture", payment=result["state"], trace=trace)
        return result

    def _task(self, step: str, **fields: Any) -> dict[str, Any]:
        if step in self.dies_before:
            raise ExecutionFailed("TIMED_OUT")
        try:
            return handler({"step": step, **fields}, FakeContext())
        except Exception as error:
            raise ExecutionFailed("FAILED") from error


@pytest.fixture
def world(moto_aws: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultEnvironment]:
    dynamodb.create("payments")
    made = FaultEnvironment()
    monkeypatch.setattr(create_payment, "personal", made.personal)
    monkeypatch.setattr(wiring, "personal", lambda: made.personal)
    monkeypatch.setattr(wiring, "open_psp", lambda: made.psp)
    for module in (create_payment, confirm_payment, recover_payments):
        monkeypatch.setattr(module, "checkout", made)
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
