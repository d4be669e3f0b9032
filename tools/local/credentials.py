"""The access key of one local platform: random, and in a file that only its owner reads.

Who signs with it is the root of the emulator. The file has the form of AWS's own, so that any tool
takes it: `AWS_SHARED_CREDENTIALS_FILE=.local/credentials aws --endpoint-url ... s3 ls`.
"""

from __future__ import annotations

import configparser
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from tools.local.errors import LocalError

NAME = "credentials"
PROFILE = "default"
_ID, _SECRET = "aws_access_key_id", "aws_secret_access_key"


@dataclass(frozen=True, slots=True)
class Key:
    """What AWS clients sign with."""

    access_key_id: str
    secret_access_key: str = field(repr=False)


OPENS_NOTHING = Key("test", "test")  # For emulators of others, which take any.


def read(home: Path) -> Key:
    """The key of the platform in this folder.

    Raises:
        LocalError: there is none, or the file is not one.
    """
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string((home / NAME).read_text())
        key = Key(parser[PROFILE][_ID].strip(), parser[PROFILE][_SECRET].strip())
        if key.access_key_id and key.secret_access_key:
            return key
    except FileNotFoundError:
        raise LocalError(f"There is no access key in {home / NAME}. {AGAIN}") from None
    except (OSError, ValueError, KeyError, configparser.Error):
        pass
    raise LocalError(f"{home / NAME} holds no access key. {AGAIN}")


AGAIN = "`make down`, then `make up` makes one."


def ensure(home: Path) -> Key:
    """The key; a new one if there is none. Only while no emulator runs that knows another."""
    try:
        return read(home)
    except LocalError:
        return _make(home)


def _make(home: Path) -> Key:
    key = Key(f"LOCAL{secrets.token_hex(8).upper()}", secrets.token_urlsafe(30))
    home.mkdir(parents=True, exist_ok=True)
    draft = home / f"{NAME}.tmp"
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(
            f"[{PROFILE}]\n{_ID} = {key.access_key_id}\n{_SECRET} = {key.secret_access_key}\n"
        )
    draft.replace(home / NAME)
    return key
