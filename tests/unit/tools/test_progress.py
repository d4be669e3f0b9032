"""Who waits is told what for."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tools.local import progress
from tools.local.progress import Progress

ROOT = Path(__file__).resolve().parents[3]


def test_a_long_step_is_not_silent(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "SILENT_S", 0.05)
    said = ""
    with Progress().step("Building") as detail:
        detail("the first")
        deadline = time.monotonic() + 20
        while "so far" not in said and time.monotonic() < deadline:
            said += capsys.readouterr().out
    assert said.startswith("... Building\n    the first\n")
    assert "0 s so far" in said
    assert "ok  Building" in capsys.readouterr().out


@pytest.mark.parametrize(("load", "said"), [(0.5, ""), (4.0, ""), (9.4, "9 programs want 2")])
def test_a_busy_machine_is_named(
    load: float,
    said: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "getloadavg", lambda: (load, 0.0, 0.0))
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    Progress().say_if_busy()
    shown = capsys.readouterr().out
    assert said in shown
    assert bool(shown) is bool(said)


def test_nothing_is_synthesized_when_the_build_failed() -> None:
    """It is told by a line on standard input, which does not come."""
    command = [sys.executable, "-m", "tools.local.synthesis"]
    done = subprocess.run(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
