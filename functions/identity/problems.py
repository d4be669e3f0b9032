"""Every problem that identity answers beside those of all routes; its own types are made here."""

from shop.problems import (
    FORBIDDEN,
    INVALID_REQUEST,
    NOT_FOUND,
    RATE_LIMITED,
    STEP_UP_REQUIRED,
    ProblemType,
)

__all__ = [
    "CHALLENGE_VOID",
    "ENROLMENT_VOID",
    "FORBIDDEN",
    "INVALID_CREDENTIALS",
    "INVALID_REFRESH_TOKEN",
    "INVALID_REQUEST",
    "MAILED_TOKEN_VOID",
    "NOT_FOUND",
    "NO_SECOND_FACTOR",
    "PRECONDITION_FAILED",
    "RATE_LIMITED",
    "STEP_UP_REQUIRED",
    "TOO_MANY_ADDRESSES",
    "TOO_MANY_FACTORS",
    "WRONG_CODE",
    "WRONG_PASSWORD",
]

CHALLENGE_VOID = ProblemType("challenge_void", 410, "The challenge cannot be answered any more")
ENROLMENT_VOID = ProblemType("enrolment_void", 410, "The enrolment cannot be confirmed any more")
INVALID_CREDENTIALS = ProblemType("invalid_credentials", 401, "E-mail or password is wrong")
INVALID_REFRESH_TOKEN = ProblemType("invalid_refresh_token", 401, "The refresh token is not valid")
MAILED_TOKEN_VOID = ProblemType("mailed_token_void", 410, "The mailed token is not valid any more")
NO_SECOND_FACTOR = ProblemType("no_second_factor", 409, "There is no such second factor to prove")
PRECONDITION_FAILED = ProblemType("precondition_failed", 412, "It was changed meanwhile")
TOO_MANY_ADDRESSES = ProblemType("too_many_addresses", 409, "No more addresses can be kept")
TOO_MANY_FACTORS = ProblemType("too_many_factors", 409, "No more second factors can be kept")
# Not 401, by which a client would take its token for the culprit and throw the session away.
WRONG_PASSWORD = ProblemType("wrong_password", 422, "The current password is wrong")
WRONG_CODE = ProblemType("wrong_code", 422, "The code is wrong, or was used before")
