"""Whom the local emulator lets in: the shop's API is for every page, the rest for who signs."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tools.local.credentials import Key
from tools.local.embedded.gate import HEALTH, Gate

KEY = Key("LOCAL0123456789ABCDEF", "the secret of this checkout")
API = "/_aws/execute-api/cartwright/local"
RESET = "/_ministack/reset"
BODY = b'{"TableName": "cartwright-local-orders"}'
EVIL = "https://evil.example"


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


class Emulator:
    """Behind the gate; notes what got there."""

    def __init__(self) -> None:
        self.reached: list[tuple[str, bytes]] = []
        self.gate = Gate(self._serve, KEY, API)

    async def _serve(self, scope: Any, receive: Any, send: Any) -> None:
        message = await receive()
        self.reached.append((scope["path"], message.get("body", b"")))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"served"})

    def ask(
        self,
        path: str,
        headers: Mapping[str, str] = {},
        method: str = "POST",
        body: bytes = BODY,
        query: str = "",
    ) -> Answer:
        given = {"host": "127.0.0.1:4566"} | {name.lower(): v for name, v in headers.items()}
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in given.items()],
        }
        halves = [
            {"type": "http.request", "body": body[:9], "more_body": True},
            {"type": "http.request", "body": body[9:]},
        ]
        sent: list[Any] = []

        async def receive() -> Any:
            return halves.pop(0)

        async def send(message: Any) -> None:
            sent.append(message)

        asyncio.run(self.gate(scope, receive, send))
        answered = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return Answer(sent[0]["status"], answered, sent[1]["body"])


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> Emulator:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY.access_key_id)  # As the process has it.
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", KEY.secret_access_key)
    return Emulator()


def signed(
    key_id: str = KEY.access_key_id,
    secret: str = KEY.secret_access_key,
    *,
    path: str = "/",
    body: bytes = BODY,
    service: str = "dynamodb",
) -> dict[str, str]:
    """The headers of a request that botocore signs."""
    target = {"X-Amz-Target": "DynamoDB_20120810.Scan"} if service == "dynamodb" else {}
    request = AWSRequest("POST", f"http://127.0.0.1:4566{path}", headers=target, data=body)
    SigV4Auth(Credentials(key_id, secret), service, "us-east-1").add_auth(request)
    return dict(request.headers.items())


def presigned(seconds: int = 60, secret: str = KEY.secret_access_key) -> str:
    request = AWSRequest("GET", "http://127.0.0.1:4566/bucket/key")
    credentials = Credentials(KEY.access_key_id, secret)
    SigV4QueryAuth(credentials, "sqs", "us-east-1", expires=seconds).add_auth(request)
    return urlsplit(str(request.url)).query


def test_the_key_of_the_checkout_opens_the_services(emulator: Emulator) -> None:
    assert emulator.ask("/", signed()).status == 200
    assert emulator.reached == [("/", BODY[:9])], "the body is handed on as it came"


def test_the_key_of_the_checkout_opens_any_account(emulator: Emulator) -> None:
    assert emulator.ask("/", signed("000000000042")).status == 200


def test_the_key_of_a_role_is_left_to_the_emulator(emulator: Emulator) -> None:
    """It knows the role and checks the signature; what is not IAM's is not for functions."""
    of_a_role = ("ASIA0000000000000000", "known to the emulator")
    assert emulator.ask("/", signed(*of_a_role)).status == 200
    assert emulator.ask(RESET, signed(*of_a_role, path=RESET)).status == 403


UNSIGNED: dict[str, Callable[[], dict[str, str]]] = {
    "nothing": dict,
    "the emulator's open key": lambda: signed("test", "test"),
    "an account with a secret of anybody": lambda: signed("000000000000", "test"),
    "the key with another secret": lambda: signed(secret="another"),
    "a signature of another body": lambda: signed(body=b"{}"),
    "a signature of another path": lambda: signed(path="/other"),
    "a signature of long ago": lambda: signed() | {"X-Amz-Date": "20200101T000000Z"},
    "a token": lambda: {"Authorization": "Bearer x"},
    "a signature of version 2": lambda: {"Authorization": f"AWS {KEY.access_key_id}:x"},
    "a key and no signature": lambda: {
        "Authorization": f"AWS4-HMAC-SHA256 Credential={KEY.access_key_id}/d/r/s/aws4_request"
    },
}


