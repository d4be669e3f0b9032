"""The row that says which keys sign tokens. The authorizer reads it, so it imports little."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from identity.domain.token_keys import PublicKey, TokenKey, TokenKeySet
from shop import aws, clock

KEY = {"pk": {"S": "TOKEN_KEYS"}, "sk": {"S": "SET"}}


@dataclass(frozen=True, slots=True)
class TokenKeyRepository:
    """Implements service.TokenKeys. `table` is the physical name of identity's."""

    table: str

    def get(self) -> TokenKeySet | None:
        """None: nothing was rotated yet. One GetItem."""
        answer = aws.client("dynamodb").get_item(TableName=self.table, Key=KEY, ConsistentRead=True)
        row = answer.get("Item")
        return _set(row) if row else None

    def keep(self, keys: TokenKeySet) -> bool:
        """Write a set that was read as it was; False if somebody else changed it meanwhile.

        A repeat of a write whose answer was lost is False, too: who reads again sees it done.
        """
        item = {
            **KEY,
            "version": {"N": str(keys.version + 1)},
            "token_keys": {"L": [{"M": _map(key)} for key in keys.keys]},
        }
        if keys.making_since:
            item["making_since"] = {"S": clock.rfc3339(keys.making_since)}
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(pk)"}
        if keys.version:
            condition = {
                "ConditionExpression": "version = :read",
                "ExpressionAttributeValues": {":read": {"N": str(keys.version)}},
            }
        try:
            aws.client("dynamodb").put_item(TableName=self.table, Item=item, **condition)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
                return False
            raise
        return True


def _set(row: dict[str, Any]) -> TokenKeySet:
    return TokenKeySet(
        tuple(_key(each["M"]) for each in row["token_keys"]["L"]),
        version=int(row["version"]["N"]),
        making_since=_time(row, "making_since"),
    )


def _key(kept: dict[str, Any]) -> TokenKey:
    return TokenKey(
        arn=kept["arn"]["S"],
        public=PublicKey(kept["x"]["S"], kept["y"]["S"]),
        made_at=clock.parse(kept["made_at"]["S"]),
        signs_from=_time(kept, "signs_from"),
        revoked_at=_time(kept, "revoked_at"),
        replicas=tuple(each["S"] for each in kept.get("replicas", {"L": []})["L"]),
    )


def _map(key: TokenKey) -> dict[str, Any]:
    times = {
        "made_at": key.made_at,
        "signs_from": key.signs_from,
        "revoked_at": key.revoked_at,
    }
    return {
        "arn": {"S": key.arn},
        "x": {"S": key.public.x},
        "y": {"S": key.public.y},
        **{name: {"S": clock.rfc3339(at)} for name, at in times.items() if at},
        "replicas": {"L": [{"S": region} for region in key.replicas]},
    }


def _time(kept: dict[str, Any], name: str) -> datetime | None:
    return clock.parse(kept[name]["S"]) if name in kept else None
