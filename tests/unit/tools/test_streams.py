"""After a restart the readers of streams begin with the first new record."""

import json
from pathlib import Path

from tools.local import streams
from tools.local.settings import Settings


def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, port=4999, psp_port=5999)


def test_places_are_forgotten_and_everything_else_is_kept(tmp_path: Path) -> None:
    here = settings(tmp_path)
    file = here.state / "emulator" / "lambda.json"
    file.parent.mkdir(parents=True)
    places = {"__account_region_scoped__": True, "data": {"mapping": 7585}}
    state = {"format": 1, "payload": {"functions": {"a": 1}, streams.PLACES: places}}
    file.write_text(json.dumps(state))
    assert streams.rewind(here) is not None
    places["data"] = {}
    assert json.loads(file.read_text()) == state
    assert [path.name for path in file.parent.iterdir()] == ["lambda.json"]


def test_without_a_saved_state_there_is_nothing_to_take_up(tmp_path: Path) -> None:
    assert streams.rewind(settings(tmp_path)) is None


def test_an_unknown_format_is_left_alone(tmp_path: Path) -> None:
    here = settings(tmp_path)
    file = here.state / "emulator" / "lambda.json"
    file.parent.mkdir(parents=True)
    file.write_text('{"other": []}')
    assert streams.rewind(here) is not None
    assert file.read_text() == '{"other": []}'
