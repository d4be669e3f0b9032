"""What a command asks of the account that it is about to change."""

from collections.abc import Iterator, Mapping, Sequence
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

    def api_logs_role(self) -> str:
        """The role by which API Gateway writes logs, empty: none."""

    def trails(self) -> Sequence[str]:
        """The names of the trails by which EventBridge hears what is done to keys."""

    def statuses(self, prefix: str) -> Mapping[str, str]:
        """The status of each stack whose name begins so. Those that are gone are left out."""

    def concurrency(self) -> Concurrency:
        """Of all functions together."""

    def reserved(self, function: str) -> int:
        """What a function has reserved now; 0 if there is none of that name."""

    def has_proved(self, mail_domain: str) -> bool:
        """Whether SES sends mail for this domain."""

    def mails_everybody(self) -> bool:
        """Whether SES sends to whom it has not proved: it is out of its sandbox."""

    def mute(self, prefix: str) -> None:
        """Let alarms and rules whose names begin so tell nobody anything."""

    def sound(self, prefix: str) -> None:
        """Let them tell again."""


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

    def api_logs_role(self) -> str:
        """One call."""
        return str(self._client("apigateway").get_account().get("cloudwatchRoleArn") or "")

    def trails(self) -> Sequence[str]:
        """Two calls per trail. One that may not be looked into does not count."""
        client = self._client("cloudtrail")
        return [
            trail["Name"]
            for trail in client.describe_trails()["trailList"]
            if _tells(client, trail["TrailARN"])
        ]

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

    def has_proved(self, mail_domain: str) -> bool:
        """One call."""
        client = self._client("sesv2")
        try:
            found = client.get_email_identity(EmailIdentity=mail_domain)
        except client.exceptions.NotFoundException:
            return False
        return bool(found["VerifiedForSendingStatus"])

    def mails_everybody(self) -> bool:
        """One call."""
        return bool(self._client("sesv2").get_account()["ProductionAccessEnabled"])

    def mute(self, prefix: str) -> None:
        """Two calls per hundred alarms, two per rule that publishes to people."""
        client = self._client("cloudwatch")
        for names in self._alarms(prefix):
            client.disable_alarm_actions(AlarmNames=names)
        for bus, rule in self._telling(prefix):
            self._client("events").disable_rule(Name=rule, EventBusName=bus)

    def sound(self, prefix: str) -> None:
        """As many."""
        client = self._client("cloudwatch")
        for names in self._alarms(prefix):
            client.enable_alarm_actions(AlarmNames=names)
        for bus, rule in self._telling(prefix):
            self._client("events").enable_rule(Name=rule, EventBusName=bus)

    def _alarms(self, prefix: str) -> Iterator[list[str]]:
        pages = self._client("cloudwatch").get_paginator("describe_alarms")
        for page in pages.paginate(AlarmNamePrefix=prefix):
            if names := [alarm["AlarmName"] for alarm in page["MetricAlarms"]]:
                yield names

    def _telling(self, prefix: str) -> Iterator[tuple[str, str]]:
        """Rules that publish to a topic, with their bus."""
        client = self._client("events")
        buses = [bus["Name"] for bus in client.list_event_buses()["EventBuses"]]
        for bus in buses:
            for page in client.get_paginator("list_rules").paginate(
                EventBusName=bus, NamePrefix=prefix
            ):
                for rule in page["Rules"]:
                    found = client.list_targets_by_rule(Rule=rule["Name"], EventBusName=bus)
                    if any(":sns:" in target["Arn"] for target in found["Targets"]):
                        yield bus, rule["Name"]

    def _client(self, service: str) -> Any:
        return cast(Any, self._session).client(service)


def _tells(client: Any, trail: str) -> bool:
    try:
        logs = client.get_trail_status(Name=trail)["IsLogging"]
        found = client.get_event_selectors(TrailName=trail)
    except ClientError:
        return False
    simple = any(map(_takes_keys, found.get("EventSelectors") or ()))
    return logs and (simple or any(map(_picks_keys, found.get("AdvancedEventSelectors") or ())))


def _takes_keys(selector: Mapping[str, Any]) -> bool:
    return (
        selector.get("IncludeManagementEvents", True)
        and selector.get("ReadWriteType", "All") != "ReadOnly"
        and "kms.amazonaws.com" not in selector.get("ExcludeManagementEventSources", ())
    )


def _picks_keys(selector: Mapping[str, Any]) -> bool:
    """Of changes, and of every service: what picks services is not followed further."""
    fields = {each["Field"]: each for each in selector["FieldSelectors"]}
    return (
        fields.get("eventCategory", {}).get("Equals") == ["Management"]
        and fields.keys() <= {"eventCategory", "readOnly"}
        and fields.get("readOnly", {}).get("Equals", ["false"]) == ["false"]
    )
