"""Second factors: enrolled, proved, recovered, let go of; and what is tried against them."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from identity.api import (
    list_factors,
    remove_factor,
    renew_recovery_codes,
)
from identity.repository.challenges import ChallengeRepository
from identity.repository.factors import FactorRepository
from identity.repository.users import AccountRepository
from identity.service.remove_factor import reset_factors
from shop import trace, user_keys
from tests.integration.identity.conftest import EMAIL, Api, rows
from tests.support import dynamodb, inbox
from tests.support.gateway import Reply
from tests.support.invariants import violated

OPERATOR = "arn:aws:sts::000000000000:assumed-role/operators/olu@example.com"
EVE = "eve@example.com"


def session_of(api: Api, email: str = EMAIL) -> Any:
    """A user who has just signed in."""
    api.register(email)
    return api.sign_in(email).json


def listed(api: Api, session: Any) -> Any:
    return api.signed(list_factors, session, "GET", "/mfa/factors").json


def remove(api: Api, session: Any, factor_id: str) -> Reply:
    path = f"/mfa/factors/{factor_id}"
    one = {"factor_id": factor_id}
    return api.signed(remove_factor, session, "DELETE", path, path_parameters=one)


def renew(api: Api, session: Any) -> Reply:
    return api.signed(renew_recovery_codes, session, "POST", "/mfa/recovery-codes")


def refreshed(api: Api, session: Any) -> Any:
    return api.refresh(session["refresh_token"]).json


def level(api: Api, session: Any) -> str:
    """What the access token says of the session."""
    found: str = api.authorize(f"Bearer {session['access_token']}")["context"]["acr"]
    return found


def kept() -> list[dict[str, Any]]:
    """What a refused attempt must not change: all rows but counters of attempts."""
    counted = {"FAIL"}
    found = [row for row in dynamodb.rows("identity") if row["pk"].split("#")[0] not in counted]
    return [
        {name: value for name, value in row.items() if name not in ("tries", "outbox")}
        for row in found
    ]


def refused_by_step_up(reply: Reply, level: str = "aal2") -> None:
    assert (reply.status, reply.json["code"]) == (401, "step_up_required")
    assert (reply.json["acr_values"], reply.json["max_age"]) == (level, 600)
    assert reply.headers["WWW-Authenticate"] == (
        f'Bearer error="insufficient_user_authentication", acr_values="{level}", max_age="600"'
    )


# Enrolment.
def test_a_factor_counts_once_a_code_of_it_was_seen(api: Api) -> None:
    session = session_of(api)
    begun = api.enrol(session, label="Phone")
    assert begun.status == 201
    assert begun.json["otpauth_uri"].startswith("otpauth://totp/Cartwright:ada%40example.com?")
    assert listed(api, session) == {"data": [], "recovery_codes_left": 0}
    assert api.challenge(session).json["code"] == "no_second_factor"
    code = api.code(begun.json["secret"])
    confirmed = api.confirm(session, begun.json["factor_id"], code)
    assert confirmed.status == 200
    assert len(set(confirmed.json["recovery_codes"])) == 10
    found = listed(api, session)
    assert [(each["type"], each["label"]) for each in found["data"]] == [("totp", "Phone")]
    assert found["recovery_codes_left"] == 10
    assert violated("identity") == set()


def test_who_confirms_is_proved_by_two_factors_as_the_next_token_says(api: Api) -> None:
    session = session_of(api)
    api.with_factor(session)
    assert level(api, session) == "aal1"
    assert level(api, refreshed(api, session)) == "aal2"


def test_a_repeated_confirmation_hears_that_it_is_done_and_tells_no_code_again(api: Api) -> None:
    session = session_of(api)
    begun = api.enrol(session).json
    code = api.code(begun["secret"])
    api.confirm(session, begun["factor_id"], code)
    before = dynamodb.rows("identity")
    again = api.confirm(session, begun["factor_id"], code)
    assert (again.status, again.json["recovery_codes"]) == (200, [])
    assert dynamodb.rows("identity") == before


def test_neither_secret_nor_label_nor_codes_stand_in_a_row(api: Api) -> None:
    session = session_of(api)
    begun = api.enrol(session, label="Phone of Ada").json
    confirmed = api.confirm(session, begun["factor_id"], api.code(begun["secret"])).json
    stored = str(dynamodb.rows("identity"))
    for secret in (begun["secret"], "Phone of Ada", *confirmed["recovery_codes"]):
        assert secret not in stored


def test_the_first_factor_is_enrolled_by_who_signed_in_lately(api: Api) -> None:
    session = session_of(api)
    api.clock.advance(minutes=10)
    session = refreshed(api, session)  # Its token is new, its proof is not.
    before = kept()
    refused_by_step_up(api.enrol(session), "aal1")
    assert kept() == before


def test_a_further_factor_is_enrolled_by_who_proved_one_lately(api: Api) -> None:
    session = session_of(api)
    phone = api.with_factor(session)
    by_password = api.sign_in().json
    before = kept()
    refused_by_step_up(api.enrol(by_password))
    assert kept() == before
    raised = api.raised(by_password, phone)
    assert api.enrol(raised).status == 201
    api.clock.advance(minutes=10)
    refused_by_step_up(api.enrol(api.refresh(by_password["refresh_token"]).json))


def test_a_factor_begun_before_the_first_counted_needs_that_to_be_confirmed(api: Api) -> None:
    """Else who has a password begins one in time, and adds it beside the owner's."""
    thief, owner = session_of(api), api.sign_in().json
    theirs = api.enrol(thief).json
    api.with_factor(owner)
    before = kept()
    refused_by_step_up(api.confirm(thief, theirs["factor_id"], api.code(theirs["secret"])))
    assert kept() == before
    assert len(listed(api, owner)["data"]) == 1


