"""Functions that the clock starts, and functions that a table's stream feeds.

A run of a schedule works until nothing is left or its time is used: after an outage it catches up
as fast as it can, and what it does not reach is the first that the next run finds.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from shop import clock, invocation, retry, telemetry, trace
from shop.trace import Trace

# An item takes a few calls, and a call that hangs takes 5.6 s (aws.longest_call_s).
MARGIN_S = 10.0
FAILED = "failed"

T = TypeVar("T")
Handler = Callable[[dict[str, Any], Any], dict[str, Any]]
StreamHandler = Callable[[dict[str, Any], Any], None]


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a schedule: what was due at `now` is its work."""

    schedule: str
    now: datetime
    trace: Trace

    def left_s(self) -> float:
        """Seconds in which something may still be begun."""
        return invocation.remaining_s() - MARGIN_S

    def each(
        self, items: Iterable[T], work: Callable[[T], str], *, key: Callable[[T], str]
    ) -> Counter[str]:
        """Hand over one item after the other, none twice; count what became of them.

        A fault with one is logged under its key, counted as `failed`, and holds up nobody.
        """
        done: Counter[str] = Counter()
        seen: set[str] = set()
        iterator = iter(items)
        while self.left_s() > 0:
            item = next(iterator, None)
            if item is None:
                return done
            name = key(item)
            if name not in seen:
                seen.add(name)
                done[self._one(item, work, name)] += 1
        telemetry.logger.warning("out of time", extra={"schedule": self.schedule, "done": done})
        return done

    def _one(self, item: T, work: Callable[[T], str], name: str) -> str:
        try:
            with retry.budget():
                return work(item)
        except Exception as error:  # It is still due, or put off: another run finds it.
            telemetry.log_error("item failed", error, schedule=self.schedule, item=name)
            return FAILED


def schedule(name: str, run: Callable[[Run], Mapping[str, Any]]) -> Handler:
    """A Lambda handler that the clock starts; `run` says what was done, by the counts of words."""

    @invocation.invoked
    def handler(_event: dict[str, Any], _context: Any) -> dict[str, Any]:
        moment = trace.from_header(None)
        telemetry.set_log_context(moment)
        try:
            with telemetry.stopwatch() as timer:
                done = dict(run(Run(name, clock.now(), moment)))
        except Exception as error:
            telemetry.log_error("schedule failed", error, schedule=name)
            raise
        telemetry.logger.info("schedule", extra={"schedule": name, "done": done, **timer})
        return done

    return handler


def stream(
    name: str, consume: Callable[[list[dict[str, Any]]], Mapping[str, Any]], *, fault: str
) -> StreamHandler:
    """A Lambda handler for batches of a table's stream.

    An exception brings the whole batch again; it is counted under the metric `fault`.
    """

    @invocation.invoked
    def handler(event: dict[str, Any], _context: Any) -> None:
        telemetry.set_log_context(trace.from_header(None))
        fields: dict[str, Any] = {"stream": name, "records": len(event["Records"])}
        try:
            with telemetry.stopwatch() as timer:
                done = consume(event["Records"])
        except Exception as error:
            telemetry.log_error("stream failed", error, **fields)
            telemetry.emit_metric(fault)
            raise
        telemetry.logger.info("stream", extra={**fields, **done, **timer})

    return handler
