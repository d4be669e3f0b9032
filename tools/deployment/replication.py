"""Puts a stage's multi-region keys into its second region after a deployment, and takes them back
before it is destroyed.

CloudFormation makes a replica by the ARN of its key, which no template of another region can know
(AWS::KMS::ReplicaKey). A replica has neither aliases nor tags of its key, so it gets them here.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any, cast

import boto3

from tools.access.templates import Assembly
from tools.deployment.errors import Refused

PENDING_DAYS = 7  # The shortest that KMS takes.
# A replica is made within a minute (KMS Developer Guide); until then it takes no alias.
LOOKS, EVERY_S = 60, 2.0


class Replication:
    """The multi-region keys of an assembly in the account of the credentials in use."""

    def __init__(
        self,
        assembly: Assembly,
        *,
        region: str,
        replica_region: str,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        session = cast(Any, boto3.Session(region_name=region))
        self._pause = pause
        self._assembly, self._to = assembly, replica_region
        self._stacks = session.client("cloudformation")
        self._here = session.client("kms")
        self._there = session.client("kms", region_name=replica_region)

    def replicate(self) -> Iterator[str]:
        """A sentence for each key that was not there. May be repeated, and goes on where it was
        interrupted."""
        for key_id in self._keys():
            key = self._here.describe_key(KeyId=key_id)["KeyMetadata"]
            regions = {each["Region"] for each in key["MultiRegionConfiguration"]["ReplicaKeys"]}
            if self._to not in regions:
                tags = self._here.list_resource_tags(KeyId=key_id)["Tags"]
                self._here.replicate_key(
                    KeyId=key_id,
                    ReplicaRegion=self._to,
                    Description=key["Description"],
                    Tags=[tag for tag in tags if not tag["TagKey"].startswith("aws:")],
                )
                yield f"The key {key_id} is in {self._to}, too."
            self._enable(key_id)
            self._name(key_id)

    def take_back(self) -> Iterator[str]:
        """KMS keeps a key for as long as a replica of it lives. May be repeated."""
        for key_id in self._keys():
            if self._state(key_id) in ("", "PendingDeletion"):
                continue
            for alias in self._there.list_aliases(KeyId=key_id)["Aliases"]:
                self._there.delete_alias(AliasName=alias["AliasName"])
            self._there.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=PENDING_DAYS)
            yield f"The replica of {key_id} in {self._to} is deleted in {PENDING_DAYS} days."

    def _keys(self) -> Iterator[str]:
        """The ids of those that stacks have made. A replica has the same."""
        for made in self._assembly.all("AWS::KMS::Key"):
            if made.properties.get("MultiRegion"):
                stack = f"{self._assembly.prefix}-{made.stack}"
                if found := self._physical_id(stack, made.id):
                    yield found

    def _physical_id(self, stack: str, logical_id: str) -> str:
        try:
            found = self._stacks.describe_stack_resource(
                StackName=stack, LogicalResourceId=logical_id
            )
        except self._stacks.exceptions.ClientError as error:
            if error.response["Error"]["Code"] == "ValidationError":
                return ""  # The stack is not there, or has it no more.
            raise
        return str(found["StackResourceDetail"]["PhysicalResourceId"])

    def _state(self, key_id: str) -> str:
        try:
            return str(self._there.describe_key(KeyId=key_id)["KeyMetadata"]["KeyState"])
        except self._there.exceptions.NotFoundException:
            return ""

    def _enable(self, key_id: str) -> None:
        """Wait until it is made; keep it after all where a destruction was cut short."""
        for _ in range(LOOKS):
            state = self._state(key_id)
            if state not in ("", "Creating"):
                break
            self._pause(EVERY_S)
        else:
            raise Refused(f"The key {key_id} is still not in {self._to}. Deploy again.")
        if state == "PendingDeletion":
            self._there.cancel_key_deletion(KeyId=key_id)
            self._there.enable_key(KeyId=key_id)

    def _name(self, key_id: str) -> None:
        wanted = {each["AliasName"] for each in self._here.list_aliases(KeyId=key_id)["Aliases"]}
        there = {each["AliasName"] for each in self._there.list_aliases(KeyId=key_id)["Aliases"]}
        for alias in sorted(wanted - there):
            self._there.create_alias(AliasName=alias, TargetKeyId=key_id)
