"""How much one caller may send, what is refused without a look, and what limits all callers."""

import json
import re
from typing import Any

import pytest

from infra.contract import RouteContract
from infra.stages import DEV, PROD, STAGES
from tools.access.templates import Assembly

WINDOW_S = 300  # of a rate-based rule, unless it says otherwise
PREFIXES = ("", "/prod")  # by the API's own domain, and by the one that API Gateway gives


@pytest.fixture
def rules(prod: Assembly) -> dict[str, dict[str, Any]]:
    """The rules of production's web ACL, in the order in which they are asked."""
    (acl,) = prod.all("AWS::WAFv2::WebACL")
    found = sorted(acl.properties["Rules"], key=lambda rule: rule["Priority"])
    assert len({rule["Priority"] for rule in found}) == len(found)
    return {rule["Name"]: rule for rule in found}


def rate(rule: dict[str, Any]) -> dict[str, Any]:
    statement: dict[str, Any] = rule["Statement"]["RateBasedStatement"]
    return statement


def counts(rule: dict[str, Any], path: str) -> bool:
    """Whether a request for this path counts, or is looked at, by the rule's scope."""
    [statement] = rule["Statement"].values()
    scope = statement.get("ScopeDownStatement")
    if scope is None:
        return True
    negated = "NotStatement" in scope
    match = (scope["NotStatement"]["Statement"] if negated else scope)["RegexMatchStatement"]
    assert match["FieldToMatch"] == {"UriPath": {}}
    assert [each["Type"] for each in match["TextTransformations"]] == [
        "URL_DECODE", "NORMALIZE_PATH", "LOWERCASE",
    ]  # fmt: skip
    return bool(re.search(match["RegexString"], path)) is not negated


def test_every_stage_that_faces_strangers_has_a_firewall(prod: Assembly) -> None:
    assert {stage.name for stage in STAGES.values() if stage.firewall} == {"staging", "prod"}
    (association,) = prod.all("AWS::WAFv2::WebACLAssociation")
    assert "/stages/" in json.dumps(association.properties["ResourceArn"])


def test_callers_are_counted_by_address_by_token_and_by_sign_in(
    rules: dict[str, dict[str, Any]],
) -> None:
    limited = {
        name: rate(each)
        for name, each in rules.items()
        if "RateBasedStatement" in each["Statement"]
    }
    assert {name: each["Limit"] for name, each in limited.items()} == {
        "sign-ins": 100, "token": 900, "address": 3000,
    }  # fmt: skip
    assert limited["address"]["AggregateKeyType"] == limited["sign-ins"]["AggregateKeyType"] == "IP"
    (key,) = limited["token"]["CustomKeys"]
    assert key["Header"]["Name"] == "authorization"
    assert limited["token"]["AggregateKeyType"] == "CUSTOM_KEYS"
    assert all("EvaluationWindowSec" not in each for each in limited.values())


@pytest.mark.parametrize("prefix", PREFIXES)
def test_sign_ins_and_registrations_have_a_limit_of_their_own(
    rules: dict[str, dict[str, Any]], prefix: str
) -> None:
    for path in ("/sessions", "/users", "/sessions/"):
        assert counts(rules["sign-ins"], prefix + path), path
    for path in ("/sessions/refresh", "/orders", "/sessionsx", "/x/sessions", "/me/users"):
        assert not counts(rules["sign-ins"], prefix + path), path


@pytest.mark.parametrize("prefix", PREFIXES)
def test_webhooks_are_exempt_from_the_limit_of_their_few_addresses(
    rules: dict[str, dict[str, Any]], prefix: str
) -> None:
    for name in ("address", "AWSManagedRulesAmazonIpReputationList"):
        assert not counts(rules[name], f"{prefix}/webhooks/psp/stripe")
        for path in ("/sessions", "/webhooks", "/webhooks/psp/stripe/x", "/x/webhooks/psp/stripe"):
            assert counts(rules[name], prefix + path), path


def test_groups_of_aws_refuse_what_is_known_to_be_bad(rules: dict[str, dict[str, Any]]) -> None:
    groups = {
        name: rule for name, rule in rules.items()
        if "ManagedRuleGroupStatement" in rule["Statement"]
    }  # fmt: skip
    assert set(groups) == {
        "AWSManagedRulesAmazonIpReputationList",
        "AWSManagedRulesKnownBadInputsRuleSet",
    }
    for rule in groups.values():
        assert rule["OverrideAction"] == {"None": {}}


