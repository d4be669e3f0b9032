"""What the gateway lets through, decided by an evaluator of IAM policies in a few lines."""

import json
from pathlib import Path
from typing import Any

import pytest

from identity.domain import route_permissions
from identity.domain.route_permissions import RoutePermission
from identity.domain.user import SCOPES, Role
from tests.infra import large

STAGE = "arn:aws:execute-api:us-east-1:000000000000:cartwright/local"
ROUTES = Path(__file__).resolve().parents[3] / "functions/identity/routes.json"
COMMITTED = route_permissions.load(ROUTES)
# Routes on which wildcards are most likely to open too much.
TRICKY = (
    RoutePermission("GET", "/orders", frozenset({"shop:buy"})),
    RoutePermission("GET", "/orders/{order_id}", frozenset({"shop:buy", "orders:read"})),
    RoutePermission("GET", "/orders/{order_id}/timeline", frozenset({"shop:buy", "orders:read"})),
    RoutePermission("GET", "/orders/{order_id}/secrets", frozenset({"ops"})),
    RoutePermission("POST", "/orders", frozenset({"shop:buy"})),
    RoutePermission("POST", "/orders/{order_id}/cancel", frozenset({"shop:buy"})),
    RoutePermission("GET", "/ledger/accounts/{account_id}/entries", frozenset({"finance:read"})),
    RoutePermission("GET", "/ledger/accounts", frozenset({"finance:read"})),
    RoutePermission("GET", "/nobody", frozenset()),
)


