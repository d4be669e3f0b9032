"""Runs a real ASL file in the calling thread: as many executions at once as there are threads.

Only what our machines use of the language; anything else is an error. moto's interpreter, which
knows all of it, runs an execution in some 60 ms and in threads of its own (machines.py).
"""

import copy
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from shop import strict
from shop.checkout import CheckoutResult, ExecutionFailed, ExecutionInput
from tests.support.lambda_context import FakeContext
from tests.support.machines import definition

Task = Callable[[dict[str, Any], Any], dict[str, Any]]


class Interpreter:
    """One machine; `tasks` answers its Task states by the function's name."""

    def __init__(self, name: str, tasks: Mapping[str, Task]) -> None:
        self._definition = definition(name)
        self._tasks = tasks

    def run(self, data: ExecutionInput, *, timeout_s: float = 0) -> CheckoutResult:
        """As `shop.checkout.Checkout`."""
        return strict.parse(CheckoutResult, self._execute(strict.dump(data)))

    def _execute(self, data: dict[str, Any]) -> dict[str, Any]:
        states, name = self._definition["States"], self._definition["StartAt"]
        while True:
            state = states[name]
            if state["Type"] == "Fail":
                raise ExecutionFailed(name)
            if state["Type"] == "Choice":
                name = next(
                    (rule["Next"] for rule in state["Choices"] if _holds(rule, data)),
                    state["Default"],
                )
                continue
            try:
                data = _with_result(state, data, self._result(state, data))
            except Exception:
                if "Catch" not in state:
                    raise
                [catcher] = state["Catch"]
                name = catcher["Next"]
                continue
            if state.get("End"):
                return data
            name = state["Next"]

    def start(self, data: ExecutionInput) -> None:
        """Nobody waits for it, but here it has ended."""
        with suppress(ExecutionFailed):
            self.run(data)

    def _result(self, state: dict[str, Any], data: dict[str, Any]) -> Any:
        if "Result" in state:
            return copy.deepcopy(state["Result"])
        given = _at(state.get("InputPath", "$"), data)
        given = _filled(state["Parameters"], given) if "Parameters" in state else given
        if state["Type"] == "Pass":
            return copy.deepcopy(given)
        task = self._tasks[state["Resource"].rpartition(":")[2]]
        [retrier] = state["Retry"]
        for _ in range(int(retrier["MaxAttempts"])):
            try:
                return task(copy.deepcopy(given), FakeContext())
            except Exception:  # noqa: S112 (logged by the step; the machine only counts)
                continue
        return task(copy.deepcopy(given), FakeContext())


def _with_result(state: dict[str, Any], data: dict[str, Any], result: Any) -> dict[str, Any]:
    path = state.get("ResultPath", "$")
    if path == "$":
        return dict(result)
    *parents, last = path.split(".")[1:]
    place = data
    for parent in parents:
        place = place.setdefault(parent, {})
    place[last] = result
    return data


def _at(path: str, data: Any) -> Any:
    """A reference path that is not there is a KeyError, as on AWS."""
    for part in path.split(".")[1:]:
        data = data[part]
    return data


def _filled(template: dict[str, Any], data: Any) -> dict[str, Any]:
    return {
        key.removesuffix(".$"): _at(value, data)
        if key.endswith(".$")
        else (_filled(value, data) if isinstance(value, dict) else value)
        for key, value in template.items()
    }


def _holds(rule: dict[str, Any], data: Any) -> bool:
    if "And" in rule:
        return all(_holds(part, data) for part in rule["And"])
    if "Or" in rule:
        return any(_holds(part, data) for part in rule["Or"])
    if "Not" in rule:
        return not _holds(rule["Not"], data)
    value = _at(rule["Variable"], data)
    [operator] = rule.keys() - {"Variable", "Next"}
    if operator == "IsNull":
        return (value is None) is bool(rule[operator])
    if operator in {"StringEquals", "BooleanEquals"}:
        return type(value) is type(rule[operator]) and value == rule[operator]
    raise NotImplementedError(operator)
