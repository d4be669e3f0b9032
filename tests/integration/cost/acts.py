"""What is metered: every route, the authorizer, schedules, and journeys from end to end.

A route of docs/openapi.json without an act here fails the suite.
"""

from collections.abc import Callable, Mapping
from typing import Any

from tests.integration.cost.shop import DEPOSITS, PASSWORD, PRODUCTS, Shop
from tests.support.checkout_scenario import ADDRESS, AUDITOR, scheduled
from tests.support.psp import DECLINED

PAGES = 5  # that a visitor looks at before buying
Act = Callable[[], Any]


def routes(shop: Shop) -> dict[str, Act]:
    """An act for every route, in an order in which each finds what it needs."""
    call = shop.client.call
    return {
        "POST /users": lambda: call(
            "POST /users",
            202,
            body={
                "email": "bob@example.com",
                "password": PASSWORD,
                "profile": {"name": "Bob"},
                "consents": {"terms": True, "marketing": False},
            },
        ),
        "POST /users/verify": shop.prove,
        "POST /users/verify/resend": lambda: shop.ask("POST /users/verify/resend"),
        "GET /users/me": lambda: call("GET /users/me"),
        "PATCH /users/me": lambda: call("PATCH /users/me", body={"name": "Augusta"}),
        "PUT /users/me/consents": lambda: call(
            "PUT /users/me/consents", body={"terms": True, "marketing": True}
        ),
        "GET /users/me/addresses": lambda: call("GET /users/me/addresses"),
        "POST /users/me/addresses": lambda: call(
            "POST /users/me/addresses", 201, body=ADDRESS | {"line1": "2 Test Street"}
        ),
        "GET /users/me/addresses/{address_id}": lambda: shop.own_address("GET"),
        "PATCH /users/me/addresses/{address_id}": lambda: shop.own_address(
            "PATCH", body={"line2": "Attic"}
        ),
        "DELETE /users/me/addresses/{address_id}": lambda: shop.own_address("DELETE", 204),
        "POST /sessions": shop.sign_in,
        "POST /sessions/refresh": shop.refresh,
        "GET /sessions": lambda: call("GET /sessions"),
        "DELETE /sessions/{session_id}": lambda: call(
            "DELETE /sessions/{session_id}", 204, session_id=shop.sign_in()["session_id"]
        ),
        "POST /mfa/factors": shop.enrol,
        "POST /mfa/factors/{factor_id}/confirm": shop.confirm_factor,
        "GET /mfa/factors": lambda: call("GET /mfa/factors"),
        "POST /mfa/challenge": shop.challenge,
        "POST /mfa/verify": shop.verify,
        "POST /mfa/recovery-codes": lambda: call("POST /mfa/recovery-codes", 201),
        "DELETE /mfa/factors/{factor_id}": lambda: call(
            "DELETE /mfa/factors/{factor_id}", 204, factor_id=shop.factor["factor_id"]
        ),
        "GET /.well-known/jwks.json": lambda: call("GET /.well-known/jwks.json"),
        "GET /.well-known/openid-configuration": lambda: call(
            "GET /.well-known/openid-configuration"
        ),
        "GET /.well-known/oauth-authorization-server": lambda: call(
            "GET /.well-known/oauth-authorization-server"
        ),
        "GET /oauth2/authorize": shop.open_page,
        "POST /oauth2/login": shop.sign_in_on_page,
        "POST /oauth2/consent": shop.agree_on_page,
        "POST /oauth2/token": shop.client_token,
        "POST /oauth2/introspect": lambda: shop.of_client("POST /oauth2/introspect"),
        "POST /oauth2/revoke": lambda: shop.of_client("POST /oauth2/revoke"),
        "GET /userinfo": lambda: call("GET /userinfo"),
        "GET /products": shop.list_products,
        "GET /products/{product_id}": lambda: call(
            "GET /products/{product_id}", product_id=PRODUCTS[0].product_id
        ),
        "POST /inventory/check": shop.check_stock,
        "POST /orders": shop.place,
        "POST /payments": shop.pay,
        "POST /checkout": shop.buy,
        "POST /payments/{payment_id}/confirm": shop.confirm,
        "POST /orders/{order_id}/cancel": shop.cancel,
        "POST /webhooks/psp/{psp}": shop.hear,
        "GET /orders": lambda: call("GET /orders", query={"limit": "20"}),
        "GET /orders/{order_id}": lambda: call("GET /orders/{order_id}", order_id=shop.order_id),
        "GET /orders/{order_id}/timeline": lambda: call(
            "GET /orders/{order_id}/timeline", order_id=shop.order_id
        ),
        "GET /payments/{payment_id}": lambda: call(
            "GET /payments/{payment_id}", payment_id=shop.payment_id
        ),
        "GET /ledger/accounts": lambda: call("GET /ledger/accounts"),
        "GET /ledger/accounts/{account_id}/balance": lambda: call(
            "GET /ledger/accounts/{account_id}/balance", account_id=DEPOSITS
        ),
        "GET /ledger/accounts/{account_id}/entries": lambda: call(
            "GET /ledger/accounts/{account_id}/entries",
            account_id=DEPOSITS,
            query={"limit": "20"},
        ),
        "GET /ledger/transactions/{transaction_id}": lambda: call(
            "GET /ledger/transactions/{transaction_id}", transaction_id=shop.transaction_id
        ),
        "GET /health": lambda: call("GET /health"),
        "GET /errors": lambda: call("GET /errors"),
        "GET /docs": lambda: call("GET /docs"),
        "GET /openapi.json": lambda: call("GET /openapi.json"),
        "GET /ops/invariants": lambda: call("GET /ops/invariants"),
        "POST /password/forgot": lambda: shop.ask("POST /password/forgot"),
        "POST /password/reset": shop.reset,
        "PUT /users/me/password": lambda: call(
            "PUT /users/me/password",
            204,
            body={"current_password": PASSWORD, "new_password": PASSWORD},
        ),
        "DELETE /sessions/current": lambda: call("DELETE /sessions/current", 204),
        "DELETE /sessions": lambda: call("DELETE /sessions", 204),
        # With all that comes of it until it can be fetched.
        "POST /users/me/export": shop.ask_for_all,
        "GET /users/me/exports/{export_id}": lambda: call(
            "GET /users/me/exports/{export_id}", export_id=shop.export_id
        ),
        "POST /users/me/deactivate": lambda: call("POST /users/me/deactivate", 204),
        # With all that comes of it until the user is erased.
        "POST /users/me/erasure": shop.ask_to_be_erased,
        "GET /erasures/{erasure_id}": lambda: call(
            "GET /erasures/{erasure_id}", erasure_id=shop.erasure_id
        ),
        "DELETE /users/me/erasure": lambda: call("DELETE /users/me/erasure", 204),
    }


