"""A customer's journey over HTTP, with what it left behind: events, stock, postings."""

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import quote

from tools import second_factor
from tools.shopctl.amounts import readable
from tools.shopctl.api import Api
from tools.shopctl.errors import Failed, Unusable

CARD = "pm_card_visa"
SETTLE_S = 30.0
ADDRESS = {
    "name": "Ada Lovelace",
    "line1": "1 Market Street",
    "city": "Newark",
    "region": "NJ",
    "postal_code": "07102",
    "country": "US",
}
T = TypeVar("T")


@dataclass(slots=True)
class Journey:
    """What was done, how long each step took, and what there is now."""

    steps: list[dict[str, Any]] = field(default_factory=list)
    result: dict[str, Any] = field(default_factory=dict)
    on_step: Callable[[dict[str, Any]], None] = lambda _: None

    @contextmanager
    def step(self, name: str) -> Iterator[dict[str, Any]]:
        """Time one step; the block fills in `shows`."""
        entry: dict[str, Any] = {"step": name, "shows": "", "ms": 0.0}
        began = time.perf_counter()
        yield entry
        entry["ms"] = round((time.perf_counter() - began) * 1000, 1)
        self.steps.append(entry)
        self.on_step(entry)


def run(
    api: Api,
    *,
    customer: tuple[str, str] | None,
    finance: tuple[str, str, str] | None,
    code: Callable[[str], str],
    on_step: Callable[[dict[str, Any]], None],
) -> Journey:
    """Sign in, choose, order, pay; then wait until the books show it.

    Without a customer a new one joins first, to whom `code` brings what was mailed.
    """
    journey = Journey(on_step=on_step)
    is_new = customer is None
    if customer is None:
        customer = _join(journey, api, code)
    with journey.step("sign in") as entry:
        buyer = api.sign_in(*customer)
        entry["shows"] = customer[0]
    if is_new:
        buyer = _protect(journey, buyer)
    sku = _choose(journey, buyer)
    before = _available(buyer, sku)
    with journey.step("POST /orders") as entry:
        order = _post(buyer, "/orders", _order_of(sku))
        entry["shows"] = f"{order['order_id']} {order['status']}, {readable(order['total'])}"
    with journey.step("POST /payments") as entry:
        body = {"order_id": order["order_id"], "payment_method": CARD}
        payment = _post(buyer, "/payments", body)
        entry["shows"] = f"{payment['payment_id']} {payment['status']}"
    with journey.step("order is paid and posted") as entry:
        timeline = _timeline(buyer, order["order_id"])
        entry["shows"] = f"{len(timeline)} events"
    journey.result = {
        "order_id": order["order_id"],
        "payment_id": payment["payment_id"],
        "total": order["total"],
        "timeline": timeline,
        "stock": {"sku": sku, "before": before, "after": _available(buyer, sku)},
        "entries": _entries(api, order, finance) if finance else [],
    }
    return journey


def _join(journey: Journey, api: Api, code: Callable[[str], str]) -> tuple[str, str]:
    address, password = f"{uuid.uuid4().hex}@example.com", uuid.uuid4().hex
    with journey.step("POST /users") as entry:
        body = {"email": address, "password": password, "consents": {"terms": True}}
        user_id = api.send("POST", "/users", body).expect(202)["user_id"]
        entry["shows"] = f"{user_id} pending_verification"
    with journey.step("the mail comes") as entry:
        token = code(address)
        entry["shows"] = address
    with journey.step("POST /users/verify") as entry:
        proof = {"token": token, "password": password}
        proved = api.send("POST", "/users/verify", proof).expect(200)
        entry["shows"] = f"{proved['user_id']} {proved['status']}"
    return address, password


def _protect(journey: Journey, api: Api) -> Api:
    """Enrol a second factor, and prove it: who has one pays by it."""
    with journey.step("POST /mfa/factors") as entry:
        begun = api.send("POST", "/mfa/factors", {"type": "totp"}).expect(201)
        entry["shows"] = f"{begun['factor_id']} {begun['status']}"
    factor, secret = begun["factor_id"], begun["secret"]
    with journey.step("POST /mfa/factors/{factor_id}/confirm") as entry:
        body = {"code": second_factor.code(secret)}
        confirmed = api.send("POST", f"/mfa/factors/{factor}/confirm", body).expect(200)
        count = len(confirmed["recovery_codes"])
        entry["shows"] = f"{factor} {confirmed['status']}, {count} recovery codes"
    with journey.step("POST /mfa/verify") as entry:
        raised = api.raised(secret)
        entry["shows"] = "by two factors"
    return raised


def _choose(journey: Journey, api: Api) -> str:
    with journey.step("GET /products") as entry:
        products = api.send("GET", "/products?limit=20").expect(200)["data"]
        skus = [variant["sku"] for product in products for variant in product["variants"]][:100]
        if not skus:
            raise Unusable("There are no products: run `make reset`, then `make up`.")
        lines = [{"sku": sku, "quantity": 1} for sku in skus]
        found = api.send("POST", "/inventory/check", {"lines": lines}).expect(200)["lines"]
        sku = max(found, key=lambda line: line["available_quantity"])["sku"]
        entry["shows"] = f"{len(products)} products, takes {sku}"
    return str(sku)


def _order_of(sku: str) -> dict[str, Any]:
    return {"lines": [{"sku": sku, "quantity": 1}], "shipping_address": ADDRESS}


def _post(api: Api, path: str, body: dict[str, Any]) -> Any:
    return api.send("POST", path, body, key=uuid.uuid4().hex).expect(201)


def _available(api: Api, sku: str) -> int:
    body = {"lines": [{"sku": sku, "quantity": 1}]}
    found = api.send("POST", "/inventory/check", body).expect(200)
    return int(found["lines"][0]["available_quantity"])


def _timeline(api: Api, order_id: str) -> list[dict[str, Any]]:
    """The order's events, once the last of a paid order are there."""
    wanted = {"order.placed", "order.paid", "payment.captured", "inventory.committed"}

    def look() -> list[dict[str, Any]]:
        answer = api.send("GET", f"/orders/{order_id}/timeline?limit=100").expect(200)
        events: list[dict[str, Any]] = answer["data"]
        return events

    return _eventually(
        look, lambda events: wanted <= {event["type"] for event in events}, "the order's events"
    )


def _entries(
    api: Api, order: dict[str, Any], finance: tuple[str, str, str]
) -> list[dict[str, Any]]:
    """The transaction that posted the order's payment, found by its account's newest entries."""
    clerk = api.sign_in(*finance)
    account = quote(f"1210:stripe:{order['currency']}", safe="")

    def look() -> list[dict[str, Any]]:
        answer = clerk.send("GET", f"/ledger/accounts/{account}/entries?limit=20")
        lines = answer.expect(200)["data"] if answer.status != 404 else []
        return [line for line in lines if line["order_id"] == order["order_id"]]

    line = _eventually(look, bool, "the ledger's entries")[0]
    path = f"/ledger/transactions/{line['transaction_id']}"
    entries: list[dict[str, Any]] = clerk.send("GET", path).expect(200)["entries"]
    return [{"transaction_id": line["transaction_id"], **entry} for entry in entries]


def _eventually(look: Callable[[], T], done: Callable[[T], bool], what: str) -> T:
    deadline = time.monotonic() + SETTLE_S
    while not done(found := look()):
        if time.monotonic() > deadline:
            raise Failed(f"After {SETTLE_S:.0f} s {what} are not complete: {found}")
        time.sleep(0.2)
    return found
