"""What a command asks of the account that it is about to change."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, cast

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from tools.deployment.errors import Refused


@dataclass(frozen=True, kw_only=True)
class Concurrency:
    """Concurrent executions of a region: the quota, and what no function has reserved."""

    quota: int
    unreserved: int


class Account(Protocol):
    """An account and region."""

    def id(self) -> str:
        """Whose credentials they are."""

    def writes_api_logs(self) -> bool:
        """Whether API Gateway has a role by which it writes logs."""

    def statuses(self, prefix: str) -> Mapping[str, str]:
        """The status of each stack whose name begins so. Those that are gone are left out."""

    def concurrency(self) -> Concurrency:
        """Of all functions together."""

    def reserved(self, function: str) -> int:
        """What a function has reserved now; 0 if there is none of that name."""


class AwsAccount:
    """The account of the credentials in use."""

    def __init__(self, region: str) -> None:
        self._session = boto3.Session(region_name=region)

    def id(self) -> str:
        """One call, which needs no right."""
        try:
            return str(self._client("sts").get_caller_identity()["Account"])
        except (BotoCoreError, ClientError) as error:
            raise Refused(f"There are no credentials that AWS takes: {error}.") from error

    def writes_api_logs(self) -> bool:
        """One call."""
        return bool(self._client("apigateway").get_account().get("cloudwatchRoleArn"))

    def statuses(self, prefix: str) -> Mapping[str, str]:
        """A page is 100 stacks."""
        pages = self._client("cloudformation").get_paginator("describe_stacks").paginate()
        return {
            stack["StackName"]: stack["StackStatus"]
            for page in pages
            for stack in page["Stacks"]
            if stack["StackName"].startswith(prefix)
        }

    def concurrency(self) -> Concurrency:
        """One call."""
        limits = self._client("lambda").get_account_settings()["AccountLimit"]
        return Concurrency(
            quota=limits["ConcurrentExecutions"],
            unreserved=limits["UnreservedConcurrentExecutions"],
        )

    def reserved(self, function: str) -> int:
        """One call."""
        client = self._client("lambda")
        try:
            found = client.get_function_concurrency(FunctionName=function)
        except client.exceptions.ResourceNotFoundException:
            return 0
        return int(found.get("ReservedConcurrentExecutions", 0))

    def _client(self, service: str) -> Any:
        return cast(Any, self._session).client(service)