def test_who_is_turned_away_gets_a_problem_document_that_a_browser_may_read(
    prod: Assembly, rules: dict[str, dict[str, Any]]
) -> None:
    """What groups block has no answer here: it gets the gateway's, WAF_FILTERED."""
    (acl,) = prod.all("AWS::WAFv2::WebACL")
    bodies = acl.properties["CustomResponseBodies"]
    codes = {}
    for name, rule in rules.items():
        if "Action" not in rule:
            continue
        answer = rule["Action"]["Block"]["CustomResponse"]
        body = bodies[answer["CustomResponseBodyKey"]]
        document = json.loads(body["Content"])
        assert document["status"] == answer["ResponseCode"]
        codes[name] = (answer["ResponseCode"], document["code"])
        headers = {each["Name"].lower(): each["Value"] for each in answer["ResponseHeaders"]}
        assert headers["access-control-allow-origin"] == "*"
        assert "Retry-After" in headers["access-control-expose-headers"]
        if answer["ResponseCode"] == 429:
            assert int(headers["retry-after"]) >= 10  # it counts over minutes
            rate = rule["Statement"]["RateBasedStatement"]["Limit"]
            assert headers["ratelimit"] == f'"{name}";r=0;t={headers["retry-after"]}'
            assert headers["ratelimit-policy"] == f'"{name}";q={rate};w=300'
        # WAF refuses a content-type, and has no type for problems: the nearest that it has.
        assert "content-type" not in headers
        assert body["ContentType"] == "APPLICATION_JSON"
    limited = (429, "rate_limited")
    assert codes == {
        "too-large": (413, "payload_too_large"),
        "sign-ins": limited, "token": limited, "address": limited,
    }  # fmt: skip


def test_no_metric_has_a_name_that_the_firewall_keeps_for_itself(prod: Assembly) -> None:
    (acl,) = prod.all("AWS::WAFv2::WebACL")
    seen = [acl.properties, *acl.properties["Rules"]]
    given = [each["VisibilityConfig"] for each in seen]
    assert not {each["MetricName"].lower() for each in given} & {"all", "default_action"}
    assert not any(each["SampledRequestsEnabled"] for each in given)  # they hold tokens


def test_the_firewall_keeps_no_log(prod: Assembly) -> None:
    assert prod.all("AWS::WAFv2::LoggingConfiguration") == []


def test_one_caller_never_uses_up_what_a_route_has_for_all(contract: list[RouteContract]) -> None:
    callers = PROD.callers
    assert callers.sign_ins < callers.token < callers.address
    for route in contract:
        limit = (route.throttle or PROD.throttle).within(PROD.throttle)
        most = callers.token if route.needs_token else callers.address
        if route.path in ("/sessions", "/users"):
            most = callers.sign_ins
        assert limit.rate >= 5 * most / WINDOW_S, route.path


def test_each_route_that_anybody_reaches_says_what_it_takes(
    contract: list[RouteContract],
) -> None:
    for route in contract:
        if not route.needs_token:
            assert route.throttle, route.path
    rates = {(r.method, r.path): r.throttle.rate for r in contract if r.throttle}
    # A sale: a thousand look at the goods in the same second, one in ten signs in.
    assert rates["GET", "/products"] >= 1000
    assert rates["POST", "/sessions"] >= 100


@pytest.mark.parametrize("name", ["prod", "dev"])
def test_a_route_takes_no_more_than_its_stage(
    name: str, request: pytest.FixtureRequest, contract: list[RouteContract]
) -> None:
    stage: Assembly = request.getfixturevalue(name)
    (made,) = stage.all("AWS::ApiGateway::Stage")
    limit = {"prod": PROD, "dev": DEV}[name].throttle
    for entry in made.properties["MethodSettings"]:
        assert entry["ThrottlingRateLimit"] <= limit.rate
        assert entry["ThrottlingBurstLimit"] <= limit.burst


def test_health_is_counted_apart_from_customers(prod: Assembly) -> None:
    """A method with a limit of its own has a bucket of its own: it answers while others do not."""
    (made,) = prod.all("AWS::ApiGateway::Stage")
    found = [e for e in made.properties["MethodSettings"] if e["ResourcePath"] == "/~1health"]
    assert {entry["HttpMethod"]: entry["ThrottlingRateLimit"] for entry in found} == {
        "GET": 100,
        "HEAD": 100,
    }
