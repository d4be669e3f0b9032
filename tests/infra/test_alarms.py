"""What is wrong is told to somebody; what only looks wrong, or a stranger can bring about, is not
told as a page."""

import ast
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from infra.project import ROOT
from infra.stages import DEV, LOCAL, PROD, STAGES
from shop import telemetry
from shop.deploy import DAYS, discover
from tests.infra.alarms import Watch, alarms
from tools.access.templates import Assembly

PLATFORM = discover()
SERVICES = PLATFORM.services.values()
DECLARED = {(service.name, alarm.metric): alarm for service in SERVICES for alarm in service.alarms}
# Counted to be looked at, not to be woken up by.
NO_TROUBLE = {metric for each in SERVICES for metric in each.quiet}
# What is counted here is told by another alarm, always.
TOLD_BY = {metric: by for each in SERVICES for metric, by in each.told_by.items()} | {
    "StepFault": "ExecutionsFailed",  # it raises
    "ServerError": "5XXError",
    "EventFailed": "ApproximateAgeOfOldestMessage",
    "EventVersionUnknown": "ApproximateAgeOfOldestMessage",
}
# Of a whole account and region: the alarms on them belong to one of the stages there.
OF_ACCOUNT = {("AWS/Lambda", "Throttles"), ("AWS/Lambda", "ClaimedAccountConcurrency")}
# What a request without a valid token can make code and AWS count, and where. Also of who has an
# account: everybody can make one.
BY_STRANGERS = {
    "identity": {"TokenRefused", "RefreshReuseDetected", "SignInLimited", "SignInRefused"},
    "payments": {"WebhookRefused", "PspRequestRefused"},
}
BY_TRAFFIC = {
    "Throttles",
    "ClaimedAccountConcurrency",
    "Latency",
    "RequestsThrottled",
    "4XXError",
    "Count",
}


@pytest.fixture
def computed(prod: Assembly) -> dict[str, Watch]:
    """All alarms of production. The emulator has none that compute (`metric_math`)."""
    return alarms(prod)


@pytest.fixture
def ringing(stage: Assembly) -> dict[str, Watch]:
    """The alarms of a stage."""
    return alarms(stage)


def counted(folder: Path = ROOT) -> dict[str, set[str]]:
    """Every metric that the code counts, with the services that do."""
    found: dict[str, set[str]] = {}
    for base in (folder / "functions", folder / "layers" / "shop" / "python" / "shop"):
        for path in sorted(base.rglob("*.py")):
            for name in counted_in(path):
                found.setdefault(name, set()).add(path.relative_to(base).parts[0])
    assert len(found) >= 12
    return found


