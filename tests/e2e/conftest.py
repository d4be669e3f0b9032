"""The platform of the end-to-end tests: one for the whole run, whatever the number of workers."""

import json
import os
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import boto3
import pytest

from tests.e2e.platform import Platform, shared_platform
from tests.support.operators import Operator
from tests.support.shop_client import ShopClient, eventually
from tools.local import inbox
from tools.seed.catalogue import products
from tools.seed.stock import receipts, write_offs


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """An emulator and a payment provider with the app deployed and seeded."""
    shared, owner = tmp_path_factory.getbasetemp(), os.getpid()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared, owner = shared.parent, os.getppid()
    with shared_platform(shared, owner) as running, pytest.MonkeyPatch.context() as patch:
        # For every client that a test makes: the emulator takes no other key.
        patch.setenv("AWS_ACCESS_KEY_ID", running.key.access_key_id)
        patch.setenv("AWS_SECRET_ACCESS_KEY", running.key.secret_access_key)
        patch.setattr(boto3, "DEFAULT_SESSION", None)
        yield running


@pytest.fixture(scope="session")
def shop(platform: Platform) -> ShopClient:
    """The API without a token."""

    def mailed(email: str) -> str:
        return inbox.wait_for_token(
            platform.endpoint_url, platform.region, platform.key, to=email, timeout_s=60
        )

    return ShopClient(platform.api_url, mailed=mailed)


@pytest.fixture(scope="session")
def operator(platform: Platform) -> Operator:
    """Who runs commands against this platform."""
    return Operator(platform.settings.platform_file)


@pytest.fixture(scope="session")
def users(platform: Platform) -> dict[str, dict[str, str]]:
    """The seeded users: e-mail and password by name."""
    return platform.users


@pytest.fixture(scope="module")
def finance(shop: ShopClient, users: dict[str, dict[str, str]]) -> ShopClient:
    """The API as the seeded accountant sees it. A token lives ten minutes: less than all tests."""
    return shop.sign_in(**users["finance"])


@pytest.fixture(scope="session")
def stock(platform: Platform) -> Mapping[str, int]:
    """What the seed put on the shelves, by SKU.

    Not what is there now: others buy meanwhile, and bring products of their own.
    """
    seeded = products(platform.region)
    found: Counter[str] = Counter()
    for change in (*receipts(seeded, platform.region), *write_offs(seeded, platform.region)):
        found[change.sku] += change.available
    return found


@pytest.fixture(scope="session")
def skus(stock: Mapping[str, int]) -> list[str]:
    """SKUs of which there is plenty; each test takes one of its own."""
    return sorted(sku for sku, quantity in stock.items() if quantity > 50)


@pytest.fixture(scope="session")
def limited(stock: Mapping[str, int]) -> list[str]:
    """SKUs of which there are exactly ten, over all locations."""
    return sorted(sku for sku, quantity in stock.items() if quantity == 10)


@pytest.fixture(scope="session")
def charges(platform: Platform) -> Callable[[str], list[int]]:
    """What the payment provider took for an order: the amounts captured, from its own books."""

    def read(order_id: str) -> list[int]:
        request = urllib.request.Request(
            f"{platform.psp_url}/v1/payment_intents?limit=100",
            headers={"Authorization": "Bearer sk_test_reader"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            intents = json.loads(answer.read())["data"]
        return [
            intent["amount"]
            for intent in intents
            if order_id in intent["metadata"].values() and intent["status"] == "succeeded"
        ]

    return read


@pytest.fixture
def consumer_down(platform: Platform) -> Callable[[str], AbstractContextManager[None]]:
    """Takes a consumer off its queue for a while."""
    client = boto3.client("lambda", endpoint_url=platform.endpoint_url, region_name=platform.region)

    def switch(uuid: str, state: str) -> None:
        client.update_event_source_mapping(UUID=uuid, Enabled=state == "Enabled")
        eventually(
            lambda: client.get_event_source_mapping(UUID=uuid)["State"],
            until=lambda now: now == state,
        )

    @contextmanager
    def down(name: str) -> Iterator[None]:
        function = f"cartwright-local-{name}"
        mappings: list[Any] = client.list_event_source_mappings(FunctionName=function)[
            "EventSourceMappings"
        ]
        assert mappings, f"{function} consumes nothing"
        for mapping in mappings:
            switch(mapping["UUID"], "Disabled")
        try:
            yield
        finally:
            for mapping in mappings:
                switch(mapping["UUID"], "Enabled")

    return down
