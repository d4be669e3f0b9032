"""Requests for mails in the table `identity`.

    PENDING#<mac>           REGISTRATION#<mail id>  who wants an account with this address; TTL
    PENDING#<mac>           RESEND#<mail id>        that its link is wanted once more; TTL
    PENDING#<mac>           RESET#<mail id>         that a password was forgotten; TTL
    PENDING#<mac>           CODE#<mail id>          that a one-time code is wanted; TTL
    PENDING#<mac>           FACTOR_ADDED#<mail id>  that somebody is told of a change of theirs; TTL
                            (FACTOR_REMOVED, FACTORS_RESET, RECOVERY_CODE_USED)

`mac` is the keyed hash of an address. A request carries its event until it is written again. Reads
are consistent.
"""

from collections.abc import Sequence
from datetime import datetime

from pynamodb.attributes import BinaryAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.transactions import TransactWrite

from identity.domain.mailed_token import MailRequest, Purpose
from identity.domain.rate_limit import Counter
from identity.repository import counters
from identity.service.ports import MailedCode
from shop import clock, tables
from shop.events import Event
from shop.tables import EventRow, transact

# Rows outlive their time a little: who comes late hears that it is over.
SPARE_S = 3600
NEWEST = 10  # registrations of an address that are looked at for one that is still open


class MailRequestItem(EventRow):
    """PENDING#<mac> / <PURPOSE>#<mail id>."""

    Meta = tables.meta("identity")

    digest = UnicodeAttribute(null=True)
    created_at = UnicodeAttribute()
    user_id = UnicodeAttribute(null=True)
    applicant = BinaryAttribute(null=True, legacy_encoding=False)
    counted_at = UnicodeAttribute(null=True)
    mailed_at = UnicodeAttribute(null=True)
    used_at = UnicodeAttribute(null=True)
    expires_at = NumberAttribute()


class MailRequestRepository:
    """Requests. Implements service.MailRequests."""

    def ask(self, request: MailRequest, requested: Event, counter: Counter) -> bool:
        """Store the request with its event and count it; False if too many were counted."""

        def build(tx: TransactWrite) -> None:
            store(tx, request, requested)
            counters.count(tx, "ASKED", counter)

        # The request's own condition fails only for this very request, whose answer was lost.
        return not any(failed.index == 1 for failed in transact(build))

    def get(self, purpose: Purpose, address: str, mail_id: str) -> MailRequest | None:
        """The request; None if there is none of this purpose."""
        key = request_key(purpose, address, mail_id)
        try:
            return _request(MailRequestItem.get(*key, consistent_read=True))
        except MailRequestItem.DoesNotExist:
            return None

    def open_registration(self, address: str, *, now: datetime) -> MailRequest | None:
        """The newest registration of an address whose link still works."""
        found = MailRequestItem.query(
            f"PENDING#{address}",
            MailRequestItem.sk.startswith(f"{Purpose.REGISTRATION.upper()}#"),
            scan_index_forward=False,
            limit=NEWEST,
            consistent_read=True,
        )
        requests = (_request(item) for item in found)
        return next((r for r in requests if r.used is None and not r.is_over(now)), None)

    def claim(self, request: MailRequest, counted_by: Sequence[Counter], *, now: datetime) -> bool:
        """Count the mail that the request asks for, once; False if its address has enough."""

        def build(tx: TransactWrite) -> None:
            tx.update(
                MailRequestItem(*_key(request)),
                [MailRequestItem.counted_at.set(clock.rfc3339(now)), tables.outbox(None)],
                condition=MailRequestItem.pk.exists() & MailRequestItem.counted_at.does_not_exist(),
            )
            for counter in counted_by:
                counters.count(tx, "MAILS", counter)

        failed = transact(build)
        return not failed or failed[0].index == 0

    def mark_mailed(self, request: MailRequest, *, now: datetime) -> None:
        """Remember that the mail is on its way."""
        tables.update(
            MailRequestItem(*_key(request)),
            [MailRequestItem.mailed_at.set(clock.rfc3339(now))],
            MailRequestItem.pk.exists(),
        )


def request_key(purpose: Purpose, address: str, mail_id: str) -> tuple[str, str]:
    """Where a request is."""
    return f"PENDING#{address}", f"{purpose.upper()}#{mail_id}"


def store(tx: TransactWrite, request: MailRequest, requested: Event) -> None:
    """The part of a transaction that stores a request with its event."""
    new = _item(request)
    new.outbox = tables.outbox_text(requested)
    tx.save(new, condition=MailRequestItem.pk.does_not_exist())


def store_code(tx: TransactWrite, mailed: MailedCode | None) -> None:
    """The part of a transaction that asks for a mail with a code and counts that, if one is sent;
    its conditions come last."""
    if mailed is not None:
        request, requested, counter = mailed
        store(tx, request, requested)
        counters.count(tx, "ASKED", counter)


def use(tx: TransactWrite, request: MailRequest, *, now: datetime) -> None:
    """The part of a transaction that uses a token up, if nobody has; what is known of an applicant
    goes with it."""
    tx.update(
        MailRequestItem(*_key(request)),
        [
            MailRequestItem.used_at.set(clock.rfc3339(now)),
            MailRequestItem.applicant.remove(),
            tables.outbox(None),
        ],
        condition=(MailRequestItem.digest == request.digest)
        & MailRequestItem.used_at.does_not_exist(),
    )


def _key(request: MailRequest) -> tuple[str, str]:
    return request_key(request.purpose, request.address, request.mail_id)


def _item(request: MailRequest) -> MailRequestItem:
    return MailRequestItem(
        *_key(request),
        digest=request.digest,
        created_at=clock.rfc3339(request.created),
        user_id=request.user_id,
        applicant=request.applicant,
        expires_at=int(request.ends.timestamp()) + SPARE_S,
    )


def _request(item: MailRequestItem) -> MailRequest:
    purpose, _, mail_id = item.sk.partition("#")
    return MailRequest(
        mail_id=mail_id,
        purpose=Purpose(purpose.lower()),
        address=item.pk.removeprefix("PENDING#"),
        created=clock.parse(item.created_at),
        digest=item.digest,
        applicant=item.applicant,
        user_id=item.user_id,
        used=_time(item.used_at),
        mailed=_time(item.mailed_at),
    )


def _time(text: str | None) -> datetime | None:
    return clock.parse(text) if text else None
