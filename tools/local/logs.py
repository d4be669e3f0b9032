"""`make logs`: the functions' log lines, readable, as they appear."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

from tools.local import emulator
from tools.local.errors import LocalError
from tools.local.progress import Progress
from tools.local.settings import Settings

SHOWN_BEFORE = 40
QUIET = re.compile(r"^(START|END|REPORT|INIT_START) |[Pp]ersist|hypercorn")


def follow(settings: Settings, progress: Progress) -> None:
    """Print the last lines and everything after them, until Ctrl-C."""
    path = emulator.service(settings).log
    if settings.external_url:
        raise LocalError(f"The emulator at {settings.external_url} keeps its own logs.")
    if not path.exists():
        raise LocalError("There are no logs yet: run `make up`.")
    for line in _tail(path):
        if text := readable(line):
            progress.say(text)


def readable(line: str) -> str | None:
    """A structured line as `time LEVEL service message key=value`; None for what nobody reads."""
    line = line.rstrip()
    if not line or QUIET.search(line):
        return None
    try:
        entry = json.loads(line[line.index("{") :])
        level, message = entry["level"], entry["message"]
    except (ValueError, KeyError, TypeError):
        return line
    if "_aws" in entry:
        return None
    known = ("level", "message", "timestamp", "service", "location", "exception_name")
    rest = " ".join(f"{key}={value}" for key, value in entry.items() if key not in known)
    moment = str(entry.get("timestamp", ""))[11:23]
    return f"{moment} {level:<7} {entry.get('service', '-'):<10} {message} {rest}".rstrip()


def _tail(path: Path) -> Iterator[str]:
    """The last lines of the file, then every new one; starts over when the file is replaced."""
    file = path.open(errors="replace")
    yield from file.readlines()[-SHOWN_BEFORE:]
    while True:
        if line := file.readline():
            yield line
            continue
        time.sleep(0.2)
        if path.exists() and path.stat().st_ino != Path(f"/dev/fd/{file.fileno()}").stat().st_ino:
            file.close()
            file = path.open(errors="replace")
