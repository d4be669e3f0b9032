"""Mail by Amazon SES. Who sends it again sends a second copy: nothing here remembers."""

from dataclasses import dataclass

from botocore.exceptions import ClientError

from identity.domain.letter import Letter
from shop import aws

_CHARSET = "UTF-8"
NOT_AN_ADDRESS = "BadRequestException"


@dataclass(frozen=True, slots=True)
class SesMailer:
    """Sends as `sender`; where that is empty, nothing."""

    sender: str

    def send(self, letter: Letter) -> bool:
        """One SendEmail; False for a letter that could not be sent however often it is tried.

        The parts travel apart from each other, so that none can begin a header.
        """
        if not self.sender:
            return False
        try:
            aws.client("sesv2").send_email(
                FromEmailAddress=self.sender,
                Destination={"ToAddresses": [letter.to]},
                Content={
                    "Simple": {
                        "Subject": _part(letter.subject),
                        "Body": {"Text": _part(letter.text), "Html": _part(letter.html)},
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
