"""Which state the emulator starts from, and what of its last run that state does not hold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tools.local import saves
from tools.local.errors import LocalError
from tools.local.saves import Save
from tools.local.settings import Settings


def choose(settings: Settings, log: Path, say: Callable[[str], None]) -> Save | None:
    """The newest save that is whole; None if there is none. Says what is lost, if anything is.

    Raises:
        LocalError: there are saves, and all of them are damaged.
    """
    folder = settings.home / saves.PLACE
    saves.wait_for_writer(folder)
    found = saves.newest(folder)
    if found is None and saves.last(folder):
        raise LocalError(
            f"No saved state in {folder} is whole. Put one back, or start from nothing: "
            "`make reset`, then `make up`."
        )
    if ended_unsaved(settings):
        say(f"The emulator ended without saving its state. {loss(settings, log)}")
    if found and found.passed_over:
        saves.set_aside(folder, found.passed_over)
        say(
            f"The saved state {', '.join(found.passed_over)} is damaged and was set aside; "
            f"that of {_time(found.saved_at)} is taken: what came after it is lost."
        )
    return found or _of_the_emulator(settings.state / "emulator")


def move(save: Save, port: int) -> None:
    """Let the queues of a saved state be at this port: the emulator looks for them by address."""
    queues = save.folder / "sqs.json"
    found = saves.QUEUE_PORT.search(queues.read_text()) if queues.exists() else None
    if found is None or int(found["port"]) == port:
        return
    before, now = found[0], f"{saves.QUEUES}:{port}/"
    for file in save.folder.glob("*.json"):
        text = file.read_text()
        if before in text:
            draft = file.with_suffix(".tmp")
            draft.write_text(text.replace(before, now))
            draft.replace(file)
    saves.seal(save.folder, save.saved_at)


def ended_unsaved(settings: Settings) -> bool:
    """Whether the emulator, which does not run, was killed or could not save at its end."""
    return (settings.home / saves.PLACE / saves.RUNNING).exists()


def loss(settings: Settings, log: Path) -> str:
    """What is lost of a run that ended without saving, by the last that is heard of it."""
    found = saves.newest(settings.home / saves.PLACE)
    books = _books(settings, found.saved_at if found else None)
    if found is None:
        return f"Nothing had been saved yet: `make up` starts from nothing.{books}"
    text = f"`make up` takes up the state of {_time(found.saved_at)}"
    after = _changed(log) - found.saved_at if log.exists() else timedelta()
    if after < timedelta(seconds=1):
        return f"{text}; nothing was heard of it after that.{books}"
    return f"{text}; its log goes on for {after.total_seconds():.0f} s, and they are lost.{books}"


def _books(settings: Settings, saved_at: datetime | None) -> str:
    """What the payment provider knows that no order will: its books are not taken back with us."""
    if not settings.books.exists():
        return ""
    end = _changed(settings.books)
    if saved_at is not None and end <= saved_at:
        return " The payment provider's books have nothing after that."
    taken = "what it took" if saved_at is None else "what it took after that state"
    return f" The payment provider's books go on until {_time(end)}: {taken} is in no order here."


def _of_the_emulator(folder: Path) -> Save | None:
    """What the emulator saved by itself, where it will look if there is no save of ours."""
    functions = folder / "lambda.json"
    return Save(folder, _changed(functions)) if functions.exists() else None


def _changed(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
