"""Apply the rules of all services: to whole tables, or to the few rows around a change."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from operations.domain.registry import Registry, facts_of, id_of
from shop.invariants import UNREADABLE, Facts, Row, Rule

# What a row violates that no rule looks at: nobody knows whether it is right.
UNKNOWN = "I6"


@dataclass(frozen=True, slots=True, order=True)
class Violation:
    """One thing that is not as it must be."""

    invariant: str
    subject: str
    detail: str


Tables = Mapping[str, Iterable[Row]]


def check(registry: Registry, tables: Tables) -> dict[str, list[Violation]]:
    """Violations by invariant, of whole tables; an empty list is an invariant that holds."""
    found = set(_violations(registry, tables, whole=True))
    return {
        name: sorted(each for each in found if each.invariant == name)
        for name in registry.invariants
    }


def violations(registry: Registry, tables: Tables) -> list[Violation]:
    """Of these rows; a row that cannot be read is a violation of what its rule is for."""
    return sorted(set(_violations(registry, tables, whole=False)))


def _violations(registry: Registry, tables: Tables, *, whole: bool) -> Iterator[Violation]:
    facts = Facts()
    for table, rows in tables.items():
        for row in rows:
            yield from _read(registry, table, row, facts)
    for rule in registry.rules:
        if whole or not rule.whole:
            yield from _apply(rule, facts)


def _read(registry: Registry, table: str, row: Row, facts: Facts) -> Iterator[Violation]:
    """Add what a row says; yields what is wrong with the row itself."""
    kind = registry.type_of(table, str(row["pk"]), str(row["sk"]))
    if kind is None:
        yield Violation(UNKNOWN, unknown(table, str(row["pk"])), "no rule looks at such rows")
        return
    if kind.unchecked:
        return
    try:
        for fact in facts_of(kind, row):
            facts.add(fact)
    except UNREADABLE as error:
        yield Violation(kind.violates, id_of(row), f"a row cannot be read: {type(error).__name__}")
    if kind.statuses and row.get("status") not in kind.statuses:
        yield Violation(UNKNOWN, id_of(row), f"no rule knows the status {row.get('status')}")


def _apply(rule: Rule, facts: Facts) -> Iterator[Violation]:
    try:
        for subject, detail in rule.check(facts):
            yield Violation(rule.invariant, subject, detail)
    except UNREADABLE as error:
        yield Violation(rule.invariant, "", f"a row cannot be read: {type(error).__name__}")


def unknown(table: str, pk: str) -> str:
    """How rows of a kind that no service knows are called."""
    return f"{table}/{pk.partition('#')[0]}"
