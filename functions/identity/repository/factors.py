"""Second factors in the table `identity`.

    USER#<user id>          FACTOR#<factor id>     what is asked for, sealed; the step of its newest
                                                   code. TTL while it is not confirmed, and once it
                                                   is removed

Reads are consistent.
"""

from collections.abc import Sequence
from datetime import datetime

from pynamodb.attributes import BinaryAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from identity.domain import factor as rules
from identity.domain.factor import Factor, Kind, Status
from identity.domain.session import TokenFamily
from identity.repository import mail_requests, sessions, users
from identity.service.ports import AccountChange, MailedCode
from shop import clock, tables
from shop.tables import TableModel, transact

# Rows outlive their time a little: who comes late hears that it is over.
SPARE_S = 3600


class FactorItem(TableModel):
    """USER#<user id> / FACTOR#<factor id>."""

    Meta = tables.meta("identity")

    kind = UnicodeAttribute()
    status = UnicodeAttribute()
    personal = BinaryAttribute(null=True, legacy_encoding=False)
    created_at = UnicodeAttribute()
    confirmed_at = UnicodeAttribute(null=True)
    last_step = NumberAttribute(null=True)
    tries = NumberAttribute(null=True)
    mail_id = UnicodeAttribute(null=True)
    expires_at = NumberAttribute(null=True)


class FactorRepository:
    """Factors. Implements service.Factors."""

    def of(self, user_id: str) -> Sequence[Factor]:
        """All that are kept, removed ones too: one query."""
        found = FactorItem.query(
            f"USER#{user_id}", FactorItem.sk.startswith("FACTOR#"), consistent_read=True
        )
        return [_factor(item) for item in found]

    def get(self, user_id: str, factor_id: str) -> Factor | None:
        """The user's factor of this id."""
        try:
            item = FactorItem.get(*_place(user_id, factor_id), consistent_read=True)
        except FactorItem.DoesNotExist:
            return None
        return _factor(item)

    def enrol(self, factor: Factor, mailed: MailedCode | None = None) -> bool:
        """Keep a new one: for the time of its enrolment, if it is to be confirmed, and ask for the
        mail with its code; False if too many were."""
        ends = int((factor.created + rules.ENROLMENT).timestamp()) + SPARE_S
        item = FactorItem(
            *_place(factor.user_id, factor.factor_id),
            kind=factor.kind.value,
            status=factor.status.value,
            personal=factor.personal,
            created_at=clock.rfc3339(factor.created),
            confirmed_at=clock.rfc3339(factor.confirmed) if factor.confirmed else None,
            mail_id=factor.mail_id,
            expires_at=None if factor.is_active else ends,
        )

        def build(tx: TransactWrite) -> None:
            tx.save(item, condition=FactorItem.pk.does_not_exist())
            mail_requests.store_code(tx, mailed)

        return not transact(build)

    def try_to_confirm(self, factor: Factor) -> bool:
        """Count a code; False if there were enough, or it is to be confirmed no more."""
        refused = tables.update(
            _key(factor),
            [FactorItem.tries.add(1)],
            (FactorItem.status == Status.PENDING.value)
            & (FactorItem.tries.does_not_exist() | (FactorItem.tries < rules.TRIES)),
        )
        return refused is None

    def confirm(
        self, factor: Factor, change: AccountChange, *, step: int, session: TokenFamily
    ) -> bool:
        """Let it count, with what that changes of its user and of the session that proved it."""

        def build(tx: TransactWrite) -> None:
            users.change_and_tell(tx, change)
            actions: list[Action] = [
                FactorItem.status.set(Status.ACTIVE.value),
                FactorItem.confirmed_at.set(clock.rfc3339(session.authentication.at)),
                FactorItem.last_step.set(step),
                FactorItem.tries.remove(),
                FactorItem.mail_id.remove(),
                FactorItem.expires_at.remove(),
            ]
            pending = FactorItem.status == Status.PENDING.value
            tx.update(_key(factor), actions, condition=pending)
            sessions.prove(tx, session)

        return not transact(build)

    def remove(self, factors: Sequence[Factor], change: AccountChange, *, now: datetime) -> bool:
        """Let them go, with their secrets, and change their user; a repeat finds them removed."""

        def build(tx: TransactWrite) -> None:
            users.change_and_tell(tx, change)
            for each in factors:
                actions: list[Action] = [
                    FactorItem.status.set(Status.REMOVED.value),
                    FactorItem.personal.remove(),
                    FactorItem.expires_at.set(int(now.timestamp()) + SPARE_S),
                ]
                tx.update(_key(each), actions, condition=FactorItem.status == each.status.value)

        return not transact(build)


def take(tx: TransactWrite, factor: Factor, step: int) -> None:
    """The part of a transaction that uses up a factor's code, and all that are older."""
    taken: Condition = FactorItem.status == Status.ACTIVE.value
    if factor.kind is Kind.TOTP:  # A code that was mailed goes with its challenge.
        newer = FactorItem.last_step.does_not_exist() | (FactorItem.last_step < step)
        taken = (FactorItem.status == Status.ACTIVE.value) & newer
    tx.update(_key(factor), [FactorItem.last_step.set(step)], condition=taken)


def _place(user_id: str, factor_id: str) -> tuple[str, str]:
    return f"USER#{user_id}", f"FACTOR#{factor_id}"


def _key(factor: Factor) -> FactorItem:
    return FactorItem(*_place(factor.user_id, factor.factor_id))


def _factor(item: FactorItem) -> Factor:
    return Factor(
        factor_id=item.sk.removeprefix("FACTOR#"),
        user_id=item.pk.removeprefix("USER#"),
        kind=Kind(item.kind),
        status=Status(item.status),
        created=clock.parse(item.created_at),
        personal=item.personal,
        confirmed=clock.parse(item.confirmed_at) if item.confirmed_at else None,
        last_step=None if item.last_step is None else int(item.last_step),
        mail_id=item.mail_id,
    )
