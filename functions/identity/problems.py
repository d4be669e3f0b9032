"""Every problem that identity answers beside those of all routes; its own types are made here."""

from shop.problems import RATE_LIMITED, ProblemType

__all__ = ["INVALID_CREDENTIALS", "INVALID_REFRESH_TOKEN", "RATE_LIMITED"]

INVALID_CREDENTIALS = ProblemType("invalid_credentials", 401, "E-mail or password is wrong")
INVALID_REFRESH_TOKEN = ProblemType("invalid_refresh_token", 401, "The refresh token is not valid")
