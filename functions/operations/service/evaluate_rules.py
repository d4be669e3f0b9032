"""Look at what changes may have broken: load the rows, apply the rules."""

from collections.abc import Iterable, Mapping

from operations.domain import invariants, related_rows
from operations.domain.open_violations import Finding
from operations.domain.registry import Registry
from operations.domain.related_rows import Rows
from operations.service.ports import RelatedRows
from shop.invariants import UNREADABLE, Ref

ROUNDS = 8  # from an order to its payment, to its posting, to its marker: four


def evaluate(
    registry: Registry, names: Iterable[frozenset[str]], *, stored: RelatedRows
) -> list[Finding]:
    """What is wrong, by group of names. An unreadable row is wrong, and leaves others alone."""
    groups = set(names)
    rows = _gather(registry, groups, stored)
    return [finding for group in groups for finding in _judge(registry, group, rows)]


def _gather(registry: Registry, groups: Iterable[frozenset[str]], stored: RelatedRows) -> Rows:
    """All rows that the names need, loaded together round by round."""
    rows: dict[Ref, list[Mapping[str, object]]] = {}
    for _ in range(ROUNDS):
        missing = {ref for group in groups for ref in related_rows.needs(registry, group, rows)}
        missing -= rows.keys()
        if not missing:
            break
        rows |= {ref: list(found) for ref, found in stored.load(missing).items()}
    return rows


def _judge(registry: Registry, names: frozenset[str], rows: Rows) -> list[Finding]:
    subject = _subject(registry, names)
    try:
        found = related_rows.judge(registry, names, rows)
    except UNREADABLE as error:
        detail = f"a row cannot be read: {type(error).__name__}"
        return [Finding(invariants.UNKNOWN, subject, detail, names)]
    return [Finding(each.invariant, each.subject or subject, each.detail, names) for each in found]


def _subject(registry: Registry, names: frozenset[str]) -> str:
    """What others are parts of, by preference: it is what people look for."""
    wholes = {whole for subject in registry.subjects.values() for whole in subject.part_of}
    first = min(names, key=lambda name: (name.partition(":")[0] not in wholes, name))
    return first.partition(":")[2]
