"""Look at what changes called into question: load the rows, apply the rules."""

from collections.abc import Iterable, Mapping

from operations.domain import evidence
from operations.domain.evidence import Ref, Rows
from operations.domain.suspects import Finding
from operations.service.ports import Evidence

ROUNDS = 8  # from an order to its payment, to its posting, to its marker: four
UNREADABLE = (KeyError, TypeError, ValueError, AttributeError)


def look(asked: Iterable[frozenset[str]], *, stored: Evidence) -> list[Finding]:
    """What is wrong, by question. A row that cannot be read is wrong, and leaves others alone."""
    questions = set(asked)
    rows = _gather(questions, stored)
    return [finding for names in questions for finding in _judge(names, rows)]


def _gather(questions: Iterable[frozenset[str]], stored: Evidence) -> Rows:
    """All rows that the questions need, loaded together round by round."""
    rows: dict[Ref, list[Mapping[str, object]]] = {}
    for _ in range(ROUNDS):
        missing = {ref for names in questions for ref in _needs(names, rows)} - rows.keys()
        if not missing:
            break
        rows |= {ref: list(found) for ref, found in stored.load(missing).items()}
    return rows


def _needs(names: frozenset[str], rows: Rows) -> set[Ref]:
    try:
        return evidence.needs(names, rows)
    except UNREADABLE:
        return set()


def _judge(names: frozenset[str], rows: Rows) -> list[Finding]:
    try:
        found = evidence.judge(names, rows)
    except UNREADABLE as error:
        detail = f"a row cannot be read: {type(error).__name__}"
        return [Finding("I6", _subject(names), detail, names)]
    return [
        Finding(each.invariant, each.subject or _subject(names), each.detail, names)
        for each in found
    ]


def _subject(names: frozenset[str]) -> str:
    """An order by preference: it is what people look for."""
    first = min(names, key=lambda name: (not name.startswith("order:"), name))
    return first.partition(":")[2]
