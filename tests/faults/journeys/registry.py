"""What customers, staff, clocks and the provider do. Each journey meets every fault at every point.

A journey joins by standing here. `given` has happened before; `when` is what goes wrong. The
fault-free run must end as `ends` says, so that a harness that does nothing is seen.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.faults.environment import FaultEnvironment
from tests.support import dynamodb

Part = Callable[[FaultEnvironment], Any]


@dataclass(frozen=True)
class Journey:
    """A story with two parts and an end."""

    name: str
    when: Part
    given: Part = lambda world: None
    ends: Mapping[str, Any] = field(default_factory=dict)  # orders and payments, answers
    firm: bool = False  # it ends like that whatever happens, only later


JOURNEYS: dict[str, Journey] = {}


def journey(
    *, given: Part = lambda world: None, firm: bool = False, **ends: Any
) -> Callable[[Part], Part]:
    """The function is the `when` of a journey of its name."""

    def add(when: Part) -> Part:
        name = when.__name__
        JOURNEYS[name] = Journey(name, when, given, ends, firm)
        return when

    return add


def ended(world: FaultEnvironment) -> dict[str, Any]:
    """How a run came out: orders and payments by status, final answers by request."""
    found: dict[str, Any] = {
        "answers": [reply.status for s in world.sent for reply in s.finals[:1]]
    }
    for table, sort_key in (("orders", "ORDER"), ("payments", "PAYMENT")):
        rows = [row for row in dynamodb.rows(table) if row["sk"] == sort_key]
        found[table] = sorted(str(row["status"]) for row in rows)
    return found
