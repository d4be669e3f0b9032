"""The mails of the local platform, and the code in one of them."""

from tools.local import inbox
from tools.local.errors import LocalError
from tools.local.inbox import Mail
from tools.shopctl.errors import Failed, Unusable
from tools.shopctl.target import Target


def mails(target: Target, to: str | None) -> list[Mail]:
    """Oldest first. Raises Unusable for a stage whose mails went out."""
    if target.endpoint_url is None:
        raise Unusable("Mails of a stage on AWS are sent, and kept nowhere: this is for `make up`.")
    try:
        return inbox.read(target.endpoint_url, target.region, target.key, to=to)
    except LocalError as error:
        raise Unusable(str(error)) from error


def code(target: Target, to: str) -> str:
    """What the newest mail to an address says, once it has come."""
    mails(target, to)
    try:
        return inbox.wait_for_token(str(target.endpoint_url), target.region, target.key, to=to)
    except LocalError as error:
        raise Failed(str(error)) from error
