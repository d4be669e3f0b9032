"""The emulator's state on disk: each save is a folder of its own, and the last two are kept.

A save is made aside and renamed into place, with a manifest that holds the digest of each file. So
one that a crash left half written, or a file that was damaged later, is known as such, and the save
before it is taken.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

PLACE = Path("state") / "saved"  # in the platform's folder
MANIFEST = "manifest"
RUNNING = "running"  # Is there as long as not everything is saved.
DEPLOYING = "deploying"  # In the platform's folder, locked by who deploys: nothing is saved then.
KEPT = 2
QUEUES = "http://localhost"  # The addresses of queues begin so, with the emulator's port.
QUEUE_PORT = re.compile(rf"{QUEUES}:(?P<port>\d+)/")
_LOCK = "lock"


@dataclass(frozen=True, slots=True)
class Save:
    """A whole state."""

    folder: Path
    saved_at: datetime
    passed_over: tuple[str, ...] = ()  # Newer ones that are damaged.


def newest(saves: Path) -> Save | None:
    """The newest save that is whole; None if there is none."""
    passed_over: list[str] = []
    for folder in _folders(saves):
        if saved_at := _whole(folder):
            return Save(folder, saved_at, tuple(passed_over))
        passed_over.append(folder.name)
    return None


def last(saves: Path) -> Path | None:
    """The folder of the last save, whole or not; None: nothing was ever saved."""
    return next(_folders(saves), None)


def port(saves: Path) -> int | None:
    """Where the platform ran that was saved last; None: not known."""
    for folder in _folders(saves):
        with contextlib.suppress(OSError, ValueError):
            if found := QUEUE_PORT.search((folder / "sqs.json").read_text()):
                return int(found["port"])
    return None


def set_aside(saves: Path, names: Iterable[str]) -> None:
    """Take damaged saves away from the others, but do not delete them."""
    for name in names:
        aside = saves / f"damaged-{name}"
        shutil.rmtree(aside, ignore_errors=True)
        (saves / name).rename(aside)


@contextmanager
def draft(saves: Path, saved_at: datetime) -> Iterator[Path]:
    """An empty folder to write a state into; it becomes the newest save if nothing is raised."""
    saves.mkdir(parents=True, exist_ok=True)
    with (saves / _LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        unfinished = saves / "draft"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
        yield unfinished
        seal(unfinished, saved_at)
        unfinished.rename(saves / f"{saved_at:%Y%m%dT%H%M%S.%fZ}")
        for old in [*_folders(saves)][KEPT:]:
            shutil.rmtree(old, ignore_errors=True)


def wait_for_writer(saves: Path) -> None:
    """Return when nobody writes: a process that saves may outlive the emulator, by seconds."""
    if saves.exists():
        with (saves / _LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)


def seal(folder: Path, saved_at: datetime) -> None:
    """Write down what is in the folder, so that it can be told whether it is whole."""
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file())
    files = {str(path.relative_to(folder)): _digest(path) for path in paths if _is_content(path)}
    text = json.dumps({"saved_at": saved_at.isoformat(), "files": files}, indent=1)
    unfinished = folder / f"{MANIFEST}.tmp"
    with unfinished.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(folder / MANIFEST)


def _folders(saves: Path) -> Iterator[Path]:
    """The newest first: their names are times."""
    yield from sorted(saves.glob("2*Z"), reverse=True)


def _whole(folder: Path) -> datetime | None:
    """When it was saved, if all that its manifest names is there as it was."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        manifest = json.loads((folder / MANIFEST).read_text())
        digests = dict(manifest["files"])
        if digests and all(_digest(folder / name) == digests[name] for name in digests):
            return datetime.fromisoformat(manifest["saved_at"]).astimezone(UTC)
    return None


def _is_content(path: Path) -> bool:
    return path.name not in (MANIFEST, f"{MANIFEST}.tmp")


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
