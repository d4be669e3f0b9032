"""Publish the events that changed rows carry: never lost, never stopped by one bad record.

A stream repeats a batch until it succeeds, and every consumer has its effect once per event id. So
whatever the bus refuses for good goes to the dead-letter queue; what it refuses for the moment, or
does not answer, is raised: the batch comes again, and what was published twice is harmless.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from operations.domain import outbox_event as outbox_events
from operations.domain.outbox_event import MalformedEvent, OutboxEvent
from operations.service.ports import Bus, DeadLetters
from shop.retry import backoff

ATTEMPTS = 4
FIRST_PAUSE_S = 0.1  # the longest pause before the first repeat; it doubles after that
LONGEST_PAUSE_S = 1.0
# The codes of an entry that EventBridge documents as retryable; with any other it never gets in.
RETRYABLE = frozenset({"InternalFailure", "ThrottlingException"})


class PublishRejected(Exception):
    """The bus refused a whole request: some entry in it is at fault."""


class Throttled(Exception):
    """The bus was too busy for some entries: the stream has to bring them again."""


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
    """Publish the events in a batch of stream records, oldest first.

    Raises Throttled, when all else is published or parked, if the bus was too busy for some.
    """
    found, refused = _read(records)
    published = 0
    turned_away: list[str] = []
    for batch in outbox_events.batches(found):
        failed = _publish(batch, bus, sleep)
        published += len(batch) - len(failed)
        for publication, reason in failed:
            if reason in RETRYABLE:
                turned_away.append(reason)
            else:
                refused.append(outbox_events.parked(publication, reason))
    for message in refused:  # Last: a queue that is down holds up no event that can be published.
        park(message)
    if turned_away:
        raise Throttled(f"{len(turned_away)} events: {', '.join(sorted(set(turned_away)))}")
    return Report(published, len(refused))


def _read(
    records: Iterable[dict[str, Any]],
) -> tuple[list[OutboxEvent], list[dict[str, Any]]]:
    """The events in stream records, and a message for each that is none."""
    found: list[OutboxEvent] = []
    refused: list[dict[str, Any]] = []
    for record in records:
        for each in outbox_events.outbox_events(record):
            if isinstance(each, MalformedEvent):
                refused.append({"reason": str(each), "origin": outbox_events.origin(record)})
            else:
                found.append(each)
    return found, refused


def _publish(
    batch: Sequence[OutboxEvent], bus: Bus, sleep: Callable[[float], None]
) -> list[tuple[OutboxEvent, str]]:
    """Put a batch, repeating what may get in; return what did not, with the reason."""
    left = list(batch)
    failed: list[tuple[OutboxEvent, str]] = []
    for attempt in range(ATTEMPTS):
        if attempt:
            sleep(backoff(attempt - 1, base_s=FIRST_PAUSE_S, cap_s=LONGEST_PAUSE_S))
        try:
            codes = bus.put(left)
        except PublishRejected as error:
            if len(left) == 1:
                return [*failed, (left[0], str(error))]
            return failed + [each for one in left for each in _publish([one], bus, sleep)]
        answers = [(left[index], codes[index]) for index in sorted(codes)]
        failed += [(each, code) for each, code in answers if code not in RETRYABLE]
        again = [(each, code) for each, code in answers if code in RETRYABLE]
        left = [each for each, _ in again]
        if not left:
            return failed
    return failed + again