def counted_in(path: Path) -> set[str]:
    """The metrics that a module counts."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and node.args:
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            faults = [word.value for word in node.keywords if word.arg == "fault"]
            metric = getattr([*faults, *node.args][0], "value", None)
            named = isinstance(metric, str) and re.fullmatch("([A-Z][a-z]+)+", metric)
            if name in {"emit_metric", "report", "stream"} and named:
                found.add(str(metric))
    return found


def own(ringing: dict[str, Watch]) -> dict[str, Watch]:
    """Alarms on what our code counts, and on nothing else."""
    return {
        name: each
        for name, each in ringing.items()
        if all(namespace.startswith("Cartwright/") for namespace, _, _ in each.metrics)
        and name != "api-throttled"  # by a filter on the gateway's log
    }


def test_each_counted_metric_that_means_trouble_has_an_alarm(ringing: dict[str, Watch]) -> None:
    watched = {name for each in own(ringing).values() for name in each.metric_names}
    assert watched == set(counted()) - NO_TROUBLE - set(TOLD_BY)


def test_an_alarm_watches_the_metric_as_the_code_writes_it(
    ringing: dict[str, Watch], capsys: pytest.CaptureFixture[str]
) -> None:
    telemetry.emit_metric("Anything")
    written = json.loads(capsys.readouterr().out)["_aws"]["CloudWatchMetrics"]
    assert [(each["Namespace"], each["Dimensions"]) for each in written] == [
        (os.environ["POWERTOOLS_METRICS_NAMESPACE"], [["service"]])
    ]
    for each in own(ringing).values():
        ((_, metric, dimensions),) = each.metrics
        (where,) = counted()[metric]
        service = "all" if where == "telemetry.py" else where
        assert dimensions == {("service", service)}, each.name


@pytest.mark.parametrize("code", sorted(telemetry.EXHAUSTED))
def test_a_call_that_stayed_throttled_is_counted_for_the_whole_platform(
    code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    class Refused(Exception):
        response = {"Error": {"Code": code}}  # noqa: RUF012

    telemetry.log_error("failed", Refused())
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (metric,) = [line for line in lines if "_aws" in line]
    assert (metric["RetriesExhausted"], metric["service"]) == ([1.0], "all")


def test_a_fault_of_another_kind_is_not_counted_as_throttled(
    capsys: pytest.CaptureFixture[str],
) -> None:
    telemetry.log_error("failed", ValueError())
    assert "_aws" not in capsys.readouterr().out


def test_alarms_of_two_stages_share_no_metric(local: Assembly, prod: Assembly) -> None:
    """They may stand in one account: what one counts must neither ring nor silence the other."""
    metrics = [
        {metric for each in alarms(stage).values() for metric in each.metrics}
        for stage in (local, prod)
    ]
    assert {(metric[0], metric[1]) for metric in metrics[0] & metrics[1]} <= OF_ACCOUNT
    in_aws = [stage for stage in STAGES.values() if stage != LOCAL]
    assert [stage.name for stage in in_aws if stage.watches_account] == [PROD.name]
    for namespace, name, dimensions in metrics[1]:
        told = str(sorted(dimensions)) + namespace
        assert (
            "cartwright-prod" in told
            or "Cartwright/prod" in told
            or ((namespace, name) in OF_ACCOUNT)
        ), name


def test_functions_count_where_the_alarms_of_their_stage_look(
    local: Assembly, prod: Assembly
) -> None:
    for stage, namespace in ((local, "Cartwright/local"), (prod, "Cartwright/prod")):
        counted_in_ = {
            made.properties["Environment"]["Variables"]["POWERTOOLS_METRICS_NAMESPACE"]
            for made in stage.all("AWS::Lambda::Function")
        }
        assert counted_in_ == {namespace}


def test_each_alarm_is_a_page_or_a_notice(ringing: dict[str, Watch]) -> None:
    for each in ringing.values():
        assert each.told in {("page",), ("notice",)}, each.name
        assert each.told_when_over in {(), each.told}, each.name
        assert str(each.given["AlarmDescription"]).endswith("."), each.name
    assert {each.told[0] for each in ringing.values()} == {"page", "notice"}


def public_modules() -> set[Path]:
    """Entry points that anybody reaches, and the use cases and clients of their service."""
    document: Any = json.loads((ROOT / "docs" / "openapi.json").read_text())
    open_ = {
        operation["x-cartwright-function"]
        for item in document["paths"].values()
        for operation in item.values()
        if operation["x-cartwright-auth"] in {"public", "signature"}
    } | {"identity.authorizer"}
    found = {
        ROOT / "functions" / f"{PLATFORM.functions[id_].module.replace('.', '/')}.py"
        for id_ in open_
    }
    # What a route calls bears the route's own name, but for a webhook, which starts the machine.
    for entry in list(found):
        found |= set((ROOT / "functions" / entry.parts[-3] / "service").glob(entry.name))
    return found


def test_the_list_of_what_strangers_can_raise_is_whole() -> None:
    listed = {metric for metrics in BY_STRANGERS.values() for metric in metrics}
    raised = {name for path in public_modules() for name in counted_in(path)}
    assert "TokenRefused" in raised
    assert "WebhookRefused" in raised
    assert raised - set(TOLD_BY) <= listed  # A fault is nobody's to raise.


def test_nothing_that_a_stranger_can_raise_pages_anybody(computed: dict[str, Watch]) -> None:
    listed = {metric for metrics in BY_STRANGERS.values() for metric in metrics} | BY_TRAFFIC
    reached = {name: each for name, each in computed.items() if each.metric_names & listed}
    assert {name for name, each in reached.items() if "page" in each.told} == {
        "identity-authorizer-errors"  # which takes off what is refused, see below
    }


def test_single_events_that_strangers_send_are_looked_at_by_their_rate(
    ringing: dict[str, Watch],
) -> None:
    for name in ("payments-webhook-refused", "identity-refresh-reuse-detected"):
        given = ringing[name].given
        assert (given["Threshold"], given["Period"]) == (10, 900), name


def test_the_authorizer_is_in_trouble_by_its_errors_without_its_refusals(
    computed: dict[str, Watch],
) -> None:
    """To refuse a token it must raise, so each expired token is an error of Lambda."""
    alarm = computed["identity-authorizer-errors"]
    (expression,) = [e["Expression"] for e in alarm.given["Metrics"] if "Expression" in e]
    assert expression == "FILL(errors, 0) - FILL(refused, 0)"
    by_id = {
        e["Id"]: e["MetricStat"]["Metric"] for e in alarm.given["Metrics"] if "MetricStat" in e
    }
    assert by_id["errors"]["MetricName"] == "Errors"
    assert by_id["refused"]["MetricName"] == "TokenRefused"
    # The two are not counted in the same instant: a minute's edge is no trouble.
    assert (alarm.given["Threshold"], alarm.given["DatapointsToAlarm"]) == (5, 3)
    plain = [each.name for each in computed.values() if each.metric_names == {"Errors"}]
    assert plain == []


def test_no_attempt_that_is_repeated_rings(ringing: dict[str, Watch]) -> None:
    """A fault of a function is an attempt: what it was to bring about is tried again. So errors of
    single functions ring nowhere, and pages by AWS's own counts need more than one minute."""
    for each in ringing.values():
        namespaces = {namespace for namespace, _, _ in each.metrics}
        if "page" in each.told and any(name.startswith("AWS/") for name in namespaces):
            lasting = each.given["DatapointsToAlarm"] * each.given.get("Period", 60)
            assert lasting >= 180 or each.name == "notices-undelivered", each.name


