"""Workers that are forked are as new as those that an interpreter starts, and fewer."""

import io
import json
import os
import signal
import tempfile
import threading
import time
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from textwrap import dedent
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from tests.support.shop_client import eventually
from tools.local.workers import client, limits

CODE = """
import os, random, counting
counting.imported += 1
calls = 0
def handler(event, context):
    global calls
    calls += 1
    if event == "fail":
        raise ValueError("no")
    if event == "wait":
        import time; time.sleep(60)
    print("said", calls)
    data = os.path.join(os.path.dirname(__file__), "data.txt")
    return {
        "pid": os.getpid(), "parent": os.getppid(), "name": os.environ["NAME"],
        "calls": calls, "imported": counting.imported, "version": counting.version,
        "random": random.random(), "request": context.aws_request_id, "here": open(data).read(),
    }
"""
# A service: what its functions have in common, and two of them.
SERVICE = {
    "__init__": "",
    "common": """
        import os
        name, only_ones = os.environ["NAME"], os.environ.get("ONLY_ONES", "not there")
    """,
    "slow": """
        import os
        with open(os.environ["IMPORTS"], "a") as file:
            file.write("imported")
    """,
    "entry": """
        from service import common, slow
        def handler(event, context):
            return [common.name, common.only_ones]
    """,
}
LAYER = "imported = 0\nversion = {}\n"


class Emulator:
    """The emulator's module that starts functions, with forked workers."""

    def __init__(self, runtime: Any, folder: Path) -> None:
        self.runtime, self.layer = runtime, folder / "layers" / "deps"
        self.build_layer(1)

    def build_layer(self, version: int) -> None:
        (self.layer / "python").mkdir(parents=True, exist_ok=True)
        (self.layer / "python" / "counting.py").write_text(LAYER.format(version))
        archive = self.layer.with_suffix(".zip")
        archive.write_bytes(b"as the build writes it")
        os.utime(archive, ns=(version, version))

    def worker(self, name: str = "one", code: str = CODE) -> Any:
        """Not started yet: its first call does."""
        return self._worker({"function.py": code, "data.txt": "data"}, "function.handler", name)

    def worker_of_service(self, name: str, **variables: str) -> Any:
        """Of a function of SERVICE, with these variables."""
        files = {f"service/{path}.py": dedent(code) for path, code in SERVICE.items()}
        return self._worker(files, "service.entry.handler", name, variables)

    def _worker(
        self, files: Mapping[str, str], handler: str, name: str, variables: Mapping[str, str] = {}
    ) -> Any:
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as file:
            for path, code in files.items():
                file.writestr(zipfile.ZipInfo(path), code)  # without the time: the same archive
        config = {
            "FunctionName": name,
            "FunctionArn": f"arn:aws:lambda:us-east-1:000000000000:function:{name}",
            "Runtime": "python3.11",
            "Handler": handler,
            "Timeout": 30,
            "Environment": {
                "Variables": {"PYTHONPATH": str(self.layer / "python"), "NAME": name, **variables}
            },
        }
        worker, _ = self.runtime.acquire_worker(name, config, archive.getvalue())
        return worker


@pytest.fixture
def emulator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    from ministack.core import lambda_runtime

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(lambda_runtime, "Worker", lambda_runtime.Worker)
    monkeypatch.setattr(lambda_runtime, "subprocess", lambda_runtime.subprocess)
    parent = client.install(lambda_runtime, lambda: None)
    yield Emulator(lambda_runtime, tmp_path)
    lambda_runtime.reset()
    parent.close()


def call(worker: Any, event: Any = None) -> Any:
    return worker.invoke(event, "request-1")["result"]


def test_a_worker_answers_as_one_that_an_interpreter_started(emulator: Emulator) -> None:
    worker = emulator.worker()
    answer = worker.invoke({}, "request-1")
    assert answer["status"] == "ok"
    assert answer["log"] == "said 1"
    assert answer["result"] | {"random": 0, "pid": 0, "parent": 0} == {
        "random": 0,
        "pid": 0,
        "parent": 0,
        "calls": 1,
        "imported": 1,
        "name": "one",
        "version": 1,
        "request": "request-1",
        "here": "data",
    }
    assert answer["result"]["parent"] != os.getpid()  # It was forked.
    assert call(worker)["calls"] == 2


