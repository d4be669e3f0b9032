"""HTTP bodies of identity. Passwords and refresh tokens are SecretStr: no repr shows them."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, model_validator
from pydantic_core import PydanticCustomError

from identity.domain import user
from identity.domain.common_passwords import COMMON
from identity.service.issue_token_pair import TokenPair
from shop import ids
from shop.schemas import RequestModel, ResponseModel


def _printable(text: str) -> str:
    if not text.isprintable():
        raise PydanticCustomError("not_printable", "has characters that cannot be printed")
    return text


def _short_in_one_form(email: str) -> str:
    """One character may stand for eighteen: what is looked up is measured, not what was typed."""
    if len(user.normalise_email(email)) > user.MAX_EMAIL:
        raise PydanticCustomError("email_too_long", "is too long when its characters are unified")
    return email


def _uncommon(password: SecretStr) -> SecretStr:
    if password.get_secret_value().casefold() in COMMON:
        raise PydanticCustomError("password_too_common", "is one of the commonest passwords")
    return password


def _given(consent: bool) -> bool:
    if not consent:
        raise PydanticCustomError("terms_not_accepted", "must be true")
    return consent


Email = Annotated[
    str,
    Field(
        min_length=6,
        max_length=user.MAX_EMAIL,
        # Other spaces are not printable. Dialects of patterns differ in what `\s` is.
        pattern=r"^[^@ ]{1,64}@[^@ .]+(\.[^@ .]+)+$",
        examples=["ada@example.com"],
    ),
    AfterValidator(_printable),
    AfterValidator(_short_in_one_form),
]
Name = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_printable)]
Locale = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=35)]
NewPassword = Annotated[
    SecretStr,
    Field(min_length=8, max_length=128, examples=["a long sentence is best"]),
    AfterValidator(_uncommon),
]


class Profile(RequestModel):
    """What a user may tell about themselves."""

    name: Name | None = None
    locale: Annotated[Locale | None, Field(description="BCP 47", examples=["en-GB"])] = None


class Consents(RequestModel):
    """What the user agreed to. Without the terms there is no account."""

    terms: Annotated[bool, Field(json_schema_extra={"const": True}), AfterValidator(_given)]
    marketing: bool = False


class RegisterIn(RequestModel):
    """POST /users."""

    email: Email
    password: NewPassword
    profile: Profile = Profile()
    consents: Consents

    @model_validator(mode="after")
    def _password_is_not_the_address(self) -> "RegisterIn":
        password = user.normalise_email(self.password.get_secret_value())
        if password == user.normalise_email(self.email):
            raise PydanticCustomError("password_is_email", "the password is the e-mail address")
        return self


class RegisteredOut(ResponseModel):
    """The same for a new and for a taken address."""

    user_id: Annotated[str, Field(pattern=ids.pattern("usr"))]
    status: Literal["pending_verification"]


class Device(RequestModel):
    """What the user calls the device, for a list of sessions."""

    name: Name


class SignInIn(RequestModel):
    """POST /sessions."""

    email: Email
    password: Annotated[SecretStr, Field(min_length=1, max_length=128)]
    device: Device | None = None


class RefreshIn(RequestModel):
    """POST /sessions/refresh."""

    refresh_token: Annotated[SecretStr, Field(min_length=1, max_length=256)]


class TokensOut(ResponseModel):
    """A token pair (RFC 6749, section 5.1, with the session that it belongs to)."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 (a scheme, not a secret)
    expires_in: Annotated[int, Field(description="seconds")]
    refresh_token: str
    refresh_expires_in: Annotated[int, Field(description="seconds, if it is not used")]
    session_id: Annotated[str, Field(pattern=ids.pattern("ses"))]
    user_id: Annotated[str, Field(pattern=ids.pattern("usr"))]
    scope: Annotated[str, Field(examples=["shop:buy"])]

    @classmethod
    def of(cls, pair: TokenPair) -> "TokensOut":
        """Both tokens in clear: for the client that gets them, never for a log."""
        return cls(
            access_token=pair.access.text,
            expires_in=pair.access.expires_in,
            refresh_token=pair.refresh_token,
            refresh_expires_in=pair.refresh_expires_in,
            session_id=pair.session_id,
            user_id=pair.user_id,
            scope=pair.access.scope,
        )


class JwkOut(ResponseModel):
    """A public key (RFC 7517)."""

    kty: Literal["EC"]
    crv: Literal["P-256"]
    x: str
    y: str
    kid: str
    use: Literal["sig"]
    alg: Literal["ES256"]


class JwksOut(ResponseModel):
    """The keys that verify access tokens."""

    keys: list[JwkOut]
