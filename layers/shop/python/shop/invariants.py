"""The words in which a service says what always holds between its rows.

`functions/<service>/invariants.py` makes one `INVARIANTS` of these, from the standard library, this
module and shop.facts alone: the build puts it into the asset of the auditor, which applies the
rules and knows no attribute of any row. Why: docs/adr/0022-invariants-belong-to-their-services.md.

A row type turns rows into facts. A fact is typed, and what another service may rely on is one of
shop.facts: so a rule compares an order with its payment without either knowing the other's rows.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NamedTuple, TypeVar

from shop import ids

Row = Mapping[str, Any]
Amounts = Mapping[str, int]
Found = Iterator[tuple[str, str]]  # what it is about, what is wrong
# A row that somebody changed by hand can be of any form: what reading it may raise.
UNREADABLE = (KeyError, TypeError, ValueError, AttributeError)


class Ref(NamedTuple):
    """A row by its key, or without `sk` a whole partition."""

    table: str
    pk: str
    sk: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that a row says. Subclasses name what `key` is the id of."""

    key: str


F = TypeVar("F", bound=Fact)


class Facts:
    """Facts by their type and key: of whole tables, or of the few rows around a change."""

    def __init__(self, facts: Iterable[Fact] = ()) -> None:
        self._facts: defaultdict[type[Fact], dict[str, list[Any]]] = defaultdict(dict)
        for fact in facts:
            self.add(fact)

    def add(self, fact: Fact) -> None:
        """One more."""
        self._facts[type(fact)].setdefault(fact.key, []).append(fact)

    def each(self, kind: type[F]) -> Iterator[F]:
        """All of a type."""
        return (fact for found in self._facts[kind].values() for fact in found)

    def of(self, kind: type[F], key: str) -> Sequence[F]:
        """All of a type about one key."""
        return self._facts[kind].get(key, [])

    def one(self, kind: type[F], key: str) -> F | None:
        """The fact about a key of which there is one at most, since it comes from one row."""
        found = self.of(kind, key)
        return found[-1] if found else None

    def keys(self, kind: type[Fact]) -> set[str]:
        """What there are facts of a type about."""
        return set(self._facts[kind])


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of an invariant. It says nothing about what there are no facts of, so it holds over
    a few rows as over all; one that needs `whole` tables is not applied to less.
    """

    invariant: str
    check: Callable[[Facts], Found]
    whole: bool = False


@dataclass(frozen=True, slots=True)
class States:
    """Its rows state what a sum is: `columns` are whole numbers."""

    sum: str
    key: Callable[[str, str], str]  # the sum's key, from what follows # in `pk`, and from `sk`
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entries:
    """Its rows are what a sum is the sum of. They are inserted and never changed."""

    sum: str
    key: Callable[[str, str], str]
    column: str  # the whole number that they add, and how the sum calls it


@dataclass(frozen=True, slots=True)
class Parts:
    """Its rows add to several sums, and to others when they change: what, by the sums' keys.

    A `final` one never changes after it was written.
    """

    sum: str
    adds: Callable[[Row], Mapping[str, Amounts]]
    final: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RowType:
    """Rows of one kind. `unchecked` says why no rule looks at them."""

    table: str
    pk: str  # what stands before the first # of the partition key
    sk: str = ""  # the sort key; how it begins, if it ends with #; none: any
    about: str = ""  # the subject whose id follows in the partition key
    reads: tuple[str, ...] = ()  # attributes that facts and leads come from
    facts: Callable[[str, Row], Iterable[Fact]] = lambda _id, _row: ()
    statuses: frozenset[str] = frozenset()  # all values of `status` that the rules know
    violates: str = "I6"  # the invariant that a row which cannot be read violates
    counts: str = ""  # the attribute that is the sequence of the event in the row; none: 1
    keeps: bool = False  # it is never written again, so that its event stays in it
    sums: States | Entries | Parts | None = None
    unchecked: str = ""

    def takes(self, row: Row) -> bool:
        """Whether this row is one of them, by its key."""
        kind = str(row["pk"]).partition("#")[0]
        return kind == self.pk and self.sorts(str(row["sk"]))

    def sorts(self, sk: str) -> bool:
        """Whether a sort key is one of theirs."""
        if not self.sk:
            return True
        return sk.startswith(self.sk) if self.sk.endswith("#") else sk == self.sk


Leads = Callable[[str, Row | None, Sequence[Row]], Iterable[str]]
OtherIds = Callable[[str], Iterable[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a change is about, and where the rows are that have to be seen together with it.

    A name is `<subject>:<id>`. From the rows of one the auditor goes on to what they name, `leads`,
    and to what is there for a name by a derived id, `follows`, until nothing is new.
    """

    name: str
    table: str
    pk: str
    sk: str  # of its own row
    whole: bool = False  # all rows of its partition are about it
    part_of: Mapping[str, str] = field(default_factory=dict)  # subject -> attribute with its id
    # From id, own row if there is one, and all rows that were found: other names. `<name>` that
    # is no subject's (`event:…`) leads to those that follow it.
    leads: Leads = lambda _id, _row, _rows: ()
    follows: Mapping[str, OtherIds] = field(default_factory=dict)  # name -> ids of this, if there
    beside: Callable[[str], Iterable[Ref]] = lambda _id: ()  # further rows

    def ref(self, id_: str) -> Ref:
        """Where its rows are."""
        return Ref(self.table, f"{self.pk}#{id_}", "" if self.whole else self.sk)

    def own(self, id_: str) -> Ref:
        """Where its own row is."""
        return Ref(self.table, f"{self.pk}#{id_}", self.sk)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What was before a stream began is counted once, in the partition of the entries."""

    partition: Callable[[str], Ref]
    column: str
    parts: tuple[str, ...] = ()  # columns that are known when every part was seen to begin:
    known_after: timedelta = timedelta()  # parts live for less


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What was before a stream began is what was stated then: it is too much to be counted.

    `version` is the column that counts what is in the sum: where both sides have the same number,
    or nothing changed for `quiet_after`, they are compared.
    """

    version: str
    quiet_after: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """A number that is stated in a row and is the sum of others, kept going from the streams.

    `wrong` says what is wrong between what is stated and what it adds up to; a column that is not
    known yet is missing there.
    """

    name: str
    invariant: str
    wrong: Callable[[Amounts, Amounts], Iterable[str]]
    base: Counted | Carried


