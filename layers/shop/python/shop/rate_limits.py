"""What callers are told of limits: `RateLimit-Policy` and `RateLimit` (lists of RFC 9651).

As draft-ietf-httpapi-ratelimit-headers has them: a policy's name, its quota `q` in a window of `w`
seconds; and of a policy, what remains, `r`, and after how many seconds there is more, `t`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

POLICY, REMAINING = "RateLimit-Policy", "RateLimit"


@dataclass(frozen=True, slots=True)
class Quota:
    """So many requests of one caller in a window. The name says by what they are counted."""

    name: str
    times: int
    window_s: int


def policy(quotas: Iterable[Quota]) -> str:
    """The value of `RateLimit-Policy`."""
    return ", ".join(f'"{each.name}";q={each.times};w={each.window_s}' for each in quotas)


def exhausted(seconds_left: Mapping[str, int]) -> Mapping[str, str]:
    """The headers of a refusal, by the names of the quotas that are used up."""
    told = ", ".join(f'"{name}";r=0;t={seconds}' for name, seconds in seconds_left.items())
    return {"Retry-After": str(max(seconds_left.values())), REMAINING: told}
