"""What moto's SES was given to send, and accounts that are made by way of it."""

import re
from typing import TYPE_CHECKING, Any

import boto3
from moto.ses.models import ses_backends

from tests.support import gateway
from tests.support.machines import ACCOUNT, REGION

if TYPE_CHECKING:
    from tests.support.checkout_scenario import CheckoutScenario

SENDER = "shop@example.com"  # As functions/identity/deploy.py has it where nothing is deployed.
CODE = re.compile(r"\b[0-9]{6}\b")
TOKEN = re.compile(r"mai_\w+\.[\w-]{43}\.[\w-]{43}")


def open_post_office() -> None:
    """Let moto send as the shop."""
    boto3.client("sesv2", region_name=REGION).create_email_identity(EmailIdentity=SENDER)


def mails_to(email: str) -> list[Any]:
    """Oldest first."""
    sent = ses_backends[ACCOUNT][REGION].sent_messages
    return [each for each in sent if each.destinations["ToAddresses"] == [email]]


def code_to(email: str) -> str:
    """The one-time code in the newest mail to an address that has one."""
    found = [code for mail in mails_to(email) for code in CODE.findall(mail.body)]
    return str(found[-1])


def newest(email: str) -> Any:
    """The newest mail to an address."""
    return mails_to(email)[-1]


def token_to(email: str) -> str:
    """The token in the newest mail to an address that has one."""
    found = [token for mail in mails_to(email) for token in TOKEN.findall(mail.body)]
    return str(found[-1])


def join(shop: "CheckoutScenario", email: str, password: str, *, name: str | None = None) -> str:
    """A new customer: registers, reads the mail, proves the address. The user's id."""
    body = {"email": email, "password": password, "consents": {"terms": True}}
    if name is not None:
        body["profile"] = {"name": name, "locale": "en-GB"}
    asked = _post(shop, "identity.register_user", "/users", body)
    assert asked["statusCode"] == 202, asked["body"]
    shop.deliver()
    proof = {"token": token_to(email), "password": password}
    proved = _post(shop, "identity.verify_user", "/users/verify", proof)
    assert proved["statusCode"] == 200, proved["body"]
    return str(gateway.Reply(200, {}, proved["body"]).json["user_id"])


def _post(shop: "CheckoutScenario", function: str, path: str, body: dict[str, Any]) -> Any:
    event = gateway.event("POST", path, body=body, sub=None)
    return shop.interceptor.call(function, event)
