"""Erasures of users in the table `identity`.

    ERASURE#<erasure id>    ERASURE   who wants to be erased, how far it is, the receipt

They stay: whoever restores a table from a copy finds here whom to erase again. A request and its
withdrawal are told by the user's row, the end by this one.
"""

from datetime import datetime
from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.transactions import TransactWrite

from identity.domain.erasure import Erasure, ErasureStatus
from identity.domain.rate_limit import Counter
from identity.domain.user import User
from identity.repository import users
from identity.repository.counters import take_back
from shop import clock, ids, tables
from shop.events import Event
from shop.tables import EventRow, TableModel, transact


class ErasureItem(EventRow):
    """ERASURE#<erasure id> / ERASURE."""

    Meta = tables.meta("identity")

    user_id = UnicodeAttribute()
    status = UnicodeAttribute()
    requested_at = UnicodeAttribute()
    due_at = UnicodeAttribute()
    erased_at = UnicodeAttribute(null=True)
    receipt = UnicodeAttribute(null=True)
    version = NumberAttribute()


class OwnItem(TableModel):
    """Whatever stands in a user's partition, or in that of requests for mails to an address."""

    Meta = tables.meta("identity")

    user_id = UnicodeAttribute(null=True)
    used_at = UnicodeAttribute(null=True)


class ErasureRepository:
    """Erasures. Implements service.Erasures."""

    def get(self, erasure_id: str) -> Erasure | None:
        """The erasure; None if there is none."""
        if not ids.is_id("era", erasure_id):  # A path may hold anything, a key not.
            return None
        try:
            return _erasure(ErasureItem.get(*_key(erasure_id), consistent_read=True))
        except ErasureItem.DoesNotExist:
            return None

    def request(
        self,
        before: User,
        after: User,
        erasure: Erasure,
        requested: Event,
        *,
        counters: tuple[Counter, ...] = (),
    ) -> bool:
        """Store it with its user's change and event, and take the attempt back by which the user
        was proved; False if the user changed meanwhile."""

        def build(tx: TransactWrite) -> None:
            tx.save(_item(erasure), condition=ErasureItem.pk.does_not_exist())
            users.change(tx, before, after, requested)
            take_back(tx, counters)

        return not transact(build)

    def move(
        self,
        erasure: Erasure,
        *,
        since: ErasureStatus,
        user: tuple[User, User],
        told: Event | None = None,
    ) -> bool:
        """Store a later state with its user's change and event; False if either is another."""
        before, after = user

        def build(tx: TransactWrite) -> None:
            users.change(tx, before, after, told)
            tx.update(
                ErasureItem(*_key(erasure.erasure_id)),
                [*_changes(erasure), tables.outbox(None)],
                condition=ErasureItem.status == since.value,
            )

        return not transact(build)

    def remove_rows(self, user: User) -> None:
        """Take away all that stands in the user's partition but the user, and what was asked for by
        mail to their address; who just applies with it stays."""
        own = OwnItem.query(f"USER#{user.user_id}", consistent_read=True)
        asked = OwnItem.query(f"PENDING#{user.address}", consistent_read=True)
        for item in own:
            if item.sk != "USER":
                item.delete()
        for item in asked:
            applies = item.user_id is not None and item.used_at is None
            if not applies:
                item.delete()

    def remove_user(self, user: User) -> bool:
        """Take the user away and let go of the address, together; False if the user changed."""
        return not transact(lambda tx: users.remove(tx, user))

    def finish(self, erasure: Erasure, erased: Event) -> bool:
        """Keep the receipt, and tell; False if another execution has."""
        begun: Condition = ErasureItem.status == ErasureStatus.BEGUN.value
        item = ErasureItem(*_key(erasure.erasure_id))
        return tables.update(item, _changes(erasure), begun, event=erased) is None


def _key(erasure_id: str) -> tuple[str, str]:
    return f"ERASURE#{erasure_id}", "ERASURE"


def _changes(erasure: Erasure) -> list[Any]:
    whole = _item(erasure)
    actions = [ErasureItem.status.set(whole.status), ErasureItem.version.set(whole.version)]
    if erasure.receipt is not None:
        actions += [
            ErasureItem.erased_at.set(whole.erased_at),
            ErasureItem.receipt.set(whole.receipt),
        ]
    return actions


def _item(erasure: Erasure) -> ErasureItem:
    return ErasureItem(
        *_key(erasure.erasure_id),
        user_id=erasure.user_id,
        status=erasure.status.value,
        requested_at=clock.rfc3339(erasure.requested),
        due_at=clock.rfc3339(erasure.due),
        erased_at=clock.rfc3339(erasure.erased) if erasure.erased else None,
        receipt=erasure.receipt,
        version=erasure.version,
    )


def _erasure(item: ErasureItem) -> Erasure:
    return Erasure(
        erasure_id=item.pk.removeprefix("ERASURE#"),
        user_id=item.user_id,
        requested=clock.parse(item.requested_at),
        due=clock.parse(item.due_at),
        status=ErasureStatus(item.status),
        erased=_time(item.erased_at),
        receipt=item.receipt,
        version=int(item.version),
    )


def _time(text: str | None) -> datetime | None:
    return clock.parse(text) if text else None
