"""The emulator itself, as `make up` starts it: who is let in, and what survives a kill."""

import contextlib
import json
import os
import signal
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import psutil
import pytest

from tests.support.shop_client import eventually
from tools.local import aws, emulator, processes, recovery, saves
from tools.local.errors import LocalError
from tools.local.lock import exclusive
from tools.local.settings import Settings

TABLE = "orders"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Running:
    """An emulator with one table."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def start(self) -> None:
        emulator.launch(self.settings)
        emulator.wait_ready(self.settings)

    @property
    def process(self) -> psutil.Process:
        found = processes.find(emulator.service(self.settings))
        assert found
        return found

    @property
    def tables(self) -> Any:
        return boto3.client("dynamodb", **aws.options(self.settings))

    def create(self) -> None:
        self.tables.create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )

    def put(self, *names: str) -> None:
        for name in names:
            self.tables.put_item(TableName=TABLE, Item={"pk": {"S": name}})

    def rows(self) -> set[str]:
        return {row["pk"]["S"] for row in self.tables.scan(TableName=TABLE)["Items"]}

    def saved(self) -> str:
        """Of the newest save, the tables."""
        found = saves.newest(self.settings.home / saves.PLACE)
        return (found.folder / "dynamodb.json").read_text() if found else ""

    def kill(self) -> None:
        process = self.process
        process.kill()
        process.wait(10)

    def send(self, path: str, headers: Mapping[str, str], method: str = "POST") -> int:
        url = f"{self.settings.endpoint_url}{path}"
        request = urllib.request.Request(url, b"{}", dict(headers), method=method)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    port = free_port()
    found = Running(Settings(home=tmp_path / "home", port=port, psp_port=port + 1))
    found.start()
    found.create()
    yield found
    with contextlib.suppress(LocalError):
        emulator.stop(found.settings)


def choose(running: Running) -> list[str]:
    said: list[str] = []
    recovery.choose(running.settings, emulator.service(running.settings).log, said.append)
    return said


SCAN = {"X-Amz-Target": "DynamoDB_20120810.Scan", "Content-Type": "application/x-amz-json-1.0"}


def test_a_page_of_elsewhere_cannot_wipe_the_platform(running: Running) -> None:
    foreign = {"Origin": "https://evil.example", "Host": "evil.example"}
    simple = {"Content-Type": "text/plain"}  # What a page may send without asking first.
    for headers in (foreign, {"Origin": foreign["Origin"]}, {"Host": foreign["Host"]}, {}):
        assert running.send("/_ministack/reset", simple | headers) == 403
        assert running.send("/_ministack/config", simple | headers) == 403
        assert running.send("/", SCAN | headers) == 403
    assert running.rows() == set()


@pytest.mark.parametrize("service", ["iam", "s3", "sqs", "lambda", "ssm", "logs", "cloudformation"])
def test_nobody_is_root_without_the_key(running: Running, service: str) -> None:
    """Neither by the keys that the emulator takes for root, nor by one that nobody has."""
    operations = {
        "iam": "list_roles",
        "s3": "list_buckets",
        "sqs": "list_queues",
        "lambda": "list_functions",
        "ssm": "describe_parameters",
        "logs": "describe_log_groups",
        "cloudformation": "list_stacks",
    }
    for key in ("test", "000000000000", "AKIA0000000000000000"):
        options = aws.options(running.settings)
        options |= {"aws_access_key_id": key, "aws_secret_access_key": "test"}
        client: Any = boto3.client(service, **options)  # type: ignore[call-overload]
        with pytest.raises(client.exceptions.ClientError) as error:
            getattr(client, operations[service])()
        assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 403)
    ours: Any = boto3.client(service, **aws.options(running.settings))  # type: ignore[call-overload]
    assert getattr(ours, operations[service])()


def test_the_key_is_read_by_its_owner_only(running: Running) -> None:
    assert (running.settings.home / "credentials").stat().st_mode & 0o777 == 0o600


def test_what_was_written_some_seconds_before_a_kill_is_there(running: Running) -> None:
    running.put("a", "b")
    eventually(running.saved, until=lambda text: '"a"' in text and '"b"' in text, timeout_s=60)
    running.put("c")
    running.kill()
    assert "ended without saving" in choose(running)[0]
    running.start()
    assert running.rows() >= {"a", "b"}


def test_a_stop_loses_nothing_and_says_nothing(running: Running) -> None:
    names = [str(number) for number in range(30)]
    running.put(*names)
    assert emulator.stop(running.settings) is True
    assert choose(running) == []
    running.start()
    assert running.rows() == set(names)


def test_nothing_is_saved_while_somebody_deploys(running: Running) -> None:
    eventually(running.saved, until=bool, timeout_s=60)
    with exclusive(running.settings.home / saves.DEPLOYING, on_wait=lambda: None):
        eventually(running.process.children, until=lambda found: not found, timeout_s=60)
        running.put("half of it")
        before = saves.last(running.settings.home / saves.PLACE)
        deadline = time.monotonic() + 5
        eventually(time.monotonic, until=lambda now: now > deadline, timeout_s=10)
        assert saves.last(running.settings.home / saves.PLACE) == before
    eventually(running.saved, until=lambda text: "half of it" in text, timeout_s=60)


def test_a_state_that_cannot_be_written_is_no_success(running: Running) -> None:
    eventually(running.saved, until=bool, timeout_s=60)
    running.put("a")
    place = running.settings.home / saves.PLACE
    place.rename(place.with_name("moved"))
    place.write_text("a file, where the folder was")
    try:
        os.kill(running.process.pid, signal.SIGTERM)
        assert running.process.wait(60) in (1, None)
    finally:
        place.unlink(missing_ok=True)
        place.with_name("moved").rename(place)
    assert recovery.ended_unsaved(running.settings)
    assert "could not be saved at the end" in emulator.service(running.settings).log.read_text()


def test_a_key_that_is_not_the_emulators_is_told_with_the_way_out(running: Running) -> None:
    file = running.settings.home / "credentials"
    before = file.read_text()
    file.write_text("[default]\naws_access_key_id = A\naws_secret_access_key = B\n")
    with pytest.raises(LocalError, match="make down"):
        emulator.wait_ready(running.settings)
    for text in ("", "[default]", "\x00", "{}"):
        file.write_text(text)
        with pytest.raises(LocalError, match="make down"):
            emulator.wait_ready(running.settings)
    file.write_text(before)
    emulator.wait_ready(running.settings)


def test_the_emulators_own_form_is_what_is_written(running: Running) -> None:
    """It is read by the emulator's own code at the next start."""
    running.put("a")
    emulator.stop(running.settings)
    found = saves.newest(running.settings.home / saves.PLACE)
    assert found
    state = json.loads((found.folder / "dynamodb.json").read_text())
    assert set(state) == {"__ministack_format__", "payload"}
