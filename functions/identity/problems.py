"""Every problem that identity answers beside those of all routes; its own types are made here."""

from shop.problems import INVALID_REQUEST, NOT_FOUND, RATE_LIMITED, ProblemType

__all__ = [
    "ERASURE_BEGUN",
    "INVALID_CREDENTIALS",
    "INVALID_REFRESH_TOKEN",
    "INVALID_REQUEST",
    "MAILED_TOKEN_VOID",
    "NOT_FOUND",
    "PRECONDITION_FAILED",
    "RATE_LIMITED",
    "RECENT_SIGN_IN_NEEDED",
    "TOO_MANY_ADDRESSES",
    "WRONG_PASSWORD",
]

ERASURE_BEGUN = ProblemType("erasure_begun", 409, "The erasure cannot be taken back any more")
INVALID_CREDENTIALS = ProblemType("invalid_credentials", 401, "E-mail or password is wrong")
INVALID_REFRESH_TOKEN = ProblemType("invalid_refresh_token", 401, "The refresh token is not valid")
MAILED_TOKEN_VOID = ProblemType("mailed_token_void", 410, "The mailed token is not valid any more")
PRECONDITION_FAILED = ProblemType("precondition_failed", 412, "It was changed meanwhile")
RECENT_SIGN_IN_NEEDED = ProblemType("recent_sign_in_needed", 403, "It needs a recent sign-in")
TOO_MANY_ADDRESSES = ProblemType("too_many_addresses", 409, "No more addresses can be kept")
# Not 401, by which a client would take its token for the culprit and throw the session away.
WRONG_PASSWORD = ProblemType("wrong_password", 422, "The current password is wrong")
