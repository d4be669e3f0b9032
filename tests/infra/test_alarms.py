"""Whatever the code counts because something is wrong, someone is told."""

import ast
import json
import os
import re

import pytest

from infra.project import ROOT
from shop import telemetry
from shop.deploy import discover
from tools.access.templates import Assembly

SERVICES = discover().services.values()
# Counted to be looked at, not to be woken up by.
NO_TROUBLE = {metric for each in SERVICES for metric in each.quiet}
# What is counted here is told by another alarm, always.
TOLD_BY = {metric: by for each in SERVICES for metric, by in each.told_by.items()} | {
    "StepFault": "Errors",  # it raises
    "ServerError": "5XXError",
    "EventFailed": "ApproximateAgeOfOldestMessage",
    "EventVersionUnknown": "ApproximateAgeOfOldestMessage",
}
# Written every minute, with what they say: their alarms look at the newest, and at more than one.
GAUGES = {alarm.metric for each in SERVICES for alarm in each.alarms if alarm.gauge}
INVARIANTS = tuple(discover().invariants)


def counted() -> dict[str, set[str]]:
    """Every metric that the code counts, with the services that do."""
    found: dict[str, set[str]] = {}
    for folder in (ROOT / "functions", ROOT / "layers" / "shop" / "python" / "shop"):
        for path in sorted(folder.rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and node.args:
                    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                    faults = [word.value for word in node.keywords if word.arg == "fault"]
                    metric = getattr([*faults, *node.args][0], "value", None)
                    named = isinstance(metric, str) and re.fullmatch("([A-Z][a-z]+)+", metric)
                    if name in {"emit_metric", "report", "stream"} and named:
                        found.setdefault(str(metric), set()).add(path.relative_to(folder).parts[0])
    assert len(found) >= 12
    return found


def watched(stage: Assembly) -> dict[str, list[dict[str, str]]]:
    """The metrics of our own that have alarms, with the dimensions of each alarm."""
    found: dict[str, list[dict[str, str]]] = {}
    for alarm in stage.all("AWS::CloudWatch::Alarm"):
        if str(alarm.properties.get("Namespace")).startswith("Cartwright/"):
            dimensions = {each["Name"]: each["Value"] for each in alarm.properties["Dimensions"]}
            found.setdefault(alarm.properties["MetricName"], []).append(dimensions)
    return found


def test_each_counted_metric_that_means_trouble_has_an_alarm(stage: Assembly) -> None:
    assert set(watched(stage)) == set(counted()) - NO_TROUBLE - set(TOLD_BY)


def test_an_alarm_watches_the_metric_as_the_code_writes_it(
    stage: Assembly, capsys: pytest.CaptureFixture[str]
) -> None:
    telemetry.emit_metric("Anything")
    written = json.loads(capsys.readouterr().out)["_aws"]["CloudWatchMetrics"]
    assert [(each["Namespace"], each["Dimensions"]) for each in written] == [
        (os.environ["POWERTOOLS_METRICS_NAMESPACE"], [["service"]])
    ]
    services = {
        made.properties["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"]
        for made in stage.all("AWS::Lambda::Function")
    }
    for metric, alarms in watched(stage).items():
        counting = counted()[metric]
        assert counting <= services
        if metric != "InvariantViolated":
            assert alarms == [{"service": service} for service in counting]


def test_the_sums_of_a_stage_are_its_own(local: Assembly, prod: Assembly) -> None:
    for stage, namespace in ((local, "Cartwright/local"), (prod, "Cartwright/prod")):
        counted_in = {
            made.properties["Environment"]["Variables"]["POWERTOOLS_METRICS_NAMESPACE"]
            for made in stage.all("AWS::Lambda::Function")
        }
        watched_in = {
            str(alarm.properties.get("Namespace"))
            for alarm in stage.all("AWS::CloudWatch::Alarm")
            if not str(alarm.properties.get("Namespace")).startswith("AWS/")
        }
        assert counted_in == watched_in == {namespace}


def test_each_invariant_has_an_alarm_that_says_what_it_is_and_where_the_ids_are(
    stage: Assembly, capsys: pytest.CaptureFixture[str]
) -> None:
    telemetry.emit_metric("InvariantViolated", 0, invariant="I1")
    written = json.loads(capsys.readouterr().out)["_aws"]["CloudWatchMetrics"]
    assert [each["Dimensions"] for each in written] == [["service", "invariant"]] or [
        sorted(each["Dimensions"][0]) for each in written
    ] == [["invariant", "service"]]
    assert watched(stage)["InvariantViolated"] == [
        {"invariant": name, "service": "operations"} for name in INVARIANTS
    ]
    for alarm in stage.all("AWS::CloudWatch::Alarm"):
        if alarm.properties.get("MetricName") == "InvariantViolated":
            assert "/ops/invariants" in alarm.properties["AlarmDescription"]


def test_one_count_in_a_minute_is_enough_and_silence_is_good_news(stage: Assembly) -> None:
    for alarm in stage.all("AWS::CloudWatch::Alarm"):
        properties = alarm.properties
        if properties["MetricName"] != "InvariantLag":
            assert properties["TreatMissingData"] == "notBreaching", str(alarm)
        if not str(properties.get("Namespace")).startswith("Cartwright/"):
            continue
        statistic = "Maximum" if properties["MetricName"] in GAUGES else "Sum"
        assert (properties["Statistic"], properties["Period"]) == (statistic, 60)
        if properties["MetricName"] != "InvariantLag":
            assert (properties["Threshold"], properties["EvaluationPeriods"]) == (0, 1)


def test_an_auditor_that_does_not_come_round_is_told(local: Assembly, prod: Assembly) -> None:
    """Its silence is bad news, where what it writes becomes a metric at all."""
    for stage, silence in ((prod, "breaching"), (local, "notBreaching")):
        (alarm,) = [
            each
            for each in stage.all("AWS::CloudWatch::Alarm")
            if each.properties["MetricName"] == "InvariantLag"
        ]
        properties = alarm.properties
        assert (properties["TreatMissingData"], properties["Threshold"]) == (silence, 300)


def test_what_another_alarm_tells_has_that_alarm(stage: Assembly) -> None:
    metrics = {a.properties["MetricName"] for a in stage.all("AWS::CloudWatch::Alarm")}
    assert set(TOLD_BY) <= set(counted())
    assert set(TOLD_BY.values()) <= metrics


def test_a_checkout_that_does_not_end_well_is_told(stage: Assembly) -> None:
    metrics = {
        alarm.properties["MetricName"]
        for alarm in stage.all("AWS::CloudWatch::Alarm")
        if alarm.properties.get("Namespace") == "AWS/States"
    }
    assert metrics == {"ExecutionsFailed", "ExecutionsTimedOut"}


def test_the_runbook_has_a_line_for_each_metric_with_an_alarm(stage: Assembly) -> None:
    runbook = (ROOT / "docs" / "runbook.md").read_text()
    for metric in watched(stage):
        name = re.sub("(?<=.)(?=[A-Z])", "-", metric).lower()
        assert f"-{name}`" in runbook, metric