def _audit(shop: Shop) -> None:
    """A run, when all that was written is old enough to be looked at."""
    shop.pass_minutes(1)
    shop.run(AUDITOR)


# What must be there before one of them is metered.
BEFORE: Mapping[str, Callable[[Shop], Any]] = {
    "POST /payments/{payment_id}/confirm": Shop.begin_3ds,
    "POST /orders/{order_id}/cancel": Shop.place,
    "POST /webhooks/psp/{psp}": Shop.begin_told_3ds,
    "GET /ops/invariants": _audit,
    "auditor, a minute": _audit,  # who is ahead by it has a minute to look at
    "POST /payments, new process": Shop.place,
    # Whose sessions end is nobody who is asked about later.
    "POST /password/forgot": Shop.join_as_another,
    "DELETE /sessions/current": Shop.join_as_another,
    "POST /users/me/erasure": Shop.join_as_another,
    "DELETE /users/me/erasure": Shop.think_again,
}


def processes(shop: Shop) -> dict[str, Act]:
    """What a new process asks for once, beside its first request; and the authorizer."""

    def anew(act: Act) -> Act:
        def run() -> None:
            shop.meter.new_processes()
            act()

        return run

    return {
        "authorizer": shop.authorize,
        "auditor, a minute": lambda: _audit(shop),
        "authorizer, new process": anew(shop.authorize),
        "POST /sessions, new process": anew(shop.sign_in),
        "GET /.well-known/jwks.json, new process": anew(
            lambda: shop.client.call("GET /.well-known/jwks.json")
        ),
        "GET /products, new process": anew(shop.list_products),
        "POST /checkout, new process": anew(shop.buy),
        "POST /payments, new process": anew(shop.pay),
        "POST /webhooks/psp/{psp}, new process": anew(shop.hear),
    }


def journeys(shop: Shop) -> dict[str, Act]:
    """From the customer's first request to the last consumer; each with its authorizer."""

    def steps(*acts: Act) -> Act:
        return lambda: [act() for act in (shop.authorize, *acts)]

    def asked(act: Act) -> Act:
        """Where money is paid the authorizer is asked each time (Route.ends_at_once)."""
        return lambda: [shop.authorize(), act()]

    pay, decline = asked(shop.pay), asked(lambda: shop.pay(DECLINED, 402))

    def later(minutes: int) -> Act:
        def wait() -> None:
            shop.pass_minutes(minutes)
            for job in scheduled():
                shop.run(job)
                shop.meter.settle()

        return wait

    def look() -> Any:
        return shop.client.call("GET /orders/{order_id}", order_id=shop.order_id)

    return {
        "paid order": steps(shop.place, pay),
        "paid order, one request": steps(shop.buy),
        "paid order, 3-D Secure": steps(asked(shop.begin_3ds), asked(shop.confirm)),
        "paid order after a declined card": steps(shop.place, decline, shop.place, pay),
        "declined card": steps(shop.place, decline),
        "cancelled order": steps(shop.place, shop.cancel),
        "out of stock": steps(lambda: shop.place({"TEA-1": 999}, 409)),
        "order never paid": steps(shop.place, later(16), later(4)),
        "3-D Secure never finished": steps(asked(shop.begin_3ds), later(16), later(4)),
        "order sent twice with its key": steps(shop.place, shop.place_again),
        "wrong password": lambda: shop.sign_in("wrong", 401),
        "whole visit": steps(
            shop.sign_in,
            *[shop.list_products] * PAGES,
            shop.check_stock,
            shop.place,
            pay,
            look,
        ),
    }