def test_an_enrolment_ends_after_ten_minutes_or_five_wrong_codes(api: Api) -> None:
    session = session_of(api)
    late, guessed = api.enrol(session).json, api.enrol(session).json
    wrong = [api.confirm(session, guessed["factor_id"], "000000").json["code"] for _ in range(6)]
    assert wrong == ["wrong_code"] * 5 + ["enrolment_void"]
    right = api.confirm(session, guessed["factor_id"], api.code(guessed["secret"]))
    assert right.json["code"] == "enrolment_void"
    api.clock.advance(minutes=10)
    session = api.sign_in().json
    right = api.confirm(session, late["factor_id"], api.code(late["secret"]))
    assert (right.status, right.json["code"]) == (410, "enrolment_void")
    assert listed(api, session)["data"] == []


def test_there_are_five_factors_at_most(api: Api) -> None:
    session = session_of(api)
    statuses = [api.enrol(session).status for _ in range(6)]
    assert statuses == [201] * 5 + [409]


# Proof.
def test_a_code_raises_the_session_and_a_refresh_keeps_that(api: Api) -> None:
    session = session_of(api)
    phone = api.with_factor(session)
    session = api.sign_in().json
    assert level(api, session) == "aal1"
    asked = api.challenge(session)
    assert (asked.status, asked.json["methods"]) == (202, ["totp", "recovery_code"])
    assert (asked.json["expires_in"], asked.json["sent_to"]) == (300, None)
    proved = api.prove(session, asked.json["challenge_id"], code=api.code(phone.secret))
    assert proved.status == 200
    assert (proved.json["acr"], proved.json["amr"]) == ("aal2", ["pwd", "otp"])
    context = api.authorize(f"Bearer {proved.json['access_token']}")["context"]
    assert context["auth_time"] == str(int(api.clock().timestamp()))
    assert level(api, refreshed(api, session)) == "aal2"
    [told] = [each for each in dynamodb.outbox("identity") if each["type"] == "mfa.verified"]
    assert told["data"]["session_id"] == session["session_id"]


def test_a_clock_may_differ_by_one_step_and_no_more(api: Api) -> None:
    session = session_of(api)
    phone = api.with_factor(session)
    api.clock.advance(minutes=5)
    for seconds, status in ((-60, 422), (60, 422), (-30, 200), (30, 200)):
        api.clock.advance(seconds=seconds)
        code = api.code(phone.secret)
        api.clock.advance(seconds=-seconds)
        asked = api.challenge(session).json["challenge_id"]
        assert api.prove(session, asked, code=code).status == status, seconds


@pytest.mark.parametrize("by", ["the same challenge", "another challenge", "another session"])
def test_a_code_is_taken_once(api: Api, by: str) -> None:
    session = session_of(api)
    phone = api.with_factor(session)
    other = api.sign_in().json
    asked = api.challenge(session).json["challenge_id"]
    code = api.code(phone.secret)
    assert api.prove(session, asked, code=code).status == 200
    user = other if by == "another session" else session
    again = asked if by == "the same challenge" else api.challenge(user).json["challenge_id"]
    before = kept()
    reply = api.prove(user, again, code=code)
    expected = "challenge_void" if by == "the same challenge" else "wrong_code"
    assert reply.json["code"] == expected
    assert kept() == before
    assert level(api, refreshed(api, other)) == "aal1"


