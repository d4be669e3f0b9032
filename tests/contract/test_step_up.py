"""Which routes ask how lately and how surely their caller was proved."""

import pytest

from identity.domain.oauth_client import OPENID
from identity.domain.user import ANY_ROLE
from shop.deploy import discover
from shop.routes import Route
from shop.step_up import TWO_FACTORS

CUSTOMERS = "shop:buy"


def routes() -> list[Route]:
    made = (function.load() for function in discover().of_kind("route"))
    return [handler.route for handler in made]  # type: ignore[attr-defined]


def named(route: Route) -> str:
    return f"{route.method} {route.path}"


@pytest.mark.parametrize("route", routes(), ids=named)
def test_staff_proves_a_second_factor_wherever_its_scopes_open_what_is_not_its_own(
    route: Route,
) -> None:
    """What any role may do is done with one's own account, where factors are enrolled as well."""
    of_staff = set(route.scopes) - {CUSTOMERS, OPENID}
    if not of_staff or set(route.scopes) == set(ANY_ROLE):
        return
    assert route.proof is not None
    assert route.proof.level == TWO_FACTORS
    assert route.proof.is_asked(customer=False, has_factor=False)


def test_customers_who_have_a_second_factor_pay_and_change_their_account_by_it() -> None:
    asking = {
        named(route)
        for route in routes()
        if route.proof is not None
        and route.proof.is_asked(customer=True, has_factor=True)
        and not route.proof.is_asked(customer=True, has_factor=False)
    }
    assert asking == {
        "POST /checkout",
        "POST /payments",
        "POST /payments/{payment_id}/confirm",
        "POST /users/me/deactivate",
        "POST /users/me/erasure",
        "POST /users/me/export",
        "PUT /users/me/password",
    }


def test_staff_that_has_a_second_factor_changes_its_password_by_it_and_who_has_none_can() -> None:
    (route,) = [each for each in routes() if named(each) == "PUT /users/me/password"]
    assert route.proof is not None
    assert route.proof.is_asked(customer=False, has_factor=True)
    assert not route.proof.is_asked(customer=False, has_factor=False)


def test_what_asks_it_of_who_has_a_factor_is_told_of_that_at_each_request() -> None:
    """The gateway keeps what the authorizer said for a minute, in which one may be enrolled."""
    for route in routes():
        if route.proof is not None and route.proof.customers != "none":
            assert route.asks_each_time, named(route)
