"""Every AWS request of this process in one place: attributed, counted, answered, or refused.

botocore gives `before-send` to all its handlers and takes the first answer, so a handler that
answers does not keep moto from acting. Therefore moto's own handler is taken out and called from
here: what is refused before it has no effect, what is refused after it has.

Three things that moto leaves out are added: functions are invoked, machines are executed, and a
transaction that is repeated under its client request token is the same transaction.
"""

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count as counter
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import unquote

import boto3
from botocore.awsrequest import AWSResponse
from botocore.handlers import BUILTIN_HANDLERS
from moto.core.botocore_stubber import MockRawResponse
from moto.core.models import botocore_stubber

from shop import aws, tables
from tests.support import fast_moto, promised
from tests.support.lambda_context import FakeContext
from tests.support.machines import CLOCK

Function = Callable[[dict[str, Any], Any], Any]
Act = Callable[[], AWSResponse | None]
# Called with each DynamoDB request before and after moto acts on it; raising loses the answer.
Intercept = Callable[["Request", str], None]
# Called with each request of a function, and how to carry it out; its result is the answer.
Around = Callable[["Request", Act], AWSResponse | None]
# Patched copies of the sources are tried by the fault harness: what is imported decides.
SOURCES = Path(aws.__file__).parents[4]
_OURS = (str(SOURCES / "functions"), str(SOURCES / "layers"))
MAIL = "/v2/email/outbound-emails"
SERVICES = {
    "DynamoDB_20120810": "dynamodb",
    "DynamoDBStreams_20120810": "dynamodbstreams",
    "TrentService": "kms",
    "AWSEvents": "events",
    "AmazonSQS": "sqs",
    "AWSStepFunctions": "states",
    "secretsmanager": "secretsmanager",
}


class Died(BaseException):
    """The process of a function is gone, in the middle of a line; no handler sees it."""


class FunctionFailed(Exception):
    """What its caller hears of a function whose process is gone."""


def is_ours(file: str) -> bool:
    """Whether a line of the platform is run there, not one of the tests or of a library."""
    return file.startswith(_OURS)


@dataclass(frozen=True)
class Request:
    """One AWS request: what it asks for, and which function makes it, in which step."""

    service: str  # "dynamodb", "lambda"
    operation: str  # "PutItem", "Invoke"
    function: str  # the function that makes it; of an invocation, the one that is invoked
    step: str
    body: dict[str, Any]
    invocation: int = 0
    answer: dict[str, Any] = field(default_factory=dict)  # DynamoDB's, to a function

    @property
    def by(self) -> str:
        """`<service>.<function>`, with `.<step>` where there are several."""
        return f"{self.function}.{self.step}".rstrip(".")

    @property
    def name(self) -> str:
        """Who asks, and what for."""
        return f"{self.by} {self.operation}"


@dataclass(frozen=True)
class _Here:
    """What runs at the moment."""

    function: str = "test"
    step: str = ""
    invocation: int = 0


