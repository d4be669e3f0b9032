"""What Lambda tells a function of its invocation."""

import itertools
from dataclasses import dataclass, field

ROUTE_MS = 28_000
_numbers = itertools.count(1)


@dataclass
class FakeContext:
    """A context whose time stands still at `remaining_ms`, unless a test changes it."""

    function_name: str = "test"
    remaining_ms: int = ROUTE_MS
    aws_request_id: str = field(
        default_factory=lambda: f"00000000-0000-4000-8000-{next(_numbers):012}"
    )
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:000000000000:function:test"

    def get_remaining_time_in_millis(self) -> int:
        return self.remaining_ms
