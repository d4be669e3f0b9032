"""How a hold ends: sold, given back, expired; in any order and any number of times."""

from collections.abc import Callable

import pytest

from inventory.domain.reservation import Reservation, Status, id_of
from inventory.service import end_reservation, reserve_stock
from inventory.service.end_reservation import ReservationContended
from tests.unit.inventory.fakes import NOW, TRACE, FakeStock, lines, order_id

EWR = "use1-ewr"
Act = Callable[[FakeStock], object]


def reserve(stock: FakeStock, skus: list[str]) -> Reservation:
    result = reserve_stock.reserve(
        order_id(),
        lines((sku, 2) for sku in skus),
        country="US",
        stock=stock,
        now=NOW,
        trace=TRACE,
    )
    assert isinstance(result, Reservation)
    stock.calls.clear()
    return result


def commit(stock: FakeStock) -> Status:
    return end_reservation.commit(order_id(), stock=stock, now=NOW, trace=TRACE)


def release(stock: FakeStock) -> None:
    end_reservation.release(order_id(), stock=stock, now=NOW, trace=TRACE)


def expire(stock: FakeStock) -> bool:
    held = stock.reservations[id_of(order_id())]
    return end_reservation.expire(held, stock=stock, now=NOW, trace=TRACE)


def one() -> FakeStock:
    stock = FakeStock({("A", EWR): 5})
    reserve(stock, ["A"])
    return stock


def many(count: int) -> FakeStock:
    skus = [f"S{n:03d}" for n in range(count)]
    stock = FakeStock({(sku, EWR): 5 for sku in skus})
    reserve(stock, skus)
    return stock


def status(stock: FakeStock) -> Status:
    return stock.reservations[id_of(order_id())].status


def test_a_commit_takes_the_units_out_with_a_movement() -> None:
    stock = one()
    assert commit(stock) is Status.COMMITTED
    stock.check()
    assert stock.rows["A", EWR] == {"available": 3, "reserved": 0, "on_hand": 3}
    sale = [m for _, _, m in stock.movements.values() if m.reason == "sale"]
    assert [(m.quantity, m.order_id) for m in sale] == [(-2, order_id())]
    assert dict(stock.calls) == {"find": 1, "apply": 1}
    assert stock.event_types()[-1] == "inventory.committed"


def test_a_commit_can_be_repeated() -> None:
    stock = one()
    commit(stock)
    assert commit(stock) is Status.COMMITTED
    assert stock.rows["A", EWR]["on_hand"] == 3
    assert len(stock.events) == 2


def test_a_release_gives_the_units_back() -> None:
    stock = one()
    release(stock)
    release(stock)
    stock.check()
    assert stock.available("A") == 5
    assert stock.event_types() == ["inventory.reserved", "inventory.released"]


def test_a_release_without_a_reservation_leaves_a_tombstone_and_no_event() -> None:
    stock = FakeStock({("A", EWR): 5})
    release(stock)
    assert status(stock) is Status.RELEASED
    assert stock.events == []


def test_a_release_that_races_the_first_reserve_wins_in_the_end() -> None:
    stock = FakeStock({("A", EWR): 5})
    stock.before_apply = [lambda: reserve(stock, ["A"])]
    release(stock)
    stock.check()
    assert status(stock) is Status.RELEASED
    assert stock.available("A") == 5


def test_a_release_after_the_sale_brings_the_units_back_with_a_movement() -> None:
    stock = one()
    commit(stock)
    release(stock)
    stock.check()
    assert stock.rows["A", EWR] == {"available": 5, "reserved": 0, "on_hand": 5}
    assert stock.event_types()[-1] == "inventory.released"


def test_an_expired_hold_can_neither_be_committed_nor_give_back_twice() -> None:
    stock = one()
    assert expire(stock)
    assert commit(stock) is Status.EXPIRED
    release(stock)
    stock.check()
    assert stock.available("A") == 5
    assert status(stock) is Status.RELEASED
    assert stock.event_types()[1:] == ["inventory.expired", "inventory.released"]
    assert stock.events[-1].body["data"]["lines"] == []


def test_a_commit_without_a_reservation_is_too_late() -> None:
    assert commit(FakeStock()) is Status.RELEASED


def test_a_commit_that_races_the_sweeper_sees_who_won() -> None:
    stock = one()
    stock.before_apply = [lambda: expire(stock)]
    assert commit(stock) is Status.EXPIRED
    stock.check()


def test_the_sweeper_that_races_a_commit_changes_nothing() -> None:
    stock = one()
    held = stock.reservations[id_of(order_id())]
    commit(stock)
    assert not end_reservation.expire(held, stock=stock, now=NOW, trace=TRACE)
    stock.check()


def test_a_hold_that_was_renewed_is_not_expired_by_an_old_index_row() -> None:
    stock = one()
    old = stock.reservations[id_of(order_id())]
    expire(stock)
    reserve(stock, ["A"])
    assert not end_reservation.expire(old, stock=stock, now=NOW, trace=TRACE)
    assert stock.available("A") == 3


@pytest.mark.parametrize(("count", "pieces"), [(49, 0), (50, 2), (98, 2)])
def test_a_large_sale_goes_in_pieces_that_each_fit_a_transaction(count: int, pieces: int) -> None:
    stock = many(count)
    assert commit(stock) is Status.COMMITTED
    assert stock.calls["move"] == pieces
    release(stock)
    stock.check()
    assert stock.available("S000") == 5
    assert stock.largest <= 100


class Crash(Exception):
    """The function ends here."""


def crash() -> None:
    raise Crash


def nothing() -> None:
    pass


@pytest.mark.parametrize("then", [commit, release])
def test_a_large_commit_that_crashed_between_its_pieces_is_finished_by_the_next(then: Act) -> None:
    stock = many(98)
    stock.before_apply = [nothing, crash]
    with pytest.raises(Crash):
        commit(stock)
    assert status(stock) is Status.COMMITTING
    then(stock)
    stock.check()
    assert status(stock) is (Status.COMMITTED if then is commit else Status.RELEASED)
    assert stock.available("S000") == (3 if then is commit else 5)


def test_a_large_restock_that_crashed_is_finished_by_the_next() -> None:
    stock = many(98)
    commit(stock)
    stock.before_apply = [nothing, crash]
    with pytest.raises(Crash):
        release(stock)
    assert status(stock) is Status.RESTOCKING
    assert commit(stock) is Status.RELEASED
    release(stock)
    stock.check()
    assert stock.available("S097") == 5


def test_two_large_commits_at_once_sell_once() -> None:
    stock = many(60)
    stock.before_apply = [nothing, lambda: commit(stock)]
    assert commit(stock) is Status.COMMITTED
    stock.check()
    assert stock.available("S000") == 3
    assert len(stock.events) == 2


def test_a_reservation_that_never_stands_still_is_a_fault() -> None:
    stock = one()
    apply = stock.apply

    def moving(*args: object) -> object:
        held = stock.reservations[id_of(order_id())]
        stock.reservations[held.reservation_id] = Reservation(
            **{f: getattr(held, f) for f in held.__slots__} | {"sequence": held.sequence + 1}
        )
        return apply(*args)  # type: ignore[arg-type]

    stock.apply = moving  # type: ignore[method-assign,assignment]
    with pytest.raises(ReservationContended):
        commit(stock)
    with pytest.raises(ReservationContended):
        release(stock)
