"""Where a stream ends it does not say: what is not read for certain makes the auditor late, and it
tells nothing of it.
"""

from datetime import timedelta

import pytest

from operations.domain.open_violations import OpenViolation
from operations.service.ports import Cursor, Shard
from operations.service.read_streams import EMPTY_PAGES, REACH
from tests.unit.operations.fakes import START, FaultEnvironment

TEA = "TEA@ewr"
FOUR = tuple(f"shard-{number}" for number in range(4))
STREAMS = 5
PER_IDLE_SHARD = 2  # pages a minute
FRESH = 2.5  # seconds: as late as a run is that is up to date


def quartered(**options: object) -> FaultEnvironment:
    """Shelves lie in one shard, their movements in another, two have nothing."""
    world = FaultEnvironment(**options)  # type: ignore[arg-type]
    world.shards["inventory"] = [Shard(id_) for id_ in FOUR]
    stocked(world, "TEA")
    world.run()
    return world


def stocked(world: FaultEnvironment, sku: str, on_hand: int = 10) -> None:
    world.move(sku, f"mov_{world.now}", on_hand, shard=FOUR[1])
    world.shelf(sku, on_hand, shard=FOUR[0])


def sold(world: FaultEnvironment, left: int, *, shelf: str = FOUR[0], moved: str = FOUR[1]) -> None:
    world.move("TEA", f"mov_{left}", -1, shard=moved)
    world.shelf("TEA", left, shard=shelf)


def told(world: FaultEnvironment) -> list[str]:
    return [each["type"] for each in world.events]


def shortest() -> timedelta:
    return REACH


@pytest.mark.parametrize("silent", range(0, 31, 5))
def test_a_change_behind_empty_pages_is_waited_for_and_nothing_is_told_meanwhile(
    silent: int,
) -> None:
    """The auditor was away for so many pages; the movement lies behind them, its shelf does not."""
    world = quartered(reach=shortest)
    world.run(minutes=1)
    world.now += silent * REACH
    sold(world, 9)
    lags = [world.run().lag_s for _ in range(10)]
    assert (told(world), world.violated()) == ([], {})
    assert world.aggregate("TEA").moved == 9
    assert lags[-1] < FRESH
    world.shelf("TEA", 12, shard=FOUR[0])
    for _ in range(3):
        world.run()
    assert world.violated() == {"I2": [TEA]}


def test_an_idle_shard_is_read_on_from_where_it_was_left_by_another_process() -> None:
    world = quartered(reach=shortest)
    world.run()
    for _ in range(300):  # longer than any shard lives
        world.pages = 0
        assert world.run().lag_s < FRESH
        assert world.pages <= PER_IDLE_SHARD * (STREAMS + len(FOUR) - 1)


def test_a_place_that_expired_makes_the_auditor_late_until_it_has_caught_up() -> None:
    world = quartered(reach=shortest)
    away = 4 * 60
    late = world.run(minutes=away).lag_s
    assert late > timedelta(hours=3).total_seconds()
    runs = 1
    while world.run().lag_s > FRESH:
        runs += 1
    assert runs <= away / (EMPTY_PAGES * REACH / timedelta(minutes=1)) + 1
    assert world.violated() == {}


def test_a_place_that_expired_is_found_again_from_the_last_change_not_from_where_it_was() -> None:
    """The shelf's shard was written to all the time, that of the movements was silent for long."""
    world = quartered(reach=shortest)
    for minutes in (*[1] * 60, 16):
        world.now += timedelta(minutes=minutes - 1)
        if minutes > 1:
            sold(world, 9)
        else:
            world.shelf("TEA", 10, shard=FOUR[0])
        world.run()
    for _ in range(6):
        assert (told(world), world.violated()) == ([], {})
        lag = world.run().lag_s
    assert lag < FRESH
    assert world.aggregate("TEA").moved == 9


