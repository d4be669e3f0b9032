"""Makes the keys that sign tokens, puts them into other regions, and asks KMS to delete them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from botocore.exceptions import ClientError

from identity.clients import kms
from identity.domain.token_keys import PublicKey
from shop import aws, clock

# By the first, rights know what is a key for tokens of this stage; by the second, a key is found
# again whose making was not answered.
PURPOSE, MADE_AT = "cartwright:purpose", "cartwright:made-at"
PENDING_DAYS = 7  # The shortest that KMS takes.
_GONE = ("KMSInvalidStateException", "NotFoundException")


@dataclass(frozen=True, slots=True)
class KmsKeyMaker:
    """Implements service.KeyMaker."""

    purpose: str

    def make(self, mark: datetime) -> str:
        """The ARN of a new key. One CreateKey; its answer may be lost after it happened."""
        answer = aws.client("kms").create_key(
            Description="Signs access tokens",
            KeySpec="ECC_NIST_P256",
            KeyUsage="SIGN_VERIFY",
            MultiRegion=True,  # Cannot be changed later, and costs nothing.
            Tags=[
                {"TagKey": PURPOSE, "TagValue": self.purpose},
                {"TagKey": MADE_AT, "TagValue": _text(mark)},
            ],
        )
        arn: str = answer["KeyMetadata"]["Arn"]
        return arn

    def made(self, mark: datetime) -> str | None:
        """The key that was marked so, if there is one. It looks at every key of the account."""
        for arn in self._keys():
            tags = self._tags(arn)
            if (tags.get(PURPOSE), tags.get(MADE_AT)) == (self.purpose, _text(mark)):
                return arn
        return None

    def public(self, arn: str) -> PublicKey | None:
        """The public half; None while a key is so new that KMS does not know it everywhere, or
        does not heed its tags, by which rights know it: up to five minutes. One GetPublicKey."""
        try:
            return kms.public_key(arn)
        except ClientError as error:
            if error.response["Error"]["Code"] in ("AccessDeniedException", "NotFoundException"):
                return None
            raise

    def replicate(self, arn: str, region: str) -> bool:
        """Put the key into another region, where it signs the same; False while KMS does not let
        us, since it heeds a new key's tags late. It may be there already. One ReplicateKey.

        A replica has no tag but those that it is given.
        """
        try:
            aws.client("kms").replicate_key(
                KeyId=_id(arn),
                ReplicaRegion=region,
                Description="Signs access tokens",
                Tags=[{"TagKey": PURPOSE, "TagValue": self.purpose}],
            )
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in ("AccessDeniedException", "NotFoundException"):
                return False
            if code != "AlreadyExistsException":
                raise
        return True

    def delete(self, arn: str, replicas: Sequence[str]) -> None:
        """Have it deleted after a week, in which that can be taken back, and in its other regions,
        too: KMS keeps a key until its replicas are gone. It may be so already."""
        for region in replicas:
            _delete(kms.in_region(arn, region), region)
        _delete(arn)

    def _keys(self) -> Iterator[str]:
        for page in aws.client("kms").get_paginator("list_keys").paginate():
            yield from (key["KeyArn"] for key in page["Keys"])

    def _tags(self, arn: str) -> dict[str, str]:
        try:
            tags = aws.client("kms").list_resource_tags(KeyId=arn)["Tags"]
        except ClientError as error:
            if error.response["Error"]["Code"] in ("AccessDeniedException", *_GONE):
                return {}  # Rights are by the tags that are looked for: it is none of ours.
            raise
        return {tag["TagKey"]: tag["TagValue"] for tag in tags}


def _delete(arn: str, region: str = "") -> None:
    try:
        aws.client("kms", region=region).schedule_key_deletion(
            KeyId=_id(arn), PendingWindowInDays=PENDING_DAYS
        )
    except ClientError as error:
        if error.response["Error"]["Code"] not in _GONE:
            raise


def _id(arn: str) -> str:
    return arn.rpartition("/")[2]


def _text(mark: datetime) -> str:
    return clock.rfc3339(mark)
