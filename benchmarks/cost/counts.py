"""What one act uses of AWS, as tests/integration/cost counts it."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

# A route of the API, something that happens once per process, a scheduled run with nothing to do, a
# whole journey, or a path that few journeys take and the fault harness knows.
Kind = Literal["route", "process", "schedule", "journey", "path"]


@dataclass(frozen=True, kw_only=True)
class Function:
    """What infra gives a function; `kind` as `FunctionSpec` has it."""

    kind: str
    memory_mb: int


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Sums. Keys of invocations are functions (`orders.place_order`, `orders.steps.place`); keys
    of requests and units are a function and an operation: `orders.place_order PutItem` is
    DynamoDB's, any other service is named: `identity.create_session KMS.Sign`.
    """

    api_requests: int = 0
    invocations: Mapping[str, int] = field(default_factory=dict)
    requests: Mapping[str, int] = field(default_factory=dict)
    read_units: Mapping[str, float] = field(default_factory=dict)
    write_units: Mapping[str, int] = field(default_factory=dict)
    executions: Mapping[str, int] = field(default_factory=dict)  # by who started them
    transitions: int = 0
    events: int = 0
    queue_requests: int = 0
    psp_calls: Mapping[str, int] = field(default_factory=dict)  # `payments.steps.capture capture`
    log_bytes: Mapping[str, int] = field(default_factory=dict)  # of our own lines

    def plus(self, other: "Counts") -> "Counts":
        """Their sum."""
        return Counts(
            **{
                each.name: _sum(getattr(self, each.name), getattr(other, each.name))
                for each in fields(Counts)
            }
        )


@dataclass(frozen=True, kw_only=True)
class Usage:
    """Before the answer, and after it: relay, consumers, fold."""

    kind: Kind
    now: Counts
    later: Counts = field(default_factory=Counts)

    @property
    def both(self) -> Counts:
        """In all."""
        return self.now.plus(self.later)

    def to_dict(self) -> dict[str, Any]:
        """As `usage` reads it; what is not used is left out."""
        parts = {"now": _used(self.now), "later": _used(self.later)}
        return {"kind": self.kind, **{part: used for part, used in parts.items() if used}}


Recording = Mapping[str, Usage]


def usage(data: Mapping[str, Any]) -> Usage:
    """What `Usage.to_dict` wrote; other keys are somebody else's."""
    now, later = (Counts(**data.get(part, {})) for part in ("now", "later"))
    return Usage(kind=data["kind"], now=now, later=later)


def owner(name: str) -> str:
    """`orders.steps` of `orders.steps.place` and of `orders.steps.place PutItem`."""
    return ".".join(name.partition(" ")[0].split(".")[:2])


def _sum(one: Any, other: Any) -> Any:
    if not isinstance(one, Mapping):
        return one + other
    return {key: one.get(key, 0) + other.get(key, 0) for key in {**one, **other}}


def _used(counts: Counts) -> dict[str, Any]:
    return {
        name: dict(sorted(value.items())) if isinstance(value, dict) else value
        for name, value in asdict(counts).items()
        if value
    }


def requests_to(service: str, counts: Counts) -> int:
    """How many requests this service gets, by the name that keys have: `KMS`."""
    return sum(n for key, n in counts.requests.items() if f" {service}." in key)


# What the tables show, in this order.
COUNTED: Mapping[str, Callable[[Counts], float]] = {
    "API requests": lambda c: c.api_requests,
    "Function invocations": lambda c: sum(c.invocations.values()),
    "DynamoDB requests": lambda c: sum(n for k, n in c.requests.items() if "." not in k.split()[1]),
    "Write units": lambda c: sum(c.write_units.values()),
    "Read units": lambda c: sum(c.read_units.values()),
    "State transitions": lambda c: c.transitions,
    "Events": lambda c: c.events,
    "Queue requests": lambda c: c.queue_requests,
    "KMS requests": lambda c: requests_to("KMS", c),
    "Secret requests": lambda c: requests_to("SecretsManager", c),
    "Provider calls": lambda c: sum(c.psp_calls.values()),
}
