"""What the erasure machine does in identity. Each can be repeated: what was done is done.

Mails come while the key is there, since afterwards nobody knows the address; the receipt comes
last, since it says that the key is gone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from identity import events
from identity.domain import erasure as rules
from identity.domain import mail
from identity.domain import user as users
from identity.domain.erasure import Erasure, ErasureStatus
from identity.domain.mail import Mail
from identity.domain.user import Status
from identity.events import event_of
from identity.service.change_user import UserBusy
from identity.service.export_user import object_keys
from identity.service.issue_access_token import encode
from identity.service.ports import (
    Accounts,
    Archives,
    Erasures,
    Exports,
    Mailer,
    PersonalData,
    Signer,
    UserKeys,
)
from identity.service.seal_details import open_profile
from shop import telemetry
from shop.erasure import ErasureBegun, MailAnswer, ReceiptSigned, UserDestroyed
from shop.trace import Trace
from shop.user_keys import Erased

# Of its own, so that no receipt is ever taken for an access token (RFC 8725, section 3.11).
RECEIPT_TYPE = "erasure-receipt+jwt"
ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Eraser:
    """The use cases; `issuer` is where the API is, and who signs."""

    accounts: Accounts
    erasures: Erasures
    personal: PersonalData
    keys: UserKeys
    mailer: Mailer
    signer: Signer
    issuer: str
    account_url: str
    exports: Exports
    archives: Archives

    def announce(self, erasure_id: str) -> MailAnswer:
        """Mail its user what was asked for, when it comes, and how to take it back."""
        erasure = self._erasure(erasure_id)
        if erasure.status is not ErasureStatus.REQUESTED:
            return MailAnswer(outcome="nobody")
        return self._mail(
            erasure,
            lambda to: mail.erasure_requested(to, erasure.due, account_url=self.account_url),
        )

    def begin(self, erasure_id: str, *, now: datetime) -> ErasureBegun:
        """From here on there is no way back. Raises TooEarly before its time."""
        for _ in range(ATTEMPTS):
            erasure = self._erasure(erasure_id)
            if erasure.status is ErasureStatus.WITHDRAWN:
                return ErasureBegun(outcome="withdrawn")
            if erasure.status is not ErasureStatus.REQUESTED:
                return ErasureBegun(outcome="begun")
            user = self.accounts.get(erasure.user_id)
            if user is None:
                raise LookupError("who is to be erased is gone, and nobody has begun to")
            after = users.begin_erasure(user, now=now)
            begun = rules.begin(erasure, now=now)
            if self.erasures.move(begun, since=ErasureStatus.REQUESTED, user=(user, after)):
                return ErasureBegun(outcome="begun")
        raise UserBusy

    def report(self, erasure_id: str) -> MailAnswer:
        """Mail where the receipt will be."""
        erasure = self._erasure(erasure_id)
        url = f"{self.issuer}/erasures/{erasure_id}"
        return self._mail(erasure, lambda to: mail.erasure_done(to, url))

    def destroy(self, erasure_id: str, *, now: datetime) -> UserDestroyed:
        """Rows, then the user with the address, then the key."""
        erasure = self._erasure(erasure_id)
        if erasure.status not in {ErasureStatus.BEGUN, ErasureStatus.ERASED}:
            raise LookupError("nothing is destroyed that has not begun")
        for _ in range(ATTEMPTS):
            user = self.accounts.get(erasure.user_id)
            if user is None:
                break
            if (user.status, user.erasure_id) != (Status.ERASING, erasure_id):
                raise LookupError("the user is not being erased")
            for export in self.exports.of(user.user_id):  # While the rows say which there are.
                for key in object_keys(export.export_id):
                    self.archives.delete(key)
            self.erasures.remove_rows(user)
            if self.erasures.remove_user(user):
                break
        else:
            raise UserBusy
        self.keys.erase(erasure.user_id, now=now)
        return UserDestroyed()

    def sign(
        self, erasure_id: str, kept: Mapping[str, int], *, now: datetime, trace: Trace
    ) -> ReceiptSigned:
        """The receipt, once: who comes second leaves the first one as it is."""
        erasure = self._erasure(erasure_id)
        if erasure.status is ErasureStatus.ERASED:
            return ReceiptSigned()
        said = rules.statement(erasure, kept, issuer=self.issuer, now=now)
        receipt = encode(said, self.signer, type_=RECEIPT_TYPE)
        done = rules.finish(erasure, receipt, now=now)
        data = events.UserErased(user_id=erasure.user_id, erasure_id=erasure_id)
        erased = event_of(data, erasure_id, done.version, now=now, trace=trace)
        self.erasures.finish(done, erased)
        return ReceiptSigned()

    def _erasure(self, erasure_id: str) -> Erasure:
        found = self.erasures.get(erasure_id)
        if found is None:
            raise LookupError("no such erasure")
        return found

    def _mail(self, erasure: Erasure, written: Callable[[str], Mail]) -> MailAnswer:
        """A mail that cannot be sent to anybody holds nothing up; where SES is away, it waits."""
        user = self.accounts.get(erasure.user_id)
        if user is None or user.erasure_id != erasure.erasure_id:
            return MailAnswer(outcome="nobody")
        profile = open_profile(user, self.personal)
        if isinstance(profile, Erased):
            return MailAnswer(outcome="nobody")
        if self.mailer.send(written(profile.email)):
            return MailAnswer(outcome="sent")
        telemetry.emit_metric("MailUndeliverable")
        return MailAnswer(outcome="undeliverable")
