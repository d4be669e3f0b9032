"""HTTP bodies of identity. Passwords and refresh tokens are SecretStr: no repr shows them."""

import re
from collections.abc import Callable, Collection, Sequence
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

from identity.domain import challenge, email_address, factor, one_time_code, password
from identity.domain.access_token import ActiveToken, ClientTokens
from identity.domain.address_book import AddressBook, SavedAddress
from identity.domain.erasure import Erasure
from identity.domain.export import Export
from identity.domain.factor import Factor
from identity.domain.oauth_client import EMAIL, PROFILE
from identity.domain.profile import UserProfile
from identity.domain.session import TokenFamily
from identity.domain.user import User
from identity.service.challenge_factor import Asked
from identity.service.enrol_factor import Confirmed, Enrolment
from identity.service.issue_token_pair import TokenPair
from identity.service.verify_factor import Raised
from shop import clock, human_text, ids
from shop.schemas import (
    Country,
    FormModel,
    PostalAddress,
    RequestModel,
    ResponseModel,
    Text20,
    Text50,
    Text100,
)


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
    if found is None or not found.isascii():  # What mails are sent by knows no others.
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
            "must have 8 to 256 characters when they are unified",
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
    Field(
        description="8 to 256 characters in NFKC, no common one",
        examples=["a long sentence is best"],
    ),
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
    def _password_is_not_known_of_the_user(self) -> "RegisterIn":
        if password.is_guessable(self.password.get_secret_value(), self.email, self.profile.name):
            raise PydanticCustomError(
                "password_guessable",
                "the password is little more than the user's own name or address",
            )
        return self


class RegisteredOut(ResponseModel):
    """The same for a new and for a taken address."""

    user_id: Annotated[str, Field(pattern=ids.pattern("usr"))]
    status: Literal["pending_verification"]


MailedToken = Annotated[SecretStr, Field(min_length=1, max_length=256)]


class EmailIn(RequestModel):
    """POST /users/verify/resend and /password/forgot."""

    email: TypedEmail


class MailedTokenIn(RequestModel):
    """POST /users/verify and /password/reset."""

    token: MailedToken
    password: NewPassword


class VerifiedOut(ResponseModel):
    """There is an account now."""

    user_id: Annotated[str, Field(pattern=ids.pattern("usr"))]
    status: Literal["active"]


class ChangePasswordIn(RequestModel):
    """PUT /users/me/password."""

    current_password: Password
    new_password: NewPassword


class ProfilePatch(RequestModel):
    """PATCH /users/me: what is left out stays, null takes away."""

    name: Text100 | None = None
    locale: Annotated[Locale | None, Field(description="BCP 47", examples=["en-GB"])] = None


class ConsentOut(ResponseModel):
    """Whether the user agrees, and since when."""

    given: bool
    since: str


class ConsentsOut(ResponseModel):
    """What the user agreed to."""

    terms: ConsentOut
    marketing: ConsentOut

    @classmethod
    def of(cls, user: User) -> "ConsentsOut":
        """Each with its time."""
        terms, marketing = user.terms_at or user.created, user.marketing_at or user.created
        return cls(
            terms=ConsentOut(given=True, since=clock.rfc3339(terms)),
            marketing=ConsentOut(given=user.marketing, since=clock.rfc3339(marketing)),
        )


class UserOut(ResponseModel):
    """A user, as they see themselves."""

    user_id: Annotated[str, Field(pattern=ids.pattern("usr"))]
    status: Literal["active", "disabled", "deactivated"]
    email: str
    name: str | None
    locale: str | None
    consents: ConsentsOut
    created_at: str
    updated_at: str

    @classmethod
    def of(cls, user: User, profile: UserProfile) -> "UserOut":
        """For nobody but the user."""
        return cls(
            user_id=user.user_id,
            status=user.status.value,
            email=profile.email,
            name=profile.name,
            locale=profile.locale,
            consents=ConsentsOut.of(user),
            created_at=clock.rfc3339(user.created),
            updated_at=clock.rfc3339(user.updated or user.created),
        )


