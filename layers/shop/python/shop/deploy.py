"""What a service declares of itself, as plain data: functions and their rights, tables, alarms.

`functions/<service>/deploy.py` makes one `SERVICE` of these and imports nothing else. infra makes
a stack of it; tools and tests read the same. Neither is shipped: what a function may do changes no
code that runs.
"""

import functools
import importlib
import runpy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

Kind = Literal["route", "authorizer", "steps", "consumer", "job", "stream"]
# A page wakes somebody up; a notice is read on the next working day.
Severity = Literal["page", "notice"]

# What the place of an entry point within its service says about it.
KINDS: Mapping[str, Kind] = {
    "api": "route",
    "authorizer": "authorizer",
    "consumers": "consumer",
    "schedules": "job",
    "steps": "steps",
    "streams": "stream",
}
ROOT = Path(__file__).resolve().parents[4]
# Of the alarm on invariants: which one and which rows it is about.
WHICH = "GET /ops/invariants and the messages of this topic name it; docs/runbook.md says more."
# Memory buys a share of a processor, and every millisecond of waiting is paid by it. What waits for
# the machine or the provider hundreds of times longer than it computes has half as much as usual.
USUAL_MB, WAITING_MB = 512, 256


@dataclass(frozen=True, kw_only=True)
class Retries:
    """How often a message is tried, once per visibility timeout, and how long it may wait.

    With a consumer's three minutes, 1000 tries (the most that SQS counts) are two days.
    """

    attempts: int
    retention_days: int


HOURS = Retries(attempts=20, retention_days=4)
DAYS = Retries(attempts=1000, retention_days=14)


@dataclass(frozen=True, kw_only=True)
class Index:
    """An index by two keys. It holds those, and of other attributes `project`: what its readers
    read. Each more is written once more with every change of it.
    """

    partition: str
    sort: str
    project: tuple[str, ...] = ()


def due(*project: str) -> Mapping[str, Index]:
    """Sparse: only rows in a non-final state carry both attributes."""
    return {"due": Index(partition="due_shard", sort="next_attempt_at", project=project)}


