"""Which rows a question needs, found by keys alone: ids that rows name, and ids that are derived.

`needs` is asked again with every row that was found, until nothing new is needed: an order leads
to its payment, that to its posting, that to its marker. Where each leads is what the services say.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from operations.domain import invariants
from operations.domain.changes import UNKNOWN
from operations.domain.invariants import Violation
from operations.domain.registry import Registry
from shop.invariants import UNREADABLE, Ref, Row, Subject, named

Rows = Mapping[Ref, Sequence[Row]]


def needs(registry: Registry, names: Iterable[str], rows: Rows) -> set[Ref]:
    """Every row that tells about these names, as far as `rows` lead."""
    found: set[Ref] = set()
    seen, new = set[str](), set(names)
    while new:
        seen |= new
        more: set[str] = set()
        for name in new:
            if subject := registry.subjects.get(_subject(name)):
                found |= {subject.ref(_id(name)), *subject.beside(_id(name))}
                more |= set(_leads(subject, _id(name), rows))
            for ref, follower in _followers(registry, name):
                found.add(ref)
                if rows.get(ref):
                    more.add(follower)
        new = more - seen
    return found


def judge(registry: Registry, names: Iterable[str], rows: Rows) -> list[Violation]:
    """What is wrong with these; `rows` are all that `needs` asks for."""
    names = frozenset(names)
    tables: dict[str, dict[tuple[str, str], Row]] = {}
    for ref in needs(registry, names, rows):
        for row in rows.get(ref, ()):
            tables.setdefault(ref.table, {})[str(row["pk"]), str(row["sk"])] = row
    found = invariants.violations(registry, {name: t.values() for name, t in tables.items()})
    return [*found, *_unknown(registry, names)]


def _unknown(registry: Registry, names: Iterable[str]) -> Iterator[Violation]:
    """Rows that were of no known kind, until a service says what they are."""
    for name in names:
        table, _, pk = _id(name).partition("/")
        known = any((row.table, row.pk) == (table, pk) for row in registry.rows)
        if _subject(name) == UNKNOWN and not known:
            yield Violation(invariants.UNKNOWN, _id(name), "no rule looks at such rows")


def _leads(subject: Subject, id_: str, rows: Rows) -> Iterator[str]:
    """What its rows name, once they were looked for."""
    found = rows.get(subject.ref(id_))
    if found is None:
        return
    own = next((row for row in found if row["sk"] == subject.sk), None)
    try:
        for whole, attribute in subject.part_of.items():
            yield from named(whole, (own or {}).get(attribute))
        yield from subject.leads(id_, own, found)
    except UNREADABLE:
        return  # The rules say so of the row.


def _followers(registry: Registry, name: str) -> Iterator[tuple[Ref, str]]:
    """What would be there for a name, by an id that is derived from its: the row, and its name."""
    for subject in registry.subjects.values():
        ids_of = subject.follows.get(_subject(name))
        for id_ in ids_of(_id(name)) if ids_of else ():
            yield subject.own(id_), f"{subject.name}:{id_}"


def _subject(name: str) -> str:
    return name.partition(":")[0]


def _id(name: str) -> str:
    return name.partition(":")[2]
