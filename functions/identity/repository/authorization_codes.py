"""Authorization codes in the table `identity`.

    CODE#<digest>           CODE        for whom, by which client, to be brought where; the session
                                        that was begun by it; TTL

Reads are consistent: a client may bring a code as soon as it has it.
"""

from collections.abc import Sequence

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.transactions import TransactWrite

from identity.domain import authorization_code
from identity.domain.authentication import Authentication, Level, Method
from identity.domain.authorization_code import AuthorizationCode
from identity.domain.session import TokenFamily
from identity.repository import sessions
from shop import clock, tables
from shop.events import Event
from shop.tables import TableModel, transact


class CodeItem(TableModel):
    """CODE#<digest> / CODE."""

    Meta = tables.meta("identity")

    client_id = UnicodeAttribute()
    user_id = UnicodeAttribute()
    redirect_uri = UnicodeAttribute()
    challenge = UnicodeAttribute()
    scope = UnicodeAttribute()
    nonce = UnicodeAttribute(null=True)
    acr = UnicodeAttribute()
    amr = UnicodeAttribute()
    authenticated_at = UnicodeAttribute()
    issued_at = UnicodeAttribute()
    session_id = UnicodeAttribute(null=True)
    expires_at = NumberAttribute()


class AuthorizationCodeRepository:
    """Implements service.AuthorizationCodes."""

    def issue(self, code: AuthorizationCode) -> None:
        """Keep it. A repeat keeps the same."""
        tables.put(_item(code), CodeItem.pk.does_not_exist())

    def get(self, digest: str) -> AuthorizationCode | None:
        """The code, used or not; None if there never was one, or it is long over."""
        try:
            return _code(CodeItem.get(f"CODE#{digest}", "CODE", consistent_read=True))
        except CodeItem.DoesNotExist:
            return None

    def redeem(
        self,
        code: AuthorizationCode,
        family: TokenFamily,
        created: Event,
        *,
        instead_of: Sequence[tuple[TokenFamily, Event]] = (),
    ) -> bool:
        """Use it up and begin the session together; False if it was used before."""
        item = CodeItem(f"CODE#{code.digest}", "CODE")
        unused = CodeItem.pk.exists() & CodeItem.session_id.does_not_exist()

        def build(tx: TransactWrite) -> None:
            sessions.begin(tx, family, created, instead_of=instead_of)
            tx.update(item, [CodeItem.session_id.set(family.session_id)], condition=unused)

        return not transact(build)


def _item(code: AuthorizationCode) -> CodeItem:
    return CodeItem(
        f"CODE#{code.digest}",
        "CODE",
        client_id=code.client_id,
        user_id=code.user_id,
        redirect_uri=code.redirect_uri,
        challenge=code.challenge,
        scope=code.scope,
        nonce=code.nonce,
        acr=code.proof.level.value,
        amr=" ".join(code.proof.methods),
        authenticated_at=clock.rfc3339(code.proof.at),
        issued_at=clock.rfc3339(code.issued),
        session_id=code.session_id,
        expires_at=int((code.issued + authorization_code.KEPT).timestamp()),
    )


def _code(item: CodeItem) -> AuthorizationCode:
    methods = tuple(Method(each) for each in item.amr.split())
    return AuthorizationCode(
        digest=item.pk.removeprefix("CODE#"),
        client_id=item.client_id,
        user_id=item.user_id,
        redirect_uri=item.redirect_uri,
        challenge=item.challenge,
        scope=item.scope,
        nonce=item.nonce,
        proof=Authentication(Level(item.acr), methods, clock.parse(item.authenticated_at)),
        issued=clock.parse(item.issued_at),
        session_id=item.session_id,
    )
