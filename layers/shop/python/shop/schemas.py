"""Shapes that several services have in their HTTP bodies."""

from collections.abc import Callable
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from shop import countries, human_text, ids, money


class RequestModel(BaseModel):
    """Base of request bodies: no unknown fields, no coercion (`"1"` is not 1)."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class FormModel(BaseModel):
    """Base of forms: what is not known is passed over (RFC 6749, 3.2)."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class QueryModel(BaseModel):
    """Base of query parameters: text is converted, unknown names are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ResponseModel(BaseModel):
    """Base of answers."""

    model_config = ConfigDict(frozen=True)


def _known_currency(code: str) -> str:
    if code not in money.EXPONENTS:
        raise ValueError("not an ISO 4217 currency code")
    return code


Currency = Annotated[
    str,
    Field(pattern="^[A-Z]{3}$", description="ISO 4217 code", examples=["EUR"]),
    AfterValidator(_known_currency),
]


def _known_country(code: str) -> str:
    if code not in countries.COUNTRIES:
        raise ValueError("not an ISO 3166-1 alpha-2 country code")
    return code


Country = Annotated[
    str,
    Field(
        pattern="^[A-Z]{2}$",
        description="ISO 3166-1 alpha-2 code; XK is Kosovo",
        examples=["US"],
    ),
    AfterValidator(_known_country),
]
Sku = Annotated[str, Field(pattern="^[A-Z0-9][A-Z0-9-]{0,39}$", examples=["TEA-0001-S"])]


def _whole(value: object) -> object:
    """2.0 is an integer to JSON Schema and to clients that know one kind of number."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Quantity = Annotated[
    int,
    Field(ge=1, le=1000, description="whole units", examples=[2]),
    BeforeValidator(_whole),
]
Limit = Annotated[int, Field(ge=1, le=100, description="page size")]
Cursor = Annotated[
    str, Field(min_length=1, max_length=1024, description="opaque, from next_cursor")
]
OrderId = Annotated[str, Field(pattern=ids.pattern("ord"))]
PaymentId = Annotated[str, Field(pattern=ids.pattern("pay"))]


# A token of some provider, whose own form its client checks. It begins with a letter: a card
# number does not.
PaymentMethod = Annotated[
    str,
    Field(
        pattern="^[A-Za-z][A-Za-z0-9_-]{0,99}$",
        description="a payment method as its provider names it; test methods outside production",
        examples=["pm_card_visa"],
    ),
]


# RFC 3986: what is not visible ASCII is percent-encoded. Every dialect of patterns agrees on it.
ReturnUrl = Annotated[
    str,
    Field(
        max_length=2048,
        pattern="^https?://[!-~]+$",
        description="where the customer comes back to after 3-D Secure",
    ),
]


class MoneyOut(ResponseModel):
    """An amount in minor units of its currency."""

    amount: int
    currency: Currency


class Line(RequestModel):
    """What to buy and how much of it."""

    sku: Sku
    quantity: Quantity


def _folded(most: int) -> Callable[[str], str]:
    """At most so many characters, as sent and as folded: some fold to more than one."""

    def fold(text: str) -> str:
        try:
            folded = human_text.fold(text)
        except human_text.NotReadable as error:
            raise PydanticCustomError("not_readable", "is blank or not readable") from error
        if len(folded) > most:
            raise PydanticCustomError("too_long_in_one_form", "is too long in its one form")
        return folded

    return fold


# Whatever a person writes freely is one of these: a test holds every body to it.
Text20 = Annotated[str, Field(min_length=1, max_length=20), AfterValidator(_folded(20))]
Text50 = Annotated[str, Field(min_length=1, max_length=50), AfterValidator(_folded(50))]
Text100 = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_folded(100))]


class PostalAddress(RequestModel):
    """Where something goes: the form of an address. Whether it has what its country needs, orders
    decide."""

    name: Text100
    line1: Text100
    line2: Text100 | None = None
    city: Text100
    # Before what depends on it: a field's check sees the fields above.
    country: Country
    region: Annotated[
        Text50 | None,
        Field(
            description="needed in US and CA, by code or name: NJ, US-NJ or New Jersey",
            examples=["NJ"],
            validate_default=True,
        ),
    ] = None
    postal_code: Annotated[
        Text20 | None,
        Field(
            description="needed where the addresses of the country have one",
            examples=["07102"],
            validate_default=True,
        ),
    ] = None
    phone: Text50 | None = None


class OAuthErrorOut(BaseModel):
    """An error as RFC 6749 (5.2) has it."""

    error: str
    error_description: str


class ProblemOut(BaseModel):
    """An RFC 9457 problem document."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    instance: str
    request_id: str
    retryable: bool
    errors: list[dict[str, str]]
