"""Background processes: found again, stopped, and never mistaken for another."""

import json
import os
import socket
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from tools.local import processes
from tools.local.errors import LocalError
from tools.local.http import wait_for
from tools.local.processes import Service


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[Service]:
    """A program that does nothing for a minute."""
    service = Service(
        name="sleeper",
        command=[sys.executable, "-c", "import time; time.sleep(60)"],
        environment={},
        port=free_port(),
        home=tmp_path,
    )
    yield service
    processes.stop(service)


def test_started_process_is_found_again(sleeper: Service) -> None:
    started = processes.start(sleeper)
    found = processes.find(sleeper)
    assert found is not None
    assert found.pid == started.pid


def test_stopping_twice_is_harmless(sleeper: Service) -> None:
    processes.start(sleeper)
    assert processes.stop(sleeper) is True
    assert processes.stop(sleeper) is False


def test_record_of_a_reused_pid_is_stale(sleeper: Service) -> None:
    """After a reboot the pid may belong to anything; here it belongs to this very test."""
    sleeper.record.parent.mkdir()
    started = psutil.Process().create_time() - 3600
    sleeper.record.write_text(json.dumps({"pid": os.getpid(), "started": started}))
    assert processes.find(sleeper) is None
    assert not sleeper.record.exists()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": "x"}', '{"pid": 4194304, "started": 1}'])
def test_broken_record_is_as_good_as_none(sleeper: Service, text: str) -> None:
    sleeper.record.parent.mkdir()
    sleeper.record.write_text(text)
    assert processes.find(sleeper) is None


@pytest.mark.parametrize("damage", ["", "garbage", None])
def test_process_whose_record_is_lost_is_found_and_stopped(
    sleeper: Service, damage: str | None
) -> None:
    """It would hold its port, and be told to have ended."""
    started = processes.start(sleeper)
    if damage is None:
        sleeper.record.unlink()
    else:
        sleeper.record.write_text(damage)
    found = processes.find(sleeper)
    assert found is not None
    assert found.pid == started.pid
    assert processes.stop(sleeper) is True
    assert processes.find(sleeper) is None


def test_the_same_program_of_another_platform_is_not_taken_for_ours(
    sleeper: Service, tmp_path_factory: pytest.TempPathFactory
) -> None:
    processes.start(sleeper)
    assert processes.find(replace(sleeper, home=tmp_path_factory.mktemp("other"))) is None


FORKS = """
import os, signal, time
if not os.fork():
    print("ready", flush=True)
    time.sleep(60)
time.sleep(60)
"""


def test_a_fork_that_outlives_the_program_is_not_taken_for_it(tmp_path: Path) -> None:
    """The emulator's state may still be written by one."""
    service = program(tmp_path, FORKS)
    parent = processes.find(service)
    assert parent is not None
    (child,) = parent.children()
    parent.kill()
    parent.wait(5)
    assert child.is_running()
    assert processes.find(service) is None
    child.kill()


def test_ended_process_is_not_found(sleeper: Service) -> None:
    process = processes.start(sleeper)
    process.kill()
    process.wait(5)
    assert processes.find(sleeper) is None


HANGS = """
import signal, time
signal.signal(signal.SIGTERM, lambda *_: None)
print("ready", flush=True)
time.sleep(60)
time.sleep(60)
"""
HAS_A_CHILD = """
import signal, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
def end(*_):
    for _ in range(100):  # A processor may have yet to stop it.
        state = open(f"/proc/{child.pid}/stat").read().rpartition(")")[2].split()[0]
        if state == "T":
            break
        time.sleep(0.05)
    print("child", state, flush=True)
    sys.exit()
signal.signal(signal.SIGTERM, end)
print("ready", flush=True)
time.sleep(60)
"""


def program(home: Path, text: str) -> Service:
    """It runs, and is ready."""
    service = Service(
        name="program",
        command=[sys.executable, "-c", text],
        environment={},
        port=free_port(),
        home=home,
    )
    processes.start(service)
    assert wait_for(lambda: "ready" in service.log.read_text(), timeout_s=10)
    return service


def test_program_that_does_not_end_is_reported(tmp_path: Path) -> None:
    service = program(tmp_path, HANGS)
    with pytest.raises(LocalError, match="not yet written is lost"):
        processes.stop(service, timeout_s=1)
    assert processes.find(service) is None


def test_what_a_program_started_stands_still_while_it_ends(tmp_path: Path) -> None:
    """Its children would take the processor from it, to be killed a moment later."""
    service = program(tmp_path, HAS_A_CHILD)
    (child,) = processes.find(service).children()  # type: ignore[union-attr]
    assert processes.stop(service, timeout_s=20) is True
    assert "child T" in service.log.read_text()
    assert wait_for(
        lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE, timeout_s=10
    )


@pytest.mark.parametrize(
    ("name", "variable"), [("emulator", "CARTWRIGHT_PORT"), ("psp", "CARTWRIGHT_PSP_PORT")]
)
def test_taken_port_names_the_way_out(name: str, variable: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(LocalError, match=rf"Port {port} is taken.*{variable}=<port>"):
            processes.refuse_taken_port(name, port)


def test_program_does_not_inherit_the_shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    service = Service(
        name="printer",
        command=[
            sys.executable,
            "-c",
            "import os; print('profile', os.environ.get('AWS_PROFILE'))",
        ],
        environment={},
        port=free_port(),
        home=tmp_path,
    )
    processes.start(service).wait(10)
    assert service.log.read_text() == "profile None\n"
