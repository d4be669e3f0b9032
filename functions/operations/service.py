"""Publish what the outboxes hold: never lost, never stopped by one bad record.

A stream repeats a batch until it succeeds, and every consumer has its effect once per event id. So
whatever the bus refuses for good goes to the dead-letter queue, and what nobody answered is raised:
the batch comes again, and what was published twice is harmless.
"""

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from operations import domain
from operations.domain import Poison, Publication

ATTEMPTS = 4
FIRST_PAUSE_S = 0.1  # the longest pause before the first repeat; it doubles after that


class Refused(Exception):
    """The bus refused a whole request: some entry in it is at fault."""


class Bus(Protocol):
    """The event bus."""

    def put(self, batch: Sequence[Publication]) -> Mapping[int, str]:
        """Error codes of the entries that were not taken, by position.

        Raises Refused for a request that the bus will never take, anything else for no answer.
        """


class DeadLetters(Protocol):
    """The queue of what could not be published."""

    def __call__(self, message: dict[str, Any], /) -> None:
        """Keep it; raises if it cannot be kept."""


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a batch, in events."""

    published: int
    parked: int


def relay(
    records: Iterable[dict[str, Any]],
    *,
    bus: Bus,
    park: DeadLetters,
    sleep: Callable[[float], None],
) -> Report:
    """Publish the events in a batch of stream records, oldest first."""
    found: list[Publication] = []
    published = 0
    refused: list[dict[str, Any]] = []
    for record in records:
        try:
            publication = domain.publication(record)
        except Poison as error:
            refused.append({"reason": str(error), "origin": domain.origin(record)})
            continue
        if publication is not None:
            found.append(publication)
    for batch in domain.batches(found):
        failed = _publish(batch, bus, sleep)
        published += len(batch) - len(failed)
        refused += [domain.parked(publication, reason) for publication, reason in failed]
    for message in refused:  # Last: a queue that is down holds up no event that can be published.
        park(message)
    return Report(published, len(refused))


def _publish(
    batch: Sequence[Publication], bus: Bus, sleep: Callable[[float], None]
) -> Sequence[tuple[Publication, str]]:
    """Put a batch, repeating what is refused; return what is refused for good, with the reason."""
    left = list(batch)
    codes: Mapping[int, str] = {}
    for attempt in range(ATTEMPTS):
        if attempt:
            sleep(random.uniform(0, FIRST_PAUSE_S * 2 ** (attempt - 1)))  # noqa: S311 (jitter)
        try:
            codes = bus.put(left)
        except Refused as error:
            if len(left) == 1:
                return [(left[0], str(error))]
            return [failed for each in left for failed in _publish([each], bus, sleep)]
        left = [left[index] for index in sorted(codes)]
        if not left:
            return []
    return list(zip(left, [codes[index] for index in sorted(codes)], strict=True))