@dataclass(frozen=True, slots=True, kw_only=True)
class Invariants:
    """All that a service says. `streams` are the tables whose changes the auditor follows. What is
    not `watched` is checked only where whole tables are: by `shopctl status`, and in tests.
    """

    rows: tuple[RowType, ...]
    always: tuple[str, ...] = ()  # its invariants that hold at every moment
    at_rest: tuple[str, ...] = ()  # those that hold once queues are empty and nothing runs
    rules: tuple[Rule, ...] = ()
    subjects: tuple[Subject, ...] = ()
    sums: tuple[Sum, ...] = ()
    streams: tuple[str, ...] = ()
    watched: bool = True

    @property
    def names(self) -> tuple[str, ...]:
        """The invariants that it answers for."""
        return (*self.always, *self.at_rest)


def carried(row: Row) -> list[dict[str, Any]]:
    """The events of a row's newest change (shop.tables); none if that told nothing."""
    found: list[dict[str, Any]] = json.loads(row.get("outbox") or "[]")
    return found


def derived(kind: str, *cause: str) -> Iterator[str]:
    """The id that is derived from this cause; none if the cause is no id of ours."""
    try:
        yield ids.derive(kind, *cause, region=ids.region_of(cause[0]))
    except ValueError:
        return


def named(subject: str, id_: object) -> Iterator[str]:
    """The name of what an attribute holds the id of; none if it holds none."""
    if isinstance(id_, str) and id_:
        yield f"{subject}:{id_}"
