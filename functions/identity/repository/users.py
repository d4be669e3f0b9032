"""Users in the table `identity`, unique by the MAC of their address.

    USER#<user id>          USER       who it is
    USER#<user id>          ADDRESSES  where goods may go
    EMAIL#<mac>             USER       which user has the address: unique by this key

A user carries the event of its newest change. Reads are consistent: who has just registered can
sign in.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pynamodb.attributes import (
    BinaryAttribute,
    BooleanAttribute,
    NumberAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
)
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from identity.domain.mailed_token import MailRequest
from identity.domain.rate_limit import Counter
from identity.domain.user import Role, Status, User
from identity.repository import mail_requests
from identity.repository.counters import take_back
from identity.service.ports import AccountChange, SealedAddressBook
from shop import clock, tables
from shop.events import Event
from shop.tables import EventRow, TableModel, transact


class UserItem(EventRow):
    """USER#<user id> / USER."""

    Meta = tables.meta("identity")

    role = UnicodeAttribute()
    status = UnicodeAttribute()
    address = UnicodeAttribute()
    personal = BinaryAttribute(legacy_encoding=False)
    password_hash = UnicodeAttribute()
    created_at = UnicodeAttribute()
    updated_at = UnicodeAttribute()
    terms_accepted_at = UnicodeAttribute()
    marketing = BooleanAttribute()
    marketing_at = UnicodeAttribute(null=True)
    sequence = NumberAttribute()
    sessions_from = UnicodeAttribute(null=True)
    kept_session = UnicodeAttribute(null=True)
    erasure_id = UnicodeAttribute(null=True)
    factors = NumberAttribute(null=True)
    recovery_codes = UnicodeSetAttribute(null=True)


class EmailItem(TableModel):
    """EMAIL#<mac> / USER."""

    Meta = tables.meta("identity")

    user_id = UnicodeAttribute()


class AddressesItem(TableModel):
    """USER#<user id> / ADDRESSES: all of a user's in one row, which is read and changed whole."""

    Meta = tables.meta("identity")

    personal = BinaryAttribute(legacy_encoding=False)
    version = NumberAttribute()


class AccountRepository:
    """Users. Implements service.Accounts."""

    def create(self, user: User, registered: Event, *, proof: MailRequest | None = None) -> bool:
        """Store user, address and event together, and use the proof up; False if user or address
        exists already, or the proof was used."""
        new = _user_item(user)
        new.outbox = tables.outbox_text(registered)
        taken = EmailItem(f"EMAIL#{user.address}", "USER", user_id=user.user_id)

        def build(tx: TransactWrite) -> None:
            tx.save(new, condition=UserItem.pk.does_not_exist())
            tx.save(taken, condition=EmailItem.pk.does_not_exist())
            if proof is not None:
                mail_requests.use(tx, proof, now=user.created)

        return not transact(build)

    def user_id_of(self, address: str) -> str | None:
        """Who has this address."""
        try:
            return EmailItem.get(f"EMAIL#{address}", "USER", consistent_read=True).user_id
        except EmailItem.DoesNotExist:
            return None

    def get(self, user_id: str) -> User | None:
        """The user; None if there is none."""
        try:
            return _user(UserItem.get(f"USER#{user_id}", "USER", consistent_read=True))
        except UserItem.DoesNotExist:
            return None

    def change(self, before: User, after: User, changed: Event) -> bool:
        """Store what is different, with the event; False if it changed meanwhile."""
        item = UserItem(f"USER#{before.user_id}", "USER")
        return tables.update(item, _changes(after), _is(before), event=changed) is None

    def change_password(
        self,
        before: User,
        after: User,
        changed: Event,
        *,
        proof: MailRequest | None = None,
        counters: Sequence[Counter] = (),
    ) -> bool:
        """`change`, together with using the proof up, or with taking the attempt back by which
        the user was proved; False if any of it could not be."""

        def build(tx: TransactWrite) -> None:
            change(tx, before, after, changed)
            if proof is not None:
                mail_requests.use(tx, proof, now=after.updated or after.created)
            take_back(tx, counters)

        return not transact(build)

    def rehash(self, user: User, password_hash: str) -> None:
        """Replace the hash that was read, unless somebody has replaced it since."""
        tables.update(
            UserItem(f"USER#{user.user_id}", "USER"),
            [UserItem.password_hash.set(password_hash)],
            UserItem.password_hash == user.password_hash,
        )

    def address_book(self, user_id: str) -> SealedAddressBook:
        """The user's addresses; empty if there are none."""
        try:
            item = AddressesItem.get(f"USER#{user_id}", "ADDRESSES", consistent_read=True)
        except AddressesItem.DoesNotExist:
            return SealedAddressBook(user_id)
        return SealedAddressBook(user_id, item.personal, version=int(item.version))

    def keep_addresses(self, book: SealedAddressBook) -> bool:
        """Store the next version of it; False if another was stored meanwhile."""
        item = AddressesItem(
            f"USER#{book.user_id}",
            "ADDRESSES",
            personal=book.personal,
            version=book.version,
        )
        before: Condition = AddressesItem.pk.does_not_exist()
        if book.version > 1:
            before = AddressesItem.version == book.version - 1
        return tables.put(item, before) is None


