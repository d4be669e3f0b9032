"""The mails that the emulator was given to send, which it keeps and sends nowhere."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tools.local.credentials import Key
from tools.local.errors import LocalError
from tools.local.http import get_json

PATH = "/_ministack/ses/messages"
TOKEN = re.compile(r"mai_\w+\.[\w-]{43}\.[\w-]{43}")
EVERY_S = 0.1


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail, as plain text."""

    to: str
    subject: str
    text: str
    sent_at: float  # epoch seconds

    @property
    def token(self) -> str | None:
        """The code in it, if it has one."""
        found = TOKEN.search(self.text)
        return found[0] if found else None


def read(endpoint_url: str, region: str, key: Key, *, to: str | None = None) -> list[Mail]:
    """Oldest first; only those to an address, if one is given.

    Raises:
        LocalError: the emulator does not answer.
    """
    url = f"{endpoint_url}{PATH}"
    request = AWSRequest("GET", url)
    # Its gate asks for a signature of the owner, of whatever service.
    credentials = Credentials(key.access_key_id, key.secret_access_key)
    SigV4Auth(credentials, "ses", region).add_auth(request)
    answer = get_json(url, headers=dict(request.headers.items()))
    if answer is None:
        raise LocalError(f"The emulator at {endpoint_url} shows no mail: run `make up`.")
    mails = [_mail(each) for sent in answer["messages"].values() for each in sent]
    wanted = [mail for mail in mails if to is None or mail.to == to]
    return sorted(wanted, key=lambda mail: mail.sent_at)


def wait_for_token(
    endpoint_url: str, region: str, key: Key, *, to: str, timeout_s: float = 30.0
) -> str:
    """The code in the newest mail to this address, once there is one.

    Raises:
        LocalError: none came in time.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        tokens = [mail.token for mail in read(endpoint_url, region, key, to=to) if mail.token]
        if tokens:
            return tokens[-1]
        if time.monotonic() > deadline:
            raise LocalError(f"No mail with a code came within {timeout_s:.0f} s.")
        time.sleep(EVERY_S)


def _mail(sent: dict[str, Any]) -> Mail:
    return Mail(", ".join(sent["To"]), sent["Subject"], sent["BodyText"], float(sent["Timestamp"]))
