"""Who may call, send and start: what the emulator does not enforce, from both ends.

One end is the template's own wiring (routes of the contract, rules, mappings, the states of the
machine), the other the permissions: they must say the same, no more and no less.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest

from infra.contract import RouteContract
from shop.deploy import discover
from tools.access.policies import Policies
from tools.access.templates import Resource

EVENTS = "events.amazonaws.com"
INVOKE = "lambda:InvokeFunction"
PAGES = "topic/pages"
# Rules that people hear of, by a topic.
TELLING = {"rule/operations-notify-of-violations", "rule/operations-notify-of-keys-at-risk"}


@pytest.fixture
def lets(policies: Policies) -> set[tuple[str, str, str, str]]:
    """Resource, who, action and condition of all that resources allow to services."""
    return {
        (policies.names.short(grant.on), grant.who, grant.action, grant.when)
        for grant in policies.of_resources
        if grant.allows
    }


def rules(policies: Policies) -> Iterator[tuple[str, Resource, dict[str, Any]]]:
    """Each rule's name, the rule and its one target."""
    for rule in policies.assembly.all("AWS::Events::Rule"):
        (target,) = rule.properties["Targets"]
        yield policies.names.short(policies.names.of(rule)), rule, target


def name_of(policies: Policies, stack: str, value: Any) -> str:
    return policies.names.short(policies.names.arn(stack, value))


def test_the_api_invokes_the_functions_of_its_routes_and_no_other(
    policies: Policies, contract: list[RouteContract]
) -> None:
    """By a role per service: each names its functions one by one."""
    wanted = {
        (f"gateway/routes-{route.service}", INVOKE, f"function/{route.function}")
        for route in contract
    }
    wanted.add(("gateway/authorizer", INVOKE, "function/identity.authorizer"))
    assert {
        (grant.who, grant.action, policies.names.short(grant.on))
        for grant in policies.of_roles
        if grant.who.startswith("gateway/")
    } == wanted


def test_each_method_invokes_by_the_role_of_its_own_stack(policies: Policies) -> None:
    for method in policies.assembly.all("AWS::ApiGateway::Method"):
        integration = method.properties["Integration"]
        if method.properties["HttpMethod"] == "OPTIONS":
            assert "Credentials" not in integration, str(method)
        else:
            role = policies.assembly.target(method.stack, integration["Credentials"])
            assert role.stack == method.stack, str(method)


def test_the_authorizer_that_may_be_invoked_is_the_one_of_the_api(policies: Policies) -> None:
    for authorizer in policies.assembly.all("AWS::ApiGateway::Authorizer"):
        uri = policies.names.arn(authorizer.stack, authorizer.properties["AuthorizerUri"])
        assert "identity-authorizer/invocations" in uri
        role = policies.assembly.target(
            authorizer.stack, authorizer.properties["AuthorizerCredentials"]
        )
        assert policies.holder(policies.names.of(role)) == "gateway/authorizer"


def test_a_rule_reaches_its_own_queue_or_function_and_no_other(
    policies: Policies, lets: set[tuple[str, str, str, str]]
) -> None:
    wanted = set()
    for name, rule, target in rules(policies):
        to = name_of(policies, rule.stack, target["Arn"])
        parked = name_of(policies, rule.stack, target["DeadLetterConfig"]["Arn"])
        plain = to.partition("/")[2].replace(".", "-").replace("_", "-")
        # What people are told goes to the topic of pages; all else to what the rule is called by.
        assert name == f"rule/{plain}" or (name in TELLING and to == PAGES), f"{rule} reaches {to}"
        if to == PAGES:
            assert parked == "queue/operations-notify-of-violations-dlq"
        else:
            assert parked == f"queue/{name.partition('/')[2]}-dlq", f"{rule} parks in {parked}"
        assert "RoleArn" not in target, f"{rule} acts by a role"
        if to == PAGES:
            wanted.add((to, EVENTS, "sns:Publish", ""))
        elif to.startswith("queue/"):
            # CDK's target also lets the rule ask for the queue's attributes and address.
            for action in ("SendMessage", "GetQueueAttributes", "GetQueueUrl"):
                wanted.add((to, EVENTS, f"sqs:{action}", f"ArnEquals aws:SourceArn {name}"))
        else:
            wanted.add((to, EVENTS, INVOKE, f"ArnLike aws:SourceArn {name}"))
        wanted.add((parked, EVENTS, "sqs:SendMessage", f"ArnEquals aws:SourceArn {name}"))
    assert {e for e in lets if e[1] == EVENTS} == wanted


def test_alarms_of_this_application_and_rules_publish_to_topics_and_no_one_else(
    lets: set[tuple[str, str, str, str]],
) -> None:
    """EventBridge without a condition: SNS takes none from it, and loses what it refuses."""
    alarms = ("cloudwatch.amazonaws.com", "sns:Publish", "ArnLike aws:SourceArn alarm/*")
    published: dict[str, set[tuple[str, str, str]]] = {}
    for on, who, action, when in lets:
        if on.startswith("topic/"):
            published.setdefault(on, set()).add((who, action, when))
    assert published == {PAGES: {alarms, (EVENTS, "sns:Publish", "")}, "topic/notices": {alarms}}


