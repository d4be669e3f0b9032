"""A request of a route, parsed and checked: what is wrong with it is a problem, never quoted."""

import base64
import binascii
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar
from urllib.parse import unquote

from pydantic import BaseModel, ValidationError

from shop import (
    card_numbers,
    charset,
    clock,
    idempotency,
    ids,
    invalid,
    invocation,
    problems,
    untrusted_form,
    untrusted_json,
)
from shop.problems import Problem
from shop.routes import NoFields, Route
from shop.trace import Trace

MAX_BODY_BYTES = 256 * 1024
TOKEN_LEEWAY_S = 5  # for clocks that differ, as the authorizer has it
_NEVER = 2**40
B = TypeVar("B")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, as the authorizer found it in the access token."""

    subject: str
    session_id: str
    scopes: frozenset[str]
    level: str  # how surely they were proved, and when (shop.step_up)
    proved: datetime


@dataclass(frozen=True, slots=True)
class Request(Generic[B]):
    """A request that passed all checks of its route."""

    body: B
    query: Any
    path: Mapping[str, str]  # parameters, unquoted
    headers: Mapping[str, str]  # lower-case names
    caller: Caller | None
    key: str  # the Idempotency-Key, or ""
    trace: Trace
    source_ip: str
    remaining_s: Callable[[], float]  # until the function is killed

    @property
    def user(self) -> Caller:
        """The caller of a route that needs a token."""
        if self.caller is None:
            raise LookupError("a route without a token has no caller")
        return self.caller


def if_match(request: Request[Any]) -> frozenset[str] | None:
    """The versions of which one must be there (RFC 9110, 13.1.1); None: whichever is."""
    condition = request.headers.get("if-match")
    if condition is None or condition.strip() == "*":
        return None
    return frozenset(part.strip() for part in condition.split(","))


def parse(
    route: Route, event: dict[str, Any], headers: Mapping[str, str], request_trace: Trace
) -> Request[Any] | Problem:
    """The request of an event (API Gateway proxy integration); the first thing wrong with it."""
    raw = _raw_body(event)
    if isinstance(raw, Problem):
        return raw
    caller = _caller(route, event)
    if isinstance(caller, Problem):
        return caller
    key = _key(route, event)
    if isinstance(key, Problem):
        return key
    body = _body(route, raw, event)
    if isinstance(body, Problem):
        return body
    query = _query(route, event)
    if isinstance(query, Problem):
        return query
    identity = (event.get("requestContext") or {}).get("identity") or {}
    return Request(
        body=body,
        query=query,
        path={name: unquote(text) for name, text in (event.get("pathParameters") or {}).items()},
        headers=headers,
        caller=caller,
        key=key,
        trace=request_trace,
        source_ip=identity.get("sourceIp") or "",
        remaining_s=invocation.remaining_s,
    )


def _key(route: Route, event: Mapping[str, Any]) -> str | Problem:
    lines = _lines(event, "idempotency-key")
    wanted = route.idempotent or (route.knows_client_by_key and bool(lines))
    return idempotency.key_of(lines, required=route.idempotent) if wanted else ""


def _names_nothing(event: Mapping[str, Any]) -> bool:
    """Whether the path ends with a slash: of `/sessions/`, sent by a client whose variable is
    empty, a gateway may make `/sessions`, which means all of them."""
    path = unquote(event.get("path") or "")
    return len(path) > 1 and path.endswith("/")


def _lines(event: Mapping[str, Any], name: str) -> list[str]:
    """Each line of a header; of several the gateway's `headers` have the last one only."""
    single = {key: [value] for key, value in (event.get("headers") or {}).items()}
    lines = event.get("multiValueHeaders") or single
    return [value for key, values in lines.items() if key.lower() == name for value in values]


def _raw_body(event: dict[str, Any]) -> bytes | Problem:
    if _names_nothing(event):
        return Problem(problems.NOT_FOUND, "The path ends where a name is expected.")
    text = event.get("body") or ""
    if event.get("isBase64Encoded"):
        try:
            raw = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            return Problem(problems.INVALID_REQUEST, "The body is not valid base64.")
    else:
        raw = text.encode("utf-8", "surrogatepass")
    if len(raw) > MAX_BODY_BYTES:
        return Problem(problems.PAYLOAD_TOO_LARGE, f"At most {MAX_BODY_BYTES} bytes are taken.")
    return raw


def _caller(route: Route, event: dict[str, Any]) -> Caller | Problem | None:
    if not route.needs_token:
        return None
    context = (event.get("requestContext") or {}).get("authorizer") or {}
    if not context.get("sub"):
        return Problem(problems.UNAUTHENTICATED, "Send `Authorization: Bearer <access token>`.")
    # The gateway keeps an authorizer's answer for a minute, maybe longer than the token lives.
    if int(context.get("exp") or _NEVER) + TOKEN_LEEWAY_S <= clock.now().timestamp():
        return Problem(problems.UNAUTHENTICATED, "The access token has expired.")
    scopes = frozenset((context.get("scope") or "").split())
    # The gateway's policy decides this too; a grant that is wrong there must not be enough.
    if route.scopes and not scopes & set(route.scopes):
        return Problem(problems.FORBIDDEN, f"This needs the scope {' or '.join(route.scopes)}.")
    if route.first_party and context.get("first_party") != "true":
        return Problem(problems.FORBIDDEN, "This is for the shop's own clients.")
    level, proved = context.get("acr") or "", int(context.get("auth_time") or 0)
    caller = Caller(
        context["sub"],
        context.get("sid") or "",
        scopes,
        level,
        datetime.fromtimestamp(proved, UTC),
    )
    return _unproved(route, caller, context) or caller


