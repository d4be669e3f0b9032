"""Which mails go out, how many, and what becomes of those that do not arrive."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from identity.consumers import on_mail_requested
from shop import aws
from tests.integration.identity.conftest import EMAIL, OTHER, Api
from tests.support import dynamodb, inbox


def subjects(email: str = EMAIL) -> list[str]:
    return [mail.subject.split(" ")[0] for mail in inbox.mails_to(email)]


def test_a_taken_address_is_told_to_its_owner_by_mail(api: Api) -> None:
    api.register()
    api.ask()
    api.post_office()
    assert subjects() == ["Confirm", "You"]
    mail = inbox.mails_to(EMAIL)[-1]
    assert inbox.TOKEN.findall(mail.body) == []
    assert "https://shop.test/account/forgot" in mail.body


def test_an_event_that_comes_twice_sends_one_mail(api: Api) -> None:
    api.ask()
    [event] = dynamodb.outbox("identity")
    assert [api.deliver(event) for _ in range(2)] == [{"batchItemFailures": []}] * 2
    assert subjects() == ["Confirm"]


def test_a_mail_whose_answer_was_lost_is_sent_again_with_the_same_link(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.ask()
    client = aws.client("sesv2")
    send = client.send_email

    def lost(**given: Any) -> None:
        send(**given)
        raise ConnectionError

    [event] = dynamodb.outbox("identity")
    with monkeypatch.context() as patch:
        patch.setattr(client, "send_email", lost)
        assert api.deliver(event)["batchItemFailures"]
    assert not api.deliver(event)["batchItemFailures"]
    first, second = inbox.mails_to(EMAIL)
    assert first.body == second.body


def test_a_link_comes_again_for_who_asks(api: Api) -> None:
    api.ask()
    token = api.mailed_token()
    api.resend()
    assert api.mailed_token() == token
    assert subjects() == ["Confirm", "Confirm"]


def test_nobody_is_mailed_whose_address_nobody_gave(api: Api) -> None:
    api.resend()
    api.forgot()
    api.post_office()
    assert subjects() == []


def test_three_mails_an_hour_and_ten_a_day_go_to_an_address_whoever_asks(api: Api) -> None:
    for hour in range(6):
        for ask in range(5):
            assert api.forgot("ada@example.com", source_ip=f"192.0.2.{hour}").status == 202
            assert api.ask(source_ip=f"198.51.100.{ask}").status == 202
            api.post_office()
        assert len(subjects()) == min(3 * (hour + 1), 10)
        api.clock.advance(hours=1)


def test_who_registers_an_address_again_and_again_keeps_its_owner_from_no_way_back(
    api: Api,
) -> None:
    api.register()
    for stranger in range(6):
        api.ask(source_ip=f"198.51.100.{stranger}")
    api.post_office()
    api.clock.advance(seconds=1)
    api.forgot()
    assert api.reset(api.mailed_token(), OTHER).status == 204


def test_twenty_requests_an_hour_come_from_a_network_whatever_they_ask_for(api: Api) -> None:
    asks = (api.ask, api.resend, api.forgot)
    for number in range(20):
        address = f"{number}@example.com"
        assert asks[number % 3](address, source_ip=f"2001:db8::{number:x}").status == 202
    before = dynamodb.rows("identity")
    for ask in asks:
        reply = ask("one-more@example.com", source_ip="2001:db8::ffff")
        assert (reply.status, reply.json["code"]) == (429, "rate_limited")
        assert reply.headers["Retry-After"] == "2670"
        assert reply.headers["RateLimit"] == '"network";r=0;t=2670'
        assert reply.headers["RateLimit-Policy"] == '"network";q=20;w=3600'
    assert dynamodb.rows("identity") == before
    assert api.ask("one-more@example.com", source_ip="2001:db8:0:1::1").status == 202
    api.clock.advance(seconds=2670)
    assert api.ask("one-more@example.com", source_ip="2001:db8::1").status == 202


def test_no_row_tells_a_network_or_a_token(api: Api) -> None:
    api.ask(source_ip="203.0.113.77")
    stored = json.dumps(dynamodb.rows("identity"), default=str)
    assert "203.0.113.77" not in stored
    for part in api.mailed_token().split(".")[2:]:
        assert part not in stored


def test_a_stage_that_sends_no_mail_says_so_and_parks_nothing(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAIL_FROM", "")
    on_mail_requested.ports.cache_clear()  # type: ignore[attr-defined]
    api.ask()
    assert api.post_office() == [{"batchItemFailures": []}]
    on_mail_requested.ports.cache_clear()  # type: ignore[attr-defined]


def test_what_ses_does_not_take_for_an_address_is_given_up_and_all_else_repeated(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    for code, parked in {"BadRequestException": 0, "TooManyRequestsException": 1}.items():
        error = ClientError({"Error": {"Code": code, "Message": "x"}}, "SendEmail")

        def refuse(error: ClientError = error, **_: Any) -> None:
            raise error

        monkeypatch.setattr(aws.client("sesv2"), "send_email", refuse)
        api.ask()
        [answer] = api.post_office()
        assert len(answer["batchItemFailures"]) == parked


# A password that was forgotten.
