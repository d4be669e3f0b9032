"""The table `identity`: users, addresses, refresh-token families, attempts to sign in.

    USER#<user id>          USER     who it is; the only row that holds the address in clear
    EMAIL#<mac>             USER     which user has the address: unique by this key
    FAMILY#<family id>      SESSION  digests of the current and the previous refresh token; TTL
    FAIL#<mac>#<window>     COUNT    attempts that failed or are under way; TTL

Users and families carry the event of their newest change. Reads are consistent: who has just
registered can sign in.
"""

from datetime import UTC, datetime

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from identity import domain
from identity.domain import Family, Role, Status, User, Window
from shop import clock, tables
from shop.events import Event
from shop.tables import EventRow, TableModel, transact

# A counter outlives its window a little, so that a late sign-in can still be taken back.
COUNTER_SPARE_S = 3600


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


class AddressItem(TableModel):
    """EMAIL#<mac> / USER."""

    Meta = tables.meta("identity")

    user_id = UnicodeAttribute()


class FamilyItem(EventRow):
    """FAMILY#<family id> / SESSION. DynamoDB deletes it after the session's end."""

    Meta = tables.meta("identity")

    user_id = UnicodeAttribute()
    session_id = UnicodeAttribute()
    current = UnicodeAttribute()
    previous = UnicodeAttribute(null=True)
    salt = UnicodeAttribute(null=True)
    created_at = UnicodeAttribute()
    rotated_at = UnicodeAttribute()
    revoked_at = UnicodeAttribute(null=True)
    device = UnicodeAttribute(null=True)
    expires_at = NumberAttribute()


class AttemptsItem(TableModel):
    """FAIL#<mac>#<window> / COUNT."""

    Meta = tables.meta("identity")

    failures = NumberAttribute()
    expires_at = NumberAttribute()


class AccountRepository:
    """Users. Implements service.Accounts."""

    def create(self, user: User, address: str, registered: Event) -> bool:
        """Store user, address and event together; False if user or address exists already."""
        new = _user_item(user)
        new.outbox = tables.outbox_text(registered)
        taken = AddressItem(f"EMAIL#{address}", "USER", user_id=user.user_id)

        def build(tx: TransactWrite) -> None:
            tx.save(new, condition=UserItem.pk.does_not_exist())
            tx.save(taken, condition=AddressItem.pk.does_not_exist())

        return not transact(build)

    def user_id_of(self, address: str) -> str | None:
        """Who has this address."""
        try:
            return AddressItem.get(f"EMAIL#{address}", "USER", consistent_read=True).user_id
        except AddressItem.DoesNotExist:
            return None

    def get(self, user_id: str) -> User | None:
        """The user; None if there is none."""
        try:
            return _user(UserItem.get(f"USER#{user_id}", "USER", consistent_read=True))
        except UserItem.DoesNotExist:
            return None

    def rehash(self, user: User, password_hash: str) -> None:
        """Replace the hash that was read, unless somebody has replaced it since."""
        tables.update(
            UserItem(f"USER#{user.user_id}", "USER"),
            [UserItem.password_hash.set(password_hash)],
            UserItem.password_hash == user.password_hash,
        )


class SessionRepository:
    """Families and attempts. Implements service.Sessions."""

    def count_attempt(self, address: str, window: Window) -> bool:
        """Count one more; False if there were too many. A transaction, as `open` is one too."""
        room = AttemptsItem.failures < domain.MAX_FAILURES
        count: list[Action] = [
            AttemptsItem.failures.add(1),
            AttemptsItem.expires_at.set(window.ends_at + COUNTER_SPARE_S),
        ]

        def build(tx: TransactWrite) -> None:
            condition = AttemptsItem.failures.does_not_exist() | room
            tx.update(_attempts(address, window), count, condition=condition)

        return not transact(build)

    def open(self, family: Family, created: Event, *, address: str, window: Window) -> None:
        """Store the session with its event, and take the attempt back, together and once.

        A session that stands already was stored by this call, whose answer was lost: the counter
        must not fall again.
        """
        new = _family_item(family)
        new.outbox = tables.outbox_text(created)

        def build(tx: TransactWrite) -> None:
            tx.save(new, condition=FamilyItem.pk.does_not_exist())
            tx.update(_attempts(address, window), [AttemptsItem.failures.add(-1)])

        transact(build)

    def get(self, family_id: str) -> Family | None:
        """The family; None if it never was or its time is over."""
        try:
            item = FamilyItem.get(f"FAMILY#{family_id}", "SESSION", consistent_read=True)
        except FamilyItem.DoesNotExist:
            return None
        return _family(family_id, item)

    def rotate(
        self, family_id: str, *, presented: str, successor: str, salt: str, now: datetime
    ) -> Family | None:
        """Put the successor in place of the presented token, if that is current and alive.

        Returns the family as it is then, or None. The condition is Family.standing() in DynamoDB.
        """
        item = FamilyItem(f"FAMILY#{family_id}", "SESSION")
        refused = tables.update(
            item,
            [
                FamilyItem.current.set(successor),
                FamilyItem.previous.set(presented),
                FamilyItem.salt.set(salt),
                FamilyItem.rotated_at.set(clock.rfc3339(now)),
            ],
            (FamilyItem.current == presented)
            & FamilyItem.revoked_at.does_not_exist()
            & (FamilyItem.rotated_at > clock.rfc3339(now - domain.IDLE))
            & (FamilyItem.expires_at > int(now.timestamp())),
        )
        return _family(family_id, item) if refused is None else None

    def revoke(self, family: Family, detected: Event, *, now: datetime) -> None:
        """End the session and say so, once: who comes second finds it ended."""
        tables.update(
            FamilyItem(f"FAMILY#{family.family_id}", "SESSION"),
            [FamilyItem.revoked_at.set(clock.rfc3339(now))],
            FamilyItem.pk.exists() & FamilyItem.revoked_at.does_not_exist(),
            event=detected,
        )


def _attempts(address: str, window: Window) -> AttemptsItem:
    return AttemptsItem(f"FAIL#{address}#{window.number}", "COUNT")


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
    )


def _family_item(family: Family) -> FamilyItem:
    return FamilyItem(
        f"FAMILY#{family.family_id}",
        "SESSION",
        user_id=family.user_id,
        session_id=family.session_id,
        current=family.current,
        created_at=clock.rfc3339(family.created),
        rotated_at=clock.rfc3339(family.rotated),
        device=family.device,
        expires_at=int(family.ends.timestamp()),
    )


def _family(family_id: str, item: FamilyItem) -> Family:
    return Family(
        family_id=family_id,
        user_id=item.user_id,
        current=item.current,
        created=clock.parse(item.created_at),
        rotated=clock.parse(item.rotated_at),
        ends=datetime.fromtimestamp(int(item.expires_at), UTC),
        previous=item.previous,
        salt=item.salt,
        revoked=clock.parse(item.revoked_at) if item.revoked_at else None,
        device=item.device,
    )
