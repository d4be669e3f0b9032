"""The limits on guessing passwords: how many sign-ins to one account may fail, by two counters.

- From one network few. So people mistype, and a guesser keeps nobody out but their own network.
- From all networks together many more: there guessing ends that comes from everywhere at once. A
  hundred is what NIST SP 800-63B (5.2.2) allows.

A network is an IPv4 address, or the /64 of an IPv6 address: who has one address of that has all.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Network, ip_address

_IPV6_PREFIX = 64


@dataclass(frozen=True, slots=True)
class Limit:
    """So many failures in a window of this length; windows follow each other by the clock."""

    failures: int
    window: timedelta


FROM_NETWORK = Limit(5, timedelta(minutes=15))
FROM_ALL = Limit(100, timedelta(hours=1))


@dataclass(frozen=True, slots=True)
class Counter:
    """The failures of `counted`, a keyed hash, in one window of its limit."""

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


def counters(*, address: str, from_network: str, now: datetime) -> tuple[Counter, Counter]:
    """What a sign-in at `now` is counted by: keyed hashes of its e-mail address, and of the address
    with the network."""
    return Counter.at(from_network, FROM_NETWORK, now), Counter.at(address, FROM_ALL, now)


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
