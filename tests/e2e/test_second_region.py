"""Two regions of the emulator: who logs in in one goes on in the other.

The tables are replicated and the keys as well, by the command that does it after a deployment.
Functions of the second region are the handlers, each in a process of its own with the variables
that it is deployed with, and keys of the other region.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast
from uuid import uuid4

import boto3
import pytest

from infra.project import ROOT
from tests.e2e.platform import Platform
from tests.support import gateway
from tests.support.shop_client import ShopClient, eventually
from tools.access.templates import Assembly
from tools.deployment.replication import Replication
from tools.local.deployment import output

SECOND = "us-west-2"
TABLES = ("cartwright-local-identity", "cartwright-local-user-keys")
CALL = """
import importlib, json, sys
from tests.support.lambda_context import FakeContext
name, event = json.load(sys.stdin)
answer = importlib.import_module(name).handler(event, FakeContext())
sys.__stdout__.write("\\n" + json.dumps(answer))
"""


@dataclass(frozen=True)
class SecondRegion:
    """Identity's functions there."""

    platform: Platform

    def call(self, module: str, event: dict[str, Any]) -> gateway.Reply:
        """An event of the gateway, answered there."""
        found = subprocess.run(
            [sys.executable, "-c", CALL],
            input=json.dumps([f"identity.api.{module}", event]),
            env=self._environment(f"cartwright-local-identity-{module.replace('_', '-')}"),
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert found.returncode == 0, found.stderr
        answer = json.loads(found.stdout.splitlines()[-1])
        return gateway.Reply(answer["statusCode"], answer["headers"], answer["body"])

    def _environment(self, function: str) -> dict[str, str]:
        here = self.platform.region
        deployed = cast(Any, boto3.client("lambda", **there(self.platform, here)))
        variables = deployed.get_function_configuration(FunctionName=function)["Environment"]
        own = {
            name: value.replace(f":kms:{here}:", f":kms:{SECOND}:")
            for name, value in variables["Variables"].items()
        }
        return {
            **os.environ,
            **own,
            "AWS_REGION": SECOND,
            "HOME_REGION": SECOND,
            "AWS_ENDPOINT_URL": self.platform.endpoint_url,
            "PYTHONPATH": os.pathsep.join(["functions", "layers/shop/python", "."]),
        }


def there(platform: Platform, region: str) -> dict[str, Any]:
    return {"endpoint_url": platform.endpoint_url, "region_name": region}


@pytest.fixture(scope="module")
def second(platform: Platform) -> Iterator[SecondRegion]:
    """What a deployment with a second region makes. The local stage has none."""
    tables = cast(Any, boto3.client("dynamodb", **there(platform, platform.region)))
    for table in TABLES:
        tables.update_table(
            TableName=table,
            ReplicaUpdates=[{"Create": {"RegionName": SECOND}}],
        )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", platform.endpoint_url)
        assembly = Assembly(output(platform.settings))
        keys = Replication(assembly, region=platform.region, replica_region=SECOND)
        assert len(list(keys.replicate())) == 4
        assert list(keys.replicate()) == []
        yield SecondRegion(platform)
        list(keys.take_back())
    for table in TABLES:
        tables.update_table(
            TableName=table,
            ReplicaUpdates=[{"Delete": {"RegionName": SECOND}}],
        )


@dataclass(frozen=True)
class Customer:
    email: str
    password: str
    tokens: dict[str, Any]


@pytest.fixture
def customer(shop: ShopClient) -> Customer:
    """Who registered and logged in at home."""
    email, password = f"two-regions-{uuid4().hex}@example.com", f"pw-{uuid4().hex}"
    shop.join(email, password)
    reply = shop.send("POST", "/sessions", {"email": email, "password": password})
    assert reply.status == 201, reply.text
    return Customer(email, password, reply.json)


def refresh(second: SecondRegion, token: str) -> gateway.Reply:
    sent = gateway.event("POST", "/sessions/refresh", body={"refresh_token": token}, sub=None)
    return second.call("refresh_session", sent)


def test_who_logged_in_in_one_region_goes_on_in_the_other_and_back(
    shop: ShopClient, second: SecondRegion, customer: Customer
) -> None:
    away = refresh(second, customer.tokens["refresh_token"])
    assert away.status == 200, away.text
    me = ShopClient(shop.api_url, away.json["access_token"])
    assert me.send("GET", "/users/me").json["email"] == customer.email
    body = {"refresh_token": away.json["refresh_token"]}
    back = eventually(
        lambda: shop.send("POST", "/sessions/refresh", body), until=lambda reply: reply.status < 500
    )
    assert back.status == 200, back.text


def test_a_user_signs_in_in_the_other_region_and_is_known_there(
    shop: ShopClient, second: SecondRegion, customer: Customer
) -> None:
    body = {"email": customer.email, "password": customer.password}
    signed_in = second.call(
        "create_session", gateway.event("POST", "/sessions", body=body, sub=None)
    )
    assert signed_in.status == 201, signed_in.text
    session = signed_in.json
    assert session["session_id"].startswith("ses_usw2_")
    asked = gateway.event("GET", "/users/me", sub=session["user_id"], sid=session["session_id"])
    shown = second.call("get_profile", asked)
    assert (shown.status, shown.json["email"]) == (200, customer.email)
    assert ShopClient(shop.api_url, session["access_token"]).send("GET", "/users/me").status == 200


def test_a_session_that_ends_in_one_region_is_over_in_the_other(
    shop: ShopClient, second: SecondRegion, customer: Customer
) -> None:
    me = ShopClient(shop.api_url, customer.tokens["access_token"])
    assert me.send("DELETE", "/sessions/current").status == 204
    refused = refresh(second, customer.tokens["refresh_token"])
    assert (refused.status, refused.json["code"]) == (401, "invalid_refresh_token")


def test_a_wrong_password_is_refused_in_the_other_region_too(
    second: SecondRegion, customer: Customer
) -> None:
    body = {"email": customer.email, "password": "not the password at all"}
    refused = second.call("create_session", gateway.event("POST", "/sessions", body=body, sub=None))
    assert (refused.status, refused.json["code"]) == (401, "invalid_credentials")
