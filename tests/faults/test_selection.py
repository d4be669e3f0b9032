"""Which runs a change asks for: those of what it touched, and one of each kind; never too many."""

from pathlib import Path

import pytest

from tests.faults import selection
from tests.faults.defects import Defect
from tests.faults.injection import Point
from tests.faults.running import Course
from tests.faults.selection import Change

ORDERS, PAYMENTS = "functions/orders/api/pay.py", "functions/payments/api/pay.py"


def _course(name: str, file: str, *sites: str) -> Course:
    points = [
        Point(index, "pay PutItem", "write", ("lost", "rival"), site)
        for index, site in enumerate(sites)
    ]
    return Course(name, points, {}, [], files=frozenset({file}))


COURSES = [
    _course("order", ORDERS, "a:1", "a:2"),
    _course("pay", PAYMENTS, "b:1", "a:2"),
    _course("pay_again", PAYMENTS, "b:1", "b:1", "a:1"),
]


def _ids(change: Change, room: int = selection.RUNS) -> list[str]:
    return [schedule.id for schedule in selection.plan(COURSES, change, room=room).schedules]


def _change(*files: str, seed: str = "1") -> Change:
    return Change(frozenset(files), seed)


def _met(ids: list[str]) -> list[tuple[str, str]]:
    points = {(each.journey, point.index): point for each in COURSES for point in each.points}
    parts = [each.split(":") for each in ids]
    return [(points[journey, int(index)].site, fault) for journey, index, fault in parts]


EACH_FAULT_AT_EACH_CALL = [(s, f) for s in ("a:1", "a:2", "b:1") for f in ("lost", "rival")]


def test_a_journey_whose_code_changed_is_run_whole_and_the_others_by_what_it_left_out() -> None:
    ids = _ids(_change(ORDERS))
    assert ids[:4] == [run.id for run in COURSES[0].schedules()]
    # Both other journeys call from a:1 and a:2 as this one does; b:1 is nobody's but theirs.
    assert sorted(_met(ids[4:])) == [("b:1", "lost"), ("b:1", "rival")]


def test_where_there_is_no_room_for_all_that_changed_each_fault_meets_each_call_once() -> None:
    everything = _change(ORDERS, PAYMENTS)
    assert len(_ids(everything)) == sum(len(list(each.schedules())) for each in COURSES)
    assert sorted(_met(_ids(everything, room=13))) == EACH_FAULT_AT_EACH_CALL


@pytest.mark.parametrize("files", [(), (ORDERS,), (ORDERS, PAYMENTS)])
def test_there_are_never_more_runs_than_there_is_room_for(files: tuple[str, ...]) -> None:
    for room in range(15):
        ids = _ids(_change(*files), room=room)
        assert len(ids) == len(set(ids)) <= room
    assert len(_ids(_change(*files), room=5)) == 5


def test_what_changed_comes_before_the_others() -> None:
    assert {each.partition(":")[0] for each in _ids(_change(ORDERS), room=4)} == {"order"}


def test_without_a_change_each_fault_meets_each_call_in_the_sources_once() -> None:
    assert sorted(_met(_ids(_change("docs/api.md")))) == EACH_FAULT_AT_EACH_CALL


def test_another_seed_draws_other_runs_and_the_same_one_the_same() -> None:
    drawn = [_ids(_change(seed=str(seed)), room=4) for seed in (1, 1, 2, 3, 4)]
    assert drawn[0] == drawn[1]
    assert len({tuple(each) for each in drawn}) > 1


def test_calls_of_changed_files_must_be_covered_where_their_journeys_are_run_whole() -> None:
    plan = selection.plan(COURSES, _change(ORDERS), room=4)
    assert plan.covers(ORDERS)
    assert not plan.covers(PAYMENTS)
    assert not selection.plan(COURSES, _change(ORDERS), room=3).covers(ORDERS)


@pytest.mark.parametrize(
    ("file", "shared"),
    [
        ("layers/shop/python/shop/tables.py", True),
        ("state_machines/checkout.asl.json", True),
        ("tests/faults/injection.py", True),
        ("tests/support/interceptor.py", True),
        ("requirements-dev.txt", True),
        ("tests/faults/journeys/buying.py", False),
        ("tests/faults/defects/token_forked.patch", False),
        (ORDERS, False),
    ],
)
def test_what_every_journey_runs_through_makes_all_runs_due(file: str, *, shared: bool) -> None:
    assert ("make faults is due" in selection.plan(COURSES, _change(file)).says) is shared


def test_defects_are_hunted_where_their_files_changed_and_else_a_few_of_the_others(
    tmp_path: Path,
) -> None:
    defects = []
    for number in range(9):
        patch = _patch(tmp_path, f"d{number}", ORDERS if number == 0 else PAYMENTS)
        defects.append(Defect(f"d{number}", "", (), (), patch))
    drawn = [selection.chosen_defects(defects, _change(ORDERS, seed=seed)) for seed in "1234"]
    assert {chosen[0].name for chosen in drawn} == {"d0"}
    assert {len(set(chosen)) for chosen in drawn} == {selection.DEFECTS}
    assert len({tuple(chosen) for chosen in drawn}) > 1


def _patch(folder: Path, name: str, file: str) -> Path:
    path = folder / f"{name}.patch"
    path.write_text(f"--- a/{file}\n+++ b/{file}\n@@ -1 +1 @@\n-a\n+b\n")
    return path


def _tree(root: Path) -> Path:
    for name in ("functions/a.py", "functions/b.py", "layers/c.py", "tests/faults/record.json"):
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("{}")
    return root


def test_everything_changed_until_all_of_it_was_run(tmp_path: Path) -> None:
    root = _tree(tmp_path)
    assert selection.change(root).files == {"functions/a.py", "functions/b.py", "layers/c.py"}
    selection.record(root, selection.digests(root))
    assert selection.change(root).files == frozenset()


def test_a_change_is_what_is_other_new_or_gone_since_all_of_it_was_run(tmp_path: Path) -> None:
    root = _tree(tmp_path)
    selection.record(root, selection.digests(root))
    (root / "functions/a.py").write_text("2")
    (root / "functions/b.py").unlink()
    (root / "functions/new.py").write_text("1")
    (root / "functions/README.md").write_text("for people")
    assert selection.change(root).files == {"functions/a.py", "functions/b.py", "functions/new.py"}


def test_where_there_is_no_repository_the_sample_is_still_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    found = selection.change(_tree(tmp_path))
    assert selection.change(tmp_path) == found
    assert _ids(found)
