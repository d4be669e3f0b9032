"""Values of templates as ARNs, and ARNs as names that are the same in every stage.

`arn` answers the intrinsic functions that our templates use. `short` turns what it answered into
`table/orders/index/due`, `key/orders-data`, `function/orders.place_order`, `bus`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tools.access.templates import Assembly, Resource

# The resource part of an ARN, and its service, by type. `{}` is the physical name.
_FORMS: Mapping[str, tuple[str, str]] = {
    "AWS::DynamoDB::GlobalTable": ("dynamodb", "table/{}"),
    "AWS::Events::EventBus": ("events", "event-bus/{}"),
    "AWS::Events::Rule": ("events", "rule/{}"),
    "AWS::IAM::ManagedPolicy": ("iam", "policy/{}"),
    "AWS::IAM::Role": ("iam", "role/{}"),
    "AWS::KMS::Key": ("kms", "key/{}"),
    "AWS::Lambda::Function": ("lambda", "function:{}"),
    "AWS::Logs::LogGroup": ("logs", "log-group:{}:*"),
    "AWS::S3::Bucket": ("s3", "{}"),
    "AWS::SecretsManager::Secret": ("secretsmanager", "secret:{}-suffix"),
    "AWS::SES::EmailIdentity": ("ses", "identity/{}"),
    "AWS::SNS::Topic": ("sns", "{}"),
    "AWS::SQS::Queue": ("sqs", "{}"),
    "AWS::StepFunctions::StateMachine": ("states", "stateMachine:{}"),
}
_NAME_PROPERTIES = (
    "BucketName", "EmailIdentity", "FunctionName", "LogGroupName", "ManagedPolicyName", "Name",
    "QueueName", "RoleName", "StageName", "StateMachineName", "TableName", "TopicName",
)  # fmt: skip
# Types whose Ref is their ARN.
_REF_IS_ARN = {
    "AWS::IAM::ManagedPolicy",
    "AWS::SecretsManager::Secret",
    "AWS::SNS::Topic",
    "AWS::StepFunctions::StateMachine",
}
# Attributes that are the resource's ARN.
_ARN_ATTRIBUTES = {"Arn", "Id", "TopicArn"}
_SHORT: tuple[tuple[str, str], ...] = (
    (r"cloudwatch:alarm:PREFIX-(.+)", r"alarm/\1"),
    (r"dynamodb:table/(.+)/stream/.+", r"stream/\1"),
    (r"dynamodb:(table/.+)", r"\1"),
    (r"events:event-bus/PREFIX", "bus"),
    (r"events:rule/(?:PREFIX/)?(.+)", r"rule/\1"),
    (r"execute-api:PREFIX/authorizers/.+", "api authorizer"),
    (r"execute-api:PREFIX/[\w-]+/(\w+)(/.*)", r"api \1 \2"),
    (r"iam:(.+)", r"\1"),
    (r"iam::root", "account"),
    (r"kms:(.+)", r"\1"),
    (r"lambda:function:(.+)", r"function/\1"),
    (r"logs:log-group:/aws/lambda/(.+):\*", r"logs/\1"),
    (r"logs:log-group:(.+):\*", r"logs\1"),
    (r"s3:PREFIX-(\w+)-\d{12}-[\w-]+/(.+)/\*", r"objects/\1/\2"),
    (r"s3:PREFIX-(\w+)-\d{12}-[\w-]+", r"bucket/\1"),
    (r"secretsmanager:secret:(.+)-suffix", r"secret/\1"),
    (r"ses:identity/.+", "mail"),
    (r"sns:(.+)", r"topic/\1"),
    (r"sqs:(.+)", r"queue/\1"),
    (r"states:stateMachine:(.+)", r"machine/\1"),
)


class Names:
    """The names of one assembly."""

    def __init__(self, assembly: Assembly) -> None:
        self._assembly = assembly
        self._exports = assembly.exports()
        self._keys = dict(self._names_of_keys())
        self._functions = {
            str(made.properties["FunctionName"]): function_name(made)
            for made in assembly.all("AWS::Lambda::Function")
        }

    def _names_of_keys(self) -> Iterator[tuple[str, str]]:
        """By the alias beside the key; another stack may know it by one more."""
        for alias in self._assembly.all("AWS::KMS::Alias"):
            target = alias.properties["TargetKeyId"]
            if "Fn::GetAtt" in target:
                name = str(alias.properties["AliasName"]).removeprefix("alias/")
                yield str(self._assembly.target(alias.stack, target)), name

    def of(self, resource: Resource) -> str:
        """The ARN of a resource; one that we know no form of is called by type and place."""
        if resource.type not in _FORMS:
            return f"{resource.type} {resource}"
        service, form = _FORMS[resource.type]
        name = form.format(self.physical(resource))
        if resource.type == "AWS::Events::Rule" and "EventBusName" in resource.properties:
            bus = self.arn(resource.stack, resource.properties["EventBusName"])
            name = name.replace("/", f"/{bus}/", 1)
        region = "" if service == "iam" else self._assembly.region
        return f"arn:aws:{service}:{region}:{self._assembly.account}:{name}"

    def physical(self, resource: Resource) -> str:
        """The name of a resource; a key's is its alias."""
        if resource.type == "AWS::KMS::Key":
            return self._keys.get(str(resource), str(resource))
        given = resource.properties
        named = [given[key] for key in _NAME_PROPERTIES if key in given]
        return self.arn(resource.stack, named[0]) if named else str(resource)

    def arn(self, stack: str, value: Any) -> str:
        """What a value of a template will be, as far as it is known before the deployment."""
        if isinstance(value, str):
            return value
        [(function, argument)] = value.items()
        return _FUNCTIONS[function](self, stack, argument)

    def reference(self, stack: str, id_: str) -> str:
        """What Ref gives."""
        assembly = self._assembly
        pseudo = {
            "AWS::AccountId": assembly.account,
            "AWS::Partition": "aws",
            "AWS::Region": assembly.region,
            "AWS::URLSuffix": "amazonaws.com",
        }
        if id_ in pseudo:
            return pseudo[id_]
        resource = assembly.find(stack, id_)
        if resource is None:
            published = assembly.parameter(stack, id_)
            return self.arn(*published) if published else f"parameter {id_}"
        return self.of(resource) if resource.type in _REF_IS_ARN else self.physical(resource)

    def attribute(self, stack: str, id_: str, attribute: str) -> str:
        """What Fn::GetAtt gives."""
        resource = self._assembly.find(stack, id_)
        if resource is None:
            raise KeyError(f"{stack}: there is no resource {id_}")
        if attribute == "StreamArn":
            return f"{self.of(resource)}/stream/now"
        return self.of(resource) if attribute in _ARN_ATTRIBUTES else f"{resource}.{attribute}"

    def exported(self, name: str) -> str:
        """What another stack exports."""
        stack, value = self._exports[name]
        return self.arn(stack, value)

    def short(self, arn: str) -> str:
        """The name of an ARN, or of a pattern of ARNs, without stage, region and account."""
        assembly = self._assembly
        name = re.sub(
            rf"^arn:aws:(\w[\w-]*):({assembly.region})?:({assembly.account})?:", r"\1:", arn
        )
        for pattern, form in _SHORT:
            match = re.fullmatch(pattern.replace("PREFIX", re.escape(assembly.prefix)), name)
            if match:
                kind, slash, last = match.expand(form).partition("/")
                if kind in ("function", "logs"):
                    last = self._functions.get(last, last)
                return self._bare(f"{kind}{slash}{last}")
        return self._bare(name)

    def function(self, stack: str, value: Any) -> str:
        """`orders.place_order`, given a function's ARN or physical name."""
        return self._functions[self.arn(stack, value).rpartition(":")[2]]

    def _bare(self, name: str) -> str:
        return name.replace(f"{self._assembly.prefix}-", "").replace(
            f".{self._assembly.region}.", "."
        )


