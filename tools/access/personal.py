"""Where personal data is: what names or reaches a person, or lets somebody act as one.

The only such list. A test looks for the values themselves in all rows of a journey, so that it is
complete. Ids of customers stand in more places: they name nobody without these tables.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class PersonalData:
    """Attributes of a table that hold it, and what they say of a person."""

    table: str
    attributes: tuple[str, ...]
    says: str


PERSONAL = (
    PersonalData(
        table="identity",
        attributes=("email", "name", "password_hash"),
        says="who the customer is, and by which secret",
    ),
    PersonalData(
        table="orders",
        attributes=("payment_method", "shipping_address"),
        says="where the customer lives; what a checkout was to be paid with",
    ),
    PersonalData(
        table="payments",
        attributes=("payment_method",),
        says="what the customer pays with, as the provider calls it",
    ),
)
