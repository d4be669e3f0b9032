"""The REST API: what it is made of, and what it refuses by itself."""

import json
import re
from typing import Any

import pytest

from infra.contract import RouteContract
from infra.problems import GATEWAY_RESPONSES
from infra.stages import Throttle
from shop import problems
from shop.responses import SECURITY_HEADERS
from tools.access.templates import Assembly

FIELDS = ["type", "title", "status", "code", "detail", "instance", "request_id", "retryable"]


def resource_of(stage: Assembly, stack: str, reference: Any) -> tuple[str, str]:
    """Stack and logical id of what a reference names, be it by an entry of a published list."""
    if "Fn::Select" in reference:
        index, parameter = reference["Fn::Select"]
        published = stage.parameter(stack, parameter["Ref"])
        assert published
        stack, value = published
        reference = value["Fn::Join"][1][int(index)] if "Fn::Join" in value else value
    elif stage.find(stack, reference["Ref"]) is None:
        published = stage.parameter(stack, reference["Ref"])
        assert published
        stack, reference = published
    return stack, reference["Ref"]


def paths(stage: Assembly) -> dict[str, str]:
    """Logical id of each resource of the API, by its path."""
    resources = {made.id: made.properties for made in stage.all("AWS::ApiGateway::Resource")}

    def path(id_: str) -> str:
        parent = resources[id_]["ParentId"].get("Ref", "")
        return f"{path(parent) if parent else ''}/{resources[id_]['PathPart']}"

    return {path(id_): id_ for id_ in resources}


def methods(stage: Assembly) -> dict[tuple[str, str], dict[str, Any]]:
    ids = {id_: path for path, id_ in paths(stage).items()}
    return {
        (
            method.properties["HttpMethod"],
            ids[resource_of(stage, method.stack, method.properties["ResourceId"])[1]],
        ): {**method.properties, "stack": method.stack}
        for method in stage.all("AWS::ApiGateway::Method")
    }


def test_long_answers_are_compressed_by_the_gateway_and_none_is_binary(stage: Assembly) -> None:
    (api,) = stage.all("AWS::ApiGateway::RestApi")
    assert api.properties["MinimumCompressionSize"] == 8192
    assert "BinaryMediaTypes" not in api.properties


def test_the_routes_are_those_of_the_contract(
    stage: Assembly, contract: list[RouteContract]
) -> None:
    found = {key for key in methods(stage) if key[0] != "OPTIONS"}
    assert found == {(route.method, route.path) for route in contract}


def test_each_route_is_validated_and_authorized_as_the_contract_says(
    stage: Assembly, contract: list[RouteContract]
) -> None:
    found = methods(stage)
    (validator,) = stage.all("AWS::ApiGateway::RequestValidator")
    assert validator.properties["ValidateRequestBody"] is True
    assert validator.properties["ValidateRequestParameters"] is True
    for route in contract:
        method = found[route.method, route.path]
        named = resource_of(stage, method["stack"], method["RequestValidatorId"])
        assert named == (validator.stack, validator.id)
        assert ("RequestModels" in method) is (route.body is not None)
        required = method.get("RequestParameters", {})
        assert required.get("method.request.header.Idempotency-Key", False) is route.idempotent
        open_ = route.auth in ("public", "signature")
        assert method["AuthorizationType"] == ("NONE" if open_ else "CUSTOM")
        service, _, name = route.function.replace("_", "-").partition(".")
        assert f"-{service}-{name}/invocations" in json.dumps(method["Integration"]["Uri"])


def test_a_head_is_its_get_by_another_name(stage: Assembly) -> None:
    """The same function, authorizer and checks; an operation has one method only."""
    found = methods(stage)
    asked = {path: method for (verb, path), method in found.items() if verb == "HEAD"}
    assert asked.keys() == {path for verb, path in found if verb == "GET"}
    for path, head in asked.items():
        get = found["GET", path] | {"HttpMethod": "HEAD"}
        assert get.pop("OperationName")
        assert head == get, path


