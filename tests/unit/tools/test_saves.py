"""The state on disk: whole or not taken, and what is lost is said."""

import contextlib
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tools.local import recovery, saves
from tools.local.errors import LocalError
from tools.local.settings import Settings

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)


@pytest.fixture
def here(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


def place(here: Settings) -> Path:
    return here.home / saves.PLACE


def save(here: Settings, saved_at: datetime = NOON, text: str = "{}") -> Path:
    with saves.draft(place(here), saved_at) as draft:
        (draft / "dynamodb.json").write_text(text)
        (draft / "lambda-blobs").mkdir()
        (draft / "lambda-blobs" / "a.zip").write_bytes(b"code")
    found = saves.last(place(here))
    assert found
    return found


def killed(here: Settings, *, after_s: float) -> Path:
    """The emulator was, so long after noon by its log."""
    (place(here) / saves.RUNNING).touch()
    log = here.home / "emulator.log"
    log.touch()
    moment = (NOON + timedelta(seconds=after_s)).timestamp()
    os.utime(log, (moment, moment))
    return log


def choose(here: Settings, log: Path | None = None) -> tuple[saves.Save | None, list[str]]:
    said: list[str] = []
    return recovery.choose(here, log or here.home / "none", said.append), said


def test_the_newest_is_taken_and_two_are_kept(here: Settings) -> None:
    for second in range(4):
        save(here, NOON + timedelta(seconds=second), str(second))
    found, said = choose(here)
    assert found is not None
    assert (found.saved_at, said) == (NOON + timedelta(seconds=3), [])
    assert (found.folder / "dynamodb.json").read_text() == "3"
    assert len([*place(here).glob("2*")]) == 2


def damage_content(folder: Path) -> None:
    (folder / "dynamodb.json").write_text('{"half": ')


def empty_content(folder: Path) -> None:
    (folder / "dynamodb.json").write_bytes(b"")


def lose_content(folder: Path) -> None:
    (folder / "dynamodb.json").unlink()


def lose_code(folder: Path) -> None:
    (folder / "lambda-blobs" / "a.zip").unlink()


def empty_manifest(folder: Path) -> None:
    (folder / saves.MANIFEST).write_bytes(b"")


def garbage_manifest(folder: Path) -> None:
    (folder / saves.MANIFEST).write_bytes(b"\xff[1]")


def lose_manifest(folder: Path) -> None:
    (folder / saves.MANIFEST).unlink()


@pytest.mark.parametrize(
    "damage",
    [
        damage_content,
        empty_content,
        lose_content,
        lose_code,
        empty_manifest,
        garbage_manifest,
        lose_manifest,
    ],
)
def test_a_damaged_save_gives_way_to_the_one_before_and_says_so(
    here: Settings, damage: object
) -> None:
    before = save(here, NOON)
    newest = save(here, NOON + timedelta(seconds=5))
    assert callable(damage)
    damage(newest)
    found, said = choose(here)
    assert found is not None
    assert found.folder == before
    assert "is damaged" in said[0]
    assert "2026-11-29 12:00:00 UTC is taken" in said[0]
    assert choose(here)[1] == [], "it is set aside, and said once"
    assert len([*place(here).glob("damaged-*")]) == 1


def test_nothing_whole_is_refused_rather_than_taken_for_nothing(here: Settings) -> None:
    damage_content(save(here))
    with pytest.raises(LocalError, match="make reset"):
        choose(here)


def test_a_save_that_fails_leaves_the_one_before(here: Settings) -> None:
    before = save(here)
    with contextlib.suppress(OSError), saves.draft(place(here), NOON) as draft:
        (draft / "dynamodb.json").write_text("half")
        raise OSError("the disk is full")
    assert saves.last(place(here)) == before
    found, _ = choose(here)
    assert found is not None


def test_a_kill_says_what_is_lost(here: Settings) -> None:
    save(here)
    _, said = choose(here, killed(here, after_s=4))
    assert "ended without saving" in said[0]
    assert "the state of 2026-11-29 12:00:00 UTC" in said[0]
    assert "goes on for 4 s, and they are lost" in said[0]


def test_a_kill_right_after_a_save_loses_nothing_that_is_known_of(here: Settings) -> None:
    save(here)
    _, said = choose(here, killed(here, after_s=0.5))
    assert "nothing was heard of it after that" in said[0]


def test_a_kill_before_the_first_save_says_that_nothing_is_there(here: Settings) -> None:
    place(here).mkdir(parents=True)
    found, said = choose(here, killed(here, after_s=0))
    assert found is None
    assert "Nothing had been saved yet" in said[0]


def book(here: Settings, *, after_s: float) -> None:
    """The payment provider wrote its books so long after noon."""
    here.books.parent.mkdir(parents=True)
    here.books.touch()
    moment = (NOON + timedelta(seconds=after_s)).timestamp()
    os.utime(here.books, (moment, moment))


def test_payments_that_only_the_provider_knows_after_a_kill_are_told(here: Settings) -> None:
    save(here)
    book(here, after_s=3)
    _, said = choose(here, killed(here, after_s=4))
    assert said[0].endswith(
        "The payment provider's books go on until 2026-11-29 12:00:03 UTC: what it took after "
        "that state is in no order here."
    )


def test_books_that_end_before_the_save_lost_nothing(here: Settings) -> None:
    save(here)
    book(here, after_s=-60)
    _, said = choose(here, killed(here, after_s=4))
    assert said[0].endswith("The payment provider's books have nothing after that.")


def test_books_outlive_a_platform_that_was_never_saved(here: Settings) -> None:
    place(here).mkdir(parents=True)
    book(here, after_s=3)
    _, said = choose(here, killed(here, after_s=4))
    assert said[0].endswith("what it took is in no order here.")


def test_queues_move_to_another_port_with_the_platform(here: Settings) -> None:
    """Their consumers would look for them there, and find nothing."""
    with saves.draft(place(here), NOON) as draft:
        queue = "http://localhost:4566/000000000000/orders"
        (draft / "sqs.json").write_text(json.dumps({queue: {"url": queue}}))
        (draft / "lambda.json").write_text(json.dumps({"QUEUE": queue, "other": "localhost:4566"}))
    found, _ = choose(here)
    assert found is not None
    recovery.move(found, 4670)
    recovery.move(found, 4670)
    moved = "http://localhost:4670/000000000000/orders"
    assert json.loads((found.folder / "sqs.json").read_text()) == {moved: {"url": moved}}
    assert json.loads((found.folder / "lambda.json").read_text())["QUEUE"] == moved
    assert saves.newest(place(here)) == found, "the save is whole again"


def test_what_the_emulator_saved_by_itself_is_taken_up(here: Settings) -> None:
    """As it did before there were saves of ours."""
    file = here.state / "emulator" / "lambda.json"
    file.parent.mkdir(parents=True)
    file.write_text("{}")
    found, said = choose(here)
    assert found is not None
    assert (found.folder, said) == (file.parent, [])
