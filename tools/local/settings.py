"""Where one local platform lives: its folder, its ports, its region."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.local import credentials, saves
from tools.local.credentials import Key
from tools.local.errors import LocalError

ROOT = Path(__file__).resolve().parents[2]
STAGE = "local"
PREFIX = "cartwright-local-"
DEFAULT_PORT = 4566
PSP_PORT_OFFSET = 1000
LAST_PORT = 65535
REGION = "us-east-1"  # As in infra.stages.local.
API_ID = "cartwright"  # Fixed by a tag, so that the URL outlives a reset.
API_PATH = f"/_aws/execute-api/{API_ID}/{STAGE}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One platform. Two of them with different `home` and ports run side by side."""

    home: Path
    port: int = DEFAULT_PORT
    psp_port: int = DEFAULT_PORT + PSP_PORT_OFFSET
    region: str = REGION
    external_url: str | None = None  # An emulator that somebody else started; never stopped here.
    root: Path = ROOT

    @property
    def endpoint_url(self) -> str:
        return self.external_url or f"http://127.0.0.1:{self.port}"

    @property
    def psp_url(self) -> str:
        return f"http://127.0.0.1:{self.psp_port}"

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    @property
    def state(self) -> Path:
        """Everything that `make reset` forgets."""
        return self.home / "state"

    @property
    def books(self) -> Path:
        """What the local payment provider knows of payments."""
        return self.state / "psp" / "localstripe.pickle"

    @property
    def port_file(self) -> Path:
        """The port that this checkout took last, so that it need not be said again."""
        return self.home / "port"

    @property
    def platform_file(self) -> Path:
        return self.home / "platform.json"


def from_environment(
    environ: Mapping[str, str] = os.environ, home: Path = ROOT / ".local"
) -> Settings:
    """Read CARTWRIGHT_PORT and CARTWRIGHT_PSP_PORT; refuse what is not a port.

    Without the variable it is the port that this checkout took last, at first 4566.
    """
    port = _port(environ, "CARTWRIGHT_PORT", taken_port(home) or DEFAULT_PORT)
    return Settings(
        home=home,
        port=port,
        psp_port=_port(environ, "CARTWRIGHT_PSP_PORT", port + PSP_PORT_OFFSET),
    )


def taken_port(home: Path) -> int | None:
    """The port that the platform in this folder took last; None: not known.

    Where the file that says it was lost, what was saved of the platform knows it.
    """
    try:
        text = (home / "port").read_text().strip()
    except (OSError, ValueError):
        text = ""
    return int(text) if _is_port(text) else saves.port(home / saves.PLACE)


def key(settings: Settings) -> Key:
    """What the emulator in use knows us by."""
    return credentials.OPENS_NOTHING if settings.external_url else credentials.read(settings.home)


def aws_environment(settings: Settings) -> dict[str, str]:
    """The variables that point any AWS client at the emulator, and nothing at a real account."""
    ours = key(settings)
    return {
        "AWS_ENDPOINT_URL": settings.endpoint_url,
        "AWS_ACCESS_KEY_ID": ours.access_key_id,
        "AWS_SECRET_ACCESS_KEY": ours.secret_access_key,
        "AWS_REGION": settings.region,
        "AWS_DEFAULT_REGION": settings.region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


def clean_environment(settings: Settings, **extra: str) -> dict[str, str]:
    """A minimal environment for child processes.

    The emulator hands its own environment on to every function, so a developer's AWS_PROFILE,
    proxy or PYTHONPATH would otherwise change how handlers behave.
    """
    venv = settings.root / ".venv" / "bin"
    return {
        "PATH": f"{venv}{os.pathsep}/usr/local/bin{os.pathsep}/usr/bin{os.pathsep}/bin",
        "HOME": str(settings.home),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONUNBUFFERED": "1",
        **extra,
    }


def _port(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(name) or str(default)
    if not _is_port(text):
        raise LocalError(f"{name}={text} is not a port: give a number from 1 to {LAST_PORT}.")
    return int(text)


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 6 and 0 < int(text) <= LAST_PORT
