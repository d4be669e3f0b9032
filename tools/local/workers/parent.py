"""The processes that workers are forked from: a program of its own, by the standard library alone.

    python -P parent.py FD

It reads requests from the socket FD: a line of JSON, and with it the file descriptors of the
worker: stdin, stdout, stderr and its lifeline. Over the lifeline the worker says its process id,
and when that end is closed it is gone, however it ended. Nothing else is answered.

A request goes down three levels, each forked from the one above when it is first asked for:

1. the libraries of the layers,
2. a service: the kernel, whose log lines carry the service's name, what of the service's modules
   can be imported without knowing for which function, and a client of DynamoDB,
3. a function, in its own environment: its handler is imported, and no more.

The worker is a fork of the third: as new as one that imported all of it itself, and it shares their
memory until it writes to it. What nobody has asked for some time ends, from the second level down.
"""

import contextlib
import gc
import importlib
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, MutableMapping
from types import SimpleNamespace
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
# Where a table is: functions of one service have some in common, and each its own.
OF_A_TABLE = "TABLE_"
NOT_SHIPPED = ("shop.deploy",)
REQUEST_BYTES = 262_144
DESCRIPTORS = 4
# What the functions of a service have in common, its code apart.
OF_A_SERVICE = (
    "PYTHONPATH",
    "POWERTOOLS_SERVICE_NAME",
    "LOG_LEVEL",
    "STAGE",
    "AWS_REGION",
    "AWS_ENDPOINT_URL",
)
SERVICE_IDLE_S = 600.0
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
    environment = request["environment"]
    return json.dumps([request["code"], *(environment.get(name) for name in OF_A_SERVICE)])


def _be_service(connection: socket.socket, request: Request) -> None:
    environment = request["environment"]
    os.environ.clear()
    os.environ.update(environment)
    # The layers of this service in place of those of the first one.
    known = [entry for entry in sys.path if entry not in sys.argv[2].split(os.pathsep)]
    sys.path[:] = [request["code"], *environment["PYTHONPATH"].split(os.pathsep), *known]
    with contextlib.suppress(Exception), _recorded((KERNEL,), only=OF_A_TABLE):
        _import(tuple(_modules(KERNEL, pkgutil.iter_modules)))
    with contextlib.suppress(Exception):
        _make_client()
    package, _, entry_point = request["module"].partition(".")
    read = _import_for_any_function(package) if entry_point else {}
    _freeze()

    def become(connection: socket.socket, request: Request) -> None:
        _be_function(connection, request, package, read)

    serve(connection, _function_of, become, SERVICE_IDLE_S)


def _modules(package: str, find: Callable[..., Iterator[pkgutil.ModuleInfo]]) -> Iterator[str]:
    path = importlib.import_module(package).__path__
    names = (module.name for module in find(path, f"{package}."))
    return (name for name in names if name not in NOT_SHIPPED)


class _Recorded(MutableMapping[str, str]):
    """The environment of the function for which a service's modules are imported first.

    It keeps what they read, and lets the import fail of those that look for what is not there:
    another function may have it.
    """

    def __init__(
        self, environment: MutableMapping[str, str], packages: tuple[str, ...], only: str
    ) -> None:
        self._environment, self._packages, self._only = environment, packages, only
        self.read: dict[str, str] = {}

    def __getitem__(self, name: str) -> str:
        if name in self._environment:
            self.read[name] = self._environment[name]
        elif name.startswith(self._only) and self._asked_by_them():
            raise ImportError(f"{name} is not there")
        return self._environment[name]

    def __contains__(self, name: object) -> bool:
        if name in self._environment:
            return True
        if str(name).startswith(self._only) and self._asked_by_them():
            raise ImportError(f"{name} is not there")
        return False

    def _asked_by_them(self) -> bool:
        """Not by a library that they import."""
        frame, beside = sys._getframe(1), (__name__, "os", "collections.abc")
        while frame.f_back and frame.f_globals.get("__name__") in beside:
            frame = frame.f_back
        return str(frame.f_globals.get("__name__")).partition(".")[0] in self._packages

    def __setitem__(self, name: str, value: str) -> None:
        self._environment[name] = value

    def __delitem__(self, name: str) -> None:
        del self._environment[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._environment)

    def __len__(self) -> int:
        return len(self._environment)


def _import_for_any_function(package: str) -> dict[str, str]:
    """What of the package can be; returns what was read of the environment."""
    with _recorded((package, KERNEL)) as recorded, contextlib.suppress(Exception):
        _import(tuple(_modules(package, pkgutil.walk_packages)))
    return recorded.read


@contextlib.contextmanager
def _recorded(packages: tuple[str, ...], *, only: str = "") -> Iterator[_Recorded]:
    """While they are imported; `only` is how variables begin that another function may have."""
    environment = os.environ
    recorded = _Recorded(environment, packages, only)
    os.environ = recorded  # type: ignore[assignment]  # noqa: B003 - what modules read through
    try:
        yield recorded
    finally:
        os.environ = environment  # noqa: B003


def _function_of(request: Request) -> str:
    return str(request["version"])


def _be_function(
    connection: socket.socket, request: Request, package: str, read: dict[str, str]
) -> None:
    os.environ.clear()
    os.environ.update(request["environment"])
    time.tzset()
    if any(os.environ.get(name, value) != value for name, value in read.items()):
        for name in [name for name in sys.modules if name.partition(".")[0] == package]:
            del sys.modules[name]
    _import((request["module"],))
    _freeze()
    _serve_workers(connection)


def _make_client() -> None:
    """The client of DynamoDB that the functions of a service have in common, and all that a request
    of it reads before it is sent. It signs with the credentials of the function that uses it.

    Nothing is sent: a client with an open connection must not be forked.
    """
    credentials = importlib.import_module("botocore.credentials")

    class OfTheFunction(credentials.Credentials):  # type: ignore[misc, name-defined]
        def get_frozen_credentials(self) -> Any:
            names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
            return credentials.ReadOnlyCredentials(*map(os.environ.get, names))

    session = importlib.import_module("shop.aws").shared_session()
    provider = SimpleNamespace(load_credentials=lambda: OfTheFunction("", "", ""))
    session.register_component("credential_provider", provider)

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
