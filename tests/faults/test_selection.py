"""Which runs a change asks for: all, those of what it touched, or one of each kind."""

import subprocess
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


def _ids(change: Change) -> list[str]:
    return [schedule.id for schedule in selection.schedules(COURSES, change)]


def _change(*files: str, seed: str = "1") -> Change:
    return Change("v1.0.0", frozenset(files), seed)


@pytest.mark.parametrize(
    "file",
    [
        "layers/shop/python/shop/tables.py",
        "state_machines/checkout.asl.json",
        "tests/faults/injection.py",
        "tests/support/interceptor.py",
        "requirements-dev.txt",
    ],
)
def test_what_every_journey_runs_through_asks_for_every_run(file: str) -> None:
    assert _ids(_change(file)) == [run.id for each in COURSES for run in each.schedules()]


def test_a_journey_whose_code_changed_is_run_whole_and_the_others_by_what_it_left_out() -> None:
    ids = _ids(_change(ORDERS))
    assert ids[:4] == [run.id for run in COURSES[0].schedules()]
    # Both other journeys call from a:1 and a:2 as this one does; b:1 is nobody's but theirs.
    assert len(ids[4:]) == 2
    assert {each.rpartition(":")[2] for each in ids[4:]} == {"lost", "rival"}


def test_without_a_change_each_fault_meets_each_call_in_the_sources_once() -> None:
    ids = _ids(_change("docs/api.md"))
    points = {(each.journey, point.index): point for each in COURSES for point in each.points}
    met = []
    for each in ids:
        journey, index, fault = each.split(":")
        met.append((points[journey, int(index)].site, fault))
    assert sorted(met) == [(s, f) for s in ("a:1", "a:2", "b:1") for f in ("lost", "rival")]


def test_another_seed_draws_other_runs_and_the_same_one_the_same() -> None:
    drawn = [_ids(_change(seed=str(seed))) for seed in (1, 1, 2, 3, 4)]
    assert drawn[0] == drawn[1]
    assert len({tuple(each) for each in drawn}) > 1


def test_defects_are_hunted_where_their_files_changed_and_a_few_of_the_others(
    tmp_path: Path,
) -> None:
    defects = []
    for number in range(9):
        patch = _patch(tmp_path, f"d{number}", ORDERS if number == 0 else PAYMENTS)
        defects.append(Defect(f"d{number}", "", (), (), patch))
    chosen = selection.chosen_defects(defects, _change(ORDERS))
    assert chosen[0].name == "d0"
    assert len(chosen) == 1 + selection.DEFECTS
    everything = selection.chosen_defects(defects, _change("layers/shop/python/shop/ids.py"))
    assert everything == defects


def _patch(folder: Path, name: str, file: str) -> Path:
    path = folder / f"{name}.patch"
    path.write_text(f"--- a/{file}\n+++ b/{file}\n@@ -1 +1 @@\n-a\n+b\n")
    return path


def _git(root: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.test")
    subprocess.run(["git", *identity, *arguments], cwd=root, check=True, capture_output=True)


def test_a_change_is_what_differs_from_the_last_release_committed_or_not(tmp_path: Path) -> None:
    _git(tmp_path, "init", "-q")
    for name in ("a", "b", "c"):
        (tmp_path / name).write_text("1")
    _git(tmp_path, "add", ".")
    _git(tmp_path, "commit", "-qm", "one")
    assert selection.change(tmp_path).release == ""
    _git(tmp_path, "tag", "v0.1.0")
    (tmp_path / "a").write_text("2")
    _git(tmp_path, "commit", "-qam", "two")
    (tmp_path / "b").write_text("2")
    (tmp_path / "new").write_text("1")

    found = selection.change(tmp_path)

    assert found.release == "v0.1.0"
    assert found.files == {"a", "b", "new"}
    assert found.seed


def test_where_there_is_no_repository_the_sample_is_still_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    found = selection.change(tmp_path)
    assert (found.release, found.files) == ("", frozenset())
    assert "sample" in str(found)
    assert selection.change(tmp_path) == found
