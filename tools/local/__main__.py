"""`python -m tools.local <command>`: what the Makefile calls once the environment is prepared."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

from tools.local import emulator, lifecycle, logs, status, suggestions, watch
from tools.local.errors import LocalError
from tools.local.progress import Progress
from tools.local.settings import Settings, from_environment

INTERRUPTED = 130


def up(settings: Settings, progress: Progress) -> None:
    """Start, deploy and seed whatever is not yet there."""
    began = time.monotonic()
    progress.say_if_busy()
    description = lifecycle.up(settings, progress)
    progress.say(suggestions.after_up(description, time.monotonic() - began))


def run(settings: Settings, progress: Progress) -> None:
    """Like `up`, then follow the logs until Ctrl-C."""
    up(settings, progress)
    follow(settings, progress)


def down(settings: Settings, progress: Progress) -> None:
    """Stop, and keep what is stored."""
    progress.say(lifecycle.down(settings, progress))


def reset(settings: Settings, progress: Progress) -> None:
    """Stop, and forget what is stored."""
    lifecycle.reset(settings, progress)
    progress.say("Forgotten. `make up` starts from nothing.")


def follow(settings: Settings, progress: Progress) -> None:
    """Show what the functions say, until Ctrl-C."""
    progress.say("Following the logs. Ctrl-C ends this view; the platform keeps running.")
    try:
        logs.follow(settings, progress)
    except KeyboardInterrupt:  # The way to leave.
        progress.say("\nThe platform keeps running. `make down` stops it.")


def live(settings: Settings, progress: Progress) -> None:
    """Put every edit live, until Ctrl-C."""
    watch.watch(settings, progress)


def show(settings: Settings, progress: Progress) -> None:
    """Say what runs and what is deployed."""
    for line in status.lines(settings):
        progress.say(line)


COMMANDS: dict[str, Callable[[Settings, Progress], None]] = {
    "up": up,
    "run": run,
    "down": down,
    "reset": reset,
    "logs": follow,
    "watch": live,
    "status": show,
}


def main() -> int:
    """0: done; 1: a sentence was printed that says what to do; 130: interrupted."""
    parser = argparse.ArgumentParser(prog="python -m tools.local", description=__doc__)
    parser.add_argument("command", choices=COMMANDS)
    command = parser.parse_args().command
    progress = Progress()
    try:
        settings = emulator.with_external(from_environment())
        COMMANDS[command](settings, progress)
    except LocalError as error:
        progress.fail(str(error))
        return 1
    except KeyboardInterrupt:
        if command in ("up", "run", "down", "reset"):
            progress.say("\nInterrupted. Running the same command again is safe.")
        return INTERRUPTED
    return 0


if __name__ == "__main__":
    sys.exit(main())
