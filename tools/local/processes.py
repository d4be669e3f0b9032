"""Background processes that outlive `make`: started once, found again, stopped gently.

A pid alone proves nothing after a reboot, so the record also holds the start time of the process.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from tools.local.errors import LocalError

START_TIME_TOLERANCE_S = 2.0
LOG_LIMIT_BYTES = 20_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A program that runs in the background of one platform."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    port: int
    home: Path

    @property
    def log(self) -> Path:
        return self.home / "logs" / f"{self.name}.log"

    @property
    def record(self) -> Path:
        return self.home / "run" / f"{self.name}.json"


def find(service: Service) -> psutil.Process | None:
    """Return the process that this platform started, or None; a stale record is removed.

    One whose record was lost or damaged is known by its command and folder, and is no orphan.
    """
    return _recorded(service) or _unrecorded(service)


def _recorded(service: Service) -> psutil.Process | None:
    try:
        record = json.loads(service.record.read_text())
        process = psutil.Process(int(record["pid"]))
        same = abs(process.create_time() - float(record["started"])) < START_TIME_TOLERANCE_S
        alive = _alive(process)
    except FileNotFoundError:
        return None
    except (psutil.Error, ValueError, KeyError, TypeError):
        same = alive = False
    if same and alive:
        return process
    service.record.unlink(missing_ok=True)
    return None


def _unrecorded(service: Service) -> psutil.Process | None:
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if _is_it(service, process) and _alive(process):
                _record(service, process)
                return process
    return None


def _is_it(service: Service, process: psutil.Process) -> bool:
    """A fork of it has the same command, but leads no session."""
    return (
        process.cmdline() == list(service.command)
        and Path(process.cwd()) == service.home.resolve()
        and os.getsid(process.pid) == process.pid
    )


def _record(service: Service, process: psutil.Process) -> None:
    service.record.parent.mkdir(parents=True, exist_ok=True)
    # Written under another name first: a half-written record would be none.
    draft = service.record.with_suffix(".tmp")
    draft.write_text(json.dumps({"pid": process.pid, "started": process.create_time()}))
    draft.replace(service.record)


def start(service: Service) -> psutil.Process:
    """Start the program in a session of its own, so that Ctrl-C in `make` does not reach it."""
    refuse_taken_port(service.name, service.port)
    service.log.parent.mkdir(parents=True, exist_ok=True)
    if service.log.exists() and service.log.stat().st_size > LOG_LIMIT_BYTES:
        service.log.replace(service.log.with_suffix(".log.1"))
    with service.log.open("ab") as log:
        child = subprocess.Popen(
            list(service.command),
            env=dict(service.environment),
            cwd=service.home,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    child.returncode = 0  # It outlives us: without this, dropping the object would warn.
    process = psutil.Process(child.pid)
    _record(service, process)
    return process


def stop(service: Service, *, timeout_s: float = 60.0) -> bool:
    """Ask the program to end, and wait for that. True: it ended by itself.

    Raises:
        LocalError: it had to be killed, so what it kept in memory since its start is lost.
    """
    process = find(service)
    if process is None:
        return False
    _halt_children(process)
    process.terminate()
    finished = _ended(process, timeout_s)
    _kill_group(process.pid)  # And the function workers that outlive their parent.
    with contextlib.suppress(psutil.Error):
        process.wait(5)
    service.record.unlink(missing_ok=True)
    if not finished:
        raise LocalError(
            f"{service.name} did not stop within {timeout_s:.0f} s and was killed; what it had "
            f"not yet written is lost. Its log is {service.log}."
        )
    return True


def refuse_taken_port(name: str, port: int) -> None:
    """Raise LocalError when something already listens on the port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            raise LocalError(
                f"Port {port} may not be used by an ordinary user: choose one above 1023 with "
                "CARTWRIGHT_PORT=<port>."
            ) from None
        except OSError:
            variable = "CARTWRIGHT_PSP_PORT" if name == "psp" else "CARTWRIGHT_PORT"
            raise LocalError(
                f"Port {port} is taken{_owner(port)}. Stop that program, or choose another port: "
                f"{variable}=<port> make up."
            ) from None


def last_lines(path: Path, count: int = 5) -> str:
    """The end of a log, for an error message."""
    if not path.exists():
        return ""
    lines = path.read_text(errors="replace").splitlines()[-count:]
    return "\n".join(f"    {line}" for line in lines)


def _halt_children(process: psutil.Process) -> None:
    """Let what it started stand still: it ends with it, and would take the processor from it."""
    with contextlib.suppress(psutil.Error):
        for child in process.children(recursive=True):
            with contextlib.suppress(psutil.Error):
                child.suspend()


def _ended(process: psutil.Process, timeout_s: float) -> bool:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        try:
            process.wait(0.1)
        except psutil.TimeoutExpired:
            if not _alive(process):
                return True
        else:
            return True
    return False


def _alive(process: psutil.Process) -> bool:
    """False also for a zombie, which another test worker has yet to reap."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _owner(port: int) -> str:
    """Who listens, when the system tells us."""
    with contextlib.suppress(psutil.Error, OSError):
        for connection in psutil.net_connections("tcp"):
            if connection.status != psutil.CONN_LISTEN or not connection.laddr:
                continue
            if connection.laddr.port == port and connection.pid:
                command = " ".join(psutil.Process(connection.pid).cmdline())[:60]
                return f" by process {connection.pid} ({command})"
    return ""


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
