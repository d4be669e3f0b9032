"""How much is given for nothing: mails to one address, and requests for them from one network."""

from datetime import datetime, timedelta

from identity.domain.sign_in_attempts import Counter, Limit

FROM_NETWORK = Limit(20, timedelta(hours=1))
TO_ADDRESS = (Limit(3, timedelta(hours=1)), Limit(10, timedelta(days=1)))


def request_counter(from_network: str, now: datetime) -> Counter:
    """What a request for a mail is counted by: the keyed hash of its network, whoever it is for."""
    return Counter.at(from_network, FROM_NETWORK, now)


def mail_counters(address: str, now: datetime) -> tuple[Counter, ...]:
    """What a mail is counted by: the keyed hash of its address."""
    return tuple(Counter.at(address, limit, now) for limit in TO_ADDRESS)
