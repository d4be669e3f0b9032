"""Counters of what is limited, in the table `identity`.

    FAIL#<hash>#<window>    COUNT   attempts that failed or are under way; TTL
    ASKED#<hash>#<window>   COUNT   requests for mails from a network; TTL
    MAILS#<mac>#<window>    COUNT   mails to an address; TTL

Each counts within a transaction: what is not done is not counted.
"""

from collections.abc import Sequence
from typing import Literal

from pynamodb.attributes import NumberAttribute
from pynamodb.transactions import TransactWrite

from identity.domain.rate_limit import Counter
from shop import tables
from shop.tables import TableModel, transact

Kind = Literal["FAIL", "ASKED", "MAILS"]
# A counter outlives its window a little, so that a late sign-in can still be taken back.
SPARE_S = 3600


class CounterItem(TableModel):
    """<KIND>#<keyed hash>#<window> / COUNT."""

    Meta = tables.meta("identity")

    times = NumberAttribute()
    expires_at = NumberAttribute()


class AttemptRepository:
    """Attempts to prove oneself by a password or a secret. Implements service.Attempts."""

    def count(self, counters: Sequence[Counter]) -> Sequence[Counter]:
        """Count one more in each, or in none: then those that are full."""

        def build(tx: TransactWrite) -> None:
            for counter in counters:
                count(tx, "FAIL", counter)

        return [counters[failed.index] for failed in transact(build)]

    def take_back(self, counters: Sequence[Counter]) -> None:
        """One less in each: it was good. In a transaction, whose repeat counts once."""
        transact(lambda tx: take_back(tx, counters))

    def is_full(self, counter: Counter) -> bool:
        """Whether one more would be too many."""
        try:
            item = CounterItem.get(*_place("FAIL", counter), consistent_read=True)
        except CounterItem.DoesNotExist:
            return False
        return int(item.times) >= counter.limit.times


def count(tx: TransactWrite, kind: Kind, counter: Counter) -> None:
    """The part of a transaction that counts one more; its condition fails when it is full."""
    tx.update(
        _item(kind, counter),
        [CounterItem.times.add(1), CounterItem.expires_at.set(counter.ends_at + SPARE_S)],
        condition=CounterItem.times.does_not_exist() | (CounterItem.times < counter.limit.times),
    )


def take_back(tx: TransactWrite, attempts: Sequence[Counter]) -> None:
    """The part of a transaction that takes an attempt back: it was good."""
    for counter in attempts:
        tx.update(_item("FAIL", counter), [CounterItem.times.add(-1)])


def _item(kind: Kind, counter: Counter) -> CounterItem:
    return CounterItem(*_place(kind, counter))


def _place(kind: Kind, counter: Counter) -> tuple[str, str]:
    return f"{kind}#{counter.counted}#{counter.window}", "COUNT"
