"""What all services say of their rows, put together: the only thing that the auditor knows."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from shop.facts import EventCarried
from shop.invariants import Fact, Invariants, Parts, Row, RowType, Rule, Subject, Sum, carried

# Every row has these; they are of no service.
CONVENTIONS = ("pk", "sk", "outbox")


class Registry:
    """`Invariants` by the name of the service that said it."""

    def __init__(self, said: Mapping[str, Invariants]) -> None:
        self.said = said
        self.rows: tuple[RowType, ...] = tuple(row for each in said.values() for row in each.rows)
        self.rules: tuple[Rule, ...] = tuple(r for each in said.values() for r in each.rules)
        self.subjects: Mapping[str, Subject] = {
            subject.name: subject for each in said.values() for subject in each.subjects
        }
        self.sums: Mapping[str, Sum] = {
            made.name: made for each in said.values() for made in each.sums
        }
        self.streams: tuple[str, ...] = tuple(t for each in said.values() for t in each.streams)
        self._types: defaultdict[tuple[str, str], list[RowType]] = defaultdict(list)
        for row in self.rows:
            self._types[row.table, row.pk].append(row)

    @cached_property
    def tables(self) -> tuple[str, ...]:
        """All tables with rows that some rule looks at."""
        return tuple(dict.fromkeys(row.table for row in self.rows if not row.unchecked))

    @cached_property
    def always(self) -> frozenset[str]:
        """Invariants that hold at every moment; the others hold when nothing is under way."""
        return frozenset(name for each in self.said.values() for name in each.always)

    @cached_property
    def invariants(self) -> tuple[str, ...]:
        """All of them."""
        return _names(self.said.values())

    @cached_property
    def watched(self) -> tuple[str, ...]:
        """Those that are checked all the time, from the streams."""
        return _names(each for each in self.said.values() if each.watched)

    def type_of(self, table: str, pk: str, sk: str) -> RowType | None:
        """What kind of row this is; None if no service knows it."""
        kind = pk.partition("#")[0]
        return next((each for each in self._types[table, kind] if each.sorts(sk)), None)

    def attributes(self, table: str) -> tuple[str, ...]:
        """What has to be read of a table's rows."""
        found = dict.fromkeys(CONVENTIONS)
        for row in self.rows:
            if row.table == table and not row.unchecked:
                found |= dict.fromkeys((*row.reads, *_more(row)))
        for subject in self.subjects.values():
            if subject.table == table:
                found |= dict.fromkeys(subject.part_of.values())
        return tuple(found)

    def tables_of(self, sum_: str) -> tuple[str, ...]:
        """The tables whose rows state a sum or add to it."""
        found = {row.table for row in self.rows if row.sums is not None and row.sums.sum == sum_}
        return tuple(sorted(found))

    def parts(self, pk: str) -> tuple[RowType, Parts]:
        """The row type of what adds to several sums."""
        for row in self.rows:
            if row.pk == pk and isinstance(row.sums, Parts):
                return row, row.sums
        raise LookupError(f"no rows {pk} add to sums")


def _more(row: RowType) -> Iterator[str]:
    if row.statuses:
        yield "status"
    if row.counts:
        yield row.counts


def _names(said: Iterable[Invariants]) -> tuple[str, ...]:
    return tuple(sorted({name for each in said for name in each.names}))


def facts_of(kind: RowType, row: Row) -> list[Fact]:
    """What a row says, its events included; raises one of UNREADABLE."""
    id_ = id_of(row)
    number = int(row.get(kind.counts, 1)) if kind.counts else 1
    events = [
        EventCarried(
            event["subject"],
            event["type"],
            int(event["sequence"]),
            event["id"],
            row_id=id_,
            row_sequence=number,
            kept=kind.keeps,
        )
        for event in carried(row)
    ]
    return [*kind.facts(id_, row), *events]


def id_of(row: Row) -> str:
    """What a row is about, as its key says."""
    return str(row["pk"]).partition("#")[2]
