"""A checkout stays at the port that it took."""

from pathlib import Path

import pytest

from tools.local import emulator, processes, saves
from tools.local.errors import LocalError
from tools.local.settings import DEFAULT_PORT, from_environment


def test_the_port_need_not_be_said_again(tmp_path: Path) -> None:
    assert from_environment({}, tmp_path).port == DEFAULT_PORT
    (tmp_path / "port").write_text("4850")
    assert from_environment({}, tmp_path).port == 4850
    assert from_environment({"CARTWRIGHT_PORT": "4860"}, tmp_path).port == 4860


@pytest.mark.parametrize("content", [b"", b"\n", b"x", b"-1", b"0", b"99999", b"\xff\x00", b"[]"])
def test_a_port_file_that_holds_no_port_is_as_good_as_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "port").write_bytes(content)
    assert from_environment({}, tmp_path).port == DEFAULT_PORT


@pytest.mark.parametrize("newest", [b"", b"\xff", b'"http://localhost:4850/0/orders"'])
def test_a_port_that_was_forgotten_is_that_of_the_saved_state(
    tmp_path: Path, newest: bytes
) -> None:
    """Whatever became of the newest save."""
    for name, queues in (("20261129Z", b'"http://localhost:4850/0/orders"'), ("20261130Z", newest)):
        file = tmp_path / saves.PLACE / name / "sqs.json"
        file.parent.mkdir(parents=True)
        file.write_bytes(queues)
    (tmp_path / "port").write_text("")
    assert from_environment({}, tmp_path).port == 4850
    assert from_environment({"CARTWRIGHT_PORT": "4860"}, tmp_path).port == 4860


def test_a_platform_that_runs_is_not_asked_for_at_another_port(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "port").write_text("4850")
    monkeypatch.setattr(processes, "find", lambda _service: object())
    emulator.refuse_another_port(from_environment({"CARTWRIGHT_PORT": "4850"}, tmp_path))
    with pytest.raises(LocalError, match="runs at port 4850"):
        emulator.refuse_another_port(from_environment({"CARTWRIGHT_PORT": "4860"}, tmp_path))


def test_a_platform_that_runs_nobody_knows_where_is_not_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "port").write_text("")
    monkeypatch.setattr(processes, "find", lambda _service: object())
    with pytest.raises(LocalError, match="does not say where"):
        emulator.refuse_another_port(from_environment({}, tmp_path))


def test_a_platform_that_is_down_may_move(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "port").write_text("4850")
    monkeypatch.setattr(processes, "find", lambda _service: None)
    emulator.refuse_another_port(from_environment({"CARTWRIGHT_PORT": "4860"}, tmp_path))
