"""Every route under valid, invalid and chained requests that nobody thought of: docs/openapi.json.

Brief in `make test`, 10^5 cases in `make soak`; the report is build/fuzz/report.json. Generated
data depends on CARTWRIGHT_SEED alone.
"""

import json
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

import boto3
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Flaky
from schemathesis import GenerationMode

from tests.e2e.platform import Platform
from tests.support.assertions import NO_ROUTE
from tests.support.fuzzing import Fuzzer, User
from tests.support.operators import Operator
from tests.support.scale import scaled
from tests.support.shop_client import ShopClient, eventually, new_key

pytestmark = pytest.mark.soak
ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = json.loads((ROOT / "docs/openapi.json").read_text())
OPERATIONS = sorted(
    operation["operationId"] for item in DOCUMENT["paths"].values() for operation in item.values()
)
SEED = int(os.environ.get("CARTWRIGHT_SEED", "20261127"))
CASES = int(os.environ.get("CARTWRIGHT_FUZZ_CASES", scaled(1_000, soak=100_000)))
CHAINED = CASES // 5  # of all cases, those that follow from others
BOUNDARIES = CASES // 80  # of each operation and kind, at most
EXAMPLES = CASES // 100  # of each operation and kind, at most
STEPS = 6
BY_MAIL = {"verify_user", "reset_password"}  # which succeed only for who has read the mail
TOO_LATE = {"withdraw_erasure"}  # here it begins at once
# And for who has proved a second factor, which no chance does: tests/e2e/test_second_factors.py.
BY_CODE = {
    "challenge_factor",
    "confirm_factor",
    "enrol_factor",
    "remove_factor",
    "renew_recovery_codes",
    "verify_factor",
}
# Which succeed only for who comes with a page, or for whom a user has agreed: test_oauth.py.
BY_AGREEMENT = {"authorize", "authorize_login", "authorize_consent", "get_userinfo"}
TRIES = 200  # at most, to make a route succeed that chance left out
MODES = {"positive": GenerationMode.POSITIVE, "negative": GenerationMode.NEGATIVE}


def bounded(examples: int, **more: Any) -> settings:
    """No shrinking: a failure is recorded and the run goes on."""
    return settings(
        max_examples=examples,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        **more,
    )


AUDITOR = "cartwright-local-operations-check-invariants"


@pytest.fixture(scope="module")
def fuzzer(
    platform: Platform,
    shop: ShopClient,
    finance: ShopClient,
    users: dict[str, dict[str, str]],
    skus: list[str],
    *,
    operator: Operator,
) -> Iterator[Fuzzer]:
    """Its customer is its own; its SKUs are those that no other test takes."""
    functions = boto3.client(
        "lambda", endpoint_url=platform.endpoint_url, region_name=platform.region
    )
    functions.invoke(FunctionName=AUDITOR)  # Before its first minute there is no report.
    staff = [User(shop, **user) for _, user in sorted(users.items())]

    def newcomer() -> User:
        email, password = f"fuzz-{new_key()}@example.com", f"pw-{new_key()}"
        shop.join(email, password)
        return User(shop, email, password)

    customer = newcomer()
    others = [user for user in staff if "shop:buy" not in user.scopes]
    started = time.monotonic()
    made = Fuzzer(
        DOCUMENT,
        shop.api_url,
        [customer, *others],
        skus[-20:],
        SEED,
        newcomer=newcomer,
        client=registered(operator),
    )
    made.learn(posted(ShopClient(shop.api_url, customer.token), finance, skus[-1]))
    yield made
    report = {
        "seed": SEED,
        **made.verdicts.report(),
        "wall_seconds": round(time.monotonic() - started, 1),
    }
    file = ROOT / "build" / "fuzz" / "report.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(report, indent=1) + "\n")


def registered(operator: Operator) -> dict[str, str]:
    """A client that proves itself in the form."""
    words = ("--grant", "client_credentials", "--scope", "orders:read")
    method = ("--auth", "client_secret_post")
    done = operator.run("clients", "add", "Fuzz", *words, *method, "--json")
    secret = done.stderr.strip().rpartition(" ")[2]
    return {"client_id": json.loads(done.stdout)["client_id"], "client_secret": secret}


def test_answers_lead_on_to_others_that_are_as_documented(fuzzer: Fuzzer) -> None:
    """First: what it learns, ids and cursors, the other tests use."""
    chain(fuzzer, until=CHAINED)
    assert list(fuzzer.verdicts.violations.values()) == []


