"""After a restart the readers of streams begin with the first new record."""

import json
from datetime import UTC, datetime
from pathlib import Path

from tools.local import saves, streams

NOW = datetime(2026, 11, 29, tzinfo=UTC)


def saved(tmp_path: Path, text: str) -> Path:
    with saves.draft(tmp_path, NOW) as draft:
        (draft / "lambda.json").write_text(text)
    found = saves.newest(tmp_path)
    assert found
    return found.folder


def test_places_are_forgotten_and_everything_else_is_kept(tmp_path: Path) -> None:
    places = {"__account_region_scoped__": True, "data": {"mapping": 7585}}
    state = {"format": 1, "payload": {"functions": {"a": 1}, streams.PLACES: places}}
    folder = saved(tmp_path, json.dumps(state))
    streams.rewind(folder, NOW)
    places["data"] = {}
    assert json.loads((folder / "lambda.json").read_text()) == state
    found = saves.newest(tmp_path)
    assert found is not None, "the save is whole again"
    assert (found.folder, found.saved_at) == (folder, NOW)


def test_without_functions_there_is_nothing_to_forget(tmp_path: Path) -> None:
    streams.rewind(tmp_path, NOW)
    assert [*tmp_path.iterdir()] == []


def test_an_unknown_format_is_left_alone(tmp_path: Path) -> None:
    folder = saved(tmp_path, '{"other": []}')
    streams.rewind(folder, NOW)
    assert (folder / "lambda.json").read_text() == '{"other": []}'
