"""Whatever streams look like, the auditor tells what is wrong and nothing else.

Shards roll as they like, pages are empty as they like, readers are turned away, runs are late, and
each run is a process of its own, with what was stored and nothing more.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from operations.service.ports import Shard
from operations.service.read_streams import REACH
from tests.support.scale import scaled
from tests.unit.operations.fakes import FaultEnvironment

SKUS = ("TEA", "POT", "CUP")
TABLE = "inventory"
FRESH = 2.5  # seconds
PATIENCE = 400  # runs until everything is read: a day of empty pages needs about sixty


@dataclass
class Warehouse:
    """Shelves, movements and holds, each in the shard of its key; and what was broken of them."""

    random: Random
    world: FaultEnvironment = field(default_factory=FaultEnvironment)
    left: dict[str, int] = field(default_factory=dict)
    held: dict[str, int] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    number: int = 0

    def __post_init__(self) -> None:
        self.world.reach = lambda: REACH * self.random.choice([1, 1, 1, 2, 10, 100])
        self.world.page = self.random.choice([1, 3, 1000])
        self.world.shards[TABLE] = [Shard(f"s{number}") for number in range(4)]
        for sku in SKUS:
            self.left[sku], self.held[sku] = 100, 0
            self._move(sku, 100)
            self._shelf(sku)

    # What happens.
    def sell(self, sku: str) -> None:
        self.left[sku] -= 1
        self._move(sku, -1)
        self._shelf(sku)

    def hold(self, sku: str) -> None:
        self.number += 1
        self.held[sku] += 1
        self.world.hold(f"rsv_{self.number}", "held", [(sku, "ewr", 1)], shard=self._shard("R"))
        self._shelf(sku)

    def lose(self, sku: str) -> None:
        """A unit is gone and no movement says why."""
        self.left[sku] -= 1
        self.broken.add(f"{sku}@ewr")
        self._shelf(sku)

    def roll(self, _sku: str) -> None:
        """A shard is closed; one or two go on."""
        parent = self.random.choice(self._open())
        children = [f"{parent}.{n}" for n in range(self.random.choice([1, 1, 2]))]
        self.world.split(TABLE, parent, *children)
        for key in [key for key, shard in self._places.items() if shard == parent]:
            self._places[key] = self.random.choice(children)
        self.random.shuffle(self.world.shards[TABLE])

    def turn_away(self, _sku: str) -> None:
        shards = [shard.id for shard in self.world.shards[TABLE]]
        self.world.busy = {self.random.choice([*shards, TABLE, "ledger"])}

    def answer(self, _sku: str) -> None:
        self.world.busy.clear()

    def pass_time(self, _sku: str) -> None:
        self.world.now += timedelta(seconds=self.random.choice([1, 20, 300]))

    def run(self, _sku: str) -> None:
        self._run(1)

    def run_late(self, _sku: str) -> None:
        self._run(self.random.choice([5, 20, 300]))

    # What must be so.
    def settle(self) -> None:
        self.world.busy.clear()
        for _ in range(PATIENCE):
            if self._run(1) < FRESH:
                break
        for _ in range(3):
            assert self._run(1) < FRESH
        assert set(self.world.violated().get("I2", [])) == self.broken

    def _run(self, minutes: int) -> float:
        lag = self.world.run(minutes=minutes).lag_s
        told = [each for each in self.world.events if each["data"]["invariant"] == "I2"]
        assert {each["data"]["subject_id"] for each in told} <= self.broken
        assert {each["type"] for each in told} <= {"invariant.violated"}
        return lag

    # Where rows are.
    _places: dict[str, str] = field(default_factory=dict)

    def _shard(self, key: str) -> str:
        """A row stays in a shard until that is closed, and goes on in a child of it."""
        return self._places.setdefault(key, self.random.choice(self._open()))

    def _open(self) -> list[str]:
        closed = self.world.closed
        return [s.id for s in self.world.shards[TABLE] if (TABLE, s.id) not in closed]

    def _shelf(self, sku: str) -> None:
        units, shard = self.left[sku], self._shard(f"SKU {sku}")
        self.world.shelf(sku, units, reserved=self.held[sku], shard=shard)

    def _move(self, sku: str, units: int) -> None:
        self.number += 1
        self.world.move(sku, f"mov_{self.number}", units, shard=self._shard(f"MOV {sku}"))


STEPS: tuple[tuple[int, Callable[[Warehouse, str], None]], ...] = (
    (6, Warehouse.sell),
    (2, Warehouse.hold),
    (1, Warehouse.lose),
    (2, Warehouse.roll),
    (1, Warehouse.turn_away),
    (1, Warehouse.answer),
    (3, Warehouse.pass_time),
    (6, Warehouse.run),
    (1, Warehouse.run_late),
)
steps = st.sampled_from([step for weight, step in STEPS for _ in range(weight)])


@pytest.mark.slow
@pytest.mark.soak
@settings(
    max_examples=scaled(100, soak=5000), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
@given(
    seed=st.integers(0, 2**32), life=st.lists(st.tuples(steps, st.sampled_from(SKUS)), max_size=60)
)
def test_no_false_finding_is_told_and_no_true_one_is_missed(
    seed: int, life: list[tuple[Callable[[Warehouse, str], None], str]]
) -> None:
    warehouse = Warehouse(Random(seed))  # noqa: S311
    for step, sku in life:
        step(warehouse, sku)
    warehouse.settle()
