"""Who is let in to the emulator, which would take anybody for root.

Any page in the developer's browser can send requests to 127.0.0.1, and a name that it owns can be
made to point there. So a request has to be meant for this machine by its Host. Beyond that the
shop's API is open to every page, as it is on AWS: it has its own tokens. Everything else is not for
pages of elsewhere, and is signed: with the key of this checkout, which is checked here, or with the
key of a function's role, which the emulator checks. Keys that it takes for root unchecked, and
requests that are not signed, are refused. Whether it is well may be asked by everybody here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from ministack.core import iam_actions, iam_evaluator, router, sigv4

from tools.local.credentials import Key

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

HEALTH = ("/_ministack/health", "/_ministack/ready", "/_localstack/health")
OWN = "/_"  # Of the emulator itself: no IAM action covers what is there.
_ADDRESS = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?", re.ASCII | re.IGNORECASE)
_NAME = re.compile(r"([a-z0-9-]+\.)+localhost(:\d{1,5})?", re.ASCII | re.IGNORECASE)
_ACCOUNT = re.compile(r"\d{12}", re.ASCII)  # As an access key: the root of that account.


class Gate:
    """The emulator's application, for those who may use it."""

    def __init__(self, application: Application, key: Key, api_path: str) -> None:
        self._application = application
        self._key = key
        self._api = (api_path, f"{api_path}/")
        self.served = 0  # Requests that may have changed something.
        self.closed = False  # Nobody is let in any more.
        self.on_startup: Callable[[], None] = lambda: None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application."""
        if scope["type"] == "lifespan":
            await self._application(scope, receive, self._telling_of_startup(send))
        elif scope["type"] == "websocket":  # Nothing here is spoken over them.
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        elif self.closed:
            await _answer(send, 503, "The local platform is being stopped.")
        elif reason := self._foreign(scope):
            await _answer(send, 403, reason)
        elif self._is_open(scope):
            self.served += not _is_health(scope)
            await self._application(scope, receive, send)
        else:
            await self._signed(scope, receive, send)

    def _foreign(self, scope: Scope) -> str:
        """Why the request is not one of this machine; empty if it is."""
        hosts, origins = _values(scope, b"host"), _values(scope, b"origin")
        api = self._is_api(scope)
        if len(hosts) != 1 or not _is_loopback(hosts[0], names=not api):
            return "The Host of a request to the local platform is 127.0.0.1 or localhost."
        if api:
            return ""
        sites = _values(scope, b"sec-fetch-site")
        if "cross-site" in sites or not all(map(_is_loopback_origin, origins)):
            return "Of the local platform, pages of other origins reach only the shop's API."
        return ""

    def _is_api(self, scope: Scope) -> bool:
        path = scope["path"]
        return bool(path == self._api[0] or path.startswith(self._api[1]))

    def _is_open(self, scope: Scope) -> bool:
        return self._is_api(scope) or _is_health(scope)

    async def _signed(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = _headers(scope)
        query = parse_qs(scope.get("query_string", b"").decode(), keep_blank_values=True)
        key = router.extract_access_key_id(headers, query)
        if not iam_evaluator.is_root_access_key(key) and not scope["path"].startswith(OWN):
            self.served += 1
            await self._application(scope, receive, send)  # It looks up the key and checks.
            return
        body, receive = await _read(receive)
        if self._is_signed_by_root(scope, headers, query, key, body):
            self.served += 1
            await self._application(scope, receive, send)
            return
        service = router.detect_service(scope["method"], scope["path"], headers, query)
        status, answered, text = iam_actions.access_denied_response(
            service,
            action="",
            principal_arn="",
            request_id="refused",
            error_code="AccessDeniedException" if "x-amz-target" in headers else "",
            message=UNSIGNED,
            headers=headers,
        )
        await _send(send, status, answered, text)

    def _is_signed_by_root(
        self,
        scope: Scope,
        headers: Mapping[str, str],
        query: Mapping[str, list[str]],
        key: str,
        body: bytes,
    ) -> bool:
        if key != self._key.access_key_id and not _ACCOUNT.fullmatch(key):
            return False
        if len(_values(scope, b"authorization")) > 1:
            return False
        presigned = "authorization" not in headers
        signature = (
            sigv4.parse_query_signature(query)
            if presigned
            else sigv4.parse_header_signature(headers)
        )
        if isinstance(signature, tuple) or signature.region_set is not None:
            return False
        if _is_too_old(signature, query, presigned=presigned):
            return False
        raw_path = (scope.get("raw_path") or quote(scope["path"]).encode()).decode("latin-1")
        return not sigv4.header_signature_failure(
            signature,
            self._key.secret_access_key,
            scope["method"],
            raw_path,
            query,
            headers,
            body,
            presigned=presigned,
        )

    def _telling_of_startup(self, send: Send) -> Send:
        async def told(message: Message) -> None:
            await send(message)
            if message["type"] == "lifespan.startup.complete":
                self.on_startup()

        return told


UNSIGNED = (
    "Requests to the local platform's AWS services are signed with the key of its checkout: "
    ".local/credentials."
)


def _is_too_old(
    signature: sigv4.HeaderSignature, query: Mapping[str, list[str]], *, presigned: bool
) -> bool:
    if not presigned:
        return sigv4.request_time_failure(signature) is not None
    try:
        return bool(
            sigv4.presigned_request_is_expired(signature.amz_date, query["X-Amz-Expires"][0])
        )
    except (KeyError, ValueError):
        return True


def _is_health(scope: Scope) -> bool:
    return scope["path"] in HEALTH and scope["method"] in ("GET", "HEAD")


def _is_loopback(host: str, *, names: bool) -> bool:
    """`names`: also those below localhost, which no server of elsewhere can point anywhere."""
    return bool(_ADDRESS.fullmatch(host) or (names and _NAME.fullmatch(host)))


def _is_loopback_origin(origin: str) -> bool:
    parts = urlsplit(origin)
    return parts.scheme in ("http", "https") and _is_loopback(parts.netloc, names=True)


def _values(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name]


def _headers(scope: Scope) -> dict[str, str]:
    """As they are signed: what is on several lines is one value."""
    found: dict[str, str] = {}
    for name, value in scope["headers"]:
        key, text = name.decode("latin-1").lower(), sigv4.decode_header_value(value)
        found[key] = f"{found[key]},{text}" if key in found else text
    return found


async def _read(receive: Receive) -> tuple[bytes, Receive]:
    """The body, and what gives it once more."""
    messages: list[Message] = []
    while True:
        message = await receive()
        messages.append(message)
        if message["type"] != "http.request" or not message.get("more_body"):
            break
    body = b"".join(message.get("body", b"") for message in messages)

    async def again() -> Message:
        return messages.pop(0) if messages else await receive()

    return body, again


async def _answer(send: Send, status: int, reason: str) -> None:
    title = {403: "Forbidden", 503: "Service Unavailable"}[status]
    problem = {"type": "about:blank", "title": title, "status": status, "detail": reason}
    headers = {"Content-Type": "application/problem+json"}
    await _send(send, status, headers, json.dumps(problem).encode())


async def _send(send: Send, status: int, headers: Mapping[str, str], body: bytes) -> None:
    pairs = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    lines = [*pairs, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": body})