def test_a_code_of_before_the_newest_is_taken_no_more(api: Api) -> None:
    session = session_of(api)
    phone = api.with_factor(session)
    older = api.code(phone.secret)
    api.clock.advance(seconds=30)
    asked = [api.challenge(session).json["challenge_id"] for _ in range(2)]
    assert api.prove(session, asked[0], code=api.code(phone.secret)).status == 200
    assert api.prove(session, asked[1], code=older).json["code"] == "wrong_code"


def test_the_code_that_confirmed_a_factor_proves_nothing_again(api: Api) -> None:
    session = session_of(api)
    begun = api.enrol(session).json
    code = api.code(begun["secret"])
    api.confirm(session, begun["factor_id"], code)
    asked = api.challenge(session).json["challenge_id"]
    assert api.prove(session, asked, code=code).json["code"] == "wrong_code"


def test_a_challenge_is_answered_by_its_own_session_only(api: Api) -> None:
    session = session_of(api)
    phone = api.with_factor(session)
    mine, other = api.sign_in().json, api.sign_in().json
    asked = api.challenge(mine).json["challenge_id"]
    before = kept()
    reply = api.prove(other, asked, code=api.code(phone.secret))
    assert (reply.status, reply.json["code"]) == (410, "challenge_void")
    assert kept() == before
    assert api.prove(mine, asked, code=api.code(phone.secret)).status == 200


def test_a_challenge_of_another_user_is_nobodys(api: Api) -> None:
    mine, hers = session_of(api), session_of(api, EVE)
    phone, other = api.with_factor(mine), api.with_factor(hers)
    asked = api.challenge(mine).json["challenge_id"]
    before = kept()
    for secret in (phone.secret, other.secret):
        assert api.prove(hers, asked, code=api.code(secret)).status == 410
    assert kept() == before


def test_what_confirms_an_enrolment_answers_no_challenge_and_the_other_way(api: Api) -> None:
    session = session_of(api)
    phone = api.with_factor(session)
    raised = api.raised(session, phone)
    new = api.enrol(raised).json
    asked = api.challenge(raised).json["challenge_id"]
    before = kept()
    assert api.prove(raised, asked, code=api.code(new["secret"])).json["code"] == "wrong_code"
    api.clock.advance(minutes=1)
    wrong = api.confirm(raised, new["factor_id"], api.code(phone.secret))
    assert wrong.json["code"] == "wrong_code"
    assert kept() == before


def test_a_challenge_of_another_purpose_is_not_this_one(api: Api) -> None:
    session = session_of(api)
    phone = api.with_factor(session)
    asked = api.challenge(session).json["challenge_id"]
    user = f"USER#{session['user_id']}"
    dynamodb.change("identity", user, f"CHALLENGE#{asked}", purpose="something else")
    before = kept()
    reply = api.prove(session, asked, code=api.code(phone.secret))
    assert reply.status in (410, 500)
    assert kept() == before


def test_a_challenge_ends_after_five_minutes(api: Api) -> None:
    session = session_of(api)
    phone = api.with_factor(session)
    asked = api.challenge(session).json["challenge_id"]
    api.clock.advance(minutes=5)
    before = kept()
    assert api.prove(session, asked, code=api.code(phone.secret)).status == 410
    assert kept() == before


def test_a_challenge_is_tried_five_times_from_wherever(api: Api) -> None:
    session = session_of(api)
    phone = api.with_factor(session)
    asked = api.challenge(session).json["challenge_id"]
    before = kept()
    for n in range(5):
        guess = api.prove(session, asked, code="000000", source_ip=f"198.51.100.{n}")
        assert (guess.status, guess.json["code"]) == (422, "wrong_code")
    right = api.prove(session, asked, code=api.code(phone.secret), source_ip="203.0.113.9")
    assert (right.status, right.json["code"]) == (410, "challenge_void")
    assert kept() == before


def test_who_guesses_keeps_out_their_own_network_and_nobody_from_signing_in(api: Api) -> None:
    session = session_of(api)
    phone = api.with_factor(session)
    replies = []
    for _ in range(6):
        asked = api.challenge(session).json["challenge_id"]
        replies.append(api.prove(session, asked, code="000000", source_ip="198.51.100.66"))
    assert [reply.status for reply in replies] == [422] * 5 + [429]
    assert int(replies[-1].headers["Retry-After"]) > 0
    assert api.sign_in(source_ip="198.51.100.66").status == 201
    asked = api.challenge(session).json["challenge_id"]
    assert api.prove(session, asked, code=api.code(phone.secret)).status == 200