def function_name(function: Resource) -> str:
    """`<service>.<name>`, as the stacks list it: read from the handler's module."""
    module = str(function.properties["Handler"]).split(".")[:-1]
    return f"{module[0]}.{module[-1]}"


def _ref(names: Names, stack: str, id_: str) -> str:
    return names.reference(stack, id_)


def _attribute(names: Names, stack: str, argument: Any) -> str:
    id_, attribute = argument if isinstance(argument, list) else argument.split(".", 1)
    return names.attribute(stack, id_, attribute)


def _join(names: Names, stack: str, argument: Any) -> str:
    separator, parts = argument
    return str(separator).join(names.arn(stack, part) for part in parts)


def _substitute(names: Names, stack: str, argument: Any) -> str:
    form, given = argument if isinstance(argument, list) else (argument, {})

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        if name in given:
            return names.arn(stack, given[name])
        id_, _, attribute = name.partition(".")
        return names.attribute(stack, id_, attribute) if attribute else names.reference(stack, id_)

    return re.sub(r"\$\{([\w.:]+)\}", value, form)


def _import(names: Names, stack: str, argument: Any) -> str:
    return names.exported(names.arn(stack, argument))


_FUNCTIONS: Mapping[str, Callable[[Names, str, Any], str]] = {
    "Ref": _ref,
    "Fn::GetAtt": _attribute,
    "Fn::ImportValue": _import,
    "Fn::Join": _join,
    "Fn::Sub": _substitute,
}
