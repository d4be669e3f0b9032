"""Questions to the policies: who can do something to something, all in all."""

import re
from collections.abc import Iterable, Iterator, Sequence

from tools.access.policies import ACCOUNT, ANYONE, Policies, RoutePermission
from tools.access.templates import Resource

READS = ("GetItem", "BatchGetItem", "Query", "Scan", "PartiQLSelect")
WRITES = (
    "PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem",
    "PartiQLInsert", "PartiQLUpdate", "PartiQLDelete",
)  # fmt: skip
# Whole tables at once, or the table's own rules.
COPIES = ("ExportTableToPointInTime", "CreateBackup", "RestoreTableToPointInTime", "ImportTable")
RULES = (
    "DeleteTable", "UpdateTable", "UpdateTimeToLive", "PutResourcePolicy", "DeleteResourcePolicy",
)  # fmt: skip


# The one exemption from what a table refuses to anyone: DynamoDB's own role, by which it fills
# replicas and which nobody can take.
REPLICATION = (
    "ArnNotEquals aws:PrincipalArn role/aws-service-role/replication.dynamodb.amazonaws.com/"
    "AWSServiceRoleForDynamoDBReplication"
)


class Questions:
    """About one assembly."""

    def __init__(self, policies: Policies) -> None:
        self.policies = policies
        self.names = policies.names

    def every(self, type_: str) -> list[tuple[str, Resource]]:
        """The resources of a type with their ARNs, by name."""
        found = [(self.names.of(made), made) for made in self.policies.assembly.all(type_)]
        return sorted(found, key=lambda pair: self.names.short(pair[0]))

    def allowing(self, action: str, arn: str) -> list[RoutePermission]:
        """The grants that open this action on this resource to somebody, in the end.

        A key opens to the IAM policies of the account only if its own policy says so.
        """
        given = [*self.policies.of_roles, *self.policies.of_resources]
        about = [grant for grant in given if covers(grant, action, arn)]
        if any(map(_refuses_anyone, about)):
            return []
        delegated = ":kms:" not in arn or any(
            grant.who == ACCOUNT and grant.allows and not grant.when for grant in about
        )
        denied = {grant.who for grant in about if not grant.allows and not grant.when}
        return [
            grant
            for grant in about
            if grant.allows
            and grant.who not in denied | {ACCOUNT}
            and (delegated or grant in self.policies.of_resources)
        ]

    def who(self, actions: Iterable[str], arns: Sequence[str]) -> list[tuple[str, str]]:
        """Who may do any of the actions to any of the resources, and under which condition."""
        return sorted(
            {
                (grant.who, grant.when)
                for action in actions
                for arn in arns
                for grant in self.allowing(action, arn)
            }
        )

    def refused_to_anyone(self, action: str, arn: str) -> bool:
        """Whether the resource itself refuses it, whatever a role may."""
        return any(
            covers(grant, action, arn)
            for grant in self.policies.of_resources
            if _refuses_anyone(grant)
        )

    def readers(
        self, table: Resource, actions: Iterable[str], *, stream: bool = False
    ) -> list[tuple[str, str]]:
        """Who may do this to the table, its indexes or its stream, and has the table's key, if it
        has one of ours."""
        arns = [f"{self.names.of(table)}/stream/now"] if stream else list(self._places(table))
        found = self.who([f"dynamodb:{action}" for action in actions], arns)
        key = self.key_of(table)
        if key is None:
            return found
        with_key = {who for who, _ in self.who(["kms:Decrypt"], [key])}
        return [pair for pair in found if pair[0] in with_key | {ANYONE}]

    def key_of(self, table: Resource) -> str | None:
        """The ARN of the key that encrypts a table; None where it is DynamoDB's own."""
        [replica] = table.properties["Replicas"]
        key = replica.get("SSESpecification", {}).get("KMSMasterKeyId")
        return None if key is None else self.names.arn(table.stack, key)

    def _places(self, table: Resource) -> Iterator[str]:
        arn = self.names.of(table)
        yield arn
        for index in table.properties.get("GlobalSecondaryIndexes", []):
            yield f"{arn}/index/{index['IndexName']}"


def _refuses_anyone(grant: RoutePermission) -> bool:
    return not grant.allows and grant.who == ANYONE and grant.when in ("", REPLICATION)


def covers(grant: RoutePermission, action: str, arn: str) -> bool:
    """Whether a grant is about this action on this resource."""
    return _matches(grant.action.lower(), action.lower()) and _matches(grant.on, arn)


def _matches(pattern: str, value: str) -> bool:
    """As IAM matches: `*` is any text, `?` any one character."""
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, value, re.DOTALL) is not None