def test_good_codes_leave_no_failures_behind(api: Api) -> None:
    session = session_of(api)
    phone = api.with_factor(session)
    for _ in range(7):
        session = api.raised(session, phone)
        api.clock.advance(seconds=30)
    assert {row["times"] for row in rows("FAIL#")} == {0}


def test_a_factor_of_somebody_else_is_not_there(api: Api) -> None:
    mine, hers = session_of(api), session_of(api, EVE)
    phone = api.with_factor(mine)
    raised = api.raised(hers, api.with_factor(hers))
    before = kept()
    assert api.challenge(raised, factor_id=phone.factor_id).status == 404
    assert api.confirm(raised, phone.factor_id, api.code(phone.secret)).status == 404
    assert remove(api, raised, phone.factor_id).status == 404
    assert kept() == before


def test_a_challenge_for_one_factor_is_answered_by_no_other(api: Api) -> None:
    session = session_of(api)
    phone = api.with_factor(session)
    tablet = api.with_factor(api.raised(session, phone))
    asked = api.challenge(session, factor_id=tablet.factor_id).json["challenge_id"]
    assert api.prove(session, asked, code=api.code(phone.secret)).status == 422
    assert api.prove(session, asked, code=api.code(tablet.secret)).status == 200


def test_a_session_that_ended_is_not_raised(api: Api) -> None:
    session = session_of(api)
    phone = api.with_factor(session)
    asked = api.challenge(session).json["challenge_id"]
    user = f"USER#{session['user_id']}"
    gone = f"SESSION#{session['session_id']}"
    context = api.authorize(f"Bearer {session['access_token']}")
    dynamodb.change("identity", user, gone, revoked_at="2026-11-22T10:15:30.000Z")
    api.authorize = lambda _token: context  # type: ignore[assignment,method-assign]
    before = kept()
    reply = api.prove(session, asked, code=api.code(phone.secret))
    assert reply.status == 410
    assert kept() == before


# Recovery.
def test_a_recovery_code_is_good_once_and_its_owner_is_told(api: Api) -> None:
    session = session_of(api)
    phone = api.with_factor(session)
    typed = phone.recovery_codes[3].upper().replace("-", " ")
    asked = api.challenge(session).json["challenge_id"]
    proved = api.prove(session, asked, recovery_code=typed)
    assert (proved.status, proved.json["acr"]) == (200, "aal2")
    assert listed(api, session)["recovery_codes_left"] == 9
    api.post_office()
    assert "recovery code" in inbox.newest(EMAIL).subject
    other = api.sign_in().json
    before = kept()
    asked = api.challenge(other).json["challenge_id"]
    again = api.prove(other, asked, recovery_code=phone.recovery_codes[3])
    assert again.json["code"] == "wrong_code"
    assert level(api, refreshed(api, other)) == "aal1"
    after = [row for row in kept() if asked not in row["sk"]]
    assert without_rotation(after) == without_rotation(before)


def without_rotation(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in found if "SESSION#" not in row["sk"]]


def test_new_recovery_codes_make_the_old_ones_void(api: Api) -> None:
    session = session_of(api)
    phone = api.with_factor(session)
    before = kept()
    refused_by_step_up(renew(api, api.sign_in().json))
    assert without_rotation(kept()) == without_rotation(before)
    renewed = renew(api, api.raised(session, phone))
    assert renewed.status == 201
    asked = api.challenge(session).json["challenge_id"]
    for code, status in ((phone.recovery_codes[0], 422), (renewed.json["recovery_codes"][0], 200)):
        assert api.prove(session, asked, recovery_code=code).status == status


# The end of a factor.
def test_a_factor_is_removed_by_who_proved_one_lately(api: Api) -> None:
    session = session_of(api)
    phone = api.with_factor(session)
    by_password = api.sign_in().json
    before = kept()
    refused_by_step_up(remove(api, by_password, phone.factor_id))
    assert kept() == before
    raised = api.raised(by_password, phone)
    assert [remove(api, raised, phone.factor_id).status for _ in range(2)] == [204, 204]
    assert listed(api, raised) == {"data": [], "recovery_codes_left": 0}
    [row] = [row for row in rows("USER#") if str(row["sk"]).startswith("FACTOR#")]
    assert "personal" not in row
    assert api.challenge(raised).status == 409
    assert violated("identity") == set()


