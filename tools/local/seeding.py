"""Fills an empty platform with the demonstration data, always the same."""

from __future__ import annotations

import sys

from tools.local.commands import run
from tools.local.settings import STAGE, Settings
from tools.seed.users import USERS


def seed(settings: Settings) -> None:
    """Write users, products and stock, in a process that sees only the emulator."""
    command = [sys.executable, "-m", "tools.seed", "--stage", STAGE, "--region", settings.region]
    run(
        [*command, "--endpoint-url", settings.endpoint_url],
        settings,
        log="seed",
        failure="The demonstration data could not be written",
    )


def users() -> dict[str, dict[str, str]]:
    """Who can sign in, by role."""
    return {
        name: {
            "email": user["email"],
            "password": user["password"],
            **({"totp_secret": user["totp_secret"]} if "totp_secret" in user else {}),
        }
        for name, user in USERS.items()
    }
