"""Changes as the tables' streams tell them, and what each calls into question.

A name is `<subject>:<id>`, as the services declare their subjects (shop.invariants). Rows are put
beside each other by what names them, related_rows.py.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from operations.domain.invariants import unknown
from operations.domain.registry import Registry
from shop.invariants import Row, named

UNKNOWN = "unknown"  # the subject of rows of a kind that no service knows


@dataclass(frozen=True, slots=True)
class Change:
    """One write. `row` is what it left, None if it took the row away: then `before` is what was
    there. `expired`: TTL did it.
    """

    table: str
    kind: Literal["INSERT", "MODIFY", "REMOVE"]
    pk: str
    sk: str
    row: Row | None
    at: str
    sequence: str
    expired: bool = False
    before: Row | None = None

    @property
    def what(self) -> tuple[str, str]:
        """The kind of the row, as its key says, and the rest of the key."""
        kind, _, rest = self.pk.partition("#")
        return kind, rest

    def text(self, name: str) -> str:
        """An attribute that holds an id; "" if there is none."""
        value = (self.row or self.before or {}).get(name)
        return value if isinstance(value, str) else ""


def names_to_evaluate(registry: Registry, changes: Iterable[Change]) -> dict[str, frozenset[str]]:
    """Names to look at, by the first of them: those of one whole together."""
    found: dict[str, set[str]] = {}
    for change in changes:
        touched = list(_touched(registry, change))
        if touched:
            found.setdefault(touched[0], set()).update(touched)
    return {key: frozenset(names) for key, names in found.items()}


def _touched(registry: Registry, change: Change) -> Iterator[str]:
    """What a change is about; what that is a part of comes first, where the row names it."""
    kind = registry.type_of(change.table, change.pk, change.sk)
    if kind is None:
        yield f"{UNKNOWN}:{unknown(change.table, change.pk)}"
        return
    if not kind.about:
        return
    for whole, attribute in registry.subjects[kind.about].part_of.items():
        yield from named(whole, change.text(attribute))
    yield f"{kind.about}:{change.what[1]}"
