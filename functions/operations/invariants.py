"""What always holds of events, whoever tells them: one change, one event, and it got to the bus.

Of its own rows the auditor looks at none. That it runs is what `InvariantLag` tells.
"""

from collections import defaultdict

from shop import ids
from shop.facts import EventCarried, EventExpected, EventHeard
from shop.invariants import Facts, Found, Invariants, RowType, Rule

OWN_ROWS = "The auditor's own rows, which it makes anew if they are lost."


def events_were_published(facts: Facts) -> Found:
    """I6: what a row's state says that was told, was heard.

    A timeline keeps what came by the bus: an event that is not in it never got there. One that its
    row keeps for ever is not lost.
    """
    told = {(event.key, event.type) for event in facts.each(EventHeard)}
    told |= {(event.key, event.type) for event in facts.each(EventCarried) if event.kept}
    for expected in facts.each(EventExpected):
        if (expected.key, expected.type) not in told:
            yield expected.key, f"no event {expected.type}"


def events_have_the_id_of_their_change(facts: Facts) -> Found:
    """I6: wherever an event is kept, its id is the one that its cause gives (shop.events)."""
    seen: defaultdict[tuple[str, str, int], set[str]] = defaultdict(set)
    events: list[EventHeard | EventCarried] = [*facts.each(EventHeard)]
    for event in [*events, *facts.each(EventCarried)]:
        seen[event.key, event.type, event.sequence].add(event.event_id)
    for (subject, type_, sequence), found in seen.items():
        for id_ in found:
            if not _is_derived(id_, subject, type_, str(sequence)):
                yield subject, f"the event {id_} has not the id of its change"
        if len(found) > 1:
            yield subject, f"{len(found)} events {type_} with sequence {sequence}"


def rows_carry_their_own_events(facts: Facts) -> Found:
    """I6: a row carries the event of its newest change, and no other."""
    for event in facts.each(EventCarried):
        if (event.key, event.sequence) != (event.row_id, event.row_sequence):
            yield event.row_id, f"carries the event {event.event_id}, of another change"


def _is_derived(id_: str, *cause: str) -> bool:
    try:
        region = ids.region_of(cause[0])
    except ValueError:
        return True  # Not about anything of ours: no id is derived from that.
    return id_ == ids.derive("evt", *cause, region=region)


INVARIANTS = Invariants(
    at_rest=("I6",),
    rows=tuple(
        RowType(table="audit", pk=kind, sk=sk, unchecked=OWN_ROWS)
        for kind, sk in (
            ("RUN", "RUN"),
            ("CURSOR", "EPOCH#"),
            ("CURSOR", ""),
            ("SUM", "AGGREGATE"),
            ("PART", "AGGREGATE"),
            ("VIOLATION", "VIOLATION"),
            ("REPORT", "REPORT"),
        )
    ),
    rules=(
        Rule("I6", events_were_published),
        Rule("I6", events_have_the_id_of_their_change),
        Rule("I6", rows_carry_their_own_events),
    ),
)
