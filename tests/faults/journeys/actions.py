"""What people do, as requests that are repeated until there is an answer."""

from typing import Any

from tests.faults.environment import FaultEnvironment
from tests.support import gateway, inbox
from tests.support.checkout_scenario import ADDRESS
from tests.support.gateway import Reply
from tests.support.psp import GOOD

STAFF = "usr_use1_0000000000000000000000000s"
EMAIL, PASSWORD = "ada@example.com", "correct horse battery"


def call(
    world: FaultEnvironment,
    function: str,
    method: str,
    path: str,
    *,
    keyed: bool = False,
    same: str = "",
    **options: Any,
) -> Reply:
    """A request to a route by its function's id."""
    options.setdefault("request_id", f"request-{len(world.sent) + 1}")

    def act() -> Reply:
        result = world.shop.interceptor.call(function, gateway.event(method, path, **options))
        return Reply(result["statusCode"], result["headers"], result["body"])

    return world.send(
        f"{method} {path} {options.get('key', '')}".strip(), act, keyed=keyed, same=same
    )


def order(world: FaultEnvironment, key: str, lines: dict[str, int], **options: Any) -> Reply:
    """POST /orders; each SKU stands in as many lines as it has units: they must be summed."""
    body = {
        "lines": [
            {"sku": sku, "quantity": 1} for sku, units in lines.items() for _ in range(units)
        ],
        "shipping_address": ADDRESS,
    }
    return call(
        world, "orders.place_order", "POST", "/orders", body=body, key=key, keyed=True, **options
    )


def pay(
    world: FaultEnvironment,
    key: str,
    order_id: str,
    method: str = GOOD,
    capture_method: str = "automatic",
) -> Reply:
    """POST /payments."""
    body = {"order_id": order_id, "payment_method": method, "capture_method": capture_method}
    return call(
        world, "payments.create_payment", "POST", "/payments", body=body, key=key, keyed=True
    )


def buy(world: FaultEnvironment, key: str, lines: dict[str, int], method: str = GOOD) -> Reply:
    """POST /checkout."""
    body = {
        "lines": [{"sku": sku, "quantity": units} for sku, units in lines.items()],
        "address": ADDRESS,
        "payment_method": method,
    }
    return call(world, "orders.checkout", "POST", "/checkout", body=body, key=key, keyed=True)


def confirm(world: FaultEnvironment, payment_id: str) -> Reply:
    """POST /payments/{payment_id}/confirm."""
    path = {"payment_id": payment_id}
    return call(
        world,
        "payments.confirm_payment",
        "POST",
        f"/payments/{payment_id}/confirm",
        path_parameters=path,
    )


def cancel(world: FaultEnvironment, order_id: str) -> Reply:
    """POST /orders/{order_id}/cancel."""
    return call(
        world,
        "orders.cancel_order",
        "POST",
        f"/orders/{order_id}/cancel",
        key="cancel",
        keyed=True,
        path_parameters={"order_id": order_id},
    )


def get(world: FaultEnvironment, function: str, path: str, **parameters: str) -> Reply:
    """A read by its customer."""
    return call(world, function, "GET", path, path_parameters=parameters or None)


def read(world: FaultEnvironment, function: str, path: str, scope: str, **options: Any) -> Reply:
    """A read by staff."""
    return call(world, function, "GET", path, sub=STAFF, scope=scope, **options)


def public(world: FaultEnvironment, function: str, method: str, path: str, **options: Any) -> Reply:
    """A request without a token."""
    return call(world, function, method, path, sub=None, **options)


def register(world: FaultEnvironment, email: str = EMAIL) -> Reply:
    """POST /users."""
    body = {
        "email": email,
        "password": PASSWORD,
        "consents": {"terms": True, "marketing": False},
    }
    return public(world, "identity.register_user", "POST", "/users", body=body)


def ask(world: FaultEnvironment, function: str, path: str, email: str = EMAIL) -> Reply:
    """POST /users/verify/resend or /password/forgot."""
    return public(world, function, "POST", path, body={"email": email})


def verify(world: FaultEnvironment, token: str) -> Reply:
    """POST /users/verify."""
    body = {"token": token, "password": PASSWORD}
    return public(world, "identity.verify_user", "POST", "/users/verify", body=body)


def reset(world: FaultEnvironment, token: str, password: str) -> Reply:
    """POST /password/reset."""
    body = {"token": token, "password": password}
    return public(world, "identity.reset_password", "POST", "/password/reset", body=body)


def join(world: FaultEnvironment, email: str = EMAIL) -> str:
    """A new customer, whose address is proved: the user's id."""
    register(world, email)
    world.shop.deliver()
    return str(verify(world, inbox.token_to(email)).json["user_id"])


def sign_in(world: FaultEnvironment, password: str = PASSWORD, email: str = EMAIL) -> Reply:
    """POST /sessions."""
    body = {"email": email, "password": password, "device": {"name": "Phone of Ada"}}
    return public(world, "identity.create_session", "POST", "/sessions", body=body)


def refresh(world: FaultEnvironment, token: str, **options: Any) -> Reply:
    """POST /sessions/refresh."""
    return public(
        world,
        "identity.refresh_session",
        "POST",
        "/sessions/refresh",
        body={"refresh_token": token},
        same="refresh_token",
        **options,
    )
