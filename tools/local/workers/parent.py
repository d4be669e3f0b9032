"""The processes that workers are forked from: a program of its own, by the standard library alone.

    python -P parent.py FD

It reads requests from the socket FD: a line of JSON, and with it the file descriptors of the
worker: stdin, stdout, stderr and its lifeline. Over the lifeline the worker says its process id,
and when that end is closed it is gone, however it ended. Nothing else is answered.

A request goes down three levels, each forked from the one above when it is first asked for:

1. the libraries of the layers,
2. a service: the kernel, whose log lines carry the service's name,
3. a function, in its own environment and with its own code: its handler is imported, and no more.
   It ends when nobody has asked for it for a while.

The worker is a fork of the third: as new as one that imported all of it itself, and it shares their
memory until it writes to it.
"""

import contextlib
import gc
import importlib
import json
import os
import pkgutil
import runpy
import select
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

LIBRARIES = (
    "aws_lambda_powertools.logging",
    "aws_lambda_powertools.metrics",
    "botocore.client",
    "botocore.httpsession",
    "botocore.session",
    "pydantic",
    "pynamodb.models",
)
KERNEL = "shop"
NOT_SHIPPED = ("shop.deploy",)
REQUEST_BYTES = 262_144
DESCRIPTORS = 4
# What the functions of a service have in common.
OF_A_SERVICE = ("PYTHONPATH", "POWERTOOLS_SERVICE_NAME", "LOG_LEVEL", "STAGE")
FUNCTION_IDLE_S = 60.0

Request = dict[str, Any]


def serve(
    connection: socket.socket,
    key: Callable[[Request], str],
    become: Callable[[socket.socket, Request], None],
    idle_s: float | None = None,
) -> None:
    """Hand each request to the process of its key, which `become` makes of a fork of this one."""
    below: dict[str, socket.socket] = {}
    while message := receive(connection, idle_s):
        content, descriptors = message
        request = json.loads(content)
        name = key(request)
        for _ in range(2):  # One that has just ended is made anew.
            if name not in below:
                held = [connection.fileno(), *map(socket.socket.fileno, below.values())]
                below[name] = _fork(become, request, [*held, *descriptors])
            try:
                socket.send_fds(below[name], [content], descriptors)
                break
            except OSError:
                below.pop(name).close()
        _close(descriptors)


def receive(connection: socket.socket, idle_s: float | None) -> tuple[bytes, list[int]] | None:
    """The next request; None when the other end is closed, or nothing came for so long."""
    if not select.select([connection], [], [], idle_s)[0]:
        return None
    content, descriptors, _, _ = socket.recv_fds(connection, REQUEST_BYTES, DESCRIPTORS)
    while content and not content.endswith(b"\n"):
        content += connection.recv(REQUEST_BYTES)
    return (content, descriptors) if content else None


def _fork(
    become: Callable[[socket.socket, Request], None], request: Request, held: list[int]
) -> socket.socket:
    """The socket of the new process, which closes what is `held` here: a worker's descriptors that
    it kept would never end."""
    ours, its = socket.socketpair()
    if os.fork():
        its.close()
        return ours
    try:
        ours.close()
        _close(held)
        become(its, request)
    finally:
        os._exit(0)


