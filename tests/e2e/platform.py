"""A platform of their own for the end-to-end tests: other ports, other state, the same code path.

It is deployed once per change: the state after deployment and seed is kept under build/e2e and
copied for each run, so that a run starts in seconds and always from the same data.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from tools.local import credentials, lifecycle, sources
from tools.local.credentials import Key
from tools.local.lock import exclusive
from tools.local.progress import Progress
from tools.local.settings import PSP_PORT_OFFSET, ROOT, Settings

HOME = ROOT / "build" / "e2e"
FIRST_PORT = int(os.environ.get("CARTWRIGHT_TEST_PORT", "4620"))
PORTS = range(FIRST_PORT, FIRST_PORT + 20)
QUIET = Progress(quiet=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """What a test may know; `description` is platform.json."""

    settings: Settings
    description: dict[str, Any]

    @property
    def api_url(self) -> str:
        return str(self.description["api_url"])

    @property
    def key(self) -> Key:
        """The root's."""
        return credentials.read(self.settings.home)

    @property
    def endpoint_url(self) -> str:
        return self.settings.endpoint_url

    @property
    def psp_url(self) -> str:
        return self.settings.psp_url

    @property
    def region(self) -> str:
        return self.settings.region

    @property
    def users(self) -> dict[str, dict[str, str]]:
        return dict(self.description["users"])

    @property
    def tables(self) -> dict[str, str]:
        return dict(self.description["tables"])

    @property
    def queues(self) -> dict[str, str]:
        return dict(self.description["queues"])

    @property
    def state_machines(self) -> dict[str, str]:
        return dict(self.description["state_machines"])


@contextmanager
def shared_platform(shared: Path, owner: int) -> Iterator[Platform]:
    """One platform for all workers of a test run: the first starts it, the last stops it.

    `shared` is a folder that the workers have in common; `owner` is the process of the whole run,
    by which a later run can tell that this one was killed.
    """
    note = shared / "platform.json"
    with _locked(shared):
        settings = _settings(json.loads(note.read_text())["port"]) if note.exists() else None
        if settings is None:
            settings = free_settings(owner)
            _start(settings)
        _count(note, settings, +1)
    description = json.loads(settings.platform_file.read_text())
    try:
        yield Platform(settings=settings, description=description)
    finally:
        with _locked(shared):
            if _count(note, settings, -1) == 0:
                note.unlink()
                lifecycle.down(settings, QUIET)
                shutil.rmtree(settings.state, ignore_errors=True)
                _owner_file(settings).unlink(missing_ok=True)


def _start(settings: Settings) -> None:
    """Bring up from the snapshot of these very sources, or deploy and make the snapshot."""
    lifecycle.down(settings, QUIET)  # What a killed run left behind.
    shutil.rmtree(settings.state, ignore_errors=True)
    snapshot = HOME / "snapshots" / f"{settings.port}-{sources.digest(settings)[:16]}"
    if not snapshot.exists():
        lifecycle.up(settings, QUIET)
        lifecycle.down(settings, QUIET)  # Only now is the state on disk.
        for old in snapshot.parent.glob(f"{settings.port}-*"):
            shutil.rmtree(old, ignore_errors=True)
        draft = snapshot.with_suffix(".tmp")
        shutil.copytree(settings.state, draft)
        draft.rename(snapshot)
    else:
        shutil.copytree(snapshot, settings.state)
    lifecycle.up(settings, QUIET)


def _settings(port: int) -> Settings:
    return Settings(home=HOME / str(port), port=port, psp_port=port + PSP_PORT_OFFSET)


def free_settings(owner: int) -> Settings:
    """Ports and a folder that nobody else uses as long as the process `owner` lives."""
    return _settings(_free_port(owner))


def _free_port(owner: int) -> int:
    """A port that neither another run nor another program holds; claimed by writing the owner."""
    HOME.mkdir(parents=True, exist_ok=True)
    with _locked(HOME):
        for port in PORTS:
            claim = _owner_file(_settings(port))
            ours = claim.exists()
            if ours and _alive(claim.read_text()):
                continue
            if ours or (_bindable(port) and _bindable(port + PSP_PORT_OFFSET)):
                claim.parent.mkdir(parents=True, exist_ok=True)
                claim.write_text(str(owner))
                return port
    raise RuntimeError(f"no free port from {PORTS.start} to {PORTS.stop - 1} for the test platform")


def _alive(pid: str) -> bool:
    return pid.isdecimal() and psutil.pid_exists(int(pid))


def _bindable(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _count(note: Path, settings: Settings, change: int) -> int:
    """How many workers use the platform, after the change."""
    before = json.loads(note.read_text())["workers"] if note.exists() else 0
    note.write_text(json.dumps({"port": settings.port, "workers": before + change}))
    return int(before + change)


def _owner_file(settings: Settings) -> Path:
    return settings.home / "owner"


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with exclusive(folder / "platform.lock", on_wait=lambda: None):
        yield