def change(tx: TransactWrite, before: User, after: User, changed: Event | None) -> None:
    """The part of a transaction that stores what is different in a user, if nobody has since."""
    item = UserItem(f"USER#{before.user_id}", "USER")
    tx.update(item, [*_changes(after), tables.outbox(changed)], condition=_is(before))


def remove(tx: TransactWrite, user: User) -> None:
    """The part of a transaction that takes a user away, and lets go of the address."""
    tx.delete(UserItem(f"USER#{user.user_id}", "USER"), condition=_is(user))
    of_user: Condition = EmailItem.user_id == user.user_id
    tx.delete(EmailItem(f"EMAIL#{user.address}", "USER"), condition=of_user)


def change_and_tell(tx: TransactWrite, made: AccountChange) -> None:
    """The part of a transaction that changes a user, and asks for the mail that tells them."""
    change(tx, made.before, made.after, made.event)
    if made.notice is not None:
        mail_requests.store(tx, *made.notice)


def _set(attribute: Any, value: Any) -> Action:
    changed: Action = attribute.remove() if value is None else attribute.set(value)
    return changed


def _is(before: User) -> Condition:
    """Nobody has changed it since; a new hash of the same password is no change of the user."""
    same: Condition = UserItem.sequence == before.sequence
    both: Condition = same & (UserItem.password_hash == before.password_hash)
    return both


def _changes(after: User) -> list[Action]:
    """All that can change in a user."""
    whole, item = _user_item(after), UserItem
    return [
        item.status.set(whole.status),
        item.password_hash.set(whole.password_hash),
        item.updated_at.set(whole.updated_at),
        item.marketing.set(whole.marketing),
        _set(item.marketing_at, whole.marketing_at),
        item.personal.set(whole.personal),
        item.sequence.set(whole.sequence),
        _set(item.sessions_from, whole.sessions_from),
        _set(item.kept_session, whole.kept_session),
        _set(item.erasure_id, whole.erasure_id),
        _set(item.factors, whole.factors),
        _set(item.recovery_codes, whole.recovery_codes),
    ]


def _user_item(user: User) -> UserItem:
    return UserItem(
        f"USER#{user.user_id}",
        "USER",
        role=user.role.value,
        status=user.status.value,
        address=user.address,
        personal=user.personal,
        password_hash=user.password_hash,
        created_at=clock.rfc3339(user.created),
        updated_at=clock.rfc3339(user.updated or user.created),
        terms_accepted_at=clock.rfc3339(user.terms_at or user.created),
        marketing=user.marketing,
        marketing_at=_text(user.marketing_at),
        sequence=user.sequence,
        sessions_from=_text(user.sessions_from),
        kept_session=user.kept_session,
        erasure_id=user.erasure_id,
        factors=user.factors or None,
        recovery_codes=set(user.recovery_codes) or None,
    )


def _user(item: UserItem) -> User:
    created = clock.parse(item.created_at)
    accepted, updated = clock.parse(item.terms_accepted_at), clock.parse(item.updated_at)
    return User(
        user_id=item.pk.removeprefix("USER#"),
        role=Role(item.role),
        status=Status(item.status),
        address=item.address,
        personal=item.personal,
        password_hash=item.password_hash,
        created=created,
        marketing=item.marketing,
        terms_at=accepted if accepted != created else None,
        marketing_at=_time(item.marketing_at),
        updated=updated if updated != created else None,
        sequence=int(item.sequence),
        sessions_from=_time(item.sessions_from),
        kept_session=item.kept_session,
        erasure_id=item.erasure_id,
        factors=int(item.factors or 0),
        recovery_codes=frozenset(item.recovery_codes or ()),
    )


def _text(time: datetime | None) -> str | None:
    return clock.rfc3339(time) if time else None


def _time(text: str | None) -> datetime | None:
    return clock.parse(text) if text else None