def main(connection: socket.socket) -> None:
    """The first level."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # Nobody waits for the children: no zombies.
    # What is imported here keeps its stream (a logger's handler does): it has to write to what a
    # worker's stderr is, never to its stdout, over which the worker answers.
    sys.stdout = sys.stderr = open(2, "w", encoding="utf-8", buffering=1, closefd=False)  # noqa: SIM115
    sys.path[:0] = sys.argv[2].split(os.pathsep)
    _import(LIBRARIES)
    _freeze()
    serve(connection, _service_of, _be_service)


def _service_of(request: Request) -> str:
    return json.dumps([request["environment"].get(name) for name in OF_A_SERVICE])


def _be_service(connection: socket.socket, request: Request) -> None:
    environment = request["environment"]
    os.environ.clear()
    os.environ.update(environment)
    # The layers of this service in place of those of the first one.
    known = [entry for entry in sys.path if entry not in sys.argv[2].split(os.pathsep)]
    sys.path[:] = [*environment["PYTHONPATH"].split(os.pathsep), *known]
    with contextlib.suppress(Exception):
        kernel = importlib.import_module(KERNEL)
        found = pkgutil.iter_modules(kernel.__path__, f"{KERNEL}.")
        _import(tuple(module.name for module in found if module.name not in NOT_SHIPPED))
        _read_models()
    _freeze()
    serve(connection, _function_of, _be_function)


def _read_models() -> None:
    """What every client of DynamoDB is made from: the session keeps what it has read."""
    importlib.import_module("shop.aws").shared_session().create_client(
        "dynamodb",
        region_name="us-east-1",
        aws_access_key_id="none",
        aws_secret_access_key="none",  # noqa: S106
    )


def _function_of(request: Request) -> str:
    return str(request["version"])


def _be_function(connection: socket.socket, request: Request) -> None:
    code = _code(request)
    os.environ.clear()
    os.environ.update(request["environment"])
    time.tzset()
    sys.path.insert(0, code)
    _import((request["module"],))
    with contextlib.suppress(Exception):
        _make_client()
    _freeze()
    _serve_workers(connection)


def _code(request: Request) -> str:
    """A copy of the function's code that stays: what its first worker runs goes with it, and the
    workers that are forked here may outlive this process."""
    folder = Path(request["environment"].get("TMPDIR") or tempfile.gettempdir())
    code = folder / f"function-{request['version'][:16]}"
    if not code.exists():
        draft = tempfile.mkdtemp(dir=folder)
        shutil.copytree(request["folder"], draft, dirs_exist_ok=True)
        Path(draft).rename(code)
    return str(code)


def _make_client() -> None:
    """The function's own client of DynamoDB, and all that a request of it reads before it is sent.

    Nothing is sent: a client with an open connection must not be forked.
    """

    def answer(request: Any, **_: Any) -> Any:
        body = type("Body", (), {"stream": lambda *_, **__: iter([b"{}"])})()
        headers = {"Content-Type": "application/x-amz-json-1.0"}
        return importlib.import_module("botocore.awsrequest").AWSResponse(
            request.url, 200, headers, body
        )

    client = importlib.import_module("shop.tables").connection().client
    client.meta.events.register_first("before-send", answer)
    try:
        client.get_item(TableName="none", Key={"pk": {"S": ""}, "sk": {"S": ""}})
    finally:
        client.meta.events.unregister("before-send", answer)


def _serve_workers(connection: socket.socket) -> None:
    while message := receive(connection, FUNCTION_IDLE_S):
        content, descriptors = message
        if not os.fork():
            connection.close()
            _be_worker(json.loads(content), descriptors)
        _close(descriptors)


def _be_worker(request: Request, descriptors: list[int]) -> NoReturn:
    """Its descriptors, environment and folder, and then its script."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    *standard, lifeline = descriptors
    for target, descriptor in enumerate(standard):
        os.dup2(descriptor, target)
        os.close(descriptor)
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.argv = [request["script"]]
    os.write(lifeline, f"{os.getpid()}\n".encode())
    status = 1
    try:
        runpy.run_path(request["script"], run_name="__main__")
        status = 0
    except BaseException as error:  # The worker's end, whatever it is; never the loop above.
        sys.excepthook(type(error), error, error.__traceback__)
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
        os._exit(status)


def _import(names: tuple[str, ...]) -> None:
    """What cannot be imported is left out: the worker that needs it says what is wrong."""
    for name in names:
        with contextlib.suppress(Exception):
            importlib.import_module(name)


def _freeze() -> None:
    """Collections in the children would write to every page, and so copy it."""
    gc.collect()
    gc.freeze()


def _close(descriptors: list[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
