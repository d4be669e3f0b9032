"""The limits on guessing passwords: how many sign-ins to one account may fail, by two counters.

- From one network few. So people mistype, and a guesser keeps nobody out but their own network.
- From all networks together many more: there guessing ends that comes from everywhere at once. A
  hundred is what NIST SP 800-63B (5.2.2) allows.
"""

from datetime import datetime, timedelta

from identity.domain.rate_limit import Counter, Limit

FROM_NETWORK = Limit(5, timedelta(minutes=15), "network")
FROM_ALL = Limit(100, timedelta(hours=1), "address")
QUOTAS = (FROM_NETWORK.quota, FROM_ALL.quota)
# Who guesses codes knows the password already. Of a million codes three are good at a time: thirty
# guesses an hour find one in a day with a chance of 1 in 460.
CODES_FROM_ALL = Limit(30, timedelta(hours=1), "address")
CODE_QUOTAS = (FROM_NETWORK.quota, CODES_FROM_ALL.quota)


def counters(*, address: str, from_network: str, now: datetime) -> tuple[Counter, Counter]:
    """What a sign-in at `now` is counted by: keyed hashes of its e-mail address, and of the address
    with the network."""
    return Counter.at(from_network, FROM_NETWORK, now), Counter.at(address, FROM_ALL, now)


def code_counters(*, address: str, from_network: str, now: datetime) -> tuple[Counter, Counter]:
    """The same of a one-time code, apart: who guesses codes keeps nobody from signing in."""
    counted = f"{address}.code"
    return Counter.at(from_network, FROM_NETWORK, now), Counter.at(counted, CODES_FROM_ALL, now)