def test_its_owner_is_told_of_each_change(api: Api) -> None:
    session = session_of(api)
    phone = api.with_factor(session)
    api.post_office()
    assert "added" in inbox.newest(EMAIL).subject
    remove(api, api.raised(session, phone), phone.factor_id)
    api.post_office()
    assert "removed" in inbox.newest(EMAIL).subject
    told = [each["type"] for each in dynamodb.outbox("identity")]
    assert told.count("user.factor_added") == told.count("user.factor_removed") == 1


def reset(api: Api, email: str = EMAIL) -> int | None:
    found = reset_factors(
        email,
        api.accounts(),
        FactorRepository(),
        operator=OPERATOR,
        now=api.clock(),
        trace=trace.from_header(None),
    )
    return None if found is None else found[1]


def test_an_operator_resets_the_factors_of_who_has_lost_theirs(api: Api) -> None:
    session = session_of(api)
    phone = api.with_factor(session)
    raised = api.raised(session, phone)
    assert (reset(api), reset(api), reset(api, "nobody@example.com")) == (1, 0, None)
    assert api.refresh(raised["refresh_token"]).status == 401
    with pytest.raises(Exception, match="Unauthorized"):
        api.authorize(f"Bearer {raised['access_token']}")
    api.clock.advance(seconds=1)
    again = api.sign_in().json
    assert listed(api, again)["data"] == []
    assert api.profile(session["user_id"]).changed_by == OPERATOR
    api.post_office()
    assert "reset" in inbox.newest(EMAIL).subject
    assert api.enrol(again).status == 201
    assert violated("identity") == set()


def test_what_was_known_of_a_factor_is_gone_with_its_users_key(api: Api) -> None:
    session = session_of(api)
    phone = api.with_factor(session)
    asked = api.challenge(session).json["challenge_id"]
    user_keys.erase(session["user_id"], now=api.clock())
    assert api.prove(session, asked, code=api.code(phone.secret)).status == 404
    assert api.prove(session, asked, recovery_code=phone.recovery_codes[0]).status == 404


# At the same moment: each has read what was there before the other wrote.
def test_of_two_with_one_code_at_once_one_is_proved(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = session_of(api)
    phone = api.with_factor(first)
    second = api.sign_in().json
    asked = [api.challenge(each).json["challenge_id"] for each in (first, second)]
    read_before = FactorRepository().of(first["user_id"])
    monkeypatch.setattr(FactorRepository, "of", lambda _self, _user_id: read_before)
    code = api.code(phone.secret)
    assert api.prove(first, asked[0], code=code).status == 200
    before = kept()
    assert api.prove(second, asked[1], code=code).status == 410
    assert kept() == before


def test_of_two_with_one_recovery_code_at_once_one_is_proved(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = session_of(api)
    phone = api.with_factor(first)
    second = api.sign_in().json
    asked = [api.challenge(each).json["challenge_id"] for each in (first, second)]
    read_before = AccountRepository().get(first["user_id"])
    monkeypatch.setattr(AccountRepository, "get", lambda _self, _user_id: read_before)
    code = phone.recovery_codes[0]
    assert api.prove(first, asked[0], recovery_code=code).status == 200
    before = kept()
    assert api.prove(second, asked[1], recovery_code=code).status == 410
    assert kept() == before


def test_of_two_answers_to_one_challenge_at_once_one_is_taken(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = session_of(api)
    phone = api.with_factor(session)
    asked = api.challenge(session).json["challenge_id"]
    read_before = ChallengeRepository().get(session["user_id"], asked)
    monkeypatch.setattr(ChallengeRepository, "get", lambda _self, *_key: read_before)
    assert api.prove(session, asked, code=api.code(phone.secret)).status == 200
    api.clock.advance(seconds=30)
    before = kept()
    assert api.prove(session, asked, code=api.code(phone.secret)).status == 410
    assert kept() == before


def test_of_many_guesses_at_once_five_are_looked_at(api: Api, one_at_a_time: None) -> None:
    session = session_of(api)
    api.with_factor(session)
    asked = api.challenge(session).json["challenge_id"]

    def guess(n: int) -> int:
        return api.prove(session, asked, code="000000", source_ip=f"198.51.100.{n}").status

    with ThreadPoolExecutor(12) as pool:
        statuses = sorted(pool.map(guess, range(12)))
    assert statuses == [410] * 7 + [422] * 5