def test_a_rule_believes_the_source_that_it_names_and_no_other(policies: Policies) -> None:
    """Whoever may put events on the bus could otherwise say that money was taken."""
    own = {f"shop.{service}" for service in discover().services}
    for name, rule, _ in rules(policies):
        if "ScheduleExpression" in rule.properties:
            continue
        pattern = rule.properties["EventPattern"]
        assert pattern["detail-type"], name
        if "EventBusName" in rule.properties:
            assert set(pattern["source"]) <= own, name
            assert pattern["source"], name
        else:  # Services of AWS speak on the default bus, where nobody else says `aws.`.
            assert all(source.startswith("aws.") for source in pattern["source"]), name


def test_no_service_is_let_in_but_these(lets: set[tuple[str, str, str, str]]) -> None:
    assert {who for _, who, _, _ in lets} == {EVENTS, "cloudwatch.amazonaws.com", "account"}


def test_the_machine_invokes_exactly_the_functions_of_its_states(policies: Policies) -> None:
    for machine in policies.assembly.all("AWS::StepFunctions::StateMachine"):
        given = machine.properties
        named = {
            name_of(policies, machine.stack, given["DefinitionSubstitutions"][match.group(1)])
            for state in states(given["DefinitionString"])
            if (match := re.fullmatch(r"\$\{(\w+)\}", state.get("Resource", "")))
        }
        called = policies.names.short(policies.names.of(machine))
        may = {
            policies.names.short(grant.on)
            for grant in policies.of_roles
            if grant.who == called and grant.action == INVOKE
        }
        assert may == named
        assert len(named) >= 3


def states(definition: str) -> Iterator[dict[str, Any]]:
    """All states, whatever they are nested in. Numbers of substitutions are not in quotes."""
    parsed = json.loads(re.sub(r": \$\{\w+\}", ": 0", definition))

    def walk(value: Any) -> Iterator[dict[str, Any]]:
        if isinstance(value, dict):
            if "Type" in value:
                yield value
            for part in value.values():
                yield from walk(part)
        elif isinstance(value, list):
            for part in value:
                yield from walk(part)

    return walk(parsed)


def test_the_machine_does_nothing_but_invoke_functions(policies: Policies) -> None:
    for machine in policies.assembly.all("AWS::StepFunctions::StateMachine"):
        kinds = {
            state["Resource"]
            for state in states(machine.properties["DefinitionString"])
            if "Resource" in state
        }
        assert [kind for kind in kinds if not re.fullmatch(r"\$\{\w+Steps\}", kind)] == []


def test_only_machines_and_the_gateway_invoke_functions_by_a_role(policies: Policies) -> None:
    invokers = {grant.who for grant in policies.of_roles if grant.action.startswith("lambda:")}
    assert {who for who in invokers if not who.startswith("gateway/")} == {
        "machine/checkout",
        "machine/erasure",
    }


def test_a_queue_feeds_the_consumer_of_its_name_and_streams_the_relay(
    policies: Policies,
) -> None:
    streams: dict[str, set[str]] = {}
    for mapping in policies.assembly.all("AWS::Lambda::EventSourceMapping"):
        source = name_of(policies, mapping.stack, mapping.properties["EventSourceArn"])
        function = policies.names.function(mapping.stack, mapping.properties["FunctionName"])
        if source.startswith("queue/"):
            assert source == "queue/" + re.sub("[._]", "-", function), str(mapping)
        else:
            streams.setdefault(function, set()).add(source)
    declared = discover()
    assert streams == {declared.relay.id: {f"stream/{name}" for name in declared.publishing}}


def test_a_stream_has_two_readers_at_most(policies: Policies) -> None:
    """A third is turned away now and then. A mapping is a reader, and so is who has a STREAM_*."""
    readers: defaultdict[str, list[str]] = defaultdict(list)
    for mapping in policies.assembly.all("AWS::Lambda::EventSourceMapping"):
        stream = name_of(policies, mapping.stack, mapping.properties["EventSourceArn"])
        if stream.startswith("stream/"):
            function = name_of(policies, mapping.stack, mapping.properties["FunctionName"])
            readers[stream].append(function)
    for deployed in policies.assembly.all("AWS::Lambda::Function"):
        variables = deployed.properties.get("Environment", {}).get("Variables", {})
        for name in variables:
            if name.startswith("STREAM_"):
                stream = f"stream/{name.removeprefix('STREAM_').lower()}"
                readers[stream].append(policies.names.short(policies.names.of(deployed)))
    assert {"stream/orders", "stream/ledger", "stream/balances"} <= readers.keys()
    assert {stream: names for stream, names in readers.items() if len(names) > 2} == {}
