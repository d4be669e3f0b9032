"""Fold new transactions into balances, each exactly once, however often the stream brings them.

The stream blocks on an exception, so a record that can never be folded is parked in a queue of its
own; only faults of the infrastructure are raised, and the repeated batch finds its markers.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from ledger.domain.balances import Posted, by_account, changes, read_posted
from ledger.domain.posting import Refused

MAX_ITEMS = 100  # of one DynamoDB transaction


class Balances(Protocol):
    """Where balances are kept."""

    def add(self, postings: Sequence[Posted], *, now: datetime) -> frozenset[str]:
        """Add them in one transaction with their markers.

        Returns the ids that were folded before; if there are any, nothing was added.
        """


class Parked(Protocol):
    """The queue of records that cannot be folded."""

    def __call__(self, record: dict[str, Any], reason: str) -> None:
        """Keep the record for a person; raises if it cannot be kept."""


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a batch, in transactions."""

    folded: int
    already: int
    parked: int


def fold(
    records: Iterable[dict[str, Any]], *, balances: Balances, park: Parked, now: datetime
) -> Report:
    """Fold the transactions in a batch of stream records of the ledger's table."""
    postings: dict[str, Posted] = {}
    poison: list[tuple[dict[str, Any], str]] = []
    for record in records:
        try:
            posted = _posted(record)
        except Refused as error:
            poison.append((record, str(error)))
            continue
        if posted is not None:
            postings[posted.id] = posted
    already = sum(_add(chunk, balances, now) for chunk in _chunks(list(postings.values())))
    for record, reason in poison:  # Last: a queue that is down holds up no balance.
        park(record, reason)
    return Report(folded=len(postings) - already, already=already, parked=len(poison))


def _posted(record: dict[str, Any]) -> Posted | None:
    """The transaction of a header's record.

    The header's event lists all entries, so the entries' own records are not needed: a batch may
    end between them.
    """
    image = record.get("dynamodb", {}).get("NewImage") or {}
    if record.get("eventName") != "INSERT" or image.get("sk", {}).get("S") != "TXN":
        return None
    try:
        event = json.loads(image["outbox"]["S"])
        entries = event["data"]["entries"]
        transaction_id = image["pk"]["S"].removeprefix("TXN#")
        return read_posted(transaction_id, image["recorded_at"]["S"], entries)
    except Refused:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Refused(f"not a transaction: {type(error).__name__}") from error


def _add(chunk: Sequence[Posted], balances: Balances, now: datetime) -> int:
    """Add a chunk; return how many of it had been folded before."""
    left = list(chunk)
    while left:
        folded_before = balances.add(left, now=now)
        if not folded_before:
            break
        left = [posted for posted in left if posted.id not in folded_before]
    return len(chunk) - len(left)


def _chunks(postings: Sequence[Posted]) -> Iterator[Sequence[Posted]]:
    """As many as fit into one transaction: markers, total and list row per account, day rows."""
    chunk: list[Posted] = []
    for posted in postings:
        if chunk and _items([*chunk, posted]) > MAX_ITEMS:
            yield chunk
            chunk = []
        chunk.append(posted)
    if chunk:
        yield chunk


def _items(postings: Sequence[Posted]) -> int:
    daily = changes(postings)
    return len(postings) + len(daily) + 2 * len(by_account(daily))
