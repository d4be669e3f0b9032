"""Signed assertions of clients that were used, in the table `identity`.

    ASSERTION#<client id>#<digest of jti>   ASSERTION   which request used it; TTL

The partition is the assertion's own: a client that asks often has none that grows.
"""

import hashlib
import secrets

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from identity.domain.client_assertion import ClientAssertion
from shop import tables
from shop.tables import TableModel

# It cannot be used any more when DynamoDB may delete it, whatever clocks differ by.
SPARE_S = 3600


class AssertionItem(TableModel):
    """ASSERTION#<client id>#<digest of jti> / ASSERTION."""

    Meta = tables.meta("identity")

    used_by = UnicodeAttribute()
    expires_at = NumberAttribute()


class ClientAssertionRepository:
    """Implements service.ClientAssertions."""

    def use(self, assertion: ClientAssertion) -> bool:
        """Use it up; False if it was used. One that stands by this very call was stored by it: the
        answer was lost, and the SDK asked again."""
        jti = hashlib.sha256(assertion.jti.encode()).hexdigest()
        this = secrets.token_hex(16)
        item = AssertionItem(
            f"ASSERTION#{assertion.client_id}#{jti}",
            "ASSERTION",
            used_by=this,
            expires_at=assertion.expires_at + SPARE_S,
        )
        failed = tables.put(item, AssertionItem.pk.does_not_exist())
        if failed is None:
            return True
        return failed.item is not None and failed.item["used_by"]["S"] == this
