"""Users in the table `identity`, unique by the MAC of their address.

    USER#<user id>          USER     who it is; the only row that holds the address in clear
    EMAIL#<mac>             USER     which user has the address: unique by this key

A user carries the event of its newest change. Reads are consistent: who has just registered can
sign in.
"""

from datetime import datetime

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.transactions import TransactWrite

from identity.domain.user import Role, Status, User
from shop import clock, tables
from shop.events import Event
from shop.tables import EventRow, TableModel, transact


class UserItem(EventRow):
    """USER#<user id> / USER."""

    Meta = tables.meta("identity")

    role = UnicodeAttribute()
    status = UnicodeAttribute()
    email = UnicodeAttribute()
    password_hash = UnicodeAttribute()
    created_at = UnicodeAttribute()
    updated_at = UnicodeAttribute()
    terms_accepted_at = UnicodeAttribute()
    marketing = BooleanAttribute()
    name = UnicodeAttribute(null=True)
    locale = UnicodeAttribute(null=True)
    sequence = NumberAttribute(null=True)
    sessions_from = UnicodeAttribute(null=True)
    changed_by = UnicodeAttribute(null=True)


class EmailItem(TableModel):
    """EMAIL#<mac> / USER."""

    Meta = tables.meta("identity")

    user_id = UnicodeAttribute()


class AccountRepository:
    """Users. Implements service.Accounts."""

    def create(self, user: User, address: str, registered: Event) -> bool:
        """Store user, address and event together; False if user or address exists already."""
        new = _user_item(user)
        new.outbox = tables.outbox_text(registered)
        taken = EmailItem(f"EMAIL#{address}", "USER", user_id=user.user_id)

        def build(tx: TransactWrite) -> None:
            tx.save(new, condition=UserItem.pk.does_not_exist())
            tx.save(taken, condition=EmailItem.pk.does_not_exist())

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

    def change(self, before: User, after: User, changed: Event, *, now: datetime) -> bool:
        """Store status, password and who did it, with the event; False if it changed meanwhile."""
        same = UserItem.sequence == before.sequence
        if before.sequence == 1:
            same = UserItem.sequence.does_not_exist() | same
        item = UserItem(f"USER#{before.user_id}", "USER")
        actions = [
            UserItem.status.set(after.status.value),
            UserItem.password_hash.set(after.password_hash),
            UserItem.sequence.set(after.sequence),
            UserItem.sessions_from.set(clock.rfc3339(after.sessions_from or now)),
            UserItem.changed_by.set(after.changed_by or ""),
            UserItem.updated_at.set(clock.rfc3339(now)),
        ]
        found = UserItem.pk.exists() & same & (UserItem.password_hash == before.password_hash)
        return tables.update(item, actions, found, event=changed) is None

    def rehash(self, user: User, password_hash: str) -> None:
        """Replace the hash that was read, unless somebody has replaced it since."""
        tables.update(
            UserItem(f"USER#{user.user_id}", "USER"),
            [UserItem.password_hash.set(password_hash)],
            UserItem.password_hash == user.password_hash,
        )


def _user_item(user: User) -> UserItem:
    created_at = clock.rfc3339(user.created)
    return UserItem(
        f"USER#{user.user_id}",
        "USER",
        role=user.role.value,
        status=user.status.value,
        email=user.email,
        password_hash=user.password_hash,
        created_at=created_at,
        updated_at=created_at,
        terms_accepted_at=created_at,
        marketing=user.marketing,
        name=user.name,
        locale=user.locale,
        sequence=user.sequence,
        changed_by=user.changed_by,
    )


def _user(item: UserItem) -> User:
    return User(
        user_id=item.pk.removeprefix("USER#"),
        role=Role(item.role),
        status=Status(item.status),
        email=item.email,
        password_hash=item.password_hash,
        created=clock.parse(item.created_at),
        marketing=item.marketing,
        name=item.name,
        locale=item.locale,
        sequence=int(item.sequence or 1),
        sessions_from=clock.parse(item.sessions_from) if item.sessions_from else None,
        changed_by=item.changed_by,
    )
