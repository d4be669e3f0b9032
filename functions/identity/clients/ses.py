"""Mail by Amazon SES. Who sends it again sends a second copy: nothing here remembers."""

from dataclasses import dataclass

from botocore.exceptions import ClientError

from identity.domain.mail import Mail
from shop import aws

_CHARSET = "UTF-8"
NOT_AN_ADDRESS = "BadRequestException"


@dataclass(frozen=True, slots=True)
class SesMailer:
    """Sends as `sender`; where that is empty, nothing."""

    sender: str

    def send(self, mail: Mail) -> bool:
        """One SendEmail; False for one that could not be sent however often it is tried.

        The parts travel apart from each other, so that none can begin a header.
        """
        if not self.sender:
            return False
        try:
            aws.client("sesv2").send_email(
                FromEmailAddress=self.sender,
                Destination={"ToAddresses": [mail.to]},
                Content={
                    "Simple": {
                        "Subject": _part(mail.subject),
                        "Body": {"Text": _part(mail.text), "Html": _part(mail.html)},
                    }
                },
            )
        except ClientError as error:
            if error.response["Error"]["Code"] == NOT_AN_ADDRESS:
                return False
            raise
        return True


def _part(text: str) -> dict[str, str]:
    return {"Data": text, "Charset": _CHARSET}