def matches(pattern: str, text: str) -> bool:
    """IAM's matching: `*` is any text, slashes too; `?` any character."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(matches(pattern[1:], text[i:]) for i in range(len(text) + 1))
    return bool(text) and pattern[0] in ("?", text[0]) and matches(pattern[1:], text[1:])


def allows(document: dict[str, Any], arn: str) -> bool:
    """A Deny that matches wins, then an Allow, else nothing is allowed."""
    effects = {
        statement["Effect"]
        for statement in document["Statement"]
        if any(matches(resource, arn) for resource in statement["Resource"])
    }
    return effects == {"Allow"}


def arn(grant: RoutePermission, stage: str = STAGE) -> str:
    """The ARN of a request of this route, with ids as we have them."""
    segments = [
        "ord_use1_0123456789abcdefghjkmnpqrs" if part.startswith("{") else part
        for part in grant.path.split("/")
    ]
    return f"{stage}/{grant.method}{'/'.join(segments)}"


@pytest.mark.parametrize("grants", [COMMITTED, TRICKY], ids=["committed", "tricky"])
@pytest.mark.parametrize("role", [*Role, None])
def test_a_token_opens_the_routes_of_its_scopes_and_no_other(
    role: Role | None, grants: tuple[RoutePermission, ...]
) -> None:
    scopes = SCOPES[role].split() if role else []
    document = route_permissions.document(grants, scopes, stage_arn=STAGE)
    for grant in grants:
        assert allows(document, arn(grant)) == grant.opened_by(scopes), grant


def test_a_token_without_scope_opens_nothing() -> None:
    document = route_permissions.document(TRICKY, [], stage_arn=STAGE)
    assert document["Statement"] == [
        {"Effect": "Deny", "Action": "execute-api:Invoke", "Resource": [f"{STAGE}/*"]}
    ]


def test_a_route_that_names_no_scope_is_closed_to_all() -> None:
    every = " ".join(SCOPES.values()).split()
    document = route_permissions.document(TRICKY, every, stage_arn=STAGE)
    assert not allows(document, f"{STAGE}/GET/nobody")


@pytest.mark.parametrize(
    "other",
    [
        f"{STAGE}/DELETE/orders",
        f"{STAGE}/GET/unknown",
        "arn:aws:execute-api:us-east-1:000000000000:cartwright/prod/GET/orders",
        "arn:aws:execute-api:us-east-1:000000000000:other/local/GET/orders",
    ],
)
def test_other_methods_stages_and_apis_stay_closed(other: str) -> None:
    document = route_permissions.document(TRICKY, ["shop:buy"], stage_arn=STAGE)
    assert not allows(document, other)


def test_a_policy_fits_into_an_authorizers_answer() -> None:
    """8 KB are allowed; ids of real gateways are a little longer than this one."""
    for scopes in SCOPES.values():
        document = route_permissions.document(COMMITTED, scopes.split(), stage_arn=STAGE)
        assert len(json.dumps(document)) < 4096


def test_what_a_wildcard_opens_is_not_listed_again() -> None:
    document = route_permissions.document(TRICKY, ["orders:read"], stage_arn=STAGE)
    assert document["Statement"] == [
        {
            "Effect": "Allow",
            "Action": "execute-api:Invoke",
            "Resource": [f"{STAGE}/GET/orders/*"],
        },
        {
            "Effect": "Deny",
            "Action": "execute-api:Invoke",
            "Resource": [f"{STAGE}/GET/orders/*/secrets"],
        },
    ]


def test_customers_routes_need_shop_buy_unless_they_say_otherwise(tmp_path: Path) -> None:
    file = tmp_path / "routes.json"
    file.write_text(
        json.dumps(
            [
                {
                    "method": "GET",
                    "path": "/a",
                    "auth": "customer",
                    "scopes": [],
                    "first_party": False,
                },
                {
                    "method": "GET",
                    "path": "/b",
                    "auth": "staff",
                    "scopes": [],
                    "first_party": False,
                },
                {
                    "method": "GET",
                    "path": "/c",
                    "auth": "customer",
                    "scopes": ["ops"],
                    "first_party": False,
                },
                {
                    "method": "GET",
                    "path": "/d",
                    "auth": "public",
                    "scopes": [],
                    "first_party": False,
                },
            ]
        )
    )
    found = {
        (grant.method, grant.path): set(grant.scopes) for grant in route_permissions.load(file)
    }
    assert {path: scopes for (method, path), scopes in found.items() if method == "GET"} == {
        "/a": {"shop:buy"},
        "/b": set(),
        "/c": {"ops"},
    }


def test_who_may_get_may_ask_for_the_head() -> None:
    gets = {(grant.path, grant.scopes) for grant in COMMITTED if grant.method == "GET"}
    assert {(grant.path, grant.scopes) for grant in COMMITTED if grant.method == "HEAD"} == gets


def test_what_is_denied_shuts_no_route_that_is_open() -> None:
    """A route below a closed one, both below an open one: its function has to refuse the second."""
    grants = (
        RoutePermission("GET", "/a/{id}", frozenset({"read"})),
        RoutePermission("GET", "/a/{id}/b/{id}", frozenset({"write"})),
        RoutePermission("GET", "/a/{id}/b/{id}/c", frozenset({"read"})),
        RoutePermission("GET", "/a/{id}/d", frozenset({"write"})),
    )
    document = route_permissions.document(grants, ["read"], stage_arn=STAGE)
    assert [allows(document, arn(grant)) for grant in grants] == [True, True, True, False]


@pytest.mark.parametrize("scopes", [["shop:buy"], ["read"], ["read", "write"]])
def test_a_policy_fits_when_there_are_several_times_as_many_routes(scopes: list[str]) -> None:
    """150 routes of ten services, opened to customers, to readers and to writers in turn."""
    grants = tuple(
        RoutePermission(method.upper(), path, frozenset([("shop:buy", "read", "write")[index % 3]]))
        for path, item in large.contract()["paths"].items()
        for index, method in enumerate(item, start=len(path))
    )
    assert len(grants) == large.ROUTES
    document = route_permissions.document(grants, scopes, stage_arn=STAGE)
    assert all(allows(document, arn(grant)) for grant in grants if grant.opened_by(scopes))
    assert len(json.dumps(document)) < 8192