def chain(fuzzer: Fuzzer, *, until: int) -> None:
    """Sequences of requests along the links, until there were so many cases in all."""

    class Chain(fuzzer.schema.as_state_machine()):  # type: ignore[misc]
        def call(self, case: Any, **_: Any) -> Any:
            return fuzzer.send(case, "chained")

        def validate_response(self, response: Any, case: Any, **_: Any) -> None:
            """Done when it was sent."""

    begin = fuzzer.verdicts.cases
    for number in range(begin, begin + until):
        if fuzzer.verdicts.cases >= until:
            break
        # What can follow depends on the answer, which may be another one for the same request:
        # hypothesis then gives a round up, and the next one begins anew.
        with suppress(Flaky):
            seed(SEED + number)(Chain).run(settings=bounded(10, stateful_step_count=STEPS))


def posted(buyer: ShopClient, finance: ShopClient, sku: str) -> list[Any]:
    """One order that is paid and in the ledger, so that there is something to read."""
    order = buyer.order({sku: 1}).json
    assert buyer.pay(order["order_id"]).status == 201
    path = f"/ledger/accounts/2100:{order['total']['currency']}/entries"
    entries = eventually(
        lambda: finance.send("GET", path), until=lambda r: r.status == 200 and r.json["data"]
    )
    return [entries.json, finance.send("GET", "/ledger/accounts").json]


@pytest.mark.parametrize("operation_id", OPERATIONS)
@pytest.mark.parametrize("kind", MODES)
def test_a_route_answers_as_documented(fuzzer: Fuzzer, operation_id: str, kind: str) -> None:
    """Boundaries and combinations that the schema suggests, then random ones."""
    operation = fuzzer.operations()[operation_id]
    cases = fuzzer.schema.iter_coverage_cases(
        operation,
        generation_modes=[MODES[kind]],
        generation_config=fuzzer.schema.config.generation,
    )
    for case in islice(cases, BOUNDARIES):
        fuzzer.send(case, kind)

    if kind == "positive" or can_be_wrong(operation.definition.raw):
        at_random(fuzzer, operation, kind)
    assert fuzzer.verdicts.of(operation_id) == []


def at_random(fuzzer: Fuzzer, operation: Any, kind: str) -> None:
    @seed(SEED)
    @bounded(EXAMPLES)
    @given(case=operation.as_strategy(generation_mode=MODES[kind]))
    def send(case: Any) -> None:
        fuzzer.send(case, kind)

    send()


def can_be_wrong(operation: dict[str, Any]) -> bool:
    """Whether anything can be sent that the schema forbids; any text is an If-None-Match."""
    parameters = [p for p in operation["parameters"] if p["name"] != "If-None-Match"]
    return bool(parameters) or "requestBody" in operation


def test_what_is_left_of_the_cases_goes_into_chains(fuzzer: Fuzzer) -> None:
    """Routes without parameters need few cases; chains can take any number."""
    chain(fuzzer, until=CASES)
    assert fuzzer.verdicts.cases >= CASES
    assert list(fuzzer.verdicts.violations.values()) == []


def test_what_is_no_route_is_not_found(fuzzer: Fuzzer) -> None:
    """Methods that a path does not have were among the cases."""
    assert fuzzer.verdicts.tally[NO_ROUTE].cases > 0
    assert fuzzer.verdicts.of(NO_ROUTE) == []


def test_every_route_was_reached(fuzzer: Fuzzer) -> None:
    """Else the rest says little: each route has succeeded, so its rules were met as well.

    What chance left out gets further cases, each after a new order, a new address, an export, or a
    look at the sessions: most routes need one that is neither paid nor cancelled, or that is still
    there.
    """
    operations = fuzzer.operations()
    reachable = [  # A webhook succeeds only for who has the provider's secret.
        name
        for name, operation in operations.items()
        if operation.definition.raw["x-cartwright-auth"] != "signature"
        and name not in BY_MAIL | BY_CODE | BY_AGREEMENT | TOO_LATE
    ]
    for name in unreached(fuzzer, reachable):
        first = "add_address" if name.endswith("_address") else "place_order"
        first = {"delete_session": "list_sessions", "get_export": "request_export"}.get(name, first)
        keep_trying(fuzzer, operations[first], operations[name])
    assert unreached(fuzzer, reachable) == []


def unreached(fuzzer: Fuzzer, names: list[str]) -> list[str]:
    return [
        name
        for name in names
        if not any(status.startswith("2") for status in fuzzer.verdicts.tally[name].statuses)
    ]


def keep_trying(fuzzer: Fuzzer, first: Any, operation: Any) -> None:
    """Pairs of valid cases until the second one succeeds."""
    name = operation.definition.raw["operationId"]

    @seed(SEED)
    @bounded(TRIES)
    @given(
        before=first.as_strategy(generation_mode=GenerationMode.POSITIVE),
        case=operation.as_strategy(generation_mode=GenerationMode.POSITIVE),
    )
    def send(before: Any, case: Any) -> None:
        if unreached(fuzzer, [name]):
            fuzzer.send(before, "positive")
            fuzzer.send(case, "positive")

    send()
