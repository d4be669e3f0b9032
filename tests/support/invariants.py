"""A service's rules over rows that its own repository wrote, read as the auditor reads them."""

from collections.abc import Iterator

from operations.domain.registry import facts_of
from operations.repository.registry import declared
from shop.invariants import Fact, Facts
from tests.support import dynamodb


def stated(service: str) -> list[Fact]:
    """What the stored rows say: of each, only the attributes that the auditor asks for."""
    return list(_stated(service))


def violated(service: str, *others: Fact) -> set[tuple[str, str]]:
    """Invariants and subjects, by the service's own rules and what `others` state."""
    facts = Facts([*stated(service), *others])
    return {
        (rule.invariant, subject)
        for rule in declared().said[service].rules
        for subject, _ in rule.check(facts)
    }


def _stated(service: str) -> Iterator[Fact]:
    registry = declared()
    for table in sorted({row.table for row in registry.said[service].rows}):
        for row in dynamodb.rows(table):
            kind = registry.type_of(table, str(row["pk"]), str(row["sk"]))
            assert kind is not None, row
            if kind.unchecked:
                continue
            asked = {name: row[name] for name in registry.attributes(table) if name in row}
            assert not kind.statuses or asked["status"] in kind.statuses, row
            yield from facts_of(kind, asked)
