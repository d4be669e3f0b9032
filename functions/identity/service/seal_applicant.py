"""What an applicant said, sealed in the request for their mail.

They are no user yet, and most never will be: a key in `user_keys` for each would stay for good,
and anybody could have any number made. So the key is one of the mail, made of KMS's secret as its
token is; the words are taken out of the row with the first use of the token, or go with the row
after a day.
"""

from dataclasses import asdict

from identity.domain.mailed_token import Applicant, MailRequest
from identity.service.ports import MailedSecrets
from shop.personal_data import Person

APPLICANTS = "applicant"  # what the secret of a mail is for, beside its token


def seal_applicant(applicant: Applicant, request: MailRequest, secrets: MailedSecrets) -> bytes:
    """For the row of this request."""
    return _person(request, secrets).seal(asdict(applicant), row=request.mail_id)


def open_applicant(request: MailRequest, secrets: MailedSecrets) -> Applicant | None:
    """Who wants the account; None if the request holds nobody, or no longer."""
    if request.applicant is None:
        return None
    return Applicant(**_person(request, secrets).open(request.applicant, row=request.mail_id))


def _person(request: MailRequest, secrets: MailedSecrets) -> Person:
    if request.user_id is None:
        raise LookupError("a request without a user that it would make")
    key = secrets.of(APPLICANTS, request.mail_id)
    return Person(request.user_id, "identity", key)