class SavedAddressIn(PostalAddress):
    """POST /users/me/addresses."""


class AddressPatch(RequestModel):
    """PATCH /users/me/addresses/{address_id}: what is left out stays, null takes away."""

    name: Text100 | None = None
    line1: Text100 | None = None
    line2: Text100 | None = None
    city: Text100 | None = None
    country: Country | None = None
    region: Text50 | None = None
    postal_code: Text20 | None = None
    phone: Text50 | None = None

    @model_validator(mode="after")
    def _has_what_every_address_has(self) -> "AddressPatch":
        needed = {"name", "line1", "city", "country"} & self.model_fields_set
        if any(getattr(self, field) is None for field in needed):
            raise PydanticCustomError("needed", "an address has a name, a line, a city, a country")
        return self


class SavedAddressOut(ResponseModel):
    """An address that is kept."""

    address_id: Annotated[str, Field(pattern=ids.pattern("adr"))]
    name: str
    line1: str
    line2: str | None = None
    city: str
    country: str
    region: str | None = None
    postal_code: str | None = None
    phone: str | None = None

    @classmethod
    def of(cls, address: SavedAddress) -> "SavedAddressOut":
        """Its lines with its id."""
        return cls.model_validate({"address_id": address.address_id, **address.lines})


class AddressListOut(ResponseModel):
    """All of a user's."""

    data: list[SavedAddressOut]

    @classmethod
    def of(cls, book: AddressBook) -> "AddressListOut":
        """Oldest first."""
        return cls(data=[SavedAddressOut.of(each) for each in book.addresses])


class ErasureIn(RequestModel):
    """POST /users/me/erasure: with the password, or without it soon after a sign-in."""

    password: Password | None = None


class ErasureOut(ResponseModel):
    """How far an erasure is."""

    erasure_id: Annotated[str, Field(pattern=ids.pattern("era"))]
    status: Literal["requested", "withdrawn", "begun", "erased"]
    requested_at: str
    takes_effect_at: Annotated[str, Field(description="until then it can be taken back")]
    erased_at: str | None
    receipt: Annotated[
        str | None,
        Field(description="a JWS by a key of the JWKS, of the type erasure-receipt+jwt"),
    ]

    @classmethod
    def of(cls, erasure: Erasure) -> "ErasureOut":
        """For whoever knows its id: it says of nobody that they were a customer but of them."""
        return cls(
            erasure_id=erasure.erasure_id,
            status=erasure.status.value,
            requested_at=clock.rfc3339(erasure.requested),
            takes_effect_at=clock.rfc3339(erasure.due),
            erased_at=clock.rfc3339(erasure.erased) if erasure.erased else None,
            receipt=erasure.receipt,
        )


class ExportIn(ErasureIn):
    """POST /users/me/export: the same."""


class ExportOut(ResponseModel):
    """An export. `link` opens it for 15 minutes to whoever has it, once it is ready."""

    export_id: Annotated[str, Field(pattern=ids.pattern("exp"))]
    status: Literal["requested", "ready"]
    requested_at: str
    ready_at: str | None
    expires_at: Annotated[str, Field(description="from then on it is gone")]
    link: str | None

    @classmethod
    def of(cls, export: Export, link: str | None = None) -> "ExportOut":
        """With a link for its owner only."""
        return cls(
            export_id=export.export_id,
            status="requested" if export.ready is None else "ready",
            requested_at=clock.rfc3339(export.requested),
            ready_at=clock.rfc3339(export.ready) if export.ready else None,
            expires_at=clock.rfc3339(export.ends),
            link=link,
        )


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