@pytest.mark.parametrize("what", UNSIGNED)
@pytest.mark.parametrize("path", ["/", RESET, "/bucket/key", "/_ministack/sqs/messages"])
def test_who_does_not_sign_is_refused(emulator: Emulator, what: str, path: str) -> None:
    answer = emulator.ask(path, UNSIGNED[what]())
    assert (answer.status, emulator.reached) == (403, [])
    assert b"credentials" in answer.body


def test_two_keys_in_one_request_are_refused(emulator: Emulator) -> None:
    """The emulator must not read another one than was checked."""
    line = signed()["Authorization"]
    twice = line.replace("Credential=", "Credential=test/d/r/s/aws4_request, Credential=")
    assert emulator.ask("/", signed() | {"Authorization": twice}).status == 403
    assert emulator.ask("/", {"Authorization": "Bearer x"}, query=presigned()).status == 403
    assert emulator.reached == []


def test_a_presigned_address_opens_what_it_names_in_its_time(emulator: Emulator) -> None:
    ask = {"method": "GET", "body": b""}
    assert emulator.ask("/bucket/key", query=presigned(), **ask).status == 200  # type: ignore[arg-type]
    for path, query in (
        ("/bucket/other", presigned()),
        ("/bucket/key", presigned(secret="another")),
        ("/bucket/key", presigned(seconds=-1)),
    ):
        assert emulator.ask(path, query=query, **ask).status == 403  # type: ignore[arg-type]


ELSEWHERE = [
    {"Origin": EVIL},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1.evil.example"},
    {"Origin": "http://localhost@evil.example"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Host": "evil.example:4566"},
    {"Host": "localhost.evil.example"},
    {"Host": "127.0.0.1.evil.example:4566"},
    {"Host": ""},
]


@pytest.mark.parametrize("headers", ELSEWHERE)
@pytest.mark.parametrize("path", ["/", RESET, *HEALTH])
def test_a_page_of_elsewhere_reaches_nothing_even_signed(
    emulator: Emulator, headers: dict[str, str], path: str
) -> None:
    answer = emulator.ask(path, signed(path=path) | headers)
    assert (answer.status, emulator.reached) == (403, [])
    problem = json.loads(answer.body)
    assert (answer.headers["content-type"], problem["status"]) == ("application/problem+json", 403)
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "DELETE"])
def test_the_shops_api_is_reached_from_every_page(emulator: Emulator, method: str) -> None:
    page = {"Origin": "https://shop.example", "Sec-Fetch-Site": "cross-site"}
    assert emulator.ask(f"{API}/orders", page, method).status == 200


@pytest.mark.parametrize("host", ["evil.example", "bucket.s3.localhost", "a.localhost"])
def test_the_shops_api_has_no_name_by_which_the_emulator_finds_something_else(
    emulator: Emulator, host: str
) -> None:
    assert emulator.ask(f"{API}/orders", {"Host": host}).status == 403


def test_another_path_is_not_the_shops_api(emulator: Emulator) -> None:
    for path in ("/_aws/execute-api/other/local/x", f"{API}x", "/restapis/cartwright/local/x"):
        assert emulator.ask(path).status == 403


@pytest.mark.parametrize("path", HEALTH)
def test_whether_it_is_well_is_told_here(emulator: Emulator, path: str) -> None:
    assert emulator.ask(path, method="GET").status == 200
    assert emulator.ask(path, method="POST").status == 403
    assert emulator.gate.served == 0, "nothing that would have to be saved"


def test_nobody_is_let_in_while_it_ends(emulator: Emulator) -> None:
    emulator.gate.closed = True
    assert emulator.ask(f"{API}/orders").status == 503
    assert emulator.ask("/", signed()).status == 503


def test_sockets_are_refused(emulator: Emulator) -> None:
    """The rules of browsers for other origins do not hold for them."""
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message["type"])

    asyncio.run(emulator.gate({"type": "websocket", "path": API, "headers": []}, receive, send))
    assert sent == ["websocket.close"]
