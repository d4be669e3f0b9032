"""What every ASL file promises: bound names, retries and a way out for each task, no dead state."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.machines import ROOT, definition

FILES = sorted((ROOT / "state_machines").glob("*.asl.json"))
FUNCTIONS = {"OrdersSteps", "CatalogSteps", "InventorySteps", "PaymentsSteps", "IdentitySteps"}
# Below the 26 s that the caller waits; a payment step asks a provider and gets more of it. For
# erasures nobody waits, but the law: a month, and another where there is a reason.
BUDGET_S = {"checkout": 24, "erasure": 60 * 24 * 3600}
State = dict[str, Any]


def _states(kind: str = "") -> list[Any]:
    return [
        pytest.param(machine, state, id=f"{machine['name']}-{name}")
        for machine in map(_machine, FILES)
        for name, state in machine["States"].items()
        if kind in {"", state["Type"]}
    ]


def _machine(path: Path) -> dict[str, Any]:
    name = path.name.removesuffix(".asl.json")
    return definition(name) | {"name": name}


def _targets(state: State) -> list[str]:
    found = [state[key] for key in ("Next", "Default") if key in state]
    found += [rule["Next"] for key in ("Choices", "Catch") for rule in state.get(key, [])]
    return found


def test_each_machine_has_a_time() -> None:
    assert {f"{name}.asl.json" for name in BUDGET_S} == {path.name for path in FILES}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_names_in_the_file_are_known(path: Path) -> None:
    assert set(re.findall(r"\$\{(\w+)\}", path.read_text())) <= FUNCTIONS


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_picture_is_valid_json_of_one_machine(path: Path) -> None:
    """As it lies there: an editor opens it."""
    machine = json.loads(path.read_text())
    assert machine["StartAt"] in machine["States"]
    assert machine["TimeoutSeconds"] <= BUDGET_S[path.name.removesuffix(".asl.json")]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_state_is_reached_and_every_target_exists(path: Path) -> None:
    machine = _machine(path)
    states, reached, todo = machine["States"], set(), [machine["StartAt"]]
    while todo:
        name = todo.pop()
        if name not in reached:
            reached.add(name)
            todo += _targets(states[name])
    assert reached == set(states)


@pytest.mark.parametrize(("machine", "state"), _states())
def test_a_state_goes_on_or_ends(machine: State, state: State) -> None:
    ends = state["Type"] in {"Fail", "Succeed"} or state.get("End") is True
    assert ends != bool(_targets(state))


@pytest.mark.parametrize(("machine", "state"), _states("Choice"))
def test_a_choice_has_a_default(machine: State, state: State) -> None:
    assert state["Default"] in machine["States"]


@pytest.mark.parametrize(("machine", "state"), _states("Task"))
def test_a_task_is_retried_with_backoff_and_full_jitter(machine: State, state: State) -> None:
    [retry] = state["Retry"]
    assert retry["ErrorEquals"] == ["States.ALL"]
    assert retry["BackoffRate"] > 1
    assert retry["JitterStrategy"] == "FULL"
    assert retry["MaxDelaySeconds"] > retry["IntervalSeconds"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_all_tasks_are_retried_and_caught_alike(path: Path) -> None:
    """But for how often: a payment step asks a provider, has more time and one attempt less."""
    states = [s for s in _machine(path)["States"].values() if s["Type"] == "Task"]
    retries = [{**retry, "MaxAttempts": 0} for state in states for retry in state["Retry"]]
    assert all(retry == retries[0] for retry in retries)
    assert all(state["Catch"] == states[0]["Catch"] for state in states)
    of_service: dict[str, set[tuple[int, int]]] = {}
    for state in states:
        service = state["Resource"].rpartition(":")[2]
        limits = state["TimeoutSeconds"], state["Retry"][0]["MaxAttempts"]
        of_service.setdefault(service, set()).add(limits)
    assert all(len(limits) == 1 for limits in of_service.values()), of_service


@pytest.mark.parametrize(("machine", "state"), _states("Task"))
def test_a_task_that_keeps_failing_fits_into_the_callers_patience(
    machine: State, state: State
) -> None:
    [retry] = state["Retry"]
    waits = [
        min(retry["IntervalSeconds"] * retry["BackoffRate"] ** n, retry["MaxDelaySeconds"])
        for n in range(retry["MaxAttempts"])
    ]
    assert (
        state["TimeoutSeconds"] * (retry["MaxAttempts"] + 1) + sum(waits)
        <= BUDGET_S[machine["name"]]
    )


@pytest.mark.parametrize(("machine", "state"), _states("Task"))
def test_a_task_that_fails_ends_the_execution_in_a_known_way(machine: State, state: State) -> None:
    catch = state["Catch"][-1]
    assert catch["ErrorEquals"] == ["States.ALL"]
    assert machine["States"][catch["Next"]]["Type"] == "Fail"


@pytest.mark.parametrize(("machine", "state"), _states("Task"))
def test_a_task_names_its_step_and_keeps_the_input(machine: State, state: State) -> None:
    assert state["Parameters"]["step"].islower()
    assert state["Parameters"]["trace.$"] == "$.trace"
    assert state["ResultPath"].startswith("$.results.")


def test_what_waits_for_open_orders_asks_all_services_anew() -> None:
    """One that was done before may have got something to do since."""
    states = definition("erasure")["States"]
    asked = [name for name, state in states.items() if _step_of(state) == "erase_user"]
    assert states["Pause"]["Next"] == asked[0]
    for name in asked:
        busy = [rule for rule in states[states[name]["Next"]]["Choices"] if "busy" in str(rule)]
        assert [rule["Next"] for rule in busy] == ["Pause"]


def test_the_key_is_destroyed_after_every_service_was_asked_and_before_the_receipt() -> None:
    states = definition("erasure")["States"]
    name, order = "Announce", []
    while name:
        state = states[name]
        order += [_step_of(state)] if state["Type"] == "Task" else []
        forward = [
            rule["Next"] for rule in state.get("Choices", []) if "withdrawn" not in str(rule)
        ]
        name = state.get("Next") or next((each for each in forward if each != "Pause"), "")
    assert order == [
        "announce_erasure",
        "begin_erasure",
        "erase_user",
        "erase_user",
        "report_erasure",
        "destroy_user",
        "sign_receipt",
    ]


def _step_of(state: State) -> str:
    return str(state.get("Parameters", {}).get("step", ""))


def test_stock_is_freed_only_after_what_could_sell_it_is_closed() -> None:
    """The order, in its row; or the payment that has the order, void or declined."""
    states = definition("checkout")["States"]
    ways = {"Release": {"Closed", "Placed", "Authorized", "Voided"}, "ReleaseUnpriced": {"Placed"}}
    for target, sources in ways.items():
        assert {name for name, state in states.items() if target in _targets(state)} == sources
    rules = {
        name: [rule for rule in states[name]["Choices"] if rule["Next"].startswith("Release")]
        for name in ("Closed", "Authorized", "Voided", "Placed")
    }
    told = {
        name: set(re.findall(r'"StringEquals": "(\w+)"', json.dumps(r)))
        for name, r in rules.items()
    }
    assert told == {
        "Closed": {"rejected", "cancelled"},
        "Authorized": {"declined", "voided"},
        "Voided": {"voided"},
        "Placed": {"rejected", "priced"},
    }
    for name in ("Closed", "Placed"):
        before = [state for state in states.values() if name in _targets(state)]
        assert {state["Resource"].rsplit(":", 1)[1] for state in before} <= {
            "orders.steps",
            "inventory.steps",
        }


def test_the_pivot_splits_what_is_undone_from_what_is_finished() -> None:
    """After a capture there is no way back to void or release."""
    states = definition("checkout")["States"]
    captured = next(
        rule["Next"] for rule in states["Captured"]["Choices"] if "captured" in json.dumps(rule)
    )
    reached, todo = set(), [captured]
    while todo:
        name = todo.pop()
        if name not in reached:
            reached.add(name)
            todo += _targets(states[name])
    assert not reached & {"Void", "Release", "ReleaseUnpriced", "Reject"}
