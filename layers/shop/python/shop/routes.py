"""What a route is and promises, as plain data: OpenAPI and the gateway are made from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from shop.problems import ProblemType
from shop.rate_limits import Quota
from shop.step_up import STAFF, StepUp

PRECONDITION_FAILED = 412
Auth = Literal["public", "customer", "staff", "signature"]
# Errors as RFC 9457 has them, as RFC 6749 (5.2) has them of OAuth's own endpoints, or as pages.
Errors = Literal["problem", "oauth", "page"]
# What begins so is about who somebody is and how they sign in.
_ACCOUNT = frozenset({"users", "sessions", "password", "mfa"})


class NoFields(BaseModel):
    """An object with nothing in it, which is as good as no body where none is expected."""

    model_config = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True)
class Link:
    """Where a successful answer leads: to a route, by its function's name, with parts of itself.

    Values are OpenAPI runtime expressions (`$response.body#/order_id`) or constants. `body` may be
    a part of the body: the client adds the rest.
    """

    to: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Route:
    """What a route is and promises. Throttles are (requests per second, burst).

    A route without `request` takes no body, or an empty object: some clients always send one.

    A route that promises 304 sends an ETag.

    `auth="signature"`: the sender signs the body as it was sent. Such a route gets it as bytes, in
    `Request.body`, and is to check the signature before it believes anything.

    `form`: the body is application/x-www-form-urlencoded, which OAuth has where others have JSON.
    """

    method: str
    path: str
    summary: str
    auth: Auth = "customer"
    scopes: tuple[str, ...] = ()  # any one of them opens the route
    idempotent: bool = False  # needs the header Idempotency-Key
    knows_client_by_key: bool = False  # takes that header, as the name of a client that repeats
    request: type[BaseModel] | None = None
    form: bool = False
    errors: Errors = "problem"
    query: type[BaseModel] | None = None
    responses: Mapping[int, type[BaseModel] | None] = field(default_factory=dict)
    problems: Sequence[ProblemType] = ()
    links: Sequence[Link] = ()
    media_type: str = "application/json"  # of what succeeds
    throttle: tuple[int, int] | None = None
    quotas: tuple[Quota, ...] = ()  # of each caller; beside what the gateway and the firewall count
    ends_at_once: bool = False  # a token whose session was ended is refused from then on
    # How its caller must have been proved, beside having a token; of staff's, STAFF at least.
    step_up: StepUp | None = None

    @property
    def asks_each_time(self) -> bool:
        """Whether the authorizer is asked at every request; else the gateway keeps its answer for
        a minute, in which a session that was ended can go on."""
        return self.needs_token and (self.auth == "staff" or self.ends_at_once)

    @property
    def proof(self) -> StepUp | None:
        """How lately and how surely its caller must have been proved."""
        return self.step_up or (STAFF if self.auth == "staff" else None)

    @property
    def needs_token(self) -> bool:
        """Whether the authorizer guards it."""
        return self.auth in ("customer", "staff")

    @property
    def first_party(self) -> bool:
        """Whether it is for the shop's own clients only, whatever others were granted."""
        return self.needs_token and self.path.split("/")[1] in _ACCOUNT

    @property
    def takes_if_match(self) -> bool:
        """Whether a client may say which version it means to change; what it gets has an ETag."""
        return any(each.status == PRECONDITION_FAILED for each in self.problems)

    @property
    def takes_any_parameter(self) -> bool:
        """Whether parameters that it does not know are passed over: those of probes and caches.

        Only where they can change nothing: what everybody reads, and reads as a whole. Anywhere
        else a parameter that is misspelt would be a question that gets the answer of another.
        """
        return self.auth == "public" and self.method == "GET" and self.query is None