@dataclass
class Interceptor:
    """The network between functions and AWS. For one thread."""

    functions: dict[str, Function] = field(default_factory=dict)
    run_machine: Callable[[str, dict[str, Any]], dict[str, Any]] = lambda name, data: {}
    start_machine: Callable[[str, dict[str, Any]], None] = lambda name, data: None
    wait: Callable[[dict[str, Any]], None] = lambda given: None  # `until` or `seconds`
    died: Callable[[], None] = lambda: None
    returned: Callable[[str], None] = lambda function: None
    requests: list[Request] = field(default_factory=list)
    intercept: Intercept = lambda request, when: None
    around: Around = lambda request, act: act()
    here: _Here = field(default_factory=_Here)
    watched: Callable[[], bool] = lambda: True
    reached: set[tuple[str, int]] = field(default_factory=set)  # lines of ours behind a request
    _numbers: Iterator[int] = field(default_factory=lambda: counter(1))
    _committed: dict[str, AWSResponse] = field(default_factory=dict)

    def __call__(self, event_name: str, request: Any, **_: Any) -> AWSResponse | None:
        if "/invocations" in request.url:
            return self._invocation(request)
        namespace, _dot, operation = _header(request, "X-Amz-Target").partition(".")
        if request.url.endswith(MAIL):  # REST: what is asked for stands in the path.
            namespace, operation = "ses", "SendEmail"
        if not operation:
            return botocore_stubber(event_name, request)
        seen = Request(
            SERVICES.get(namespace, namespace),
            operation,
            self.here.function,
            self.here.step,
            json.loads(request.body),
            self.here.invocation,
        )
        self.requests.append(seen)
        if seen.function == "test":
            return self._act(seen, event_name, request)
        self.trace()
        return self.around(seen, lambda: self._act(seen, event_name, request))

    def _act(self, seen: Request, event_name: str, request: Any) -> AWSResponse | None:
        if seen.service == "states":
            return self._execution(seen, request)
        if seen.service != "dynamodb":
            return botocore_stubber(event_name, request)
        token = str(seen.body.get("ClientRequestToken", ""))
        if token in self._committed:  # Ten minutes in AWS, here as long as a run.
            return _answer(request.url, 200, self._committed[token].text)
        self.intercept(seen, "before")
        answer = botocore_stubber(event_name, request)
        if answer is not None:
            if seen.function != "test":
                seen.answer.update(json.loads(answer.content))
            if token and answer.status_code == 200:
                self._committed[token] = answer
        self.intercept(seen, "after")
        return answer

    def trace(self) -> None:
        """Note the lines of our sources that lead to the request that is being made."""
        if not self.watched():
            return
        frame = sys._getframe()
        while frame.f_back is not None:
            frame = frame.f_back
            if is_ours(frame.f_code.co_filename):
                self.reached.add((frame.f_code.co_filename, frame.f_lineno))

    def site(self) -> str:
        """The line of a service, else of the layer, that is being run: `orders/api/pay.py:17`."""
        if self.here.function == "test":
            return ""
        frame: FrameType | None = sys._getframe()
        found = ""
        while frame is not None:
            file = frame.f_code.co_filename
            if is_ours(file):
                found = found or f"{file}:{frame.f_lineno}"
                if file.startswith(_OURS[0]):
                    found = f"{file}:{frame.f_lineno}"
                    break
            frame = frame.f_back
        return found.removeprefix(f"{SOURCES}/")

    @property
    def others(self) -> list[Request]:
        """Requests to services that are neither DynamoDB nor Lambda."""
        return [each for each in self.requests if each.service not in ("dynamodb", "lambda")]

    def count(self) -> Counter[str]:
        """DynamoDB requests of functions, by `function.step`."""
        return Counter(
            each.by
            for each in self.requests
            if each.service == "dynamodb" and each.function != "test"
        )

    def invoked(self) -> list[str]:
        """Invocations, in order, by `function.step`."""
        return [each.by for each in self.requests if each.operation == "Invoke"]

    def reset(self) -> None:
        """Begin to count anew."""
        self.requests.clear()
        self._committed.clear()

    def call(self, name: str, event: dict[str, Any]) -> Any:
        """Invoke a function as AWS would: its exception, or FunctionFailed, is the caller's."""
        step = str(event.get("step", "")) if isinstance(event, dict) else ""
        invocation, before = next(self._numbers), self.here
        self.requests.append(Request("lambda", "Invoke", name, step, event, invocation))
        self.here = _Here(name, step, invocation)
        try:
            result = self.functions[name](event, FakeContext(name))
        except Died as error:
            self.died()
            raise FunctionFailed(str(error)) from None
        finally:
            self.here = before
            self.returned(name)
        promised.check(self.functions[name], result)
        return result

    def _invocation(self, request: Any) -> AWSResponse:
        """By a machine: `call`, and what the runtime reports for a function that raised."""
        name = unquote(request.url.split("/functions/")[1].split("/")[0]).rsplit(":", 1)[-1]
        headers = {"Content-Type": "application/json"}
        if name == CLOCK:
            self.wait(json.loads(request.body))
            return _answer(request.url, 200, "{}", headers)
        try:
            result = self.call(name, json.loads(request.body))
        except Exception as error:
            headers["X-Amz-Function-Error"] = "Unhandled"
            result = {"errorMessage": str(error), "errorType": type(error).__name__}
        return _answer(request.url, 200, json.dumps(result), headers)

    def _execution(self, seen: Request, request: Any) -> AWSResponse:
        machine = seen.body["stateMachineArn"].rsplit(":", 1)[-1]
        data = json.loads(seen.body["input"])
        arn = {"executionArn": f"{seen.body['stateMachineArn']}:run", "startDate": 0}
        if seen.operation == "StartExecution":
            self.start_machine(machine, data)
            return _answer(request.url, 200, json.dumps(arn))
        before, self.here = self.here, _Here()
        try:
            result = self.run_machine(machine, data)
        finally:
            self.here = before
        return _answer(request.url, 200, json.dumps(arn | {"stopDate": 0} | result))


def _answer(url: str, status: int, text: str, headers: dict[str, str] | None = None) -> AWSResponse:
    return AWSResponse(url, status, headers or {}, MockRawResponse(text))  # type: ignore[arg-type]


def refusal(code: str, status: int, **more: Any) -> AWSResponse:
    """An error as the JSON protocols of AWS report it."""
    text = json.dumps({"__type": f"com.amazonaws#{code}", "message": code, **more})
    return _answer("https://aws.test/", status, text)


def _header(request: Any, name: str) -> str:
    value = request.headers.get(name, "")
    return value.decode() if isinstance(value, bytes) else str(value)


@contextmanager
def tapped() -> Iterator[Interceptor]:
    """All clients that are made meanwhile go through one interceptor (start moto inside)."""
    interceptor = Interceptor()
    place = BUILTIN_HANDLERS.index(("before-send", botocore_stubber))
    BUILTIN_HANDLERS[place] = ("before-send", interceptor)
    _forget_clients()
    try:
        yield interceptor
    finally:
        BUILTIN_HANDLERS[place] = ("before-send", botocore_stubber)
        _forget_clients()


def _forget_clients() -> None:
    boto3.DEFAULT_SESSION = None
    aws.reset(session=True)
    tables.reset()
    fast_moto.forget_clients()
