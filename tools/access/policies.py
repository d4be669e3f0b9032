"""Every statement of every policy of the templates, as one grant per action and resource."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from tools.access.documents import Document, Documents, Unread
from tools.access.names import Names
from tools.access.templates import Assembly, many

ANYONE = "anyone"
KEY_TAG = "aws:ResourceTag/cartwright:purpose"
ACCOUNT = "account"  # its administrators, and whom IAM policies let in


@dataclass(frozen=True, kw_only=True, order=True)
class RoutePermission:
    """One action that somebody is allowed, or denied, on one resource or pattern of resources."""

    who: str
    action: str
    on: str  # an ARN, in which `*` and `?` match
    when: str = ""
    allows: bool = True
    where: str = ""  # stack, resource and policy


class Policies:
    """All grants of one assembly."""

    def __init__(self, assembly: Assembly) -> None:
        self.assembly = assembly
        self.names = Names(assembly)
        self._documents = Documents(assembly, self.names)
        self.of_roles = self._all(self._documents.of_roles())
        self.of_resources = self._all(self._documents.of_resources())
        self.of_trust = self._all(self._documents.of_trust())

    def holder(self, role: str) -> str:
        """Who acts by a role: a function, a machine, the gateway."""
        return self._documents.holder(role)

    def _all(self, documents: Iterator[Document]) -> list[RoutePermission]:
        return [grant for document in documents for grant in self._grants(document)]

    def _grants(self, document: Document) -> Iterator[RoutePermission]:
        stack, itself = document.resource.stack, document.itself
        for statement in many(document.body["Statement"]):
            refused = {"NotAction", "NotResource", "NotPrincipal"} & set(statement)
            if refused:
                raise Unread(f"{document.where} has {refused}: rights are spelled out here")
            condition, tagged = self._without_tag(stack, statement.get("Condition", {}))
            when = self._condition(stack, condition)
            whos = [document.who] if document.who else self._principals(stack, statement)
            targets = [self.names.arn(stack, on) for on in many(statement.get("Resource", "*"))]
            for who, action, on in product(whos, many(statement["Action"]), targets):
                yield RoutePermission(
                    who=who,
                    action=action,
                    on=itself if itself and on == "*" else tagged or on,  # There, `*` is it.
                    when=when,
                    allows=statement["Effect"] == "Allow",
                    where=document.where,
                )

    def _principals(self, stack: str, statement: Mapping[str, Any]) -> list[str]:
        principal = statement["Principal"]
        if principal == "*":
            return [ANYONE]
        return [
            self._principal(kind, self.names.arn(stack, value))
            for kind, values in principal.items()
            for value in many(values)
        ]

    def _principal(self, kind: str, name: str) -> str:
        if kind == "Service":
            return name
        if kind == "AWS" and name == "*":
            return ANYONE
        if kind == "AWS" and name in (self.assembly.account, self._root):
            return ACCOUNT
        if kind == "AWS" and ":role/" in name:
            return self._documents.holder(name)
        return f"{kind} {name}"

    @property
    def _root(self) -> str:
        return f"arn:aws:iam::{self.assembly.account}:root"

    def _without_tag(
        self, stack: str, condition: Mapping[str, Any]
    ) -> tuple[Mapping[str, Any], str | None]:
        """Keys that are made after the deployment are named by the tag that they have: a right on
        what has it is a right on those, and on the first one, which has it, too."""
        equals = {**condition.get("StringEquals", {})}
        if KEY_TAG not in equals:
            return condition, None
        name = self.names.arn(stack, equals.pop(KEY_TAG))
        rest = {**condition, "StringEquals": equals}
        if not equals:
            del rest["StringEquals"]
        return rest, f"arn:aws:kms:{self.assembly.region}:{self.assembly.account}:key/{name}*"

    def _condition(self, stack: str, condition: Mapping[str, Any]) -> str:
        """`ArnEquals aws:SourceArn rule/orders-on-payment`, several joined by `and`."""
        return " and ".join(
            f"{operator} {key} "
            + ", ".join(
                sorted(self.names.short(self.names.arn(stack, value)) for value in many(values))
            )
            for operator, keys in sorted(condition.items())
            for key, values in sorted(keys.items())
        )
