"""The harness: the same every time, with figures that come from its records, and no blind spot."""

import json
from pathlib import Path

import pytest

from shop.deploy import discover
from tests.faults import campaign, covering
from tests.faults.defects import ROOT, all_defects
from tests.faults.environment import opened
from tests.faults.injection import OF_KIND
from tests.faults.journeys import JOURNEYS
from tests.faults.running import Runner, Schedule
from tests.support import moto_objects, moto_tables, patches

pytestmark = pytest.mark.slow


def test_a_journey_is_the_same_sequence_of_calls_every_time() -> None:
    with opened() as world:
        runner = Runner(world)
        first, again = runner.course("refresh"), runner.course("refresh")
    assert first.points == again.points
    assert [point.name for point in first.points if point.kind == "write"]


def test_a_table_stays_itself_when_a_transaction_failed() -> None:
    """Also where nobody but the harness prepares moto, which puts a copy in its place: what has an
    iterator of its stream would go on in the table that was there."""
    with moto_tables.as_moto_is(), opened() as world:
        before = dict(world.shop.tables)
        Runner(world).course("order_out_of_stock")
        after = dict(world.shop.tables)
    assert all(after[name] is table for name, table in before.items())


def test_objects_are_put_back_between_runs() -> None:
    with opened() as world:
        empty = world.snapshot()
        Runner(world).course("export")
        full = world.snapshot()
        world.restore(empty)
        assert moto_objects.stored() == {}
        world.restore(full)
        assert moto_objects.stored() == full.objects != {}


def test_a_schedule_is_its_name() -> None:
    schedule = Schedule("pay", ((3, "lost"), (17, "twice")))
    assert Schedule.of(schedule.id) == schedule
    assert schedule.command == "python -m tests.faults replay pay:3:lost+17:twice"


def test_a_fault_that_met_nothing_is_a_violation() -> None:
    with opened() as world:
        result = Runner(world).run(Schedule("keys", ((999, "lost"),)))
    assert result.violations == ("the fault met nothing: the run is not the same every time",)


def test_every_point_has_every_fault_of_its_kind() -> None:
    with opened() as world:
        course = Runner(world).course("register")
    for point in course.points:
        left_out = set(OF_KIND[point.kind]) - set(point.faults)
        assert left_out <= {"slow-answer", "died-before", "conflict", "lost"}, point
    first, *_, transaction = (point for point in course.points if "register_user" in point.name)
    assert set(OF_KIND["write"]) - set(first.faults) == {"conflict"}  # KMS knows none
    assert transaction.name.endswith("TransactWriteItems")
    # It died before, if it died after the call before; botocore repeats it as the same one.
    assert set(OF_KIND["write"]) - set(transaction.faults) == {"died-before", "lost"}


def test_pairs_are_drawn_by_their_seed() -> None:
    with opened() as world:
        courses = [Runner(world).course("register")]
    drawn = [list(campaign.pairs(courses, count=9, seed=seed)) for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert all(len(schedule.faults) == 2 for schedule in drawn[0])


def test_the_report_is_what_its_records_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(campaign, "OUT", tmp_path)
    campaign.write(
        "calls.jsonl", [{"journey": "pay", "kind": kind} for kind in ("write", "answer")]
    )
    found = {"schedule": "pay:1:lost", "where": ["1 x lost"], "violations": ["I1 t: differ"]}
    campaign.write("schedules.jsonl", [found, {**found, "violations": []}])
    campaign.write("not_covered.jsonl", [{"call": "a.py:1 f calls b"}])
    campaign.write("defects.jsonl", [{"name": "d", "caught": True, "by": "pay:1:lost"}])

    report = campaign.report(seconds=1.26, selected="every run")

    assert json.loads(json.dumps(report)) == {
        "selected": "every run",
        "journeys": {"pay": {"calls": 1, "schedules": 2}},
        "schedules": 2,
        "violations": [
            {"schedule": "pay:1:lost", "where": ["1 x lost"], "found": ["I1 t: differ"]}
        ],
        "not_covered": ["a.py:1 f calls b"],
        "defects": {"d": True},
        "seconds": 1.3,
    }


def test_a_call_that_no_request_came_through_is_not_covered() -> None:
    sites = covering.sites()
    assert {site.call for site in sites} >= {"orders.open", "psp.confirm", "bus.put"}
    one = sites[0]
    missing = covering.not_covered({(site.file, site.line) for site in sites if site != one})
    assert one in missing


def test_every_function_of_the_platform_is_in_the_sources_that_are_looked_at() -> None:
    files = {site.file for site in covering.sites()}
    services = {spec.service for spec in discover().functions.values()}
    assert services == {file.split("/")[1] for file in files if file.startswith("functions/")}


def test_there_are_defects_to_catch_and_they_name_journeys_that_exist() -> None:
    defects = list(all_defects())
    assert len(defects) >= 8
    for defect in defects:
        assert set(defect.journeys) <= set(JOURNEYS), defect.name
        patches.check(defect.patch, root=ROOT)


def test_a_traced_journey_names_the_sources_that_it_runs_through_and_itself() -> None:
    with opened() as world:
        runner = Runner(world)
        traced, other = runner.course("refresh", traced=True), runner.course("refresh")
    assert {
        "functions/identity/api/refresh_session.py",
        "functions/identity/domain/session.py",  # makes no call to AWS
        "layers/shop/python/shop/tables.py",
        "tests/faults/journeys/people.py",
    } <= traced.files
    assert not any(file.startswith("functions/payments/api/") for file in traced.files)
    assert (other.files, other.points) == (frozenset(), traced.points)
