"""Codes that are mailed, as a second factor of customers."""

import re
from typing import Any

from identity.api import remove_factor
from identity.domain.mailed_token import Applicant
from identity.domain.user import Role
from identity.service.create_staff import create_staff
from shop import trace
from tests.integration.identity.conftest import EMAIL, PASSWORD, Api
from tests.integration.identity.test_second_factors import (
    kept,
    level,
    listed,
    refreshed,
    session_of,
)
from tests.support import dynamodb, inbox
from tests.support.invariants import violated


def mailed_code(api: Api) -> str:
    """In the newest mail."""
    api.post_office()
    return inbox.code_to(EMAIL)


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


def with_mailed(api: Api, session: Any) -> str:
    """A factor that counts; its id."""
    begun = api.enrol(session, type="email").json
    confirmed = api.confirm(session, begun["factor_id"], mailed_code(api))
    assert confirmed.status == 200, confirmed.text
    return str(begun["factor_id"])


def test_a_customer_enrols_their_mailbox_and_proves_it(api: Api) -> None:
    session = session_of(api)
    begun = api.enrol(session, type="email")
    assert begun.status == 201
    assert (begun.json["secret"], begun.json["otpauth_uri"]) == (None, None)
    assert begun.json["sent_to"] == "a•••@example.com"
    confirmed = api.confirm(session, begun.json["factor_id"], mailed_code(api))
    assert len(confirmed.json["recovery_codes"]) == 10
    assert [each["type"] for each in listed(api, session)["data"]] == ["email"]
    other = api.sign_in().json
    asked = api.challenge(other).json
    assert (asked["methods"], asked["sent_to"]) == (["email", "recovery_code"], "a•••@example.com")
    proved = api.prove(other, asked["challenge_id"], code=mailed_code(api))
    assert (proved.status, proved.json["acr"]) == (200, "aal2")
    assert violated("identity") == set()


def test_no_row_and_no_event_holds_a_code(api: Api) -> None:
    session = session_of(api)
    with_mailed(api, session)
    api.challenge(session)
    code = mailed_code(api)
    alone = re.compile(rf"(?<![0-9A-Za-z]){code}(?![0-9A-Za-z])")
    assert alone.search(str(dynamodb.rows("identity"))) is None


def test_a_mailed_code_is_good_once_and_for_its_challenge_only(api: Api) -> None:
    session = session_of(api)
    with_mailed(api, session)
    first = api.challenge(session).json["challenge_id"]
    code = mailed_code(api)
    second = api.challenge(session).json["challenge_id"]
    other = api.sign_in().json
    before = kept()
    assert api.prove(other, first, code=code).status == 410
    assert api.prove(session, second, code=code).json["code"] == "wrong_code"
    assert kept() == before
    assert api.prove(session, first, code=code).status == 200
    before = kept()
    assert api.prove(session, first, code=code).status == 410
    assert kept() == before


def test_a_code_that_confirms_a_mailbox_steps_nothing_up_and_the_other_way(api: Api) -> None:
    session = session_of(api)
    with_mailed(api, session)
    asked = api.challenge(session).json["challenge_id"]
    to_step_up = mailed_code(api)
    raised = refreshed(api, session)
    begun = api.enrol(raised, type="email").json
    to_confirm = mailed_code(api)
    before = kept()
    assert api.prove(raised, asked, code=to_confirm).json["code"] == "wrong_code"
    assert api.confirm(raised, begun["factor_id"], to_step_up).json["code"] == "wrong_code"
    assert kept() == before


def test_a_mailed_code_ends_after_five_minutes(api: Api) -> None:
    session = session_of(api)
    begun = api.enrol(session, type="email").json
    code = mailed_code(api)
    api.clock.advance(minutes=5)
    before = kept()
    assert api.confirm(session, begun["factor_id"], code).json["code"] == "wrong_code"
    assert kept() == before


def test_a_mailed_code_is_guessed_five_times(api: Api) -> None:
    session = session_of(api)
    with_mailed(api, session)
    other = api.sign_in().json
    asked = api.challenge(other).json["challenge_id"]
    code = mailed_code(api)
    for n in range(5):
        guess = api.prove(other, asked, code=wrong(code), source_ip=f"198.51.100.{n}")
        assert guess.status == 422
    before = kept()
    assert api.prove(other, asked, code=code).status == 410
    assert kept() == before
    assert level(api, refreshed(api, other)) == "aal1"


def test_who_has_an_app_is_mailed_nothing_unless_they_ask_for_it(api: Api) -> None:
    session = session_of(api)
    api.with_factor(session)
    raised = refreshed(api, session)
    with_mailed(api, raised)
    api.post_office()
    before = len(inbox.mails_to(EMAIL))
    assert api.challenge(raised).json["methods"] == ["totp", "recovery_code"]
    api.post_office()
    assert len(inbox.mails_to(EMAIL)) == before
    assert api.challenge(raised, channel="email").json["methods"] == ["email", "recovery_code"]
    api.post_office()
    assert len(inbox.mails_to(EMAIL)) == before + 1


def test_who_works_here_proves_it_by_an_app(api: Api) -> None:
    create_staff(
        Applicant(EMAIL),
        PASSWORD,
        api.accounts(),
        role=Role.FINANCE,
        operator="olu",
        now=api.clock(),
        trace=trace.from_header(None),
    )
    session = api.sign_in().json
    before = kept()
    refused = api.enrol(session, type="email")
    assert (refused.status, refused.json["code"]) == (403, "forbidden")
    assert kept() == before


def test_mails_with_codes_are_limited_by_network(api: Api) -> None:
    session = session_of(api)
    with_mailed(api, session)
    statuses = [api.challenge(session).status for _ in range(25)]
    assert statuses.count(202) == 18, "two were asked for before: the link and the first code"
    assert statuses[-1] == 429


def test_a_removed_mailbox_is_mailed_nothing(api: Api) -> None:
    session = session_of(api)
    factor_id = with_mailed(api, session)
    raised = refreshed(api, session)
    one = {"factor_id": factor_id}
    path = f"/mfa/factors/{factor_id}"
    api.signed(remove_factor, raised, "DELETE", path, path_parameters=one)
    assert api.challenge(raised, channel="email").json["code"] == "no_second_factor"
