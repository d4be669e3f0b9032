"""Sessions in the table `identity`.

    USER#<user id>          SESSION#<session id>   digests of the current and the previous refresh
                                                   token, who replaced that; TTL

A session carries the event of its newest change. Reads are consistent.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from pynamodb.attributes import BinaryAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from identity.domain import session
from identity.domain.authentication import Authentication, Level, Method
from identity.domain.rate_limit import Counter
from identity.domain.session import TokenFamily
from identity.repository.counters import take_back
from shop import clock, tables
from shop.events import Event
from shop.tables import EventRow, transact


class SessionItem(EventRow):
    """USER#<user id> / SESSION#<session id>. DynamoDB deletes it after the session's end."""

    Meta = tables.meta("identity")

    current = UnicodeAttribute()
    previous = UnicodeAttribute(null=True)
    salt = UnicodeAttribute(null=True)
    client = UnicodeAttribute(null=True)
    created_at = UnicodeAttribute()
    rotated_at = UnicodeAttribute()
    revoked_at = UnicodeAttribute(null=True)
    device = BinaryAttribute(null=True, legacy_encoding=False)
    acr = UnicodeAttribute(null=True)
    amr = UnicodeAttribute(null=True)
    authenticated_at = UnicodeAttribute(null=True)
    client_id = UnicodeAttribute(null=True)
    scope = UnicodeAttribute(null=True)
    expires_at = NumberAttribute()


class SessionRepository:
    """Families. Implements service.Sessions."""

    def open(
        self,
        family: TokenFamily,
        created: Event,
        *,
        counters: Sequence[Counter],
        instead_of: Sequence[tuple[TokenFamily, Event]] = (),
    ) -> None:
        """Store the session with its event, end those that make room, and take the attempt back,
        together and once.

        A session that stands already was stored by this call, whose answer was lost: the counters
        must not fall again.
        """

        def build(tx: TransactWrite) -> None:
            begin(tx, family, created, instead_of=instead_of)
            take_back(tx, counters)

        transact(build)

    def get(self, user_id: str, session_id: str) -> TokenFamily | None:
        """The session; None if the user never had it or its time is over."""
        try:
            item = SessionItem.get(*_place(user_id, session_id), consistent_read=True)
        except SessionItem.DoesNotExist:
            return None
        return _family(item)

    def of(self, user_id: str) -> list[TokenFamily]:
        """All of a user's that are kept, ended ones too: one query."""
        found = SessionItem.query(
            f"USER#{user_id}", SessionItem.sk.startswith("SESSION#"), consistent_read=True
        )
        return [_family(item) for item in found]

    def rotate(
        self,
        user_id: str,
        session_id: str,
        *,
        presented: str,
        successor: str,
        salt: str,
        client: str,
        client_id: str,
        now: datetime,
    ) -> TokenFamily | None:
        """Put the successor in place of the presented token, if that is current and alive and was
        issued to the software that brings it.

        Returns the family as it is then, or None. The condition is `token_state` in DynamoDB.
        """
        item = SessionItem(*_place(user_id, session_id))
        issued_to_it: Condition = SessionItem.client_id == client_id
        if client_id == session.OWN_CLIENT:
            issued_to_it = SessionItem.client_id.does_not_exist()
        refused = tables.update(
            item,
            [
                SessionItem.current.set(successor),
                SessionItem.previous.set(presented),
                SessionItem.salt.set(salt),
                SessionItem.client.set(client),
                SessionItem.rotated_at.set(clock.rfc3339(now)),
            ],
            (SessionItem.current == presented)
            & issued_to_it
            & SessionItem.revoked_at.does_not_exist()
            & (SessionItem.rotated_at > clock.rfc3339(now - session.IDLE))
            & (SessionItem.expires_at > int(now.timestamp())),
        )
        return _family(item) if refused is None else None

    def revoke(self, family: TokenFamily, ended: Event, *, now: datetime) -> None:
        """End the session and say so, once: who comes second finds it ended."""
        goes_on: Condition = SessionItem.pk.exists() & SessionItem.revoked_at.does_not_exist()
        tables.update(_key(family), _end(now=now), goes_on, event=ended)


def prove(tx: TransactWrite, family: TokenFamily) -> None:
    """The part of a transaction that stores by what the user of a session was proved last; its
    condition fails where the session is over."""
    proof = family.authentication
    tx.update(
        _key(family),
        [
            SessionItem.acr.set(proof.level.value),
            SessionItem.amr.set(" ".join(proof.methods)),
            SessionItem.authenticated_at.set(clock.rfc3339(proof.at)),
            tables.outbox(None),
        ],
        condition=SessionItem.pk.exists() & SessionItem.revoked_at.does_not_exist(),
    )


def begin(
    tx: TransactWrite,
    family: TokenFamily,
    created: Event,
    *,
    instead_of: Sequence[tuple[TokenFamily, Event]] = (),
) -> None:
    """The part of a transaction that stores a session with its event, and ends those that make
    room."""
    new = _item(family)
    new.outbox = tables.outbox_text(created)
    tx.save(new, condition=SessionItem.pk.does_not_exist())
    for old, ended in instead_of:
        tx.update(_key(old), [*_end(now=family.created), tables.outbox(ended)])


def _end(*, now: datetime) -> list[Action]:
    gone = int((now + session.KEPT).timestamp())
    return [SessionItem.revoked_at.set(clock.rfc3339(now)), SessionItem.expires_at.set(gone)]


def _place(user_id: str, session_id: str) -> tuple[str, str]:
    return f"USER#{user_id}", f"SESSION#{session_id}"


def _key(family: TokenFamily) -> SessionItem:
    return SessionItem(*_place(family.user_id, family.session_id))


def _item(family: TokenFamily) -> SessionItem:
    proof, own = family.proof, family.client_id == session.OWN_CLIENT
    return SessionItem(
        *_place(family.user_id, family.session_id),
        current=family.current,
        created_at=clock.rfc3339(family.created),
        rotated_at=clock.rfc3339(family.rotated),
        device=family.device,
        acr=proof.level.value if proof else None,
        amr=" ".join(proof.methods) if proof else None,
        authenticated_at=clock.rfc3339(proof.at) if proof else None,
        client_id=None if own else family.client_id,
        scope=family.scope,
        expires_at=int(family.ends.timestamp()),
    )


def _family(item: SessionItem) -> TokenFamily:
    return TokenFamily(
        session_id=item.sk.removeprefix("SESSION#"),
        user_id=item.pk.removeprefix("USER#"),
        current=item.current,
        created=clock.parse(item.created_at),
        rotated=clock.parse(item.rotated_at),
        ends=datetime.fromtimestamp(int(item.expires_at), UTC),
        previous=item.previous,
        salt=item.salt,
        client=item.client,
        revoked=clock.parse(item.revoked_at) if item.revoked_at else None,
        device=item.device,
        proof=_proof(item),
        client_id=item.client_id or session.OWN_CLIENT,
        scope=item.scope,
    )


def _proof(item: SessionItem) -> Authentication | None:
    if item.acr is None:
        return None
    methods = tuple(Method(each) for each in item.amr.split())
    return Authentication(Level(item.acr), methods, clock.parse(item.authenticated_at))