class SessionOut(ResponseModel):
    """A session, as its user sees it."""

    session_id: Annotated[str, Field(pattern=ids.pattern("ses"))]
    device: str | None
    created_at: str
    last_used_at: Annotated[str, Field(description="when its tokens were replaced last")]
    current: Annotated[bool, Field(description="whether it is the one that asks")]

    @classmethod
    def of(cls, family: TokenFamily, device: str | None, *, current: str) -> "SessionOut":
        """`current` is the session that asks."""
        return cls(
            session_id=family.session_id,
            device=device,
            created_at=clock.rfc3339(family.created),
            last_used_at=clock.rfc3339(family.rotated),
            current=family.session_id == current,
        )


class SessionListOut(ResponseModel):
    """All that can go on, at most 20 and those that were begun at once."""

    data: list[SessionOut]


_CODE = r"^[0-9]{6}$"
# As it is told, or as people type that: capitals, blanks for hyphens or nothing at all.
_RECOVERY_CODE = r"^[0-9A-Za-z][0-9A-Za-z -]{10,22}[0-9A-Za-z]$"


def _of_form(pattern: str) -> AfterValidator:
    """A secret's pattern: pydantic has patterns of plain text only, and would show what it got."""

    def checked(typed: SecretStr) -> SecretStr:
        if re.fullmatch(pattern, typed.get_secret_value(), re.ASCII) is None:
            raise PydanticCustomError("code_form", "has not the form of a code")
        return typed

    return AfterValidator(checked)


_Code = Annotated[
    SecretStr,
    Field(min_length=6, max_length=6, examples=["492039"], json_schema_extra={"pattern": _CODE}),
    _of_form(_CODE),
]
_RecoveryCode = Annotated[
    SecretStr,
    Field(min_length=12, max_length=24, json_schema_extra={"pattern": _RECOVERY_CODE}),
    _of_form(_RECOVERY_CODE),
]
FactorId = Annotated[str, Field(pattern=ids.pattern("fac"))]


class FactorIn(RequestModel):
    """POST /mfa/factors."""

    type: Literal["totp", "email"]
    label: Annotated[
        Text50 | None, Field(description="what the user calls it", examples=["Phone"])
    ] = None


class EnrolmentOut(ResponseModel):
    """A factor that is to be confirmed. Its secret is told here and never again."""

    factor_id: FactorId
    type: Literal["totp", "email"]
    status: Literal["pending"]
    secret: Annotated[str | None, Field(description="base32, to be typed into an app")]
    otpauth_uri: Annotated[str | None, Field(description="the same, to be shown as a QR code")]
    sent_to: Annotated[str | None, Field(description="where its code was mailed, masked")]
    expires_at: str

    @classmethod
    def of(cls, enrolment: Enrolment) -> "EnrolmentOut":
        """For the one who enrols, never for a log."""
        made = enrolment.factor
        return cls(
            factor_id=made.factor_id,
            type=made.kind.value,
            status="pending",
            secret=enrolment.secret,
            otpauth_uri=enrolment.uri,
            sent_to=enrolment.sent_to,
            expires_at=clock.rfc3339(made.created + factor.ENROLMENT),
        )


class CodeIn(RequestModel):
    """POST /mfa/factors/{factor_id}/confirm."""

    code: _Code


class ConfirmedOut(ResponseModel):
    """A factor that counts; the session that confirmed it is raised, as its next refresh says."""

    factor_id: FactorId
    type: Literal["totp", "email"]
    status: Literal["active"]
    recovery_codes: Annotated[
        list[str], Field(description="ten with the first factor, told once; else none")
    ]

    @classmethod
    def of(cls, confirmed: Confirmed) -> "ConfirmedOut":
        """With its recovery codes in clear."""
        made = confirmed.factor
        return cls(
            factor_id=made.factor_id,
            type=made.kind.value,
            status="active",
            recovery_codes=[*confirmed.recovery_codes],
        )


