"""Races in bulk: real threads that call use cases, each request a real one of the emulator.

Over the whole HTTP API the emulator places some 17 orders a second, and most of that time is its
own; the use cases with their repositories make the same conditional writes twenty times as often.
So the mass of a race runs here, in tables of its own, and a share of it over HTTP
(test_races.py).
"""

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from random import Random
from typing import Any

import boto3
import pytest

from shop import aws, tables
from tests.support import dynamodb
from tests.support.scale import scaled

THREADS = 8
OPERATIONS = scaled(1_000, soak=10_000)
SEED = int(os.environ.get("CARTWRIGHT_SEED", "20261127"))


def race(act: Callable[[Random], None], *, operations: int = OPERATIONS) -> None:
    """Let THREADS threads call `act` until it was called so often; the first exception is raised.

    Each thread has random numbers of its own from SEED: what is tried is repeatable, the order in
    which it arrives is not.
    """
    numbers, start = count(), threading.Barrier(THREADS)

    def run(thread: int) -> None:
        random = Random(f"{SEED}-{thread}")  # noqa: S311
        start.wait(timeout=30)
        while next(numbers) < operations:
            act(random)

    with ThreadPoolExecutor(THREADS) as pool:
        for finished in [pool.submit(run, thread) for thread in range(THREADS)]:
            finished.result()


@contextmanager
def own_tables(endpoint_url: str, *names: str) -> Iterator[None]:
    """Tables in an account of the emulator that only this process uses.

    Nothing listens to their streams, so nobody else writes to them.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", endpoint_url)
        patch.setenv("AWS_ACCESS_KEY_ID", f"{os.getpid():012d}")  # to the emulator: the account
        try:
            _forget_clients()
            dynamodb.create(*names)
            # Made once, before threads could make it twice; patient, because this machine may be
            # busy.
            aws.client("dynamodb", read_timeout_s=60)
            tables.connection()
            yield
            client = boto3.client("dynamodb", region_name="us-east-1")
            for name in names:
                client.delete_table(TableName=name)
        finally:
            _forget_clients()


def rows(table: str) -> list[dict[str, Any]]:
    """All items of a table, as plain Python values."""
    scan = boto3.resource("dynamodb", region_name="us-east-1").Table(table).scan
    page = scan(ConsistentRead=True)
    found: list[Any] = page["Items"]
    while "LastEvaluatedKey" in page:
        page = scan(ConsistentRead=True, ExclusiveStartKey=page["LastEvaluatedKey"])
        found += page["Items"]
    return found


def _forget_clients() -> None:
    boto3.DEFAULT_SESSION = None
    aws.reset(session=True)
    tables.reset()
