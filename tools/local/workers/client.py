"""Workers of the emulator that are forked, where it would start an interpreter for each."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import logging
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import IO, Any
from zipfile import ZipFile

PARENT = Path(__file__).with_name("parent.py")
START_TIMEOUT_S = 30.0
CODE_ZIP = "code.zip"  # what the emulator calls a function's archive, beside those of layers
ATTEMPTS = 2  # A function's parent may end for want of work just when it is asked.
NOBODY_KNOWS = -1  # The return code of a worker: it is not a child of this process.
OF_A_WORKER = ("AWS_LAMBDA_LOG_STREAM_NAME", "LAMBDA_TASK_ROOT")  # differ between a function's

_logger = logging.getLogger("workers")


class ForkedProcess:
    """The part of `Popen` that the emulator uses, for a process that is not a child."""

    def __init__(self, pid: int, lifeline: int, streams: tuple[IO[str], IO[str], IO[str]]) -> None:
        self.pid, self._lifeline = pid, lifeline
        self.stdin, self.stdout, self.stderr = streams
        self.returncode: int | None = None
        self._lock = threading.Lock()

    def __del__(self) -> None:
        self._forget()
        # A stream of one that runs may be read just now, and its end would be waited for.
        for stream in (self.stdin, self.stdout, self.stderr) if self.returncode is not None else ():
            with contextlib.suppress(OSError):  # What was not written reaches nobody.
                stream.close()

    def poll(self) -> int | None:
        """None while it runs."""
        return self._gone(0)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; raises subprocess.TimeoutExpired."""
        found = self._gone(timeout)
        if found is None:
            raise subprocess.TimeoutExpired("worker", timeout or 0)
        return found

    def terminate(self) -> None:
        """Ask it to end."""
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self._send(signal.SIGKILL)

    def _send(self, number: int) -> None:
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def _gone(self, timeout: float | None) -> int | None:
        with self._lock:
            if self.returncode is None and _readable(self._lifeline, timeout):
                self.returncode = NOBODY_KNOWS
                self._forget()
            return self.returncode

    def _forget(self) -> None:
        if self._lifeline >= 0:
            os.close(self._lifeline)
            self._lifeline = -1