def test_workers_of_a_function_share_nothing_but_its_imports(emulator: Emulator) -> None:
    first, second = emulator.worker(), emulator.worker()
    assert call(first)["calls"] == 1
    one, other = call(first), call(second)
    assert (one["calls"], other["calls"]) == (2, 1)
    assert one["parent"] == other["parent"]
    assert one["random"] != other["random"]


def test_a_worker_has_the_environment_of_its_function_alone(emulator: Emulator) -> None:
    names = [call(emulator.worker(name))["name"] for name in ("one", "two", "one")]
    assert names == ["one", "two", "one"]


def test_new_code_of_a_function_is_what_its_next_worker_runs(emulator: Emulator) -> None:
    assert call(emulator.worker())["calls"] == 1
    assert call(emulator.worker(code=CODE.replace("calls = 0", "calls = 10")))["calls"] == 11


def test_a_layer_that_was_built_anew_is_what_the_next_worker_imports(emulator: Emulator) -> None:
    before = emulator.worker()
    assert call(before)["version"] == 1
    emulator.build_layer(22)
    assert call(emulator.worker())["version"] == 22
    assert call(before)["version"] == 1


def test_what_kept_its_stream_at_import_writes_to_the_log_and_not_into_the_answer(
    emulator: Emulator,
) -> None:
    """As a logger's handler does. Its line would be taken for the answer."""
    kept = "import json, sys\nout = sys.stdout\n"
    line = 'json.dumps({"status": "ok", "result": "a line"})'
    code = f"{kept}def handler(event, context):\n    print({line}, file=out)\n    return 'answer'\n"
    answer = emulator.worker(code=code).invoke({}, "request-1")
    assert answer["result"] == "answer"
    assert "a line" in answer["log"]


def test_functions_of_a_service_share_what_they_import(emulator: Emulator, tmp_path: Path) -> None:
    imports = tmp_path / "imports"
    same = {"NAME": "the service", "IMPORTS": str(imports), "ONLY_ONES": "one"}
    for name in ("one", "two"):
        assert call(emulator.worker_of_service(name, OTHER=name, **same)) == ["the service", "one"]
    assert imports.read_text() == "imported"


def test_a_function_sees_none_of_the_variables_of_the_one_before(
    emulator: Emulator, tmp_path: Path
) -> None:
    imports = {"IMPORTS": str(tmp_path / "imports")}
    assert call(emulator.worker_of_service("one", **imports)) == ["one", "not there"]
    assert call(emulator.worker_of_service("two", **imports)) == ["two", "not there"]


def test_a_variable_that_the_function_before_did_not_have_is_seen(
    emulator: Emulator, tmp_path: Path
) -> None:
    same = {"NAME": "the service", "IMPORTS": str(tmp_path / "imports")}
    assert call(emulator.worker_of_service("one", **same)) == ["the service", "not there"]
    with_it = call(emulator.worker_of_service("two", ONLY_ONES="two", **same))
    assert with_it == ["the service", "two"]


def test_a_table_that_the_function_before_did_not_have_is_found(emulator: Emulator) -> None:
    """Also by what the functions of all services have in common."""
    kernel = emulator.layer / "python" / "shop"
    kernel.mkdir()
    (kernel / "__init__.py").touch()
    (kernel / "where.py").write_text('import os; it = os.environ.get("TABLE_KEYS", "nowhere")')
    code = "def handler(event, context):\n    from shop import where\n    return where.it"
    files, entry = {"service/__init__.py": "", "service/entry.py": code}, "service.entry.handler"
    assert call(emulator._worker(files, entry, "one")) == "nowhere"
    assert call(emulator._worker(files, entry, "two", {"TABLE_KEYS": "there"})) == "there"


def test_the_code_of_a_function_is_unpacked_once(emulator: Emulator, tmp_path: Path) -> None:
    workers = [emulator.worker() for _ in range(3)]
    for worker in workers:
        assert call(worker)["here"] == "data"
    unpacked = [path for path in tmp_path.glob("**/data.txt") if not path.is_symlink()]
    assert len(unpacked) == 1
    for worker in workers:
        worker.kill()
    assert call(emulator.worker())["here"] == "data"


def test_a_function_that_cannot_be_imported_says_why(emulator: Emulator) -> None:
    with pytest.raises(RuntimeError, match="nothing_like_it"):
        emulator.worker(code="import nothing_like_it\n").invoke({}, "request-1")


