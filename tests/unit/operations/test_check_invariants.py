"""The auditor: each change is summed up once, whatever happens; what is only late is not told."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from operations.domain.registry import Registry
from operations.service.ports import FencedOut, Shard
from shop.invariants import RowType
from tests.unit.operations.fakes import FaultEnvironment, Killed
from tests.unit.operations.world import AT

TEA = "TEA@ewr"
DAY = AT[:10]


def stocked(**options: int) -> FaultEnvironment:
    """A shelf that began within the stream, and a first run."""
    world = FaultEnvironment(**options)  # type: ignore[arg-type]
    world.move("TEA", "mov_1", 10)
    world.shelf("TEA", 10)
    world.run()
    return world


def sold(world: FaultEnvironment, number: int) -> None:
    """One unit, as inventory writes it."""
    shelf = next(row for ref, row in world.rows.items() if ref.pk == "SKU#TEA")
    world.move("TEA", f"mov_sale_{number}", -1)
    world.shelf("TEA", int(shelf["on_hand"]) - 1)


def test_a_shelf_that_is_the_sum_of_its_movements_is_in_order() -> None:
    world = stocked()
    sold(world, 1)
    for _ in range(3):
        world.run()
    assert (world.aggregate("TEA").base, world.aggregate("TEA").moved) == (0, 9)
    assert (world.violated(), world.open_violations) == ({}, {})


def test_units_that_appear_are_told_at_the_second_look_and_again_when_they_are_gone() -> None:
    world = stocked()
    world.shelf("TEA", 11)
    world.run()
    assert world.violated() == {}
    world.run()
    assert world.violated() == {"I2": [TEA]}
    (told,) = world.events
    assert (told["type"], told["data"]["subject_id"]) == ("invariant.violated", TEA)
    assert told["data"]["detail"] == "on_hand 11, movements 10"
    world.shelf("TEA", 10)
    world.run()
    assert world.violated() == {}
    assert [(each["type"], each["sequence"]) for each in world.events] == [
        ("invariant.violated", 1),
        ("invariant.resolved", 2),
    ]
    assert {each["subject"] for each in world.events} == {told["subject"]}


def test_what_is_violated_again_is_another_violation() -> None:
    world = stocked()
    for on_hand in (11, 10, 11):
        world.shelf("TEA", on_hand)
        world.run()
        world.run()
    assert [each["type"].partition(".")[2] for each in world.events] == [
        "violated",
        "resolved",
        "violated",
    ]
    assert len({each["id"] for each in world.events}) == 3


def test_a_run_that_is_killed_at_any_call_counts_every_movement_once() -> None:
    whole = _busy()
    whole.run()
    calls = whole.calls
    assert calls > 20
    for number in range(1, calls + 1):
        world = _busy()
        with pytest.raises(Killed):
            world.run(die_at=number)
        for _ in range(4):
            world.run()
        assert world.aggregate("TEA").moved == whole.aggregate("TEA").moved == 7, number
        assert world.aggregate("TEA").held == whole.aggregate("TEA").held == 2, number
        assert world.violated() == {"I2": ["LOST@ewr"]}, number
        assert [each["type"] for each in world.events] == ["invariant.violated"], number


def _busy() -> FaultEnvironment:
    """Sales, a hold, a balance, and one shelf that is wrong."""
    world = stocked()
    for number in range(3):
        sold(world, number)
    world.hold("rsv_1", "held", [("TEA", "ewr", 2)])
    world.shelf("TEA", 7, reserved=2)
    world.shelf("LOST", 3)
    world.post("txn_1", 500)
    world.balance(500, 1)
    world.write("balances", "FOLDED#txn_1", "FOLDED", {})
    world.write("orders", "ORDER#x", "ORDER", {"status": "pending", "version": 1})
    # The rest of the transaction is of no matter here.
    world.rows = {ref: row for ref, row in world.rows.items() if ref.table == "inventory"}
    world.records = {key: r for key, r in world.records.items() if key[0] == "inventory"}
    return world


def test_of_two_runs_that_meet_the_later_one_counts() -> None:
    world = stocked()
    sold(world, 1)
    first = world.auditor("first")
    commit = first.store.commit

    def meet(*given: Any, **more: Any) -> None:
        """Just before the first run stores anything, another one begins and ends."""
        first.store.commit = commit  # type: ignore[method-assign]
        world.run(minutes=0, token="second")
        commit(*given, **more)

    first.store.commit = meet  # type: ignore[method-assign]
    world.now += timedelta(minutes=1)
    with pytest.raises(FencedOut):
        first.run()
    world.run()
    assert world.aggregate("TEA").moved == 9
    assert world.violated() == {}


def test_changes_of_the_last_seconds_are_left_to_the_next_run() -> None:
    """So all shards are read up to one moment, and both halves of a sale are seen together."""
    world = stocked()
    sold(world, 1)
    assert world.run(minutes=0).changes == 0
    assert world.run().changes == 2


def test_a_run_goes_over_many_full_pages() -> None:
    world = stocked(page=1)
    for number in range(5):
        sold(world, number)
    assert world.run().changes == 10


def test_a_child_shard_is_read_when_its_parent_was_read_to_its_end() -> None:
    world = stocked()
    world.shards["inventory"] = [Shard("s2", "s1"), Shard("s1")]
    world.shelf("TEA", 12, shard="s2")
    world.move("TEA", "mov_2", 2, shard="s2")
    world.run()
    assert world.aggregate("TEA").moved == 10
    world.closed["inventory", "s1"] = world.now
    world.run()
    world.run()
    assert world.aggregate("TEA").moved == 12
    world.shards["inventory"] = [Shard("s2", "s1")]
    world.run()
    assert (world.violated(), len({*world.kept.epochs.values()})) == ({}, 1)


def test_a_shelf_from_before_the_stream_is_counted_once() -> None:
    world = FaultEnvironment()
    world.move("TEA", "mov_1", 10, quietly=True)
    world.shelf("TEA", 10, quietly=True)
    sold(world, 1)
    world.run()
    assert (world.aggregate("TEA").base, world.aggregate("TEA").counted) == (None, 9)
    world.run()
    assert (world.aggregate("TEA").base, world.aggregate("TEA").moved) == (10, -1)
    world.shelf("TEA", 8)
    world.run()
    world.run()
    assert world.violated() == {"I2": [TEA]}


def test_a_count_is_not_taken_when_something_moved_near_it() -> None:
    world = FaultEnvironment()
    world.move("TEA", "mov_1", 10, quietly=True)
    world.shelf("TEA", 10, quietly=True)
    sold(world, 1)
    world.run()
    sold(world, 2)  # in the second of the count: is it in the count, or not?
    world.run()
    assert (world.aggregate("TEA").base, world.aggregate("TEA").counted) == (None, 8)
    for _ in range(3):
        world.run()
    assert (world.aggregate("TEA").base, world.violated()) == (10, {})


def test_a_movement_that_is_taken_away_makes_the_shelf_be_counted_anew() -> None:
    world = stocked()
    sold(world, 1)
    world.run()
    world.write("inventory", "MOV#TEA#ewr", "mov_sale_1")
    for _ in range(4):
        world.run()
    assert world.violated() == {"I2": [TEA]}


def test_after_a_gap_sums_begin_anew_and_nothing_is_told_in_error() -> None:
    world = stocked()
    sold(world, 1)
    world.run()
    sold(world, 2)
    world.records.clear()  # never seen
    world.trimmed.add("inventory")
    sold(world, 3)
    for _ in range(5):
        world.run()
        world.trimmed.clear()
    assert (world.violated(), world.events) == ({}, [])
    assert world.aggregate("TEA").epoch > world.kept.epochs["orders"]
    world.shelf("TEA", 99)
    for _ in range(3):
        world.run()
    assert world.violated() == {"I2": [TEA]}


def test_after_a_gap_nothing_is_read_from_before_the_shard_began() -> None:
    world = stocked()
    sold(world, 1)
    world.run()
    world.records.clear()
    world.trimmed.add("inventory")
    assert world.run().lag_s < 600


def test_what_is_reserved_is_what_reservations_hold() -> None:
    world = stocked()
    world.hold("rsv_1", "held", [("TEA", "ewr", 2)])
    world.shelf("TEA", 10, reserved=2)
    world.run()
    world.hold("rsv_1", "released", [("TEA", "ewr", 2)])
    world.shelf("TEA", 10)
    world.run()
    assert world.aggregate("TEA").held == 0
    world.shelf("TEA", 10, reserved=1)
    world.run()
    world.run()
    assert world.violated() == {"I2": [TEA]}


def test_a_hold_on_as_many_shelves_as_fit_is_one_transaction() -> None:
    world = FaultEnvironment()
    lines = [(f"SKU{number}", "ewr", 1) for number in range(98)]
    for sku, _, _ in lines:
        world.move(sku, "mov_1", 5)
        world.shelf(sku, 5)
    world.hold("rsv_1", "held", lines)
    for sku, _, _ in lines:
        world.shelf(sku, 5, reserved=1)
    for _ in range(3):
        world.run()
    assert {world.aggregate(sku).held for sku, _, _ in lines} == {1}
    assert world.violated() == {}


def test_a_balance_is_compared_when_as_much_is_folded_as_was_posted() -> None:
    world = FaultEnvironment()
    world.post("txn_1", 500)
    world.run()
    assert world.violated().get("I6", []) == []
    world.balance(500, 1)
    world.run()
    world.post("txn_2", 300)
    world.run()
    assert not [each for each in world.open_violations.values() if _is_wrong(each)]
    world.balance(900, 2)
    for minutes in (1, 6, 1):
        world.run(minutes=minutes)
    assert f"2100:USD#{DAY}" in world.violated()["I6"]


def test_a_posting_that_is_put_back_is_in_its_accounts_once() -> None:
    world = FaultEnvironment()
    world.post("txn_1", 500)
    world.balance(500, 1)
    world.run()
    world.write("ledger", "TXN#txn_1", "TXN")
    world.run()
    world.post("txn_1", 500)
    for minutes in (1, 6, 6):
        world.run(minutes=minutes)
    assert f"2100:USD#{DAY}" not in world.violated()["I6"]


def _is_wrong(violation: object) -> bool:
    return getattr(violation, "subject", "") == f"2100:USD#{DAY}" and not (
        getattr(violation, "waiting", False) or getattr(violation, "resolved_at", "")
    )


def test_a_balance_from_before_the_stream_is_taken_as_it_is_and_watched_from_then() -> None:
    world = FaultEnvironment()
    world.balance(9000, 40, account="4000:USD")
    world.run(minutes=3)
    world.post("txn_1", 100, account="4000:USD")
    world.balance(9100, 41, account="4000:USD")
    world.run()
    assert not world.violated().get("I6", [])
    world.balance(9200, 41, account="4000:USD")
    for minutes in (1, 6, 1):
        world.run(minutes=minutes)
    assert f"4000:USD#{DAY}" in world.violated()["I6"]


def test_an_account_is_watched_day_by_day() -> None:
    """What is wrong on one day is not hidden by another on which it is wrong the other way."""
    world = FaultEnvironment()
    for number, day in enumerate(("2026-11-21", DAY), start=1):
        world.post(f"txn_{number}", 500, day=day)
        world.balance(500, 1, day=day)
    world.run()
    world.balance(400, 1, day="2026-11-21")
    world.balance(600, 1)
    for minutes in (1, 6, 1):
        world.run(minutes=minutes)
    assert {f"2100:USD#{day}" for day in ("2026-11-21", DAY)} <= set(world.violated()["I6"])


def test_an_idle_run_makes_the_same_few_calls_whatever_is_stored() -> None:
    small, large = stocked(), stocked()
    for number in range(300):
        large.move(f"SKU{number}", "mov_1", 5)
        large.shelf(f"SKU{number}", 5)
    for world in (small, large):
        world.run()
        world.run()
    assert small.calls == large.calls <= 25


def test_an_order_that_is_only_late_is_not_told() -> None:
    world = FaultEnvironment()
    id_ = "ord_use1_00000000000000000000000001"
    row = {"status": "paid", "version": 4, "updated_at": "2026-11-01T00:00:00.000Z"}
    world.write("orders", f"ORDER#{id_}", "ORDER", row)
    for _ in range(5):
        world.run()
    assert (world.violated(), world.events) == ({}, [])
    world.run()
    assert set(world.violated()) == {"I4", "I5", "I6"}


def test_rows_that_no_rule_looks_at_are_told_until_a_service_says_what_they_are() -> None:
    world = stocked()
    world.write("payments", "PAYOUT#1", "PAYOUT", {"status": "sent"})
    for minutes in (1, 6, 1):
        world.run(minutes=minutes)
    assert world.violated() == {"I6": ["payments/PAYOUT"]}
    said = world.registry.said["payments"]
    payout = RowType(table="payments", pk="PAYOUT", unchecked="for a test")
    after = replace(said, rows=(*said.rows, payout))
    world.registry = Registry({**world.registry.said, "payments": after})
    world.run()
    assert world.violated() == {}


def test_a_status_that_no_rule_knows_is_told() -> None:
    world = stocked()
    row = {"status": "lent", "lines": "[]", "order_id": "", "sequence": 0}
    world.write("inventory", "RSV#rsv_1", "RSV", row)
    for minutes in (1, 6, 1):
        world.run(minutes=minutes)
    assert world.violated() == {"I6": ["rsv_1"]}


def test_a_row_that_cannot_be_read_is_told_and_leaves_others_alone() -> None:
    world = stocked()
    world.write("orders", "ORDER#bad", "ORDER", {"version": "much"})
    world.shelf("TEA", 11)
    for minutes in (1, 6, 1):
        world.run(minutes=minutes)
    assert world.violated()["I2"] == [TEA]
    assert "bad" in world.violated()["I6"]