def _unproved(route: Route, caller: Caller, context: Mapping[str, Any]) -> Problem | None:
    """What is missing of how the caller was proved."""
    wanted = route.proof
    # A client by itself proves itself for each token: there is nobody to ask.
    if wanted is None or ids.is_id("cli", caller.subject):
        return None
    customer = context.get("role") == "customer"
    has_factor = context.get("factors") != "0"  # Where that is not told, they may have one.
    if not wanted.is_asked(customer=customer, has_factor=has_factor):
        return None
    met = wanted.is_met(caller.level, caller.proved, now=clock.now())
    return None if met else wanted.refusal


def _body(route: Route, raw: bytes, event: Mapping[str, Any]) -> Any:
    if raw and not charset.is_as_it_was_written(_lines(event, "content-encoding")):
        return Problem(
            problems.UNSUPPORTED_MEDIA_TYPE,
            "Send the body as it is, without `Content-Encoding`.",
            headers={"Accept-Encoding": "identity"},  # RFC 9110, 15.5.16
        )
    if route.auth == "signature":
        return raw
    if route.request is None and not raw:
        return None
    if route.form and route.request is not None:
        return _written(raw, event, charset.FORM) or _read_form(route.request, raw)
    found = _written(raw, event, charset.JSON) or _read(route.request or NoFields, raw)
    return None if isinstance(found, NoFields) else found


def _written(raw: bytes, event: Mapping[str, Any], media_type: str) -> Problem | None:
    """Why it cannot be text of this kind as a model reads it."""
    kinds = _lines(event, "content-type")
    if len(kinds) != 1 or not charset.is_in_utf_8(kinds[0], media_type):
        return Problem(
            problems.UNSUPPORTED_MEDIA_TYPE, f"Send `Content-Type: {media_type}`, in UTF-8."
        )
    if not charset.is_intact(raw):
        error = {"pointer": "", "code": "not_utf_8", "detail": "not UTF-8, or with U+FFFD in it"}
        return Problem(problems.INVALID_REQUEST, "Send the body in UTF-8.", errors=[error])
    return None


def _read(model: type[BaseModel], raw: bytes) -> BaseModel | Problem:
    try:
        value = untrusted_json.parse(raw)
        found = model.model_validate_json(raw)
    except untrusted_json.InvalidJson as error:
        why = {"pointer": "", "code": "json_invalid", "detail": str(error)}
        return Problem(problems.INVALID_REQUEST, "The body cannot be read.", errors=[why])
    except ValidationError as error:
        return invalid.body(error)
    places = list(itertools.islice(card_numbers.places(value), invalid.MAX_ERRORS))
    return invalid.card_numbers("pointer", places) if places else found


def _read_form(model: type[BaseModel], raw: bytes) -> BaseModel | Problem:
    if len(raw) > untrusted_form.MAX_BYTES:
        detail = f"At most {untrusted_form.MAX_BYTES} bytes of a form are taken."
        return Problem(problems.PAYLOAD_TOO_LARGE, detail)
    try:
        value = untrusted_form.parse(raw)
        found = model.model_validate(value)
    except untrusted_form.InvalidForm as error:
        wrong = {"pointer": "", "code": "form_invalid", "detail": str(error)}
        return Problem(problems.INVALID_REQUEST, f"The form has {error}.", errors=[wrong])
    except ValidationError as error:
        return invalid.form(error)
    # What is passed over was sent as well, but its name is not told.
    places = [at.lstrip("/") for at in card_numbers.places(value)]
    names = dict.fromkeys(name if name in model.model_fields else "" for name in places)
    return invalid.card_numbers("parameter", names) if names else found


def _query(route: Route, event: dict[str, Any]) -> Any:
    given = event.get("multiValueQueryStringParameters") or {}
    if not given:
        given = {k: [v] for k, v in (event.get("queryStringParameters") or {}).items()}
    if route.query is None:
        if not given or route.takes_any_parameter:
            return None
        return invalid.no_parameters()
    repeated = [name for name, values in given.items() if len(values) != 1]
    if repeated:
        return invalid.repeated_parameters(repeated, route.query)
    query = {name: values[0] for name, values in given.items()}
    try:
        found = route.query.model_validate(query)
    except ValidationError as error:
        return invalid.parameters(error, route.query)
    names = [name for name, text in query.items() if card_numbers.is_in(text)]
    return invalid.card_numbers("parameter", names) if names else found
