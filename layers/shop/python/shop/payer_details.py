"""What of a payment is personal, sealed from the request to the provider (ADR 0030).

The route that takes it seals it for the payment's row; the checkout machine carries the message and
the row keeps it; only the step that talks to the provider opens it. Orders seal for the payment
that POST /checkout makes, too. Whose key it is, the caller brings: nothing here loads the SDK.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

TABLE = "payments"


class Payer(Protocol):
    """A customer, by the key under which their data in rows of `TABLE` is sealed."""

    def seal(self, fields: Mapping[str, Any], *, row: str) -> bytes:
        """These fields as one message that opens for this customer and row only."""

    def open(self, sealed: bytes, *, row: str) -> dict[str, Any]:
        """The fields again."""


@dataclass(frozen=True, slots=True)
class PayerDetails:
    """`payment_method` is the provider's token; the payer comes back to `return_url`."""

    payment_method: str = field(repr=False)
    return_url: str | None = field(default=None, repr=False)


def seal_payer(details: PayerDetails, payment_id: str, payer: Payer) -> bytes:
    """For the row of this payment."""
    fields = {"payment_method": details.payment_method, "return_url": details.return_url}
    known = {name: value for name, value in fields.items() if value is not None}
    return payer.seal(known, row=payment_id)


def open_payer(sealed: bytes, payment_id: str, payer: Payer) -> PayerDetails:
    """As the request brought them."""
    return PayerDetails(**payer.open(sealed, row=payment_id))


def to_text(sealed: bytes) -> str:
    """As the machine carries it."""
    return base64.b64encode(sealed).decode()


def from_text(text: str) -> bytes:
    """Inverse of `to_text`."""
    return base64.b64decode(text, validate=True)