@dataclass(frozen=True, kw_only=True)
class Personal:
    """What of a table names or reaches a person, or lets somebody act as one, and what it says.

    `sealed` attributes hold it under its user's own key (shop.personal_data), and so in no form
    that outlives an erasure; `attributes` hold it in clear.
    """

    says: str
    sealed: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table with keys `pk` and `sk`. It has a stream if it publishes or a function reads it."""

    name: str
    indexes: Mapping[str, Index] = field(default_factory=dict)
    publishes: bool = False  # rows carry events, which the relay puts on the bus
    expires: bool = True  # rows with `expires_at` go by themselves
    # How the auditor reads rows to which invariants.py leads it. It follows the stream, too; where
    # this is empty it does neither.
    audited: tuple[str, ...] = ()
    append_only: bool = False  # the table itself refuses every change of what is there
    personal: Personal | None = None
    # How far back its copies reach, where a stage keeps them: 1 to 35. What is gone stays in them.
    backup_days: int = 35
    # Whether it is in a stage's second region, too. What two regions write to one row within a
    # second, the later one wins: rows that are counted with, money and stock never.
    replicated: bool = False


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """A private bucket whose objects go by themselves after `days`."""

    name: str
    days: int
    says: str  # what is personal in it


@dataclass(frozen=True, kw_only=True)
class Foreign:
    """What a function does to a table of another service; `only_key` is the one partition it sees.

    To read is the rule. It writes only by the kernel's code, as shop.user_keys does.
    """

    actions: tuple[str, ...]
    stream: bool = False
    only_key: str | None = None


@dataclass(frozen=True, kw_only=True)
class Function:
    """One Lambda function and its rights.

    `place` is its file within the service, which says its kind: `api/place_order`, `steps`.
    `tables` maps a table of the service, or `<table>/<index>`, to the item actions that it may do;
    `foreign` maps tables of other services. `uses` names what infra/extensions offers besides.
    """

    place: str
    tables: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    foreign: Mapping[str, Foreign] = field(default_factory=dict)
    # Prefixes of buckets, of any service, with the object actions that it may do below each.
    objects: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    audits: bool = False  # it reads every table that says how, and tells of all invariants
    uses: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()  # state machines that it starts and waits for
    starts: tuple[str, ...] = ()  # state machines that it starts and leaves to themselves
    event_types: tuple[str, ...] = ()  # events of a consumer; `order.*` is every event of that kind
    retries: Retries = HOURS  # of a consumer, before a message is parked
    # No more than this of the stage's pool: batches of a consumer at a time, at least 2, where all
    # of them change one row; tasks of steps that nobody waits for. None: all of it.
    max_concurrency: int | None = None
    parallel: int = 1  # batches of one shard of a stream at a time
    parks: str | None = None  # the variable with the queue of what streams bring in vain
    memory_mb: int = USUAL_MB
    timeout_s: int | None = None  # None: as usual for its kind
    service: str = ""  # the folder that it was found in

    @property
    def kind(self) -> Kind:
        """What invokes it."""
        return KINDS[self.place.partition("/")[0]]

    @property
    def name(self) -> str:
        """Its name within the service."""
        return self.place.rpartition("/")[2]

    @property
    def id(self) -> str:
        """`<service>.<name>`."""
        return f"{self.service}.{self.name}"

    @property
    def module(self) -> str:
        """Where its code is."""
        return f"{self.service}.{self.place.replace('/', '.')}"

    @property
    def handler(self) -> str:
        """As Lambda calls it."""
        return f"{self.module}.handler"

    def load(self) -> Callable[[dict[str, Any], Any], Any]:
        """The handler itself."""
        found: Callable[[dict[str, Any], Any], Any] = importlib.import_module(self.module).handler
        return found


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """Tells people when the service counts `metric` (shop.telemetry.emit_metric) above `limit`.

    It looks at periods of `minutes`, and at the sum of each; of a gauge, at the greatest value.
    Where nothing is counted, nothing is wrong: what is counted only to say so is paid for every
    month. What a stranger can bring about pages nobody.
    """

    metric: str
    description: str
    severity: Severity = "notice"
    dimensions: Mapping[str, str] = field(default_factory=dict)
    gauge: bool = False
    limit: float = 0
    minutes: int = 1
    periods: int = 1  # in a row
    recovers: bool = False  # tell, too, when it is over: where it can last


@dataclass(frozen=True, kw_only=True)
class Service:
    """All that a service declares."""

    description: str
    functions: tuple[Function, ...]
    tables: tuple[Table, ...] = ()
    buckets: tuple[Bucket, ...] = ()
    # Whether its tables are encrypted by a key of its own, where a stage has such keys, or by
    # DynamoDB's: what is personal or about money has its own, what everybody may see needs none.
    own_key: bool = True
    alarms: tuple[Alarm, ...] = ()
    # What it counts besides: to be looked at only, and what the named metric of AWS tells as well.
    quiet: tuple[str, ...] = ()
    told_by: Mapping[str, str] = field(default_factory=dict)
    # The watched invariants that it answers for, and what is wrong where one is violated.
    invariants: Mapping[str, str] = field(default_factory=dict)
    # Kinds of ids that it makes, and the fields by which events and paths carry them.
    ids: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    # What its extension puts into the environment, with values that lead nowhere: for loading its
    # code where nothing is deployed.
    variables: Mapping[str, str] = field(default_factory=dict)
    name: str = ""  # the folder that it was found in


@dataclass(frozen=True)
class Platform:
    """All services, by name."""

    services: Mapping[str, Service]

    @property
    def functions(self) -> Mapping[str, Function]:
        """All functions, by `<service>.<name>`."""
        return {each.id: each for service in self.services.values() for each in service.functions}

    @property
    def tables(self) -> Mapping[str, Table]:
        """All tables, by name."""
        return {table.name: table for made in self.services.values() for table in made.tables}

    @property
    def consumers(self) -> Mapping[str, tuple[str, ...]]:
        """What each consumer hears."""
        return {id_: each.event_types for id_, each in self.functions.items() if each.event_types}

    @property
    def ids(self) -> Mapping[str, str]:
        """The kind of id in each field that carries one."""
        return {
            name: kind
            for service in self.services.values()
            for kind, names in service.ids.items()
            for name in names
        }

    def of_kind(self, kind: Kind) -> list[Function]:
        """Functions of one kind, in the order of their ids."""
        return sorted((f for f in self.functions.values() if f.kind == kind), key=lambda f: f.id)

    @property
    def relay(self) -> Function:
        """The one function that streams feed: with the events of every table that publishes."""
        (relay,) = self.of_kind("stream")
        return relay

    @property
    def auditors(self) -> set[str]:
        """The services with a function that audits: their assets hold the rules of all."""
        return {each.service for each in self.functions.values() if each.audits}

    @property
    def invariants(self) -> Mapping[str, str]:
        """All that are watched, by name, and what is wrong where one is violated."""
        found = [each for service in self.services.values() for each in service.invariants.items()]
        return dict(sorted(found))

    @property
    def publishing(self) -> list[str]:
        """The names of the tables whose rows carry events."""
        return sorted(name for name, table in self.tables.items() if table.publishes)

    def owner(self, table: str) -> str:
        """The service that a table belongs to."""
        for service in self.services.values():
            if any(made.name == table for made in service.tables):
                return service.name
        raise LookupError(f"no service declares a table {table}")

    def owner_of_bucket(self, bucket: str) -> str:
        """The service that a bucket belongs to."""
        for service in self.services.values():
            if any(made.name == bucket for made in service.buckets):
                return service.name
        raise LookupError(f"no service declares a bucket {bucket}")

    def followed(self, table: Table) -> bool:
        """Whether a function of another service reads the table's stream by itself."""
        return any(
            name == table.name and foreign.stream
            for each in self.functions.values()
            for name, foreign in each.foreign.items()
        )

    def lends(self, service: Service) -> bool:
        """Whether a function of another service reads a table of this one."""
        own = {table.name for table in service.tables}
        return any(own & set(each.foreign) for each in self.functions.values())

    def lenders(self, service: Service) -> set[str]:
        """The services whose tables this one reads."""
        return {self.owner(name) for each in service.functions for name in each.foreign}

    def streams(self, table: Table) -> bool:
        """Whether the table needs a stream."""
        return table.publishes or self.followed(table)


