"""Where policies stand in the templates, and whom they are about.

A type of resource that this file does not know stops it: it might give rights that nobody sees.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tools.access.names import Names, function_name
from tools.access.templates import Assembly, Resource, many

# Types that hold none. A rule, a mapping, a machine, an account setting act by what others grant.
_NONE = {
    "AWS::ApiGateway::Account",
    "AWS::ApiGateway::Authorizer",
    "AWS::ApiGateway::BasePathMapping",
    "AWS::ApiGateway::Deployment",
    "AWS::ApiGateway::DomainName",
    "AWS::ApiGateway::GatewayResponse",
    "AWS::ApiGateway::Method",
    "AWS::ApiGateway::Model",
    "AWS::ApiGateway::RequestValidator",
    "AWS::ApiGateway::Resource",
    "AWS::ApiGateway::RestApi",
    "AWS::ApiGateway::Stage",
    "AWS::CloudTrail::Trail",
    "AWS::CloudWatch::Alarm",
    "AWS::Events::EventBus",
    "AWS::Events::Rule",
    "AWS::KMS::Alias",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::Lambda::EventSourceMapping",
    "AWS::Lambda::Function",
    "AWS::Lambda::LayerVersion",
    "AWS::Logs::LogGroup",
    "AWS::Logs::MetricFilter",
    "AWS::Route53::RecordSet",
    "AWS::S3::Bucket",
    "AWS::SecretsManager::Secret",
    "AWS::SES::EmailIdentity",
    "AWS::SNS::Subscription",
    "AWS::SNS::Topic",
    "AWS::SQS::Queue",
    "AWS::SSM::Parameter",
    "AWS::StepFunctions::StateMachine",
    "AWS::WAFv2::WebACL",
    "AWS::WAFv2::WebACLAssociation",
}
# Where a policy document may stand; one that stands elsewhere is an error.
_PLACES = {
    "AssumeRolePolicyDocument",
    "KeyPolicy",
    "PolicyDocument",
}


class Unread(Exception):
    """A policy, or something like one, that is not understood here: look at it, then teach it."""


@dataclass(frozen=True, kw_only=True)
class Document:
    """A policy document and what is known of it from where it stands."""

    resource: Resource
    name: str
    body: Mapping[str, Any]
    who: str = ""  # who has its rights; empty where its statements say so
    itself: str = ""  # the ARN of the resource that it belongs to; empty for those of roles

    @property
    def where(self) -> str:
        """For people who look for it."""
        return f"{self.resource} ({self.name})"


class Documents:
    """All policy documents of one assembly."""

    def __init__(self, assembly: Assembly, names: Names) -> None:
        self._assembly = assembly
        self._names = names
        for resource in assembly:
            _refuse_unknown(resource)
        self._holders = dict(self._role_holders())

    def holder(self, role: str) -> str:
        """Who acts by a role, given its ARN or name: a function, a machine, the gateway."""
        name = role.rpartition("/")[2]
        return self._holders.get(name, f"role {name}")

    def _role_holders(self) -> Iterator[tuple[str, str]]:
        for resource in self._assembly:
            role = self._role_of(resource)
            if role:
                yield (
                    self._names.arn(resource.stack, role).rpartition("/")[2],
                    self._called(resource),
                )

    def _role_of(self, resource: Resource) -> Any:
        given = resource.properties
        if resource.type == "AWS::ApiGateway::Method":
            return given["Integration"].get("Credentials")
        key = {
            "AWS::Lambda::Function": "Role",
            "AWS::StepFunctions::StateMachine": "RoleArn",
            "AWS::ApiGateway::Account": "CloudWatchRoleArn",
            "AWS::ApiGateway::Authorizer": "AuthorizerCredentials",
        }.get(resource.type)
        return given.get(key) if key else None

    def _called(self, resource: Resource) -> str:
        if resource.type == "AWS::Lambda::Function":
            return function_name(resource)
        if resource.type == "AWS::ApiGateway::Account":
            return "gateway"
        if resource.type == "AWS::ApiGateway::Authorizer":
            return "gateway/authorizer"
        if resource.type == "AWS::ApiGateway::Method":
            return f"gateway/{resource.stack}"
        return self._names.short(self._names.of(resource))

    def of_roles(self) -> Iterator[Document]:
        """What roles may do, whether it stands in them or is attached to them."""
        for resource in self._assembly:
            given = resource.properties
            if resource.type == "AWS::IAM::Role":
                who = self.holder(self._names.of(resource))
                for policy in given.get("Policies", []):
                    body, name = policy["PolicyDocument"], policy["PolicyName"]
                    yield Document(resource=resource, name=name, body=body, who=who)
                self._refuse_foreign(resource, who)
            elif resource.type.startswith("AWS::IAM::"):
                for who in self._bearers(resource):
                    body, name = given["PolicyDocument"], resource.type.rpartition(":")[2]
                    yield Document(resource=resource, name=name, body=body, who=who)

    def of_resources(self) -> Iterator[Document]:
        """Whom resources let in by themselves."""
        for resource in self._assembly:
            read = _RESOURCE_POLICIES.get(resource.type)
            for owner, name, body in read(self._assembly, resource) if read else ():
                itself = self._names.of(owner) if owner else ""
                yield Document(resource=resource, name=name, body=body, itself=itself)

    def of_trust(self) -> Iterator[Document]:
        """Who may act by a role."""
        name = "AssumeRolePolicyDocument"
        for role in self._assembly.all("AWS::IAM::Role"):
            itself = self._names.of(role)
            yield Document(resource=role, name=name, body=role.properties[name], itself=itself)

    def _refuse_foreign(self, role: Resource, who: str) -> None:
        for value in role.properties.get("ManagedPolicyArns", []):
            arn = self._names.arn(role.stack, value)
            if arn.startswith("arn:aws:iam::aws:"):
                raise Unread(f"{role} ({who}) has a policy that we did not write: {arn}")

    def _bearers(self, policy: Resource) -> Iterator[str]:
        """Who has a policy that is not a part of its role."""
        given = policy.properties
        if given.get("Users") or given.get("Groups"):
            raise Unread(f"{policy} gives rights to users or groups, of which there are none")
        for role in [*given.get("Roles", []), *many(given.get("RoleName", []))]:
            yield self.holder(self._names.arn(policy.stack, role))
        for role in self._assembly.all("AWS::IAM::Role"):
            attached = role.properties.get("ManagedPolicyArns", [])
            if self._names.of(policy) in [self._names.arn(role.stack, arn) for arn in attached]:
                yield self.holder(self._names.of(role))


Found = Iterator[tuple[Resource | None, str, Any]]  # whose policy it is, its name, its body


def _of_key(_: Assembly, key: Resource) -> Found:
    yield key, "KeyPolicy", key.properties["KeyPolicy"]


def _of_table(_: Assembly, table: Resource) -> Found:
    for replica in table.properties["Replicas"]:
        if "ResourcePolicy" in replica:
            yield table, "ResourcePolicy", replica["ResourcePolicy"]["PolicyDocument"]


def _of_queue_or_topic(assembly: Assembly, policy: Resource) -> Found:
    given = policy.properties
    for owner in [*given.get("Queues", []), *given.get("Topics", [])]:
        yield assembly.target(policy.stack, owner), "PolicyDocument", given["PolicyDocument"]


def _of_bucket(assembly: Assembly, policy: Resource) -> Found:
    given = policy.properties
    yield assembly.target(policy.stack, given["Bucket"]), "PolicyDocument", given["PolicyDocument"]


def _of_function(_: Assembly, permission: Resource) -> Found:
    yield None, "Permission", _as_document(permission.properties)


_RESOURCE_POLICIES: Mapping[str, Callable[[Assembly, Resource], Found]] = {
    "AWS::DynamoDB::GlobalTable": _of_table,
    "AWS::KMS::Key": _of_key,
    "AWS::Lambda::Permission": _of_function,
    "AWS::S3::BucketPolicy": _of_bucket,
    "AWS::SNS::TopicPolicy": _of_queue_or_topic,
    "AWS::SQS::QueuePolicy": _of_queue_or_topic,
}
_ROLE_POLICIES = {
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Policy",
    "AWS::IAM::Role",
    "AWS::IAM::RolePolicy",
}


def _as_document(permission: Mapping[str, Any]) -> dict[str, Any]:
    """A permission to invoke a function, in the form of a policy."""
    conditions = {
        operator: {key: permission[name]}
        for name, operator, key in (
            ("SourceArn", "ArnLike", "aws:SourceArn"),
            ("SourceAccount", "StringEquals", "aws:SourceAccount"),
            ("PrincipalOrgID", "StringEquals", "aws:PrincipalOrgID"),
        )
        if name in permission
    }
    principal = permission["Principal"]
    service = isinstance(principal, str) and principal.endswith(".amazonaws.com")
    statement = {
        "Effect": "Allow",
        "Action": permission["Action"],
        "Principal": {"Service" if service else "AWS": principal},
        "Resource": permission["FunctionName"],
        "Condition": conditions,
    }
    return {"Statement": [statement]}


def _refuse_unknown(resource: Resource) -> None:
    if resource.type not in _NONE | _ROLE_POLICIES | set(_RESOURCE_POLICIES):
        raise Unread(
            f"{resource} is an {resource.type}, of which tools/access/documents.py does not know "
            "whether it gives rights: read its policies there, or list it among those without."
        )
    for path in _documents(resource.properties, ()):
        if path[-1] not in _PLACES or resource.type in _NONE:
            raise Unread(f"{resource} has a policy at {'.'.join(path)}, where none is read")


def _documents(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Where something with statements stands. Texts count too: JSON may be given as one."""
    if isinstance(value, dict):
        if any(
            isinstance(part, dict) and "Effect" in part for part in many(value.get("Statement"))
        ):
            yield path
        for key, part in value.items():
            yield from _documents(part, (*path, key))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _documents(part, (*path, str(index)))
    elif isinstance(value, str) and '"Statement"' in value and '"Effect"' in value:
        yield (*path, "text")