class FactorOut(ResponseModel):
    """A second factor, as its user sees it."""

    factor_id: FactorId
    type: Literal["totp", "email"]
    label: str | None
    status: Literal["active"]
    created_at: str
    last_used_at: Annotated[
        str, Field(description="the time of its newest code: only newer ones are taken")
    ]

    @classmethod
    def of(cls, made: Factor, label: str | None) -> "FactorOut":
        """For nobody but its user."""
        return cls(
            factor_id=made.factor_id,
            type=made.kind.value,
            label=label,
            status="active",
            created_at=clock.rfc3339(made.created),
            last_used_at=clock.rfc3339(one_time_code.time_of(made.last_step or 0)),
        )


class FactorListOut(ResponseModel):
    """All of a user's."""

    data: list[FactorOut]
    recovery_codes_left: int

    @classmethod
    def of(cls, factors: Sequence[tuple[Factor, str | None]], left: int) -> "FactorListOut":
        """Oldest first."""
        return cls(data=[FactorOut.of(*each) for each in factors], recovery_codes_left=left)


class RecoveryCodesOut(ResponseModel):
    """Told here and never again."""

    recovery_codes: list[str]


class ChallengeIn(RequestModel):
    """POST /mfa/challenge: for one factor, for any of a kind, or for any."""

    factor_id: FactorId | None = None
    channel: Literal["totp", "email"] | None = None
    purpose: Literal["step_up"] = "step_up"

    @model_validator(mode="after")
    def _names_one_thing(self) -> "ChallengeIn":
        if self.factor_id and self.channel:
            raise PydanticCustomError("one_of", "names a factor or a channel, not both")
        return self


class ChallengeOut(ResponseModel):
    """What can answer it, and until when."""

    challenge_id: Annotated[str, Field(pattern=ids.pattern("cha"))]
    purpose: Literal["step_up"]
    methods: Annotated[list[Literal["totp", "email", "recovery_code"]], Field(min_length=1)]
    sent_to: Annotated[str | None, Field(description="masked; null: nothing was sent")] = None
    expires_at: str
    expires_in: Annotated[int, Field(description="seconds")]

    @classmethod
    def of(cls, asked: Asked) -> "ChallengeOut":
        """Never with a code."""
        made = asked.challenge
        kinds = sorted({each.kind.value for each in asked.factors})
        return cls(
            challenge_id=made.challenge_id,
            purpose=made.purpose.value,
            methods=[*kinds, "recovery_code"],
            sent_to=asked.sent_to,
            expires_at=clock.rfc3339(made.ends),
            expires_in=int(challenge.LIFETIME.total_seconds()),
        )


class VerifyIn(RequestModel):
    """POST /mfa/verify: one of the two codes."""

    challenge_id: Annotated[str, Field(pattern=ids.pattern("cha"))]
    code: _Code | None = None
    recovery_code: _RecoveryCode | None = None

    @model_validator(mode="after")
    def _has_one_code(self) -> "VerifyIn":
        if (self.code is None) == (self.recovery_code is None):
            raise PydanticCustomError("one_of", "has a code or a recovery code, and not both")
        return self


