"""The local platform enforces IAM: a journey that passes proves that its functions' grants suffice.

That it can refuse is seen here, on a copy of a function whose role has one right less.
"""

import base64
import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest

from tests.e2e.platform import Platform
from tests.support import gateway
from tests.support.shop_client import ShopClient
from tools import build

FUNCTION = "cartwright-local-orders-get-timeline"
COPIED = ("Handler", "Runtime", "Timeout", "MemorySize", "Architectures")
Invoke = Callable[[dict[str, Any]], dict[str, Any]]


def without(policy: dict[str, Any], action: str) -> dict[str, Any]:
    """The policy, with one action less."""
    statements = []
    for statement in policy["Statement"]:
        actions = statement["Action"]
        named = [actions] if isinstance(actions, str) else actions
        statements.append({**statement, "Action": [each for each in named if each != action]})
    return {**policy, "Statement": [each for each in statements if each["Action"]]}


@contextmanager
def weakened(platform: Platform, action: str) -> Iterator[Invoke]:
    """Invokes a copy of the function whose role lacks `action`; the platform stays as it is."""
    options: Any = {"endpoint_url": platform.endpoint_url, "region_name": platform.region}
    functions, iam = boto3.client("lambda", **options), boto3.client("iam", **options)
    configuration: Any = functions.get_function(FunctionName=FUNCTION)["Configuration"]
    role = str(configuration["Role"]).rpartition("/")[2]
    policy: Any = iam.get_role_policy(RoleName=role, PolicyName="rights")["PolicyDocument"]
    trust = json.dumps(iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"])
    name = f"cartwright-local-copy-{uuid.uuid4().hex[:8]}"
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    rights = json.dumps(without(policy, action))
    iam.put_role_policy(RoleName=name, PolicyName="rights", PolicyDocument=rights)
    # What was deployed; the address that the emulator gives for it is not signed, as AWS's is.
    code = build.build_function("orders", "host").with_name("orders.zip").read_bytes()
    functions.create_function(
        FunctionName=name,
        Role=made,
        Code={"ZipFile": code},
        Environment={"Variables": configuration["Environment"]["Variables"]},
        **{key: configuration[key] for key in COPIED},
    )

    def invoke(event: dict[str, Any]) -> dict[str, Any]:
        answer = functions.invoke(
            FunctionName=name, Payload=json.dumps(event).encode(), LogType="Tail"
        )
        log = base64.b64decode(answer.get("LogResult", "")).decode()
        return {"answer": json.loads(answer["Payload"].read()), "log": log}

    try:
        yield invoke
    finally:
        functions.delete_function(FunctionName=name)
        iam.delete_role_policy(RoleName=name, PolicyName="rights")
        iam.delete_role(RoleName=name)


def timeline(shop: ShopClient, sku: str) -> dict[str, Any]:
    """The event by which a customer asks for the timeline of an order that she has."""
    buyer = shop.register()
    order_id = buyer.order({sku: 1}).json["order_id"]
    payload = buyer.token.split(".")[1]
    customer = json.loads(base64.urlsafe_b64decode(payload + "=="))["sub"]
    return gateway.event(
        "GET",
        f"/orders/{order_id}/timeline",
        sub=customer,
        scope="orders:read",
        path_parameters={"order_id": order_id},
    )


@pytest.mark.parametrize(
    ("taken", "status"), [("none", 200), ("dynamodb:GetItem", 500), ("dynamodb:Query", 500)]
)
def test_a_function_with_one_right_less_is_denied(
    platform: Platform, shop: ShopClient, skus: list[str], taken: str, status: int
) -> None:
    event = timeline(shop, skus[-1])
    with weakened(platform, taken) as invoke:
        got = invoke(event)
    assert got["answer"]["statusCode"] == status, got["log"]
    assert ("AccessDenied" in got["log"]) is (status == 500), got["log"]
