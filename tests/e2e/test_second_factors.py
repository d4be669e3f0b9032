"""A second factor, as a customer and their app use it over HTTP."""

import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from pyotp import TOTP

from tests.e2e.platform import Platform
from tests.support.shop_client import ShopClient, eventually
from tools.local import inbox

CODE = re.compile(r"^([0-9]{6}) is your code", re.MULTILINE)


def test_a_customer_enrols_a_factor_proves_it_and_recovers_without_it(shop: ShopClient) -> None:
    email, password = f"factor-{uuid4().hex}@example.com", f"pw-{uuid4().hex}"
    shop.join(email, password)
    me = shop.sign_in(email, password)
    begun = me.send("POST", "/mfa/factors", {"type": "totp", "label": "Phone"})
    assert begun.status == 201, begun.text
    app, factor = TOTP(begun.json["secret"]), f"/mfa/factors/{begun.json['factor_id']}"
    before = app.at(datetime.now(UTC) - timedelta(seconds=30))
    confirmed = me.send("POST", f"{factor}/confirm", {"code": before})
    assert confirmed.status == 200, confirmed.text

    other = shop.sign_in(email, password)
    refused = other.send("DELETE", factor)
    assert (refused.status, refused.json["code"]) == (401, "step_up_required")
    asked = other.send("POST", "/mfa/challenge", {}).json["challenge_id"]
    assert me.send("POST", "/mfa/verify", {"challenge_id": asked, "code": app.now()}).status == 410
    proved = other.send("POST", "/mfa/verify", {"challenge_id": asked, "code": app.now()})
    assert (proved.status, proved.json["acr"]) == (200, "aal2"), proved.text

    lost = shop.sign_in(email, password)
    asked = lost.send("POST", "/mfa/challenge", {}).json["challenge_id"]
    answer = {"challenge_id": asked, "recovery_code": confirmed.json["recovery_codes"][0]}
    proved = lost.send("POST", "/mfa/verify", answer)
    assert proved.status == 200, proved.text
    raised = ShopClient(shop.api_url, proved.json["access_token"])
    listed = raised.send("GET", "/mfa/factors").json
    assert (len(listed["data"]), listed["recovery_codes_left"]) == (1, 9)
    assert raised.send("DELETE", factor).status == 204


def test_a_customer_proves_their_mailbox(shop: ShopClient, platform: Platform) -> None:
    email, password = f"mailbox-{uuid4().hex}@example.com", f"pw-{uuid4().hex}"
    shop.join(email, password)
    me = shop.sign_in(email, password)

    def codes() -> list[str]:
        mails = inbox.read(platform.endpoint_url, platform.region, platform.key, to=email)
        return [code for mail in mails for code in CODE.findall(mail.text)]

    begun = me.send("POST", "/mfa/factors", {"type": "email"})
    assert begun.status == 201, begun.text
    (first,) = eventually(codes, until=bool)
    path = f"/mfa/factors/{begun.json['factor_id']}/confirm"
    assert me.send("POST", path, {"code": first}).status == 200
    asked = me.send("POST", "/mfa/challenge", {"channel": "email"})
    assert asked.json["sent_to"] == "m•••@example.com"
    found = eventually(codes, until=lambda all_: len(all_) > 1)
    answer = {"challenge_id": asked.json["challenge_id"], "code": found[-1]}
    proved = me.send("POST", "/mfa/verify", answer)
    assert (proved.status, proved.json["acr"]) == (200, "aal2"), proved.text