class Parent:
    """The process above all workers, made anew when a layer that it may have read is built anew."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connection: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._layers: dict[Path, int] = {}

    def fork(self, request: Mapping[str, Any]) -> ForkedProcess | None:
        """The worker; None if there is none, within START_TIMEOUT_S each time."""
        for _ in range(ATTEMPTS):
            if worker := self._fork(request):
                return worker
        return None

    def _fork(self, request: Mapping[str, Any]) -> ForkedProcess | None:
        its_stdin, stdin = os.pipe()
        stdout, its_stdout = os.pipe()
        stderr, its_stderr = os.pipe()
        lifeline, its_lifeline = os.pipe()
        its = [its_stdin, its_stdout, its_stderr, its_lifeline]
        try:
            with self._lock:
                connection = self._connected(request["environment"]["PYTHONPATH"])
                socket.send_fds(connection, [json.dumps(request).encode() + b"\n"], its)
        finally:
            for descriptor in its:
                os.close(descriptor)
        pid = _first_line(lifeline)
        if not pid:
            for descriptor in (stdin, stdout, stderr, lifeline):
                os.close(descriptor)
            return None
        streams = (
            os.fdopen(stdin, "w", buffering=1, encoding="utf-8"),
            os.fdopen(stdout, buffering=1, encoding="utf-8"),
            os.fdopen(stderr, buffering=1, encoding="utf-8", errors="replace"),
        )
        return ForkedProcess(int(pid), lifeline, streams)

    def _connected(self, path: str) -> socket.socket:
        layers = [Path(entry).parent.with_suffix(".zip") for entry in path.split(os.pathsep)]
        now = {layer: _changed(layer) for layer in layers}
        as_known = all(self._layers.get(layer, time) == time for layer, time in now.items())
        running = self._process is not None and self._process.poll() is None
        if self._connection is None or not (as_known and running):
            self.close()
            self._connection = self._start(path)
        self._layers |= now
        return self._connection

    def _start(self, path: str) -> socket.socket:
        ours, its = socket.socketpair()
        with its:
            command = [sys.executable, "-P", str(PARENT), str(its.fileno()), path]
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, pass_fds=[its.fileno()]
            )
        return ours

    def close(self) -> None:
        """End the parents; workers that there are go on."""
        if self._connection:
            self._connection.close()
        if self._process:
            self._process.wait()
        self._connection = self._process = None
        self._layers = {}


def install(runtime: ModuleType, make_room: Callable[[], None]) -> Parent:
    """Let the emulator's module `lambda_runtime` fork the workers of functions in Python that find
    their layers by PYTHONPATH. Whatever else it starts, it starts as before.

    Returns the process above them.
    """
    parent, starting = Parent(), threading.local()
    original = runtime.Worker

    class ForkingWorker(original):  # type: ignore[misc, valid-type]
        def _spawn(self) -> None:
            make_room()
            starting.worker = self
            try:
                super()._spawn()
            finally:
                starting.worker = None

    def start(command: list[str], **options: Any) -> Any:
        worker = getattr(starting, "worker", None)
        if worker and command[0] == sys.executable and "PYTHONPATH" in options["env"]:
            try:
                if forked := parent.fork(_request(worker, command[1], options)):
                    return forked
            except OSError as error:
                _logger.warning("a worker could not be forked: %s", error)
        return subprocess.Popen(command, **options)

    def opened(path: str) -> Any:
        worker = getattr(starting, "worker", None)
        return Code(worker.code_zip) if worker and path.endswith(CODE_ZIP) else ZipFile(path)

    runtime.Worker = ForkingWorker  # type: ignore[attr-defined]
    runtime.subprocess = _Instead(subprocess, Popen=start)  # type: ignore[attr-defined]
    runtime.zipfile = _Instead(zipfile, ZipFile=opened)  # type: ignore[attr-defined]
    return parent


class Code:
    """The code of functions, unpacked once for all workers that run it. It stays: a worker may
    outlive the one for which it was unpacked."""

    def __init__(self, archive: bytes) -> None:
        self._archive = archive
        self.digest = hashlib.sha256(archive).hexdigest()
        self.folder = Path(tempfile.gettempdir()) / f"code-{self.digest[:16]}"

    def __enter__(self) -> Code:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def extractall(self, path: str) -> None:
        """In place of the emulator's: links into the folder that it made."""
        if not self.folder.exists():
            draft = tempfile.mkdtemp(dir=self.folder.parent)
            with ZipFile(io.BytesIO(self._archive)) as archive:
                archive.extractall(draft)
            with contextlib.suppress(OSError):  # Another thread was faster.
                Path(draft).rename(self.folder)
        for entry in self.folder.iterdir():
            (Path(path) / entry.name).symlink_to(entry)


def _request(worker: Any, script: str, options: Mapping[str, Any]) -> dict[str, Any]:
    environment = dict(options["env"])
    module, _, _ = worker.config["Handler"].replace("/", ".").rpartition(".")
    of_the_function = {k: v for k, v in sorted(environment.items()) if k not in OF_A_WORKER}
    code = Code(worker.code_zip)
    version = json.dumps([code.digest, module, of_the_function]).encode()
    return {
        "script": script,
        "folder": options["cwd"],
        "module": module,
        "code": str(code.folder),
        "version": hashlib.sha256(version).hexdigest(),
        "environment": environment,
    }


class _Instead:
    """A module, but for what is given."""

    def __init__(self, module: ModuleType, **given: Any) -> None:
        self._module = module
        vars(self).update(given)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)


def _first_line(descriptor: int) -> str:
    """What is said first; empty when the other end is closed, or nothing is said in time."""
    if not _readable(descriptor, START_TIMEOUT_S):
        return ""
    return os.read(descriptor, 64).decode().strip()


def _readable(descriptor: int, timeout: float | None) -> bool:
    # Not select(): an emulator under load has descriptors above 1023.
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(None if timeout is None else timeout * 1000))


def _changed(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
