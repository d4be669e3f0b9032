"""What the command line says and with which code it ends."""

import json
from pathlib import Path
from typing import Any

import pytest

from tools.shopctl import api, cli, demo, status, target
from tools.shopctl.api import Answer, Api
from tools.shopctl.errors import Failed, Unusable
from tools.shopctl.status import Queue, Status
from tools.shopctl.target import Target, find


@pytest.fixture
def platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A platform.json, as the local runtime writes it."""
    file = tmp_path / "platform.json"
    users = {role: {"email": f"{role}@example.com", "password": "x"} for role in ("customer",)}
    description = {
        "api_url": "http://127.0.0.1:9/api",
        "endpoint_url": "http://127.0.0.1:9",
        "region": "us-east-1",
        "users": users,
    }
    file.write_text(json.dumps(description))
    monkeypatch.setattr(cli, "find", lambda **given: find(**given, file=file))
    return file


def test_the_local_platform_is_found_by_its_file(platform: Path) -> None:
    found = find(stage=None, region=None, api_url=None, file=platform)
    assert (found.stage, found.is_local, found.table("orders")) == (
        "local",
        True,
        "cartwright-local-orders",
    )
    assert found.users["customer"]["email"] == "customer@example.com"


def test_without_a_platform_it_says_make_up(tmp_path: Path) -> None:
    for stage in (None, "local"):
        with pytest.raises(Unusable, match="make up"):
            find(stage=stage, region=None, api_url=None, file=tmp_path / "none")


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "platform.json"
    file.write_text("{}")
    with pytest.raises(Unusable, match=r"platform\.json"):
        find(stage=None, region=None, api_url=None, file=file)


def test_a_stage_in_aws_is_named_by_convention() -> None:
    found = find(stage="dev", region="eu-central-1", api_url="https://api", file=Path("none"))
    assert (found.is_local, found.prefix) == (False, "cartwright-dev-")


@pytest.mark.parametrize(
    ("ok", "code"),
    [
        (Status([Queue("orders-recover-orders-dlq", 0, 0)], [], {"I1": []}), 0),
        (Status([Queue("orders-recover-orders-dlq", 1, 0)], [], {"I1": []}), 1),
        (Status([Queue("orders-on-payment", 5, 1)], [], None), 0),
        (Status([], ["an alarm"], {"I1": []}), 0),
    ],
)
def test_status_ends_with_1_if_something_is_parked(
    platform: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    ok: Status,
    code: int,
) -> None:
    monkeypatch.setattr(status, "read", lambda *_, **__: ok)
    assert cli.main(["status", "--json"]) == code
    assert json.loads(capsys.readouterr().out)["ok"] is (code == 0)
    assert cli.main(["status"]) == code


@pytest.mark.parametrize(
    "arguments", [["status", "--nope"], ["nope"], ["orders", "show"], ["status", "--limit", "0"]]
)
def test_wrong_usage_ends_with_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str], platform: Path
) -> None:
    assert cli.main(arguments) == 2
    assert "error: " in capsys.readouterr().err


def test_a_platform_that_does_not_answer_ends_with_2_and_says_make_up(
    platform: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(api._direct, "open", refuse)
    assert cli.main(["demo"]) == 2
    assert "make up" in capsys.readouterr().err


def test_aws_is_never_scanned() -> None:
    from tools.shopctl import rows

    with pytest.raises(Unusable, match="local platform only"):
        rows.scan(Target("prod", "eu-central-1", ""), "orders", limit=1)


class FakeApi(Api):
    """Answers from a script, in order."""

    script: list[Answer]

    def _once(self, method: str, path: str, body: Any, key: str) -> Answer:
        return type(self).script.pop(0)


def test_a_request_with_a_key_is_repeated_while_the_answer_allows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("time.sleep", pauses.append)
    busy = Answer(409, {"retry-after": "2"}, {"retryable": True})
    FakeApi.script = [busy, busy, Answer(201, {}, {"order_id": "1"})]
    assert FakeApi("http://x").send("POST", "/orders", {}, key="k").expect(201) == {"order_id": "1"}
    assert pauses == [2.0, 2.0]
    FakeApi.script = [busy]
    assert FakeApi("http://x").send("POST", "/orders", {}).status == 409


def test_another_answer_than_expected_names_the_problem() -> None:
    answer = Answer(402, {}, {"code": "payment_declined", "detail": "The card was declined."})
    with pytest.raises(Failed, match=r"HTTP 402 payment_declined: The card was declined\."):
        answer.expect(201)


def test_the_demo_gives_up_when_the_books_stay_incomplete(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "SETTLE_S", -1.0)
    with pytest.raises(Failed, match="not complete"):
        demo._eventually(lambda: 1, lambda _: False, "events")


def test_the_file_is_looked_for_in_the_checkout() -> None:
    assert target.PLATFORM_FILE.parts[-2:] == (".local", "platform.json")
    assert (target.PLATFORM_FILE.parents[1] / "pyproject.toml").exists()