class RaisedOut(ResponseModel):
    """An access token of the session as it is now; its refresh token stays as it was."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 (a scheme, not a secret)
    expires_in: Annotated[int, Field(description="seconds")]
    session_id: Annotated[str, Field(pattern=ids.pattern("ses"))]
    user_id: Annotated[str, Field(pattern=ids.pattern("usr"))]
    scope: Annotated[str, Field(examples=["shop:buy"])]
    acr: Annotated[str, Field(description="NIST SP 800-63B", examples=["aal2"])]
    amr: Annotated[list[str], Field(description="RFC 8176", examples=[["pwd", "otp"]])]

    @classmethod
    def of(cls, raised: Raised) -> "RaisedOut":
        """The token in clear: for the client that gets it, never for a log."""
        proof = raised.session.authentication
        return cls(
            access_token=raised.access.text,
            expires_in=raised.access.expires_in,
            session_id=raised.session.session_id,
            user_id=raised.session.user_id,
            scope=raised.access.scope,
            acr=proof.level.value,
            amr=[each.value for each in proof.methods],
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


_SCOPE = r"^[!#-\[\]-~]+( [!#-\[\]-~]+)*$"  # RFC 6749, 3.3
_VALUE = r"^[ -~]+$"  # VSCHAR, and the blank (RFC 6749, appendix A)


class ClientIn(FormModel):
    """How a client proves itself in a form, where it does not in the header `Authorization`."""

    client_id: Annotated[str | None, Field(pattern=_VALUE, max_length=255)] = None
    client_secret: Annotated[SecretStr | None, Field(min_length=1, max_length=255)] = None
    client_assertion_type: Annotated[str | None, Field(pattern=_VALUE, max_length=255)] = None
    client_assertion: Annotated[SecretStr | None, Field(min_length=1, max_length=4096)] = None


class TokenIn(ClientIn):
    """POST /oauth2/token. What a grant type needs besides, its use case knows."""

    grant_type: Annotated[
        str, Field(pattern=_VALUE, max_length=255, examples=["client_credentials"])
    ]
    scope: Annotated[str | None, Field(pattern=_SCOPE, max_length=1024)] = None
    code: Annotated[SecretStr | None, Field(min_length=1, max_length=255)] = None
    redirect_uri: Annotated[str | None, Field(pattern="^[!-~]+$", max_length=2048)] = None
    code_verifier: Annotated[SecretStr | None, Field(min_length=43, max_length=128)] = None
    refresh_token: Annotated[SecretStr | None, Field(min_length=1, max_length=255)] = None


class OfClientIn(ClientIn):
    """POST /oauth2/revoke and /oauth2/introspect."""

    token: Annotated[SecretStr, Field(min_length=1, max_length=4096)]
    token_type_hint: Annotated[str | None, Field(pattern=_VALUE, max_length=255)] = None


class RevokeIn(OfClientIn):
    """POST /oauth2/revoke."""


class IntrospectIn(OfClientIn):
    """POST /oauth2/introspect."""


def _is_none(value: object) -> bool:
    return value is None


class ClientTokensOut(ResponseModel):
    """POST /oauth2/token (RFC 6749, 5.1; OpenID Connect Core, 3.1.3.3)."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 (a scheme, not a secret)
    expires_in: Annotated[int, Field(description="seconds")]
    scope: Annotated[str, Field(examples=["orders:read"])]
    refresh_token: Annotated[str | None, Field(exclude_if=_is_none)] = None
    id_token: Annotated[str | None, Field(exclude_if=_is_none)] = None

    @classmethod
    def of(cls, tokens: ClientTokens) -> "ClientTokensOut":
        """All in clear: for the client that gets them, never for a log."""
        return cls(
            access_token=tokens.access.text,
            expires_in=tokens.access.expires_in,
            scope=tokens.access.scope,
            refresh_token=tokens.refresh_token,
            id_token=tokens.id_token,
        )


class IntrospectionOut(ResponseModel):
    """POST /oauth2/introspect (RFC 7662, 2.2): of what counts for nothing, that alone."""

    active: bool
    client_id: Annotated[str | None, Field(exclude_if=_is_none)] = None
    sub: Annotated[str | None, Field(exclude_if=_is_none)] = None
    scope: Annotated[str | None, Field(exclude_if=_is_none)] = None
    token_type: Annotated[str | None, Field(exclude_if=_is_none)] = None
    iat: Annotated[int | None, Field(exclude_if=_is_none)] = None
    exp: Annotated[int | None, Field(exclude_if=_is_none)] = None
    iss: Annotated[str | None, Field(exclude_if=_is_none)] = None
    jti: Annotated[str | None, Field(exclude_if=_is_none)] = None

    @classmethod
    def of(cls, token: ActiveToken | None, *, issuer: str) -> "IntrospectionOut":
        """For the client that the token was issued to."""
        if token is None:
            return cls(active=False)
        return cls(
            active=True,
            client_id=token.client_id,
            sub=token.subject,
            scope=token.scope,
            token_type=token.token_type,
            iat=token.issued_at,
            exp=token.expires_at,
            iss=issuer,
            jti=token.jti,
        )


