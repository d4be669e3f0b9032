"""Saves the emulator's state while it runs; by itself it does so only when it is asked to end.

A save is written by a fork: it has the state of one moment, whatever the emulator does meanwhile,
and nobody waits for it longer than the fork takes. It begins at most EVERY_S after a request, and
later if saves take long, so that they use a fifth of a processor at most. While a deployment is
under way nothing is saved: half of one is no state to come back to.

When it is asked to end, the emulator saves a last time and ends at once, whatever is under way:
that is a crash like any other for what it interrupts.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import fcntl
import gc
import json
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

from tools.local import saves
from tools.local.embedded.gate import Gate

EVERY_S = 3.0
SHARE = 4  # A save that took a second is followed by four without one.
LIMIT_S = 60  # Then the fork waits for a lock that another thread had, and is ended.
LIMIT_AT_THE_END_S = 15
ATTEMPTS = 3
NICE = 10
CODE = "lambda-blobs"

_logger = logging.getLogger("saving")


def start_from_newest(persistence: ModuleType, home: Path) -> None:
    """Let the emulator read the newest save. Before any other module of it is imported."""
    if found := saves.newest(home / saves.PLACE):
        persistence.STATE_DIR = str(found.folder)  # type: ignore[attr-defined]


class Saver:
    """Saves the state of the emulator's modules `app` and `core.persistence`."""

    def __init__(self, app: ModuleType, persistence: ModuleType, gate: Gate, home: Path) -> None:
        self.folder = home / saves.PLACE
        self._app, self._persistence, self._gate, self._home = app, persistence, gate, home
        self._child = 0
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """From now on, in the loop that runs."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / saves.RUNNING).touch()
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self.end)
        self._tasks.add(loop.create_task(self._repeat()))

    def end(self) -> None:
        """Save a last time, and end."""
        self._gate.closed = True
        if self._child:
            os.kill(self._child, signal.SIGKILL)
            os.waitpid(self._child, 0)
        for _ in range(ATTEMPTS):
            if _succeeded(os.waitpid(self._fork(LIMIT_AT_THE_END_S), 0)[1]):
                (self.folder / saves.RUNNING).unlink(missing_ok=True)
                os._exit(0)
        _logger.error("the state could not be saved at the end")
        os._exit(1)

    async def _repeat(self) -> None:
        saved, pause = 0, EVERY_S
        while True:
            await asyncio.sleep(pause)
            pause = EVERY_S
            served = self._gate.served
            if served == saved or self._is_deploying():
                continue
            began = time.monotonic()
            try:
                if await self._save():
                    saved = served
            except OSError as error:  # No process to be had, for now.
                _logger.error("the state could not be saved: %s", error)
            pause = max(EVERY_S, SHARE * (time.monotonic() - began))

    async def _save(self) -> bool:
        self._child = self._fork(LIMIT_S, NICE)
        try:
            while not (done := os.waitpid(self._child, os.WNOHANG))[0]:
                await asyncio.sleep(0.05)
        finally:
            self._child = 0
        return _succeeded(done[1])

    def _is_deploying(self) -> bool:
        with contextlib.suppress(FileNotFoundError), (self._home / saves.DEPLOYING).open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def _fork(self, limit_s: int, niceness: int = 0) -> int:
        child = os.fork()
        if child:
            return child
        status = 1
        try:
            gc.disable()  # A collection would write to every page, and so copy it.
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.alarm(limit_s)
            os.nice(niceness)
            # The emulator's port and its clients' connections: they are not to outlive it here.
            os.closerange(3, os.sysconf("SC_OPEN_MAX"))
            self.write()
            status = 0
        except BaseException as error:  # Whatever it is, never back into the emulator's loop.
            _logger.error("the state could not be saved: %s", error)
        finally:
            os._exit(status)

    def write(self) -> None:
        """Write a save. In a process of its own: it changes modules of the emulator."""
        with saves.draft(self.folder, datetime.now(UTC)) as draft:
            logging.getLogger("persistence").setLevel(logging.WARNING)
            self._persistence.STATE_DIR = str(draft)  # type: ignore[attr-defined]
            before = saves.last(self.folder)
            if functions := sys.modules.get("ministack.services.lambda_svc"):
                functions.CODE_BLOB_DIR = str(_with_code(draft, before))  # type: ignore[attr-defined]
            # Nobody changes here what they copy, and most of the time would go into that.
            copy.deepcopy = _itself  # type: ignore[assignment]
            # In one call: written piece by piece, a value takes five times as long.
            self._persistence.json = SimpleNamespace(dump=_dump)  # type: ignore[attr-defined]
            states: Mapping[str, Callable[[], Any]] = self._app._build_persistence_save_dict()
            for name, state in states.items():
                self._write(draft / f"{name}.json", state(), before)

    def _write(self, file: Path, state: Any, before: Path | None) -> None:
        if state is None:  # It says nothing: what it said last holds.
            if before and (before / file.name).exists():
                file.write_bytes((before / file.name).read_bytes())
            return
        self._persistence.save_state(file.stem, state)
        if not file.exists():
            raise OSError(f"{file.name} was not written")


def _with_code(draft: Path, before: Path | None) -> Path:
    """The folder for the functions' code, which holds what did not change already."""
    folder = draft / CODE
    folder.mkdir()
    for archive in (before / CODE).glob("*.zip") if before else ():
        os.link(archive, folder / archive.name)
    return folder


def _itself(value: Any, _memo: Any = None) -> Any:
    return value


def _dump(value: Any, file: Any, default: Callable[[Any], Any]) -> None:
    file.write(json.dumps(value, default=default))
    file.flush()
    os.fsync(file.fileno())


def _succeeded(status: int) -> bool:
    return os.waitstatus_to_exitcode(status) == 0
