"""The export machine asks every service that holds rows of users, by the types of its contract."""

import importlib
import typing
from typing import Any

import pytest

from identity.service.export_user import SERVICES
from shop import export
from shop.deploy import discover
from shop.strict import fields_of
from tests.support.machines import definition

STATES: dict[str, dict[str, Any]] = definition("export")["States"]
TASKS = {name: state for name, state in STATES.items() if state["Type"] == "Task"}
BY_STEP: dict[str, Any] = {task.STEP: task for task in export.STEPS}


def service_of(state: dict[str, Any]) -> str:
    return str(state["Resource"].rpartition(":")[2].partition(".")[0])


def test_every_service_with_personal_tables_is_asked_and_its_part_is_in_the_archive() -> None:
    holding = {
        name
        for name, service in discover().services.items()
        if any(table.personal for table in service.tables)
    }
    asked = {
        service_of(state)
        for state in TASKS.values()
        if state["Parameters"]["step"] == export.ExportUserTask.STEP
    }
    assert asked == holding == set(SERVICES)


@pytest.mark.parametrize("name", TASKS)
def test_a_task_passes_what_its_step_takes_from_the_input(name: str) -> None:
    given = dict(TASKS[name]["Parameters"])
    task = BY_STEP[given.pop("step")]
    assert given == {f"{field}.$": f"$.{field}" for field in fields_of(task)}
    assert set(fields_of(task)) <= set(fields_of(export.ExportInput))


def test_parts_are_gathered_before_they_are_joined() -> None:
    name, order = definition("export")["StartAt"], []
    while STATES[name]["Type"] == "Task":
        order.append(STATES[name]["Parameters"]["step"])
        name = STATES[name]["Next"]
    assert order == ["export_user"] * len(SERVICES) + ["assemble_export"]
    assert STATES[name]["Type"] == "Succeed"


def test_every_step_is_served_with_the_types_of_the_contract() -> None:
    for state in TASKS.values():
        step = state["Parameters"]["step"]
        serves = importlib.import_module(f"{service_of(state)}.steps").handler.steps[step]
        hints = typing.get_type_hints(serves.handle)
        assert serves.task is BY_STEP[step] is hints["task"]
        assert hints["return"] is export.STEPS[serves.task]
