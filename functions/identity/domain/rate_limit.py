"""How often something may happen, counted by whom it is done to or by which network it comes from.

A network is an IPv4 address, or the /64 of an IPv6 address: who has one address of that has all.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Network, ip_address

from shop.rate_limits import Quota

_IPV6_PREFIX = 64


@dataclass(frozen=True, slots=True)
class Limit:
    """So often in a window of this length; windows follow each other by the clock.

    `name` is what callers are told that it counts by.
    """

    times: int
    window: timedelta
    name: str = "default"

    @property
    def quota(self) -> Quota:
        """As callers are told."""
        return Quota(self.name, self.times, int(self.window.total_seconds()))


@dataclass(frozen=True, slots=True)
class Counter:
    """How often it was `counted`, a keyed hash, in one window of its limit."""

    counted: str
    limit: Limit
    window: int

    @classmethod
    def at(cls, counted: str, limit: Limit, now: datetime) -> "Counter":
        """The one of the window that `now` is in."""
        return cls(counted, limit, int(now.timestamp()) // int(limit.window.total_seconds()))

    @property
    def ends_at(self) -> int:
        """Epoch seconds."""
        return (self.window + 1) * int(self.limit.window.total_seconds())

    def seconds_left(self, now: datetime) -> int:
        """For Retry-After: whole seconds, at least one."""
        return max(1, self.ends_at - int(now.timestamp()))


def network_of(source_ip: str) -> str:
    """The network that a caller's address belongs to; a text that is no address is its own."""
    try:
        found = ip_address(source_ip.partition("%")[0])
    except ValueError:
        return source_ip
    if isinstance(found, IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(IPv6Network((found, _IPV6_PREFIX), strict=False))