def test_a_shard_that_turns_the_reader_away_is_read_later_and_the_others_now() -> None:
    world = quartered()
    world.run()
    world.busy.add(FOUR[1])
    sold(world, 9)
    world.move("POT", "mov_1", 3, shard=FOUR[3])
    lags = [world.run().lag_s for _ in range(4)]
    assert lags == sorted(lags)
    assert lags[-1] > timedelta(minutes=3).total_seconds()
    assert (told(world), world.aggregate("TEA").moved) == ([], 10)
    world.busy.clear()
    assert world.run().lag_s < FRESH
    assert (world.aggregate("TEA").moved, world.aggregate("POT").moved) == (9, 3)
    assert told(world) == []


def test_a_stream_that_does_not_name_its_shards_is_late_and_the_others_are_looked_at() -> None:
    world = quartered()
    world.run()
    world.busy.add("ledger")
    world.shelf("TEA", 12, shard=FOUR[0])
    for _ in range(3):
        lag = world.run().lag_s
    assert lag > timedelta(minutes=2).total_seconds()
    assert world.violated() == {"I2": [TEA]}


def test_what_was_told_is_not_taken_back_while_its_stream_is_not_read() -> None:
    world = quartered()
    world.shelf("TEA", 12, shard=FOUR[0])
    for _ in range(3):
        world.run()
    (before,) = _reported(world)
    world.busy.add(FOUR[2])
    for _ in range(3):
        world.run()
    assert (told(world), _reported(world)) == (["invariant.violated"], [before])
    world.busy.clear()
    world.shelf("TEA", 10, shard=FOUR[0])
    world.run()
    assert told(world) == ["invariant.violated", "invariant.resolved"]


def _reported(world: FaultEnvironment) -> list[OpenViolation]:
    return [v for v in world.open_violations.values() if v.reported_at and not v.resolved_at]


def test_shards_that_roll_are_followed_parents_first_in_whatever_order_they_are_named() -> None:
    world = quartered(reach=shortest)
    parents = FOUR
    for roll in range(1, 7):
        children = tuple(f"{name}.{roll}" for name in FOUR)
        for parent, child in zip(parents, children, strict=True):
            sold_in = {"shelf": parents[0], "moved": parents[1]}
            world.split("inventory", parent, child)
            if parent == parents[1]:
                sold(world, 10 - roll, **{**sold_in, "shelf": parents[0], "moved": child})
        world.shards["inventory"] = world.shards["inventory"][::-1]
        parents = children
        for _ in range(4):
            lag = world.run(minutes=1).lag_s
        assert lag < FRESH
        assert world.aggregate("TEA").moved == 10 - roll
    assert told(world) == []


def test_every_cursor_that_is_done_says_when_it_ended() -> None:
    """So the row can expire, whether the shard ever had a change or went unread."""
    world = quartered()
    world.run()
    ended = world.now
    for name in FOUR[:3]:
        world.split("inventory", name, f"{name}.1")
    world.run()
    world.shards["inventory"] = [each for each in world.shards["inventory"] if each.id != FOUR[3]]
    world.run()
    cursors = {key: each for key, each in world.kept.cursors.items() if key[1] in FOUR}
    assert all(cursor.ended_at >= str(ended.date()) for cursor in cursors.values())
    assert len({cursor.ended_at for cursor in cursors.values()}) == 2  # the last went unread


def test_a_thousand_shards_that_were_closed_empty_are_never_asked_again() -> None:
    world = quartered()
    world.run()
    before = world.calls
    closed = [f"closed-{number}" for number in range(1000)]
    world.shards["inventory"] = [*map(Shard, closed), *map(Shard, FOUR)]
    world.closed |= {("inventory", name): START for name in closed}
    for _ in range(3):
        world.run()
    assert all(world.kept.cursors["inventory", name].ended_at for name in closed)
    assert world.calls == before
    world.shards["inventory"] = [*map(Shard, FOUR)]
    assert world.run().lag_s < FRESH


def test_a_cursor_moves_on_only_with_what_it_leads_behind() -> None:
    """A run that stored a part of a page goes on behind that part, not behind the page."""
    world = FaultEnvironment()
    world.run()
    for number in range(200):
        world.move(f"SKU{number}", "mov_1", 1)
    cursors: list[Cursor] = []
    world.on_commit = cursors.extend
    world.run()
    parts = [each for each in cursors if each.table == "inventory" and each.sequence]
    assert len(parts) == 3
    assert [bool(each.iterator) for each in parts] == [False, False, True]
