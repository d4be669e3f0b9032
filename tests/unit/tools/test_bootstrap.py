"""Preparing a checkout: only what is missing, and again after an interruption."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tools.local import bootstrap
from tools.local.bootstrap import Checkout, Failure

Command = Sequence[Path | str]


class Recorder(Checkout):
    """Notes what would be run instead of running it; can fail like a lost network."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.ran: list[str] = []
        self.broken: str | None = None

    def run(self, command: Command, log: str, extra: dict[str, str] | None = None) -> None:
        self.ran.append(log)
        if log == self.broken:
            raise Failure("no network")
        if log == "venv":
            self.python.parent.mkdir(parents=True)
            self.python.symlink_to(sys.executable)
        if log == "npm":
            (self.root / "node_modules").mkdir(exist_ok=True)

    def compile_cdk(self) -> None:
        pass

    def index_environment(self) -> dict[str, str]:
        return {}


@pytest.fixture
def checkout(tmp_path: Path) -> Recorder:
    (tmp_path / "requirements-dev.txt").write_text("a==1\n")
    (tmp_path / "package-lock.json").write_text("{}")
    return Recorder(tmp_path)


def test_fresh_checkout_gets_everything_once(checkout: Recorder) -> None:
    checkout.prepare()
    assert checkout.ran == ["venv", "pip", "uv", "npm"]
    checkout.ran.clear()
    checkout.prepare()
    assert checkout.ran == []


def test_interrupted_run_goes_on_where_it_stopped(checkout: Recorder) -> None:
    checkout.broken = "uv"
    with pytest.raises(Failure):
        checkout.prepare()
    checkout.broken = None
    checkout.ran.clear()
    checkout.prepare()
    assert checkout.ran == ["pip", "uv", "npm"]


def test_half_made_environment_is_made_anew(checkout: Recorder) -> None:
    checkout.python.parent.mkdir(parents=True)
    checkout.python.write_text("not an interpreter")
    checkout.prepare()
    assert checkout.ran[0] == "venv"


def test_changed_lock_installs_only_what_it_locks(checkout: Recorder) -> None:
    checkout.prepare()
    checkout.ran.clear()
    (checkout.root / "requirements-dev.txt").write_text("a==2\n")
    checkout.prepare()
    assert checkout.ran == ["pip", "uv"]


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ("error: Failed to fetch: https://index/simple/a: dns error", "index cannot be reached"),
        ("npm error code ENOTFOUND", "index cannot be reached"),
        ("OSError: [Errno 28] No space left on device", "disk is full"),
        ("The virtual environment was not created: ensurepip is not available", "python3-venv"),
        ("THESE PACKAGES DO NOT MATCH THE HASHES", "not the one that was locked"),
        ("Segmentation fault", "Segmentation fault"),
    ],
)
def test_failure_is_said_in_words(tmp_path: Path, output: str, sentence: str) -> None:
    log = tmp_path / "setup.log"
    log.write_text(output)
    text = bootstrap.explain("uv", log)
    assert sentence in text
    assert "run the same command again" in text


def test_full_disk_is_noticed_before_the_start(
    checkout: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "NEEDED_BYTES", 1 << 62)
    with pytest.raises(Failure, match="nearly full"):
        checkout.prepare()


def test_old_python_is_told_what_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "PREFERRED", "no-such-python")
    monkeypatch.setattr(bootstrap, "OLDEST", (4, 0))
    with pytest.raises(Failure, match=r"3\.11 or newer"):
        bootstrap.choose_interpreter()


def test_shim_that_leads_nowhere_is_no_interpreter(tmp_path: Path) -> None:
    shim = tmp_path / "python3.13"
    shim.write_text("#!/bin/sh\nexit 127\n")
    shim.chmod(0o755)
    assert os.access(shim, os.X_OK)
    assert not bootstrap.runs(shim)
