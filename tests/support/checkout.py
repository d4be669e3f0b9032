"""The checkout machine in memory: gives what it is told to, and remembers what it was given."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from shop import strict
from shop.checkout import CheckoutResult, ExecutionFailed, ExecutionInput


def result(outcome: Any, status: int = 201, body: str = "{}") -> CheckoutResult:
    """An execution that ended well."""
    answer = {"status": status, "body": body}
    return strict.parse(CheckoutResult, {"outcome": outcome, "answer": answer})


@dataclass
class FakeCheckout:
    """`shop.checkout.Checkout`. Its results come in turn; None is an execution that failed.

    `inputs` holds what it was given, as JSON. `act` is done at every start.
    """

    results: list[CheckoutResult | None] = field(default_factory=list)
    act: Callable[[dict[str, Any]], object] = lambda _: None
    inputs: list[dict[str, Any]] = field(default_factory=list)

    def run(self, data: ExecutionInput, *, timeout_s: float) -> CheckoutResult:
        """The next result."""
        assert timeout_s > 0
        self.start(data)
        found = self.results.pop(0)
        if found is None:
            raise ExecutionFailed("TIMED_OUT")
        return found

    def start(self, data: ExecutionInput) -> None:
        """Remember it."""
        json = strict.dump(data)
        self.inputs.append(json)
        self.act(json)
