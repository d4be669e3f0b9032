"""W3C Trace Context: one id finds log lines, events, order and ledger entries of a request."""

import os
import re
from dataclasses import dataclass

_TRACEPARENT = re.compile(r"^00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})$")


@dataclass(frozen=True, slots=True)
class Trace:
    """Where work belongs: travels through the state machine, events and queues.

    `correlation_id` is the W3C trace id; `request_id` names the HTTP request that caused it all;
    `instance` is that request's path with the ids in it, for problem documents that are rendered
    later.
    """

    traceparent: str
    request_id: str = ""
    instance: str = ""

    @property
    def correlation_id(self) -> str:
        """The 32 hexadecimal digits of the trace id."""
        return self.traceparent[3:35]

    def to_dict(self) -> dict[str, str]:
        """For state-machine input."""
        return {
            "traceparent": self.traceparent,
            "request_id": self.request_id,
            "instance": self.instance,
        }


def from_header(header: str | None, *, request_id: str = "", instance: str = "") -> Trace:
    """Continue the caller's trace if its header is well-formed (section 3.2), else begin one."""
    match = _TRACEPARENT.fullmatch(header.strip()) if header else None
    trace_id = match.group(1) if match else os.urandom(16).hex()
    flags = match.group(2) if match else "01"
    return Trace(f"00-{trace_id}-{os.urandom(8).hex()}-{flags}", request_id, instance)


def from_dict(data: dict[str, str] | None) -> Trace:
    """The trace in state-machine input or an event; a new one if there is none."""
    data = data or {}
    return from_header(
        data.get("traceparent"),
        request_id=data.get("request_id", ""),
        instance=data.get("instance", ""),
    )
