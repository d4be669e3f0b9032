"""Runs the project's own programs against the emulator, with their output in a log."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from tools.local.errors import LocalError
from tools.local.processes import last_lines
from tools.local.settings import STAGE, Settings, aws_environment

_INHERITED = ("HOME", "XDG_CACHE_HOME", "TMPDIR", "LANG")  # For the caches of jsii and Node.


def run(
    command: Sequence[str],
    settings: Settings,
    *,
    log: str,
    failure: str,
    on_line: Callable[[str], None] | None = None,
    stdin: int = subprocess.DEVNULL,
    **extra: str,
) -> None:
    """Run to the end with the output in a log; a failure shows the end of it."""
    path = settings.logs / f"{log}.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    with (
        path.open("w") as file,
        subprocess.Popen(
            command,
            cwd=settings.root,
            env=_environment(settings) | extra,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process,
    ):
        for line in process.stdout or ():
            file.write(line)
            file.flush()
            if on_line and line.strip():
                on_line(line.rstrip())
    if process.returncode:
        raise LocalError(f"{failure}. The end of {path} says:\n{last_lines(path, 15)}")


def _environment(settings: Settings) -> dict[str, str]:
    """Neither a proxy nor a profile of the developer's shell; only where the caches are."""
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    venv = settings.root / ".venv" / "bin"
    return {
        **inherited,
        **aws_environment(settings),
        "PATH": f"{venv}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PYTHONUNBUFFERED": "1",
        "STAGE": STAGE,
        "CARTWRIGHT_PORT": str(urlsplit(settings.endpoint_url).port or settings.port),
        "CARTWRIGHT_PSP_PORT": str(settings.psp_port),
        # Only our own emulator surely runs functions on this machine.
        "CARTWRIGHT_LINK_LAYERS": "0" if settings.external_url else "1",
        "CDK_DEFAULT_ACCOUNT": "000000000000",
        "CDK_DEFAULT_REGION": settings.region,
        "CDK_DISABLE_VERSION_CHECK": "1",
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1",
    }
