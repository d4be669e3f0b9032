"""A table, row type, status or attribute that no rule looks at fails here, whoever adds it."""

import importlib
import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path

import pytest

from operations.domain.registry import Registry
from operations.repository.registry import declared
from shop import facts as published
from shop import user_keys
from shop.deploy import discover
from shop.invariants import Counted, Fact, RowType
from shop.tables import TableModel

ROOT = Path(__file__).parents[2]
FUNCTIONS = ROOT / "functions"
PLATFORM = discover()
SERVICES = sorted(PLATFORM.services)
REGISTRY = declared()
NO_FACTS = RowType.__dataclass_fields__["facts"].default


def rows_of(service: str) -> tuple[RowType, ...]:
    return REGISTRY.said[service].rows


def sources(service: str, *patterns: str) -> Iterator[Path]:
    for pattern in patterns:
        yield from sorted((FUNCTIONS / service).glob(pattern))


def modules(service: str, *patterns: str) -> Iterator[object]:
    for path in sources(service, *patterns):
        dotted = ".".join(path.relative_to(FUNCTIONS).with_suffix("").parts)
        yield importlib.import_module(dotted.removesuffix(".__init__"))


def test_every_service_says_what_holds_between_its_rows() -> None:
    assert sorted(REGISTRY.said) == SERVICES


def test_every_table_has_its_row_types_and_they_are_its_owners() -> None:
    for service in SERVICES:
        own = {table.name for table in PLATFORM.services[service].tables}
        assert {row.table for row in rows_of(service)} == own, service


@pytest.mark.parametrize("service", SERVICES)
def test_every_key_that_a_repository_makes_is_of_a_declared_row_type(service: str) -> None:
    found = set()
    for path in sources(service, "repository*.py", "repository/*.py", "domain/*.py"):
        found |= set(re.findall(r'"([A-Z]{3,})#', path.read_text()))
    known = {row.pk for row in rows_of(service)} | {
        row.sk.removesuffix("#") for row in rows_of(service)
    }
    assert found <= known


@pytest.mark.parametrize("service", SERVICES)
def test_every_declared_row_type_is_one_that_the_service_writes(service: str) -> None:
    text = "\n".join(
        path.read_text()
        for path in sources(service, "**/*.py")
        if path.name not in ("invariants.py", "deploy.py")
    )
    for row in rows_of(service):
        assert re.search(rf'"{row.pk}[#"]', text) or f"{row.pk} = " in text, row


@pytest.mark.parametrize("service", SERVICES)
def test_every_status_is_known_to_the_rules(service: str) -> None:
    kinds = {
        kind
        for module in modules(service, "domain.py", "domain/*.py")
        for name, kind in vars(module).items()
        if name.endswith("Status") and isinstance(kind, type) and issubclass(kind, Enum)
    }
    known = {status for row in rows_of(service) for status in row.statuses}
    if any(not row.unchecked for row in rows_of(service)):
        assert known == {each.value for kind in kinds for each in kind}


@pytest.mark.parametrize("service", SERVICES)
def test_what_the_rules_read_are_attributes_of_the_models(service: str) -> None:
    """So that one that is renamed fails here, and is no violation of every row in production."""
    models: dict[str, set[str]] = {}
    kernel = [user_keys]  # Of a table that functions of other services write by it.
    for module in [*modules(service, "repository*.py", "repository/*.py"), *kernel]:
        for kind in vars(module).values():
            if isinstance(kind, type) and issubclass(kind, TableModel) and hasattr(kind, "Meta"):
                attributes = kind.get_attributes()
                models.setdefault(str(kind.Meta.table_name), set()).update(attributes)
    for table in {row.table for row in rows_of(service) if not row.unchecked}:
        names = set(REGISTRY.attributes(table)) - {"outbox"}
        assert names <= models[table], table


def test_every_row_type_says_something_or_why_not() -> None:
    for row in REGISTRY.rows:
        silent = row.facts is NO_FACTS and row.sums is None
        assert silent == bool(row.unchecked), row


def test_every_kind_of_fact_is_looked_at_by_some_rule() -> None:
    stated = {
        kind.__name__
        for module in [published, *(importlib.import_module(f"{s}.invariants") for s in SERVICES)]
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, Fact) and kind is not Fact
    }
    asked = set()
    for service in SERVICES:
        text = (FUNCTIONS / service / "invariants.py").read_text()
        asked |= set(re.findall(r"facts\.(?:each|of|one|keys)\(\s*(\w+)", text))
    assert stated - asked == set()


def test_every_invariant_has_a_rule_and_every_rule_an_invariant() -> None:
    used = {rule.invariant for rule in REGISTRY.rules}
    used |= {made.invariant for made in REGISTRY.sums.values()}
    assert used == set(REGISTRY.invariants)
    assert {row.violates for row in REGISTRY.rows} <= used


@pytest.mark.parametrize("service", SERVICES)
def test_what_is_watched_has_an_alarm_and_a_line_of_the_runbook(service: str) -> None:
    said = REGISTRY.said[service]
    watched = set(said.names) if said.watched else set()
    assert set(PLATFORM.services[service].invariants) == watched
    runbook = (ROOT / "docs" / "runbook.md").read_text()
    assert all(f"\n| {name} |" in runbook for name in watched)


@pytest.mark.parametrize("service", SERVICES)
def test_the_auditor_may_read_what_the_rules_need_and_nothing_else(service: str) -> None:
    granted = {t.name: set(t.audited) for t in PLATFORM.services[service].tables if t.audited}
    assert granted == {table: read_by(REGISTRY, table) for table in REGISTRY.said[service].streams}


def read_by(registry: Registry, table: str) -> set[str]:
    """How rows of a table are read, by the keys to which the declarations lead."""
    found = set()
    for subject in registry.subjects.values():
        if subject.table == table:
            found.add("Query" if subject.whole else "BatchGetItem")
            found |= {"BatchGetItem"} if subject.follows else set()
        if any(ref.table == table for ref in subject.beside("id")):
            found.add("BatchGetItem")
    for made in registry.sums.values():
        if isinstance(made.base, Counted) and made.base.partition("sku@place").table == table:
            found.add("Query")
    return found
