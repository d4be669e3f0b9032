"""Which methods of the gateway a token opens, as an IAM policy.

The gateway keeps the policy for 300 s per token, so it covers every route, not only the one that
was asked for. In a policy `*` matches slashes too: what a pattern opens beyond its own route, and
the token does not, is denied by name.
"""

import json
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Any

CUSTOMER_SCOPE = "shop:buy"
_PLACEHOLDER = re.compile(r"\{[^}]+\}")


@dataclass(frozen=True, slots=True)
class RoutePermission:
    """A route and the scopes of which any one opens it; `first_party`: for the shop's own clients
    only."""

    method: str
    path: str
    scopes: frozenset[str]
    first_party: bool = False

    @property
    def pattern(self) -> str:
        """`GET/orders/*`: the end of the method's ARN."""
        return self.method + _PLACEHOLDER.sub("*", self.path)

    @property
    def sample(self) -> str:
        """A request of this route, as a method ARN ends."""
        return self.method + _PLACEHOLDER.sub("x", self.path)

    def opened_by(self, scopes: Iterable[str]) -> bool:
        """A route that names no scope is closed to all."""
        return not self.scopes.isdisjoint(scopes)


def load(file: Path) -> tuple[RoutePermission, ...]:
    """The routes of routes.json that need a token. Customers' routes need shop:buy.

    Who may GET may ask for the HEAD alone.
    """
    return tuple(
        RoutePermission(
            method,
            route["path"],
            frozenset(route["scopes"] or _default(route["auth"])),
            route["first_party"],
        )
        for route in json.loads(file.read_text())
        if route["auth"] != "public"
        for method in (("GET", "HEAD") if route["method"] == "GET" else (route["method"],))
    )


def _default(auth: str) -> Sequence[str]:
    return (CUSTOMER_SCOPE,) if auth == "customer" else ()


def document(
    grants: Collection[RoutePermission], scopes: Iterable[str], *, stage_arn: str
) -> dict[str, Any]:
    """The policy of a token with these scopes. `stage_arn` ends before `/<METHOD>/<path>`."""
    allowed, denied = _patterns(tuple(grants), frozenset(scopes))
    statements = [
        _statement(effect, patterns, stage_arn)
        for effect, patterns in (("Allow", allowed), ("Deny", denied))
        if patterns
    ]
    return {
        "Version": "2012-10-17",
        "Statement": statements or [_statement("Deny", {"*"}, stage_arn)],
    }


@lru_cache(maxsize=64)  # There are few roles, and so few sets of scopes.
def _patterns(
    grants: tuple[RoutePermission, ...], scopes: frozenset[str]
) -> tuple[frozenset[str], frozenset[str]]:
    """What is allowed, and what of it is denied again."""
    opened = {grant for grant in grants if grant.opened_by(scopes)}
    closed = set(grants) - opened
    allowed = _without_covered({_widest(grant, opened, closed) for grant in opened})
    denied = {
        grant.pattern
        for grant in closed
        if any(fnmatchcase(grant.sample, pattern) for pattern in allowed)
        # `GET/a/*/b/*` would also shut `GET/a/*/b/*/c`. Where patterns cannot tell two routes
        # apart, the open one stays open, and the closed one's function refuses.
        and not any(fnmatchcase(other.sample, grant.pattern) for other in opened)
    }
    return frozenset(allowed), frozenset(denied)


def _widest(
    grant: RoutePermission, opened: Iterable[RoutePermission], closed: Iterable[RoutePermission]
) -> str:
    """`GET/orders/*` for all that is below, where the token opens several routes there and none is
    closed to it; else the route's own pattern."""
    parts = grant.path.split("/")
    for end in range(2, len(parts)):
        beginning = parts[:end]
        if any(_may_be_below(other, grant.method, beginning) for other in closed):
            continue
        if sum(_is_below(other, grant.method, beginning) for other in opened) > 1:
            return grant.method + _PLACEHOLDER.sub("*", "/".join(beginning)) + "/*"
    return grant.pattern


def _is_below(grant: RoutePermission, method: str, beginning: list[str]) -> bool:
    parts = grant.path.split("/")
    return (
        grant.method == method
        and len(parts) > len(beginning)
        and parts[: len(beginning)] == beginning
    )


def _may_be_below(grant: RoutePermission, method: str, beginning: list[str]) -> bool:
    """Whether a request of the route can begin so; a placeholder can be anything."""
    parts = grant.path.split("/")
    return (
        grant.method == method
        and len(parts) > len(beginning)
        and all(
            part == wanted or "{" in part or "{" in wanted
            for part, wanted in zip(parts, beginning, strict=False)
        )
    )


def _without_covered(patterns: set[str]) -> set[str]:
    """Drop what another pattern opens anyway: the policy must stay small."""
    return {
        pattern
        for pattern in patterns
        if not any(other != pattern and fnmatchcase(pattern, other) for other in patterns)
    }


def _statement(effect: str, patterns: Iterable[str], stage_arn: str) -> dict[str, Any]:
    return {
        "Effect": effect,
        "Action": "execute-api:Invoke",
        "Resource": [f"{stage_arn}/{pattern}" for pattern in sorted(patterns)],
    }
