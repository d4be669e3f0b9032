"""What `shopctl status` takes for a violation, and what it shows of the auditor."""

import json

import pytest

from operations.domain import invariants
from operations.domain.invariants import Violation
from operations.repository.registry import declared
from shop import clock
from tests.unit.operations.world import Rows, change, drop, healthy
from tools.shopctl import render, rows, status
from tools.shopctl.status import Live, Status, persisting
from tools.shopctl.target import Target

HOLDS = {"holds": True, "count": 0, "violations": []}
BROKEN = {
    "holds": False,
    "count": 1,
    "violations": [{"subject": "ord_1", "detail": "paid, but", "first_seen": "now"}],
}


def check(rows: Rows) -> dict[str, list[Violation]]:
    return invariants.check(declared(), rows)


def test_only_what_stays_is_reported() -> None:
    broken = healthy()
    change(broken, "inventory", "SKU#TEA", available=5)
    late = healthy()
    change(late, "inventory", "SKU#TEA", available=5)
    drop(late, "balances", "FOLDED#txn_1")
    looks = iter([late, broken, broken, broken])
    pauses: list[float] = []
    found = persisting(lambda: check(next(looks)), pause=pauses.append)
    assert {name for name, violations in found.items() if violations} == {"I2"}
    assert len(pauses) == 3


def test_a_platform_at_rest_is_looked_at_once() -> None:
    pauses: list[float] = []
    persisting(lambda: check(healthy()), pause=pauses.append)
    assert pauses == []


def test_what_the_auditor_reports_is_shown_on_every_stage(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    report = {"as_of": clock.rfc3339(clock.now()), "invariants": {"I1": HOLDS, "I4": BROKEN}}
    stored = [{"pk": "REPORT", "sk": "REPORT", "report": json.dumps(report)}]
    monkeypatch.setattr(rows, "query", lambda *_: stored)
    live = status._live(Target("prod", "eu-central-1", ""))
    assert live is not None
    assert (list(live.broken), live.lag_seconds) == (["I4"], 0)
    found = Status([], [], None, live)
    assert not found.ok
    assert found.to_dict()["live"]["invariants"]["I4"] == BROKEN
    render.status(found)
    assert "ord_1: paid, but" in capsys.readouterr().out


def test_an_auditor_that_never_ran_is_said_to_be_so(capsys: pytest.CaptureFixture[str]) -> None:
    render.status(Status([], [], None, None))
    assert "nothing was checked yet" in capsys.readouterr().out
    assert Status([], [], None, Live("", 0, {"I1": HOLDS})).ok
