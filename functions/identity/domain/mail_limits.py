"""How much is given for nothing: mails to one address, and requests for them from one network."""

from datetime import datetime, timedelta

from identity.domain.mailed_token import NOTICES, Purpose
from identity.domain.rate_limit import Counter, Limit

FROM_NETWORK = Limit(20, timedelta(hours=1), "network")
QUOTAS = (FROM_NETWORK.quota,)
CODES = (Limit(10, timedelta(hours=1), "hour"), Limit(30, timedelta(days=1), "day"))
TO_ADDRESS = (Limit(3, timedelta(hours=1)), Limit(10, timedelta(days=1)))


def request_counter(from_network: str, now: datetime) -> Counter:
    """What a request for a mail is counted by: the keyed hash of its network, whoever it is for."""
    return Counter.at(from_network, FROM_NETWORK, now)


def mail_counters(purpose: Purpose, address: str, now: datetime) -> tuple[Counter, ...]:
    """What a mail is counted by: the keyed hash of its address.

    Links that set a password apart: who registers an address again and again does not keep its
    owner from the way back in. And notices apart: nobody keeps an owner from hearing of a change.
    """
    counted = f"{address}.reset" if purpose is Purpose.RESET else address
    if purpose in NOTICES:
        counted = f"{address}.notices"
    if purpose is Purpose.CODE:  # Who asks for them has the password.
        return tuple(Counter.at(f"{address}.codes", limit, now) for limit in CODES)
    return tuple(Counter.at(counted, limit, now) for limit in TO_ADDRESS)
