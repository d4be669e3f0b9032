"""What clients are told of the API's address is where it can be reached."""

import json
from typing import Any

import pytest

from infra.settings import configured
from infra.stages import DEV, NO_ACCOUNT, PROD, Domain
from tools.access.names import Names
from tools.access.synthesis import ACCOUNT, DOMAIN
from tools.access.templates import Assembly

MAIL_FROM = "shop@example.com"
CERTIFICATE = f"arn:aws:acm:{PROD.region}:{ACCOUNT}:certificate/example"


def told(stage: Assembly) -> set[str]:
    """The address, as each of those says it who tell clients."""
    names = Names(stage)

    def of(stack: str, value: Any) -> str:
        return names.arn(stack, value)

    found = {of("gateway", stage.templates["gateway"]["Outputs"]["ApiUrl"]["Value"])}
    for function in stage.all("AWS::Lambda::Function"):
        variables = function.properties["Environment"]["Variables"]
        found.add(of(function.stack, variables["ERRORS_URL"]).removesuffix("/errors"))
        if "TOKEN_ISSUER" in variables:
            found.add(of(function.stack, variables["TOKEN_ISSUER"]))
    for answer in stage.all("AWS::ApiGateway::GatewayResponse"):
        template = of(answer.stack, answer.properties["ResponseTemplates"]["application/json"])
        found.add(json.loads(template)["type"].partition("/errors#")[0])
    return found


def test_with_a_domain_it_is_the_domain_and_nothing_else(prod: Assembly) -> None:
    assert told(prod) == {f"https://{DOMAIN}"}
    (name,) = prod.all("AWS::ApiGateway::DomainName")
    assert name.properties["DomainName"] == DOMAIN
    assert name.properties["RegionalCertificateArn"] == CERTIFICATE
    assert name.properties["SecurityPolicy"] == "TLS_1_2"
    (mapping,) = prod.all("AWS::ApiGateway::BasePathMapping")
    assert prod.target("edge", mapping.properties["DomainName"]).id == name.id
    assert prod.target("edge", mapping.properties["Stage"]).type == "AWS::ApiGateway::Stage"
    assert "BasePath" not in mapping.properties
    (record,) = prod.all("AWS::Route53::RecordSet")
    assert (record.properties["Name"], record.properties["Type"]) == (DOMAIN, "A")
    (api,) = prod.all("AWS::ApiGateway::RestApi")
    assert api.properties["DisableExecuteApiEndpoint"] is True
    assert "DomainTarget" in prod.templates["edge"]["Outputs"]


def test_without_one_it_is_what_api_gateway_gives_and_the_stage(staging: Assembly) -> None:
    (api,) = staging.all("AWS::ApiGateway::RestApi")
    given = Names(staging).reference("gateway", api.id)
    assert told(staging) == {f"https://{given}.execute-api.eu-central-1.amazonaws.com/staging"}
    assert api.properties["DisableExecuteApiEndpoint"] is False
    assert staging.all("AWS::ApiGateway::DomainName") == []


def test_who_must_know_what_api_gateway_gives_comes_after_the_gateway(
    staging: Assembly, order_of: dict[str, list[str]]
) -> None:
    """A parameter that a stack reads exists before the stack."""
    for stack, template in staging.templates.items():
        for parameter in template.get("Parameters", {}):
            published = staging.parameter(stack, parameter)
            if published and published[0] != stack:
                assert published[0] in order_of[stack], f"{stack} reads {parameter}"


@pytest.fixture(scope="module")
def order_of(staging: Assembly) -> dict[str, list[str]]:
    """What comes before each stack, near or far."""
    direct = staging.needs

    def all_of(stack: str) -> set[str]:
        return {stack, *(far for near in direct[stack] for far in all_of(near))}

    return {stack: sorted(all_of(stack)) for stack in direct}


def test_a_stage_of_which_nothing_is_said_belongs_to_nobody() -> None:
    assert configured(PROD, {}).account == NO_ACCOUNT
    assert configured(PROD, {"stages": {"dev": {"account": ACCOUNT}}}).account == NO_ACCOUNT


def test_a_stage_is_bound_to_the_account_that_is_said() -> None:
    assert configured(DEV, {"stages": {"dev": {"account": ACCOUNT}}}).account == ACCOUNT


def test_the_domain_is_said_with_its_certificate() -> None:
    said = {"account": ACCOUNT, "domain": DOMAIN, "certificate_arn": CERTIFICATE}
    said |= {"mail_from": MAIL_FROM, "account_url": "https://example.com/me/"}
    found = configured(PROD, {"stages": {"prod": said}})
    assert found.domain == Domain(name=DOMAIN, certificate_arn=CERTIFICATE)
    assert found.public_url == f"https://{DOMAIN}"
    assert (found.mail_from, found.account_url) == (MAIL_FROM, "https://example.com/me")


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({}, "no account"),
        ({"account": NO_ACCOUNT}, "12 digits"),
        ({"account": 111122223333}, "12 digits"),
        ({"account": "1111"}, "12 digits"),
        ({"account": ACCOUNT, "acount": "1"}, "'acount', which is none of"),
        ({"account": ACCOUNT}, "must have domain and certificate_arn"),
        ({"account": ACCOUNT, "domain": DOMAIN}, "both domain and certificate_arn"),
        ({"account": ACCOUNT, "certificate_arn": CERTIFICATE}, "both domain"),
        ({"account": ACCOUNT, "domain": "https://api.example.com"}, "small letters"),
        ({"account": ACCOUNT, "domain": "localhost"}, "small letters"),
        ({"account": ACCOUNT, "domain": f"{DOMAIN}\n"}, "small letters"),
        (
            {
                "account": ACCOUNT,
                "domain": DOMAIN,
                "certificate_arn": CERTIFICATE.replace(PROD.region, "us-east-1"),
            },
            "must be of eu-central-1",
        ),
        (
            {"account": ACCOUNT, "domain": DOMAIN, "certificate_arn": CERTIFICATE},
            "must have mail_from",
        ),
        ({"account": ACCOUNT, "mail_from": "Shop <shop@example.com>"}, "shop@example.com, in"),
        ({"account": ACCOUNT, "mail_from": "shop@example.com\r\nBcc: x@y.org"}, "in small"),
        ({"account": ACCOUNT, "account_url": "http://example.com"}, "an https address"),
        ({"account": ACCOUNT, "replica_region": "Frankfurt"}, "a region such as eu-west-1"),
        ({"account": ACCOUNT, "replica_region": ["eu-west-1"]}, "a region such as eu-west-1"),
        (
            {
                "account": ACCOUNT,
                "domain": DOMAIN,
                "certificate_arn": CERTIFICATE,
                "mail_from": MAIL_FROM,
                "replica_region": PROD.region,
            },
            "where the stage is",
        ),
        (
            {
                "account": ACCOUNT,
                "domain": DOMAIN,
                "certificate_arn": CERTIFICATE.replace(ACCOUNT, "999999999999"),
            },
            "of the stage's account",
        ),
    ],
)
def test_what_is_said_of_production_is_understood_or_refused(
    said: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(SystemExit, match=sentence):
        configured(PROD, {"stages": {"prod": said}})
