"""OAuth clients in the table `identity`.

    CLIENT#<client id>      CLIENT                 what is registered of it
    CLIENTS                 CLIENT#<client id>     that it is: for the list, which operators read

Operators register clients; their list is read by no route.
"""

from typing import Any

from pynamodb.attributes import ListAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.transactions import TransactWrite

from identity.domain.oauth_client import AuthMethod, GrantType, Kind, OAuthClient
from shop import clock, tables
from shop.tables import CompactJSONAttribute, TableModel, transact

LIST = "CLIENTS"


class ClientItem(TableModel):
    """CLIENT#<client id> / CLIENT."""

    Meta = tables.meta("identity")

    name = UnicodeAttribute()
    kind = UnicodeAttribute()
    auth_method = UnicodeAttribute()
    grant_types: ListAttribute[Any] = ListAttribute()
    scopes: ListAttribute[Any] = ListAttribute()
    redirect_uris: ListAttribute[Any] = ListAttribute()
    secret_digest = UnicodeAttribute(null=True)
    keys_json: Any = CompactJSONAttribute(attr_name="keys")
    created_at = UnicodeAttribute()
    disabled_at = UnicodeAttribute(null=True)
    version = NumberAttribute()


class ListedClientItem(TableModel):
    """CLIENTS / CLIENT#<client id>."""

    Meta = tables.meta("identity")


class OAuthClientRepository:
    """The registry. Implements service.OAuthClients."""

    def add(self, client: OAuthClient) -> bool:
        """Register it; False if the id is taken."""
        item, listed = _item(client), ListedClientItem(LIST, f"CLIENT#{client.client_id}")

        def build(tx: TransactWrite) -> None:
            tx.save(item, condition=ClientItem.pk.does_not_exist())
            tx.save(listed)

        return not transact(build)

    def get(self, client_id: str) -> OAuthClient | None:
        """The client; None if there is none."""
        try:
            item = ClientItem.get(*_place(client_id), consistent_read=True)
        except ClientItem.DoesNotExist:
            return None
        return _client(item)

    def change(self, before: OAuthClient, after: OAuthClient) -> bool:
        """Store it as it is after; False if it changed meanwhile."""
        return tables.put(_item(after), ClientItem.version == before.version) is None

    def all(self) -> list[OAuthClient]:
        """Oldest first."""
        listed = ListedClientItem.query(LIST, consistent_read=True)
        keys = [_place(each.sk.removeprefix("CLIENT#")) for each in listed]
        found = [_client(item) for item in tables.batch_get(ClientItem, keys, consistent=True)]
        return sorted(found, key=lambda client: (client.created, client.client_id))


def _place(client_id: str) -> tuple[str, str]:
    return f"CLIENT#{client_id}", "CLIENT"


def _item(client: OAuthClient) -> ClientItem:
    return ClientItem(
        *_place(client.client_id),
        name=client.name,
        kind=client.kind.value,
        auth_method=client.auth_method.value,
        grant_types=[each.value for each in client.grant_types],
        scopes=[*client.scopes],
        redirect_uris=[*client.redirect_uris],
        secret_digest=client.secret_digest,
        keys_json=[dict(key) for key in client.keys],
        created_at=clock.rfc3339(client.created),
        disabled_at=clock.rfc3339(client.disabled) if client.disabled else None,
        version=client.version,
    )


def _client(item: ClientItem) -> OAuthClient:
    return OAuthClient(
        client_id=item.pk.removeprefix("CLIENT#"),
        name=item.name,
        kind=Kind(item.kind),
        auth_method=AuthMethod(item.auth_method),
        grant_types=tuple(GrantType(each) for each in item.grant_types),
        scopes=tuple(item.scopes),
        redirect_uris=tuple(item.redirect_uris),
        secret_digest=item.secret_digest,
        keys=tuple(item.keys_json),
        created=clock.parse(item.created_at),
        disabled=clock.parse(item.disabled_at) if item.disabled_at else None,
        version=int(item.version),
    )