@functools.cache
def discover(root: Path = ROOT) -> Platform:
    """Read what every service of a tree declares."""
    found = {}
    for path in sorted((root / "functions").glob("*/deploy.py")):
        name, declared = path.parent.name, runpy.run_path(str(path)).get("SERVICE")
        if not isinstance(declared, Service):
            raise TypeError(f"functions/{name}/deploy.py declares no SERVICE")
        functions = tuple(replace(each, service=name) for each in declared.functions)
        found[name] = replace(declared, name=name, functions=functions)
    return Platform({name: _with_audit(each, found) for name, each in found.items()})


def _with_audit(service: Service, all_: Mapping[str, Service]) -> Service:
    """Where a function audits: with the right to read what services let be audited, and one alarm
    for all invariants: which one and whose is in the message that comes with it.
    """
    if not any(each.audits for each in service.functions):
        return service
    audited = {
        table.name: Foreign(actions=table.audited, stream=True)
        for owner in all_.values()
        for table in owner.tables
        if table.audited
    }
    wrong = " ".join(f"{name}: {says}" for name, says in Platform(all_).invariants.items())
    violated = Alarm(
        metric="InvariantViolated",
        description=f"An invariant is violated. {WHICH} {wrong}",
        severity="page",
        gauge=True,
        recovers=True,
    )
    return replace(
        service,
        functions=tuple(
            replace(each, foreign={**each.foreign, **audited}) if each.audits else each
            for each in service.functions
        ),
        alarms=(*service.alarms, violated),
    )
