"""What each route and journey uses of AWS. One more call anywhere fails here, by name.

The numbers below are what a purchase may take, by hand; `benchmarks/budgets.json` has those of
everything, as `make cost` wrote them.
"""

from dataclasses import asdict

import pytest

from benchmarks.cost import budgets
from benchmarks.cost.budgets import EVERYTHING, MEANT
from benchmarks.cost.counts import Counts, Recording, owner
from shop.deploy import discover
from tests.integration.cost.client import routes
from tests.integration.cost.record import CROWD, functions, paths, recorded

PURCHASES = ("POST /orders", "POST /payments", "POST /checkout")

# Requests to DynamoDB, each made once but for TWICE, with their read or write units.
ORDER = {
    "orders.place_order PutItem": 3,
    "catalog.steps.price BatchGetItem": 1,
    "inventory.steps.reserve TransactWriteItems": 7,
    "orders.steps.place UpdateItem": 6,
}
PAYMENT = {
    "payments.create_payment PutItem": 3,  # one for the index of the customer
    "orders.steps.attach_payment UpdateItem": 6,
    "payments.steps.authorize UpdateItem": 3,  # the reference, then the answer
    "inventory.steps.commit GetItem": 1,
    "inventory.steps.commit TransactWriteItems": 11,
    "payments.steps.capture UpdateItem": 3,
    "orders.steps.finalize UpdateItem": 5,
}
# The payment has no answer of its own; the order's, with the payment in it, is kept at the end.
CHECKOUT = {
    "orders.checkout PutItem": 3,
    "catalog.steps.price BatchGetItem": 1,
    "inventory.steps.reserve TransactWriteItems": 7,
    "orders.steps.place UpdateItem": 6,
    "orders.steps.attach_payment UpdateItem": 6,
    "payments.steps.authorize UpdateItem": 5,  # one for the index of the customer
    "inventory.steps.commit GetItem": 1,
    "inventory.steps.commit TransactWriteItems": 11,
    "payments.steps.capture UpdateItem": 3,
    "orders.steps.finalize GetItem": 1,  # what was placed is a part of the answer
    "orders.steps.finalize UpdateItem": 6,
}
TWICE = {"payments.steps.authorize UpdateItem"}
READS = {
    "GET /products": {"catalog.list_products Query": 1},
    "GET /orders/{order_id}": {"orders.get_order GetItem": 1},
    "POST /inventory/check": {"inventory.check_stock BatchGetItem": 3},
}
# After the answer: invocations, and units of requests that are each made once per invocation.
TIMELINE = "orders.record_timeline"
LEDGER = {
    "ledger.on_payment TransactWriteItems": 8,
    "orders.on_payment GetItem": 1,
    "ledger.on_transaction_posted TransactWriteItems": 6,
}
PAID = {
    "ledger.on_payment": 1,
    "orders.on_payment": 1,
    "ledger.on_transaction_posted": 1,
}
RELAY = discover().relay.id
# Journeys that begin, or go on, more than five minutes after their customer's order before.
LATER = {
    "order sent twice with its key",
    "3-D Secure never finished",
    "whole visit",
    "POST /users/me/erasure",
}


@pytest.fixture(scope="module")
def counted() -> Recording:
    """Everything once, in a shop with a hundred orders."""
    return {**recorded(), **paths()}


def test_everything_is_asked_as_often_as_its_budget_says(counted: Recording) -> None:
    found = [*budgets.changes(counted, budgets.recording(budgets.committed()))]
    _report(found)


def test_nothing_costs_more_than_its_budget_and_five_percent(counted: Recording) -> None:
    found = [*budgets.overruns(counted, budgets.committed(), budgets.price_list_of(functions()))]
    _report(found)


def test_functions_have_the_memory_that_their_costs_were_computed_with() -> None:
    priced = budgets.committed()["functions"]
    assert {name: asdict(each) for name, each in functions().items()} == priced, MEANT


def test_every_route_of_the_contract_is_metered(counted: Recording) -> None:
    metered = {name for name, each in counted.items() if each.kind == "route"}
    assert metered == set(routes()), "tests/integration/cost/acts.py has an act for every route"


def test_every_function_is_metered(counted: Recording) -> None:
    parts = [part for each in counted.values() for part in (each.now, each.later)]
    invoked = {owner(name) for part in parts for name in part.invocations}
    assert invoked == set(functions()), "tests/integration/cost/acts.py reaches every function"


@pytest.mark.soak
def test_units_are_the_same_among_many_more_orders(
    counted: Recording, request: pytest.FixtureRequest
) -> None:
    """A thousand times as many with --soak, else ten times."""
    crowd = CROWD * (1000 if request.config.getoption("--soak") else 10)
    few = {name: each for name, each in counted.items() if each.kind != "path"}
    found = [*budgets.changes(recorded(crowd=crowd), few, EVERYTHING)]
    _report(found)


