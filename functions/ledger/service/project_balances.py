"""Fold new transactions into balances, each exactly once, however often its event comes.

Any number of writers may fold at once, in any order: sums are added to, and a marker beside them in
the same transaction says that they were.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from ledger.domain.balances import RecordedTransaction, by_account, changes, read_posted
from ledger.domain.transaction import PostingRejected
from ledger.events import PostedTransaction
from ledger.service.ports import BalanceProjection
from shop.events import Envelope

MAX_ITEMS = 100  # of one DynamoDB transaction


def posted(event: Envelope[PostedTransaction]) -> RecordedTransaction:
    """The transaction that an event tells of, whole; raises PostingRejected if it tells of none.

    The event is made at the moment that the transaction is recorded.
    """
    entries = [entry.model_dump() for entry in event.data.entries]
    try:
        return read_posted(event.data.transaction_id, event.occurred_at, entries)
    except PostingRejected:
        raise
    except ValueError as error:
        raise PostingRejected(f"not a transaction: {type(error).__name__}") from error


def project(
    postings: Sequence[RecordedTransaction], *, balances: BalanceProjection, now: datetime
) -> int:
    """Add these to the balances; return how many of them had been folded before."""
    each = list({one.id: one for one in postings}.values())
    return sum(_add(chunk, balances, now) for chunk in _chunks(each))


def _add(chunk: Sequence[RecordedTransaction], balances: BalanceProjection, now: datetime) -> int:
    """Add a chunk; return how many of it had been folded before."""
    left = list(chunk)
    while left:
        folded_before = balances.add(left, now=now)
        if not folded_before:
            break
        left = [one for one in left if one.id not in folded_before]
    return len(chunk) - len(left)


def _chunks(postings: Sequence[RecordedTransaction]) -> Iterator[Sequence[RecordedTransaction]]:
    """As many as fit into one transaction: markers, day rows, a list row per account."""
    chunk: list[RecordedTransaction] = []
    for one in postings:
        if chunk and _items([*chunk, one]) > MAX_ITEMS:
            yield chunk
            chunk = []
        chunk.append(one)
    if chunk:
        yield chunk


def _items(postings: Sequence[RecordedTransaction]) -> int:
    daily = changes(postings)
    return len(postings) + len(daily) + len(by_account(daily))