def test_each_function_is_told_of_by_what_its_failure_brings_about(
    computed: dict[str, Watch],
) -> None:
    wanted = {
        "route": lambda f: ["api-errors"],
        "authorizer": lambda f: ["api-errors", f"{f}-errors"],
        "steps": lambda f: ["checkout-failed", "checkout-timed-out"],
        "consumer": lambda f: [f"{f}-age", f"{f}-dlq-parked"],
        "job": lambda f: [f"{f}-not-running"],
        "stream": lambda f: [f"{f}-lag", f"{f}-dlq-parked"],
    }
    for id_, spec in PLATFORM.functions.items():
        for name in wanted[spec.kind](re.sub("[._]", "-", id_)):
            assert name in computed, id_


def test_a_job_that_does_not_run_is_told_though_nothing_is_counted(
    computed: dict[str, Watch],
) -> None:
    for spec in PLATFORM.of_kind("job"):
        alarm = computed[f"{re.sub('[._]', '-', spec.id)}-not-running"]
        assert alarm.metric_names == {"Invocations", "Errors"}
        assert alarm.given["TreatMissingData"] == "breaching"
        assert alarm.given["ComparisonOperator"] == "LessThanThreshold"
        assert (alarm.given["Threshold"], alarm.told) == (1, ("page",))
        (expression,) = [e["Expression"] for e in alarm.given["Metrics"] if "Expression" in e]
        assert expression == "invoked - FILL(errors, 0)"


def test_silence_is_good_news_but_of_jobs(ringing: dict[str, Watch]) -> None:
    for each in ringing.values():
        silent = each.name.endswith("-not-running")
        assert each.given["TreatMissingData"] == ("breaching" if silent else "notBreaching")


def test_people_hear_the_end_only_of_what_can_last(ringing: dict[str, Watch]) -> None:
    """A new alarm is over once when it gets its first data: each of these is a mail on day one."""
    kinds = ("-not-running", "-age", "-lag", "-violated")
    told = {each.name for each in ringing.values() if each.told_when_over}
    assert told == {name for name in ringing if name.endswith(kinds)}


def test_a_wait_for_money_is_a_page_and_any_other_a_notice(ringing: dict[str, Watch]) -> None:
    told = {name.removesuffix("-age"): e.told for name, e in ringing.items() if "-age" in name}
    assert told == {
        re.sub("[._]", "-", spec.id): ("page",) if spec.retries == DAYS else ("notice",)
        for spec in PLATFORM.of_kind("consumer")
    }
    assert told["ledger-on-payment-captured"] == told["orders-on-payment-captured"] == ("page",)


def test_latency_is_not_what_the_slowest_request_takes(ringing: dict[str, Watch]) -> None:
    alarm = ringing["api-latency"]
    assert alarm.given["ExtendedStatistic"] == "TM(0%:95%)"
    assert alarm.given["Period"] * alarm.given["EvaluationPeriods"] == 900


def test_an_error_of_the_api_rings_by_its_share(ringing: dict[str, Watch]) -> None:
    given = ringing["api-errors"].given
    assert (given["MetricName"], given["Statistic"], given["Threshold"]) == (
        "5XXError", "Average", 0.05,
    )  # fmt: skip
    assert (given["DatapointsToAlarm"], given["EvaluationPeriods"]) == (3, 5)


