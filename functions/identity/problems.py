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
    "ERASURE_BEGUN",
    "CHALLENGE_VOID",
    "ENROLMENT_VOID",
    "INVALID_AUTHORIZATION",
    "INVALID_CLIENT",
    "FORBIDDEN",
    "INVALID_CREDENTIALS",
    "INVALID_GRANT",
    "INVALID_REFRESH_TOKEN",
    "INVALID_REQUEST",
    "INVALID_SCOPE",
    "MAILED_TOKEN_VOID",
    "NOT_FOUND",
    "NO_SECOND_FACTOR",
    "PRECONDITION_FAILED",
    "RATE_LIMITED",
    "STEP_UP_REQUIRED",
    "TOO_MANY_ADDRESSES",
    "TOO_MANY_FACTORS",
    "WRONG_CODE",
    "UNAUTHORIZED_CLIENT",
    "UNSUPPORTED_GRANT_TYPE",
    "UNSUPPORTED_TOKEN_TYPE",
    "WRONG_PASSWORD",
]

ERASURE_BEGUN = ProblemType("erasure_begun", 409, "The erasure cannot be taken back any more")
CHALLENGE_VOID = ProblemType("challenge_void", 410, "The challenge cannot be answered any more")
ENROLMENT_VOID = ProblemType("enrolment_void", 410, "The enrolment cannot be confirmed any more")
# The words of RFC 6749 (5.2) and RFC 7009 (2.2.1), which /oauth2 answers in their form.
INVALID_CLIENT = ProblemType("invalid_client", 401, "The client is not proved")
INVALID_AUTHORIZATION = ProblemType(
    "invalid_authorization", 400, "This link of an application does not work"
)
INVALID_GRANT = ProblemType("invalid_grant", 400, "The grant is not valid, or not this client's")
INVALID_SCOPE = ProblemType("invalid_scope", 400, "The client does not hold the scope")
UNAUTHORIZED_CLIENT = ProblemType("unauthorized_client", 400, "The client may not use this grant")
UNSUPPORTED_GRANT_TYPE = ProblemType("unsupported_grant_type", 400, "There is no such grant type")
UNSUPPORTED_TOKEN_TYPE = ProblemType(
    "unsupported_token_type", 400, "Tokens of this kind end by themselves"
)
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
