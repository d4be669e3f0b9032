"""The checkout machine passes to each step what its type says, and reads what is there."""

import functools
import importlib
import typing
from collections.abc import Iterator, Mapping
from typing import Any, Literal, get_args, get_origin

import pytest

from orders.schemas import CheckoutPaymentOut
from payments.schemas import PaymentOut
from shop import strict
from shop.checkout import STEPS, CheckoutResult, ExecutionInput, NoPayment, NotAttached, Undo
from shop.strict import fields_of, members, parse
from tests.support.machines import definition

STATES: dict[str, dict[str, Any]] = definition("checkout")["States"]
TASKS = {name: state for name, state in STATES.items() if state["Type"] == "Task"}
BY_STEP: dict[str, Any] = {task.STEP: task for task in STEPS}
# What the first state writes, so that later ones find it even if no step has.
PREPARED = {"payment": NoPayment, "attached": NotAttached, "undo": Undo}


def leaves(kind: Any) -> Iterator[Any]:
    """The types of a union, and the values of a Literal one by one."""
    for member in members(kind):
        if get_origin(member) is Literal:
            yield from get_args(member)
        else:
            yield member


def step(kind: Any, name: str) -> Iterator[Any]:
    """What a field may hold, in those types of a union that have it."""
    for member in members(kind):
        if strict.is_record(member):
            if name in fields_of(member):
                yield from leaves(fields_of(member)[name])
        elif get_origin(member) is Mapping:
            yield Any


@functools.cache
def results() -> dict[str, tuple[Any, ...]]:
    """What may stand at `$.results.<name>`, by all that writes there."""
    found: dict[str, list[Any]] = {name: [kind] for name, kind in PREPARED.items()}
    for state in TASKS.values():
        outcome = STEPS[BY_STEP[state["Parameters"]["step"]]]
        found.setdefault(state["ResultPath"].removeprefix("$.results."), []).extend(
            members(outcome)
        )
    for state in STATES.values():
        if state["Type"] == "Pass" and "InputPath" in state:
            source = found[state["InputPath"].removeprefix("$.results.")]
            name = state["ResultPath"].removeprefix("$.results.")
            found.setdefault(name, []).extend(source)
    return {name: tuple(kinds) for name, kinds in found.items()}


def at(path: str) -> set[Any]:
    """The types that may stand at a reference path of the machine's data."""
    first, *rest = path.split(".")[1:]
    kinds: list[Any] = (
        list(results()[rest.pop(0)]) if first == "results" else list(step(ExecutionInput, first))
    )
    for name in rest:
        kinds = [found for kind in kinds for found in step(kind, name)]
    return set(kinds)


def paths(value: Any) -> Iterator[str]:
    """Every reference path in a state."""
    if isinstance(value, dict):
        for part in value.values():
            yield from paths(part)
    elif isinstance(value, list):
        for part in value:
            yield from paths(part)
    elif isinstance(value, str) and value.startswith("$."):
        yield value


@pytest.mark.parametrize("name", TASKS)
def test_a_task_passes_every_field_that_its_step_takes_and_nothing_else(name: str) -> None:
    given = TASKS[name]["Parameters"]
    task = BY_STEP[given["step"]]
    assert {key.removesuffix(".$") for key in given} - {"step"} == set(fields_of(task))


@pytest.mark.parametrize("name", TASKS)
def test_what_a_task_passes_is_of_the_type_that_its_step_takes(name: str) -> None:
    """What else may stand at that path, the choices before keep away, and `parse` refuses."""
    given = TASKS[name]["Parameters"]
    for field, kind in fields_of(BY_STEP[given["step"]]).items():
        wanted, found = set(leaves(kind)), at(given[f"{field}.$"])
        assert wanted <= found, (field, wanted - found)


@pytest.mark.parametrize("name", STATES)
def test_every_path_that_a_state_reads_is_written_by_somebody(name: str) -> None:
    state = {key: value for key, value in STATES[name].items() if key != "ResultPath"}
    for path in paths({key: value for key, value in state.items() if key != "Catch"}):
        assert at(path), path


@pytest.mark.parametrize("name", [n for n, s in STATES.items() if s["Type"] == "Choice"])
def test_a_choice_compares_with_values_that_there_are(name: str) -> None:
    def rules(value: Any) -> Iterator[tuple[str, str]]:
        if isinstance(value, list):
            for part in value:
                yield from rules(part)
        elif isinstance(value, dict):
            if "StringEquals" in value:
                yield value["Variable"], value["StringEquals"]
            for part in value.values():
                yield from rules(part)

    for path, value in rules(STATES[name]["Choices"]):
        assert value in at(path), (path, value)


def test_what_is_prepared_is_of_the_contract() -> None:
    written = STATES["Prepare"]["Result"]
    assert written.keys() == PREPARED.keys()
    for name, kind in PREPARED.items():
        parse(kind, written[name])


def test_what_is_undone_has_a_reason_of_the_contract() -> None:
    undone = [s["Result"] for s in STATES.values() if s.get("ResultPath") == "$.results.undo"]
    assert len(undone) == 2
    for written in undone:
        parse(Undo, written)


def test_every_end_is_a_result_of_the_contract() -> None:
    ends = {name: state for name, state in STATES.items() if state.get("End")}
    assert len(ends) == 4
    for state in ends.values():
        if "Result" in state:
            parse(CheckoutResult, state["Result"])
            continue
        given = state["Parameters"]
        assert {key.removesuffix(".$") for key in given} == set(fields_of(CheckoutResult))
        for field, kind in fields_of(CheckoutResult).items():
            assert at(given[f"{field}.$"]) & set(leaves(kind)), field


def test_every_step_is_served_by_the_function_that_its_tasks_call() -> None:
    """With the types of the contract, on both sides."""
    called: dict[str, set[str]] = {}
    for state in TASKS.values():
        function = state["Resource"].rpartition(":")[2]
        called.setdefault(function, set()).add(state["Parameters"]["step"])
    assert set().union(*called.values()) == set(BY_STEP)
    for function, names in called.items():
        served = importlib.import_module(function).handler.steps
        assert names <= set(served)  # and in those of other machines: test_erasure_contract.py
        for name in names:
            serves = served[name]
            hints = typing.get_type_hints(serves.handle)
            assert serves.task is BY_STEP[name] is hints["task"]
            assert hints["return"] == STEPS[serves.task], name


def test_the_machine_takes_every_mode() -> None:
    modes = at("$.mode")
    assert modes == {"order", "checkout", "payment", "abandon"}
    assert all("trace" in strict.fields_of(kind) for kind in members(ExecutionInput))


def test_the_payment_of_a_checkout_is_shown_as_payments_shows_it() -> None:
    """Two services, two models: what one names, the other does."""
    shown = {model: dict(model.model_json_schema()) for model in (CheckoutPaymentOut, PaymentOut)}
    for schema in shown.values():
        del schema["title"], schema["description"]
    assert shown[CheckoutPaymentOut] == shown[PaymentOut]