def test_models_leave_to_the_handler_what_it_answers_better(stage: Assembly) -> None:
    models = stage.all("AWS::ApiGateway::Model")
    assert models
    for model in models:
        schema = json.dumps(model.properties["Schema"])
        for word in ("additionalProperties", "maxLength", "maxItems", "$ref", "format"):
            assert f'"{word}"' not in schema, str(model)


def test_each_path_answers_preflights(stage: Assembly, contract: list[RouteContract]) -> None:
    found = methods(stage)
    for path in {route.path for route in contract}:
        (response,) = found["OPTIONS", path]["Integration"]["IntegrationResponses"]
        headers = response["ResponseParameters"]
        assert headers["method.response.header.Access-Control-Allow-Origin"] == "'*'"
        assert "Idempotency-Key" in headers["method.response.header.Access-Control-Allow-Headers"]


def test_the_authorizer_is_asked_only_for_bearer_tokens(stage: Assembly) -> None:
    for authorizer in stage.all("AWS::ApiGateway::Authorizer"):
        expression = authorizer.properties["IdentityValidationExpression"]
        for scheme in ("Bearer", "bearer", "BEARER", "bEaReR"):
            assert re.match(expression, f"{scheme} eyJ.abc-_~+/9==")
        assert re.match(expression, "Bearer  eyJ.two-spaces")
        assert not re.match(expression, "Bearer")
        assert not re.match(expression, "Bearereyj")
        assert not re.match(expression, "Basic abc")
        assert not re.match(expression, "Bearer a b")
        assert not re.match(expression, "Bearer \u00e9")


def test_an_ended_session_pays_nothing_and_is_no_staff_and_else_goes_on_for_a_minute(
    stage: Assembly, contract: list[RouteContract]
) -> None:
    """Both authorizers are one function: the gateway keeps the answers of one of them."""
    kept = {
        (made.stack, made.id): made.properties["AuthorizerResultTtlInSeconds"]
        for made in stage.all("AWS::ApiGateway::Authorizer")
    }
    assert sorted(kept.values()) == [0, 60]
    assert (
        len({str(m.properties["AuthorizerUri"]) for m in stage.all("AWS::ApiGateway::Authorizer")})
        == 1
    )
    found = methods(stage)
    guarded = [route for route in contract if route.needs_token]
    for route in guarded:
        method = found[route.method, route.path]
        seconds = kept[resource_of(stage, method["stack"], method["AuthorizerId"])]
        assert (seconds == 0) is route.asks_each_time, route
    asked = {(route.method, route.path) for route in guarded if route.asks_each_time}
    assert asked >= {("POST", "/payments"), ("POST", "/checkout"), ("PUT", "/users/me/password")}
    assert asked >= {(route.method, route.path) for route in guarded if route.auth == "staff"}
    assert ("POST", "/orders") not in asked


