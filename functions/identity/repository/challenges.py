"""Challenges in the table `identity`.

    USER#<user id>          CHALLENGE#<challenge id>   for which session and purpose a factor is
                                                       asked for; how often it was tried; TTL

A challenge carries the event that it was answered. Reads are consistent.
"""

from collections.abc import Sequence
from datetime import datetime

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.transactions import TransactWrite

from identity.domain import challenge as rules
from identity.domain.challenge import Challenge, Purpose
from identity.domain.rate_limit import Counter
from identity.repository import counters as counting
from identity.repository import factors, mail_requests, sessions, users
from identity.service.ports import Answer, MailedCode
from shop import clock, tables
from shop.tables import EventRow, transact

SPARE_S = 3600


class ChallengeItem(EventRow):
    """USER#<user id> / CHALLENGE#<challenge id>."""

    Meta = tables.meta("identity")

    session_id = UnicodeAttribute()
    purpose = UnicodeAttribute()
    factor_id = UnicodeAttribute(null=True)
    mail_id = UnicodeAttribute(null=True)
    tries = NumberAttribute()
    created_at = UnicodeAttribute()
    answered_at = UnicodeAttribute(null=True)
    expires_at = NumberAttribute()


class ChallengeRepository:
    """Challenges. Implements service.Challenges."""

    def open(self, challenge: Challenge, mailed: MailedCode | None = None) -> bool:
        """Keep one that is to be answered, and ask for the mail with its code; False if too many
        were."""
        item = ChallengeItem(
            *_place(challenge.user_id, challenge.challenge_id),
            session_id=challenge.session_id,
            purpose=challenge.purpose.value,
            factor_id=challenge.factor_id,
            mail_id=challenge.mail_id,
            tries=0,
            created_at=clock.rfc3339(challenge.created),
            expires_at=int(challenge.ends.timestamp()) + SPARE_S,
        )

        def build(tx: TransactWrite) -> None:
            tx.save(item, condition=ChallengeItem.pk.does_not_exist())
            mail_requests.store_code(tx, mailed)

        return not transact(build)

    def get(self, user_id: str, challenge_id: str) -> Challenge | None:
        """The user's challenge of this id."""
        try:
            item = ChallengeItem.get(*_place(user_id, challenge_id), consistent_read=True)
        except ChallengeItem.DoesNotExist:
            return None
        return _challenge(item)

    def attempt(
        self, challenge: Challenge, counters: Sequence[Counter], *, now: datetime
    ) -> Sequence[Counter] | None:
        """One more in the challenge and in each counter, or in none of them."""

        def build(tx: TransactWrite) -> None:
            tx.update(
                ChallengeItem(*_place(challenge.user_id, challenge.challenge_id)),
                [ChallengeItem.tries.add(1), tables.outbox(None)],
                condition=(ChallengeItem.session_id == challenge.session_id)
                & (ChallengeItem.purpose == challenge.purpose.value)
                & (ChallengeItem.tries < rules.TRIES)
                & (ChallengeItem.created_at > clock.rfc3339(now - rules.LIFETIME))
                & ChallengeItem.answered_at.does_not_exist(),
            )
            for counter in counters:
                counting.count(tx, "FAIL", counter)

        failed = [each.index for each in transact(build)]
        return None if 0 in failed else [counters[index - 1] for index in failed]

    def answer(self, answer: Answer, *, now: datetime) -> bool:
        """Use it up, with what answered it, raise its session, and take the attempt back."""
        challenge = answer.challenge

        def build(tx: TransactWrite) -> None:
            tx.update(
                ChallengeItem(*_place(challenge.user_id, challenge.challenge_id)),
                [
                    ChallengeItem.answered_at.set(clock.rfc3339(now)),
                    tables.outbox(answer.verified),
                ],
                condition=ChallengeItem.answered_at.does_not_exist() & ChallengeItem.pk.exists(),
            )
            if answer.factor is not None:
                factors.take(tx, answer.factor, answer.step)
            if answer.recovered is not None:
                users.change_and_tell(tx, answer.recovered)
            sessions.prove(tx, answer.session)
            counting.take_back(tx, answer.counters)

        return not transact(build)


def _place(user_id: str, challenge_id: str) -> tuple[str, str]:
    return f"USER#{user_id}", f"CHALLENGE#{challenge_id}"


def _challenge(item: ChallengeItem) -> Challenge:
    return Challenge(
        challenge_id=item.sk.removeprefix("CHALLENGE#"),
        user_id=item.pk.removeprefix("USER#"),
        session_id=item.session_id,
        purpose=Purpose(item.purpose),
        created=clock.parse(item.created_at),
        factor_id=item.factor_id,
        mail_id=item.mail_id,
        tries=int(item.tries),
        answered=clock.parse(item.answered_at) if item.answered_at else None,
    )