def test_an_exception_is_an_answer_and_the_worker_ends(emulator: Emulator) -> None:
    worker = emulator.worker()
    pid = call(worker)["pid"]
    answer = worker.invoke("fail", "request-2")
    assert (answer["status"], answer["error"]) == ("error", "no")
    assert gone(pid)
    assert call(worker)["calls"] == 1


def test_a_worker_that_takes_too_long_is_killed(emulator: Emulator) -> None:
    worker = emulator.worker()
    pid = call(worker)["pid"]
    worker.config["Timeout"] = 1
    assert "timed out" in worker.invoke("wait", "request-2")["error"]
    assert gone(pid)


def test_a_worker_that_was_killed_by_somebody_is_replaced(emulator: Emulator) -> None:
    worker = emulator.worker()
    pid = call(worker)["pid"]
    os.kill(pid, signal.SIGKILL)
    assert worker._proc.wait(5) == client.NOBODY_KNOWS
    assert call(worker)["pid"] != pid


def test_a_functions_parent_that_has_ended_is_made_anew(emulator: Emulator) -> None:
    first = call(emulator.worker())
    os.kill(first["parent"], signal.SIGKILL)
    assert gone(first["parent"])
    second = call(emulator.worker())
    assert second["parent"] != first["parent"]


def test_workers_end_with_the_parent_of_all_only_when_they_are_asked(emulator: Emulator) -> None:
    worker = emulator.worker()
    before = call(worker)
    psutil.Process(before["parent"]).parent().kill()  # type: ignore[union-attr]
    assert call(worker)["pid"] == before["pid"]


def test_many_at_once_are_all_answered(emulator: Emulator) -> None:
    workers = [emulator.worker(name) for name in ("one", "two") for _ in range(8)]
    answers: list[Any] = []
    threads = [threading.Thread(target=lambda w=w: answers.append(call(w))) for w in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({answer["pid"] for answer in answers}) == len(workers)


def gone(pid: int) -> bool:
    eventually(lambda: psutil.pid_exists(pid), until=lambda there: not there)
    return True


class Runtime:
    """The part of the emulator's module that limits look at."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._workers: dict[str, list[Any]] = {}
        self.killed: list[Any] = []

    def kill_workers(self, workers: list[Any]) -> None:
        self.killed += workers

    def add(self, key: str, *, idle_s: float, in_use: bool = False) -> Any:
        last_used = time.time() - idle_s
        worker = SimpleNamespace(_proc=object(), in_use=in_use, last_used=last_used)
        self._workers.setdefault(key, []).append(worker)
        return worker


@pytest.fixture
def runtime() -> Runtime:
    return Runtime()


@pytest.fixture
def watched(runtime: Runtime) -> limits.Limits:
    return limits.Limits(runtime)  # type: ignore[arg-type]


def test_what_idles_ends_and_what_works_does_not(runtime: Runtime, watched: limits.Limits) -> None:
    idle = runtime.add("a", idle_s=limits.IDLE_S + 1)
    fresh = runtime.add("a", idle_s=0)
    busy = runtime.add("b", idle_s=limits.IDLE_S * 9, in_use=True)
    watched.end_idle()
    assert runtime.killed == [idle]
    assert runtime._workers == {"a": [fresh], "b": [busy]}


def test_no_more_are_kept_than_fit(runtime: Runtime, watched: limits.Limits) -> None:
    workers = [runtime.add(f"f{n % 5}", idle_s=1 + n / 1000) for n in range(limits.KEPT + 2)]
    watched.make_room()
    eventually(lambda: runtime.killed, until=bool)
    assert runtime.killed == [workers[-1], workers[-2], workers[-3]]  # They have idled longest.


def test_what_works_is_not_ended_to_make_room(runtime: Runtime, watched: limits.Limits) -> None:
    for number in range(limits.KEPT + 20):
        runtime.add(f"f{number}", idle_s=0, in_use=True)
    watched.make_room()
    assert runtime.killed == []


def test_a_request_to_fork_fits_into_what_is_read_at_once() -> None:
    """The largest environment that Lambda takes is 4 KB."""
    request = {"environment": {f"NAME_{n}": "x" * 100 for n in range(60)}, "folder": "x" * 300}
    from tools.local.workers import parent

    assert len(json.dumps(request)) * 4 < parent.REQUEST_BYTES