def rendered(stage: Assembly) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Properties and document of each gateway response, with values for the variables."""
    found = {}
    for response in stage.all("AWS::ApiGateway::GatewayResponse"):
        template = response.properties["ResponseTemplates"]["application/json"]
        text = template.replace("$context.requestId", "req-1").replace(
            "$context.resourcePath", "/orders/{order_id}"
        )
        assert "$" not in text
        found[response.properties["ResponseType"]] = (response.properties, json.loads(text))
    return found


def test_whatever_the_gateway_refuses_is_a_problem_document(stage: Assembly) -> None:
    answers = rendered(stage)
    assert set(answers) == set(GATEWAY_RESPONSES)
    for properties, document in answers.values():
        assert list(document) == [*FIELDS, "errors"]
        assert str(document["status"]) == properties["StatusCode"]
        assert document["request_id"] == "req-1"
        headers = properties["ResponseParameters"]
        assert headers["gatewayresponse.header.X-Request-Id"] == "context.requestId"
        kind = headers["gatewayresponse.header.Content-Type"]
        assert kind == "'application/problem+json'"
        assert headers["gatewayresponse.header.Access-Control-Allow-Origin"] == "'*'"
        for name in SECURITY_HEADERS.keys() - {"Content-Security-Policy"}:
            assert headers[f"gatewayresponse.header.{name}"] == f"'{SECURITY_HEADERS[name]}'"


def test_what_may_be_repeated_says_when(stage: Assembly) -> None:
    answers = rendered(stage)
    for kind in ("THROTTLED", "QUOTA_EXCEEDED", "INTEGRATION_TIMEOUT", "AUTHORIZER_FAILURE"):
        properties, document = answers[kind]
        assert document["retryable"] is True
        headers = properties["ResponseParameters"]
        assert headers["gatewayresponse.header.Retry-After"] == "'1'"
        told = headers.get("gatewayresponse.header.RateLimit")
        assert told == ("'\"route\";r=0;t=1'" if document["status"] == 429 else None)


@pytest.mark.parametrize("kind", GATEWAY_RESPONSES)
def test_gateway_problems_are_those_of_the_catalogue(kind: str) -> None:
    problem = GATEWAY_RESPONSES[kind]
    listed = getattr(problems, problem.code.upper())
    assert (problem.status, problem.title, problem.retryable) == (
        listed.status,
        listed.title,
        listed.retryable,
    )


def test_rates_are_limited_by_stage_and_by_route(
    stage: Assembly, contract: list[RouteContract]
) -> None:
    (made,) = stage.all("AWS::ApiGateway::Stage")
    settings = {
        (entry["HttpMethod"], entry["ResourcePath"].replace("~1", "/").replace("//", "/")): entry
        for entry in made.properties["MethodSettings"]
    }
    everything = settings.pop(("*", "/*"))
    given = Throttle(
        rate=everything["ThrottlingRateLimit"], burst=everything["ThrottlingBurstLimit"]
    )
    limited = {(r.method, r.path): r.throttle.within(given) for r in contract if r.throttle}
    assert {
        key: (entry["ThrottlingRateLimit"], entry["ThrottlingBurstLimit"])
        for key, entry in settings.items()
    } == {key: (limit.rate, limit.burst) for key, limit in limited.items()}


def test_the_gateway_keeps_no_log_that_is_not_ours(stage: Assembly) -> None:
    """Execution logs go to a group that API Gateway makes and keeps for ever."""
    (made,) = stage.all("AWS::ApiGateway::Stage")
    for entry in made.properties["MethodSettings"]:
        assert entry["LoggingLevel"] == "OFF"


def test_the_access_log_quotes_no_error(stage: Assembly) -> None:
    """Their texts hold what a client sent, tokens among it, and what functions raised."""
    (made,) = stage.all("AWS::ApiGateway::Stage")
    text = made.properties["AccessLogSetting"]["Format"]
    for variable in ("error.message", "validationErrorString", "integration.error"):
        assert variable not in text
    for variable in ("authorizer.error", "requestOverride", "context.path", "identity"):
        assert variable not in text


def test_no_method_has_metrics_that_are_paid_for_one_by_one(stage: Assembly) -> None:
    """Five a method and month. Its function has its own; every request is in the access log."""
    (made,) = stage.all("AWS::ApiGateway::Stage")
    assert not any(entry["MetricsEnabled"] for entry in made.properties["MethodSettings"])


def test_access_is_logged_as_json_and_bodies_are_not(stage: Assembly) -> None:
    (made,) = stage.all("AWS::ApiGateway::Stage")
    line = json.loads(made.properties["AccessLogSetting"]["Format"])
    assert {"request_id", "route", "status", "latency_ms", "subject"} <= set(line)
    assert made.properties["TracingEnabled"] is True
    assert not any(entry["DataTraceEnabled"] for entry in made.properties["MethodSettings"])


def test_the_local_api_has_a_fixed_id(local: Assembly, prod: Assembly) -> None:
    for stage, wanted in ((local, {"cartwright"}), (prod, set[str]())):
        (api,) = stage.all("AWS::ApiGateway::RestApi")
        tags = {tag["Key"]: tag["Value"] for tag in api.properties["Tags"]}
        given = {tags[key] for key in ("ms-custom-id", "_custom_id_") if key in tags}
        assert given == wanted