def test_one_alarm_tells_of_all_invariants_and_where_the_ids_are(
    ringing: dict[str, Watch],
) -> None:
    text = str(ringing["operations-invariant-violated"].given["AlarmDescription"])
    assert "/ops/invariants" in text
    assert len(text) <= 1024
    for name in PLATFORM.invariants:
        assert f" {name}: " in text


def test_what_another_alarm_tells_has_that_alarm(computed: dict[str, Watch]) -> None:
    assert set(TOLD_BY) <= set(counted())
    assert set(TOLD_BY.values()) <= {
        name for each in computed.values() for name in each.metric_names
    }


def test_what_one_topic_could_not_deliver_the_other_tells(ringing: dict[str, Watch]) -> None:
    assert ringing["pages-undelivered"].told == ("notice",)
    assert ringing["notices-undelivered"].told == ("page",)


def test_production_watches_what_its_account_shares(prod: Assembly) -> None:
    found = alarms(prod)
    assert found["account-throttles"].metrics == (("AWS/Lambda", "Throttles", frozenset()),)
    claimed = ("AWS/Lambda", "ClaimedAccountConcurrency", frozenset[tuple[str, str]]())
    assert found["account-concurrency"].metrics == (claimed,)
    # What is reserved counts as taken: the alarm must have room above it.
    reserved = sum(
        made.properties.get("ReservedConcurrentExecutions", 0)
        for made in prod.all("AWS::Lambda::Function")
    )
    assert reserved < found["account-concurrency"].given["Threshold"] < PROD.account_concurrency
    (rule,) = [
        rule.properties
        for rule in prod.all("AWS::Events::Rule")
        if rule.properties.get("EventPattern", {}).get("source") == ["aws.kms"]
    ]
    assert rule["EventPattern"]["detail"]["eventName"] == ["DisableKey", "ScheduleKeyDeletion"]


def test_answers_with_429_are_counted_in_the_access_log(prod: Assembly) -> None:
    (made,) = prod.all("AWS::Logs::MetricFilter")
    (stage,) = prod.all("AWS::ApiGateway::Stage")
    line = json.loads(stage.properties["AccessLogSetting"]["Format"])
    assert line["status"] == "$context.status"  # a text
    assert made.properties["FilterPattern"] == '{ $.status = "429" }'
    (change,) = made.properties["MetricTransformations"]
    ((namespace, name, _),) = alarms(prod)["api-throttled"].metrics
    assert (change["MetricNamespace"], change["MetricName"]) == (namespace, name)


def test_production_tells_people(prod: Assembly) -> None:
    topics = {each.properties["TopicName"]: each.id for each in prod.all("AWS::SNS::Topic")}
    assert set(topics) == {"cartwright-prod-pages", "cartwright-prod-notices"}
    heard = {each.properties["TopicArn"]["Ref"] for each in prod.all("AWS::SNS::Subscription")}
    assert heard == set(topics.values())


def test_a_message_about_a_key_needs_no_key(prod: Assembly) -> None:
    for topic in prod.all("AWS::SNS::Topic"):
        assert "KmsMasterKeyId" not in topic.properties


def test_where_people_try_things_nobody_is_told(dev: Assembly) -> None:
    assert alarms(dev) == {}
    for type_ in ("AWS::SNS::Topic", "AWS::SNS::Subscription", "AWS::Logs::MetricFilter"):
        assert dev.all(type_) == []
    assert (DEV.alarms, LOCAL.alarms_need_address) == (False, False)


def test_the_runbook_has_a_line_for_each_alarm_and_none_besides(prod: Assembly) -> None:
    runbook = (ROOT / "docs" / "runbook.md").read_text()
    rows = [line.split(" | ") for line in runbook.splitlines() if re.match(r"\| `[a-z…]", line)]
    listed: dict[str, str] = {}
    for names, severity, means, todo in (row for row in rows if len(row) == 4):
        assert means, names
        assert todo.strip("| "), names
        for name in re.findall("`([^`]+)`", names):
            listed[name] = severity
    for name, each in alarms(prod).items():
        patterns = [p for p in listed if re.fullmatch(p.replace("…", ".+"), name)]
        exact = [p for p in patterns if "…" not in p] or patterns
        assert len(exact) == 1, f"{name}: {patterns}"
        assert each.told[0] in listed[exact[0]], name
    for pattern in listed:
        assert any(re.fullmatch(pattern.replace("…", ".+"), name) for name in alarms(prod)), pattern