@pytest.mark.parametrize(
    ("route", "invoked", "requests"),
    [("POST /orders", 4, ORDER), ("POST /payments", 6, PAYMENT), ("POST /checkout", 9, CHECKOUT)],
)
def test_a_purchase_takes_what_is_budgeted(
    counted: Recording, route: str, invoked: int, requests: dict[str, float]
) -> None:
    now = counted[route].now
    assert now.requests == {name: 2 if name in TWICE else 1 for name in requests}
    assert now.invocations == dict.fromkeys((name.split()[0] for name in requests), 1)
    assert len(now.invocations) == invoked
    assert {**now.read_units, **now.write_units} == requests


def test_a_paid_order_stays_in_what_it_may_cost(counted: Recording) -> None:
    used = counted["paid order"].both
    assert sum(used.write_units.values()) <= 67
    assert sum(used.invocations.values()) <= 29
    price_list = budgets.price_list_of(functions())
    # At the prices of eu-central-1, which for DynamoDB are a fifth above those of us-east-1. Of it
    # 0.003 are four units of rows that are longer by what seals their personal data (ADR 0030), and
    # 0.001 that user and session are read before an order, and once more before a payment, and
    # 0.0008 the index by which an erasure finds what a customer has paid (ADR 0036).
    assert sum(price_list.cost(used).values()) * budgets.PER <= 0.105


def test_an_order_and_a_payment_stay_in_the_limits(counted: Recording) -> None:
    assert {name: sum(counted[name].now.requests.values()) for name in PURCHASES[:2]} == {
        "POST /orders": 4,
        "POST /payments": 8,
    }
    transitions = {name: counted[name].now.transitions for name in PURCHASES}
    assert transitions == {"POST /orders": 9, "POST /payments": 13, "POST /checkout": 19}
    assert [sum(counted[name].now.executions.values()) for name in PURCHASES] == [1, 1, 1]
    assert [sum(counted[name].now.psp_calls.values()) for name in PURCHASES] == [0, 3, 3]


def test_a_read_takes_one_invocation_and_one_request(counted: Recording) -> None:
    for route, requests in READS.items():
        now = counted[route].now
        assert now.requests == dict.fromkeys(requests, 1)
        assert now.read_units == requests
        assert sum(now.invocations.values()) == 1
        assert counted[route].later == Counts()


@pytest.mark.parametrize(
    ("route", "events", "units"),
    [("POST /orders", 2, {}), ("POST /payments", 5, LEDGER), ("POST /checkout", 7, LEDGER)],
)
def test_what_follows_the_answer_takes_what_is_budgeted(
    counted: Recording, route: str, events: int, units: dict[str, float]
) -> None:
    """Every event of an order is a row of its timeline; the ledger's own is not. The relay is
    called for events only.
    """
    later = counted[route].later
    listed = events - 1 if units else events
    assert later.events == events
    assert later.invocations == {RELAY: events, TIMELINE: listed, **(PAID if units else {})}
    published = {f"{RELAY} EventBridge.PutEvents": events}
    assert later.requests == {
        **published,
        f"{TIMELINE} PutItem": listed,
        **dict.fromkeys(units, 1),
    }
    assert {**later.read_units, **later.write_units} == {f"{TIMELINE} PutItem": listed, **units}
    assert later.queue_requests == 3 * sum(
        later.invocations.get(name, 0) for name in discover().consumers
    )


def test_only_identity_asks_for_keys_and_only_a_new_process_for_secrets(
    counted: Recording,
) -> None:
    """Tokens are verified by the authorizer, apart, with a key that it keeps; the secret in ids of
    orders and payments is kept, too. The key of a customer is kept for five minutes."""
    asked = {
        (name, key)
        for name, each in counted.items()
        if each.kind != "path"
        for key in each.both.requests
        if " KMS." in key or " SecretsManager." in key
    }
    opened = {name for name, key in asked if key.endswith(" KMS.Decrypt")}
    assert {name for name in opened if not name.endswith(", new process")} == LATER
    keyed = {
        (owner(key).partition(".")[0], name.endswith(", new process"))
        for name, key in asked
        if " KMS." in key and not (name in LATER and key.endswith(" KMS.Decrypt"))
    }
    new = {(service, True) for service in ("identity", "orders", "payments")}
    assert keyed == {("identity", False), *new}
    secretive = {name for name, key in asked if " SecretsManager." in key}
    assert secretive
    assert all(name.endswith(", new process") for name in secretive)


def _report(found: list[str]) -> None:
    if found:
        pytest.fail("\n".join([*found, MEANT]), pytrace=False)
