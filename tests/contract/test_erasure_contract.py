"""The erasure machine visits every service that holds rows of users, by the types of its contract.

A service that comes to hold something of them fails here until it is asked for it.
"""

import importlib
import typing
from typing import Any

import pytest

from shop import checkout, erasure
from shop.deploy import discover
from shop.strict import fields_of, members
from tests.support.machines import definition

STATES: dict[str, dict[str, Any]] = definition("erasure")["States"]
TASKS = {name: state for name, state in STATES.items() if state["Type"] == "Task"}
BY_STEP: dict[str, Any] = {task.STEP: task for task in erasure.STEPS}
INPUT = fields_of(erasure.ErasureInput)
MACHINES = ("checkout", "erasure")


def step_of(name: str) -> str:
    return str(TASKS[name]["Parameters"]["step"])


def service_of(state: dict[str, Any]) -> str:
    return str(state["Resource"].rpartition(":")[2].partition(".")[0])


def results() -> dict[str, tuple[Any, ...]]:
    """What may stand at `$.results.<name>`."""
    return {
        state["ResultPath"].removeprefix("$.results."): members(
            erasure.STEPS[BY_STEP[step_of(name)]]
        )
        for name, state in TASKS.items()
    }


def test_every_service_with_personal_tables_is_visited() -> None:
    """Identity's own rows go with the user, by a step of their own."""
    holding = {
        name
        for name, service in discover().services.items()
        if any(table.personal for table in service.tables)
    }
    visited = {
        service_of(state)
        for name, state in TASKS.items()
        if step_of(name) in {"erase_user", "destroy_user"}
    }
    assert visited == holding


@pytest.mark.parametrize("name", TASKS)
def test_a_task_passes_every_field_that_its_step_takes_and_nothing_else(name: str) -> None:
    task, given = BY_STEP[step_of(name)], TASKS[name]["Parameters"]
    assert {key.removesuffix(".$") for key in given} - {"step"} == set(fields_of(task))
    for field, kind in fields_of(task).items():
        first, *rest = given[f"{field}.$"].split(".")[1:]
        found = results()[rest[0]] if first == "results" else (INPUT[first],)
        assert set(members(kind)) <= set(found), field


@pytest.mark.parametrize("name", [n for n, s in STATES.items() if s["Type"] == "Choice"])
def test_a_choice_tells_all_outcomes_apart(name: str) -> None:
    rules = {rule["StringEquals"] for rule in STATES[name]["Choices"]}
    (path,) = {rule["Variable"] for rule in STATES[name]["Choices"]}
    kinds = results()[path.split(".")[2]]
    outcomes = {value for kind in kinds for value in typing.get_args(fields_of(kind)["outcome"])}
    assert rules == outcomes


def test_a_wait_for_a_time_has_it_from_the_input() -> None:
    times = [state["TimestampPath"] for state in STATES.values() if "TimestampPath" in state]
    assert times == ["$.due_at"]
    assert "due_at" in INPUT


def test_every_step_is_served_with_the_types_of_the_contract() -> None:
    assert {step_of(name) for name in TASKS} == set(BY_STEP)
    for name, state in TASKS.items():
        serves = importlib.import_module(f"{service_of(state)}.steps").handler.steps[step_of(name)]
        hints = typing.get_type_hints(serves.handle)
        assert serves.task is BY_STEP[step_of(name)] is hints["task"]
        assert hints["return"] == erasure.STEPS[serves.task]


def test_no_step_is_served_that_no_machine_asks_for() -> None:
    asked: dict[str, set[str]] = {}
    for machine in MACHINES:
        for state in definition(machine)["States"].values():
            if state["Type"] == "Task":
                asked.setdefault(service_of(state), set()).add(state["Parameters"]["step"])
    served = {
        spec.service: set(importlib.import_module(spec.module).handler.steps)
        for spec in discover().of_kind("steps")
    }
    assert served == asked


def test_a_name_means_one_step() -> None:
    names = [task.STEP for steps in (checkout.STEPS, erasure.STEPS) for task in steps]
    assert len(set(names)) == len(names)
