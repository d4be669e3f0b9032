"""Attempts to prove oneself by a password, in the table `identity`.

FAIL#<hash>#<window>    COUNT    attempts that failed or are under way; TTL
"""

from collections.abc import Sequence

from pynamodb.attributes import NumberAttribute
from pynamodb.transactions import TransactWrite

from identity.domain.sign_in_attempts import Counter
from shop import tables
from shop.tables import TableModel, transact

# A counter outlives its window a little, so that a late sign-in can still be taken back.
COUNTER_SPARE_S = 3600


class AttemptsItem(TableModel):
    """FAIL#<keyed hash>#<window> / COUNT."""

    Meta = tables.meta("identity")

    failures = NumberAttribute()
    expires_at = NumberAttribute()


class AttemptRepository:
    """Counters of attempts. Implements service.Attempts."""

    def count(self, counters: Sequence[Counter]) -> Sequence[Counter]:
        """Count one more in each, or in none: then those that are full. A transaction, as what
        takes an attempt back is one too."""

        def build(tx: TransactWrite) -> None:
            for counter in counters:
                room = AttemptsItem.failures < counter.limit.failures
                tx.update(
                    _item(counter),
                    [
                        AttemptsItem.failures.add(1),
                        AttemptsItem.expires_at.set(counter.ends_at + COUNTER_SPARE_S),
                    ],
                    condition=AttemptsItem.failures.does_not_exist() | room,
                )

        return [counters[failed.index] for failed in transact(build)]


def take_back(tx: TransactWrite, counters: Sequence[Counter]) -> None:
    """The part of a transaction that takes an attempt back: it was good."""
    for counter in counters:
        tx.update(_item(counter), [AttemptsItem.failures.add(-1)])


def _item(counter: Counter) -> AttemptsItem:
    return AttemptsItem(f"FAIL#{counter.counted}#{counter.window}", "COUNT")