class UserInfoOut(ResponseModel):
    """GET /userinfo (OpenID Connect Core, 5.3): what the token's scopes open."""

    sub: Annotated[str, Field(pattern=ids.pattern("usr"))]
    email: Annotated[str | None, Field(exclude_if=_is_none)] = None
    email_verified: Annotated[bool | None, Field(exclude_if=_is_none)] = None
    name: Annotated[str | None, Field(exclude_if=_is_none)] = None
    locale: Annotated[str | None, Field(exclude_if=_is_none)] = None

    @classmethod
    def of(cls, user_id: str, profile: UserProfile, scopes: Collection[str]) -> "UserInfoOut":
        """An account is made by who reads its mail, so every address is verified."""
        mail, about = EMAIL in scopes, PROFILE in scopes
        return cls(
            sub=user_id,
            email=profile.email if mail else None,
            email_verified=True if mail else None,
            name=profile.name if about else None,
            locale=profile.locale if about else None,
        )


class ProviderOut(ResponseModel):
    """What clients have to know of the provider (RFC 8414, OpenID Connect Discovery)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    revocation_endpoint: str
    introspection_endpoint: str
    userinfo_endpoint: str
    jwks_uri: str
    scopes_supported: list[str]
    response_types_supported: list[str]
    response_modes_supported: list[str]
    grant_types_supported: list[str]
    code_challenge_methods_supported: list[str]
    token_endpoint_auth_methods_supported: list[str]
    token_endpoint_auth_signing_alg_values_supported: list[str]
    revocation_endpoint_auth_methods_supported: list[str]
    revocation_endpoint_auth_signing_alg_values_supported: list[str]
    introspection_endpoint_auth_methods_supported: list[str]
    introspection_endpoint_auth_signing_alg_values_supported: list[str]
    subject_types_supported: list[str]
    id_token_signing_alg_values_supported: list[str]
    acr_values_supported: list[str]
    claims_supported: list[str]
    prompt_values_supported: list[str]
    authorization_response_iss_parameter_supported: bool
    claims_parameter_supported: bool
    request_parameter_supported: bool
    request_uri_parameter_supported: bool


_MOST_TYPED = password.MAX_SENT
_SENT = r"^[ -~]*$"  # what may stand in a query without being encoded, decoded
_Sent = Annotated[str | None, Field(pattern=_SENT, max_length=2048)]


class AuthorizationQuery(FormModel):
    """GET /oauth2/authorize. What is wrong with it is told to the client, where that can be."""

    client_id: _Sent = None
    redirect_uri: _Sent = None
    response_type: _Sent = None
    response_mode: _Sent = None
    scope: _Sent = None
    state: _Sent = None
    nonce: _Sent = None
    code_challenge: _Sent = None
    code_challenge_method: _Sent = None
    prompt: _Sent = None
    request: _Sent = None
    request_uri: _Sent = None


class ConsentIn(FormModel):
    """POST /oauth2/consent. `form` is what the page carries along."""

    form: Annotated[str, Field(pattern=r"^[A-Za-z0-9_=.-]+$", max_length=12_000)]
    decision: Annotated[str, Field(pattern="^(allow|deny)$", examples=["allow"])]


class LoginIn(ConsentIn):
    """POST /oauth2/login. Who turns back gives neither address nor password."""

    # As it was typed: what cannot be an address has no account, and is told so on the page.
    email: Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]*$", max_length=254)] = ""
    password: Annotated[SecretStr, Field(max_length=_MOST_TYPED)] = SecretStr("")
