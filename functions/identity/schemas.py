"""HTTP bodies of identity. Passwords and refresh tokens are SecretStr: no repr shows them."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    Field,
    SecretStr,
    ValidationError,
    WrapValidator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from identity.domain import email_address, password
from identity.service.issue_token_pair import TokenPair
from shop import human_text, ids
from shop.schemas import RequestModel, ResponseModel, Text100


def _like_an_address(sent: Any, check: Callable[[Any], str]) -> str:
    """Said in words: the pattern is for machines."""
    try:
        return check(sent)
    except ValidationError:
        raise PydanticCustomError("email_form", "must be like ada@example.com") from None


def _printable(text: str) -> str:
    if not text.isprintable():
        raise PydanticCustomError("not_printable", "has characters that cannot be printed")
    return text


def _short_in_one_form(email: str) -> str:
    """One character may stand for eighteen: what is looked up is measured, not what was typed."""
    if len(email_address.lookup_form(email)) > email_address.MAX_LENGTH:
        raise PydanticCustomError("email_too_long", "is too long when its characters are unified")
    return email


def _canonical(email: str) -> str:
    found = email_address.canonical(email)
    if found is None:
        raise PydanticCustomError("email_invalid", "is no e-mail address that mail can reach")
    return found


def _normalised(typed: SecretStr) -> SecretStr:
    return SecretStr(password.normalise(typed.get_secret_value()))


def _acceptable(normalised: SecretStr) -> SecretStr:
    normal = normalised.get_secret_value()
    try:
        human_text.fold(normal)
    except human_text.NotReadable as error:
        raise PydanticCustomError(
            "password_not_readable", "shows nothing, or has characters that are no text"
        ) from error
    if not password.MIN_LENGTH <= len(normal) <= password.MAX_LENGTH:
        raise PydanticCustomError(
            "password_length",
            "must have 8 to 128 characters when they are unified",
        )
    if password.is_common(normal):
        raise PydanticCustomError("password_too_common", "is one of the commonest passwords")
    return normalised


def _given(consent: bool) -> bool:
    if not consent:
        raise PydanticCustomError("terms_not_accepted", "must be true")
    return consent


_AT = email_address.AT_SIGNS
_LABEL = f"[^{_AT} .\u3002\uff0e\uff61]+"  # The dots that people type (UTS 46, 2.3).
# What is typed to sign in. Other spaces are not printable; dialects differ in what `\s` is.
TypedEmail = Annotated[
    str,
    Field(
        min_length=6,
        max_length=email_address.MAX_LENGTH,
        pattern=f"^[^{_AT} ]{{1,64}}[{_AT}]{_LABEL}([.\u3002\uff0e\uff61]{_LABEL})+$",
        examples=["ada@example.com"],
    ),
    WrapValidator(_like_an_address),
    AfterValidator(_printable),
    AfterValidator(_short_in_one_form),
]
Email = Annotated[TypedEmail, AfterValidator(_canonical)]
Locale = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=35)]
# As it is hashed, whatever keyboard it was typed on: no rule looks at another form. So its length
# is not known before, and the schema has limits only of what may be sent.
Password = Annotated[
    SecretStr,
    Field(min_length=1, max_length=password.MAX_SENT),
    AfterValidator(_normalised),
]
NewPassword = Annotated[
    Password,
    Field(description="8 to 128 characters in NFKC", examples=["a long sentence is best"]),
    AfterValidator(_acceptable),
]


class Profile(RequestModel):
    """What a user may tell about themselves."""

    name: Text100 | None = None
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
        if email_address.lookup_form(self.password.get_secret_value()) == self.email:
            raise PydanticCustomError("password_is_email", "the password is the e-mail address")
        return self


class RegisteredOut(ResponseModel):
    """The same for a new and for a taken address."""

    user_id: Annotated[str, Field(pattern=ids.pattern("usr"))]
    status: Literal["pending_verification"]


class Device(RequestModel):
    """What the user calls the device, for a list of sessions."""

    name: Text100


class SignInIn(RequestModel):
    """POST /sessions."""

    email: TypedEmail
    password: Password
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
