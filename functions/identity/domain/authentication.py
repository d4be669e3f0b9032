"""How and when somebody proved who they are: what `acr`, `amr` and `auth_time` say of a token."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Method(StrEnum):
    """By what (RFC 8176, authentication method reference values)."""

    PASSWORD = "pwd"  # noqa: S105 (the value of RFC 8176)
    ONE_TIME_CODE = "otp"


class Level(StrEnum):
    """How surely: the authenticator assurance levels of NIST SP 800-63B (4), as `acr`."""

    ONE_FACTOR = "aal1"
    TWO_FACTORS = "aal2"


@dataclass(frozen=True, slots=True)
class Authentication:
    """The newest proof of a session. `at` is when it was whole: that of the last factor."""

    level: Level
    methods: tuple[Method, ...]
    at: datetime

    def with_code(self, now: datetime) -> "Authentication":
        """And by a one-time code: something that the user has."""
        methods = tuple(dict.fromkeys((*self.methods, Method.ONE_TIME_CODE)))
        return Authentication(Level.TWO_FACTORS, methods, now)


def by_password(now: datetime) -> Authentication:
    """One factor: something that the user knows."""
    return Authentication(Level.ONE_FACTOR, (Method.PASSWORD,), now)
