"""Whatever the code counts because something is wrong, someone is told."""

import ast
import json
import re

import pytest

from infra.project import ROOT
from shop import telemetry
from tests.infra.assembly import Assembly

# Counted to be looked at, not to be woken up by.
NO_TROUBLE = {"SignInLimited", "SignInRefused", "ReservationsExpired"}
# What is counted here is told by another alarm, always.
TOLD_BY = {
    "FoldFault": "Errors",  # it raises
    "RelayFault": "Errors",
    "StepFault": "Errors",
    "ServerError": "5XXError",
    "EventFailed": "ApproximateAgeOfOldestMessage",
}


def counted() -> dict[str, set[str]]:
    """Every metric that the code counts, with the services that do."""
    found: dict[str, set[str]] = {}
    for folder in (ROOT / "functions", ROOT / "layers" / "shop" / "python" / "shop"):
        for path in sorted(folder.rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and node.args:
                    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                    metric = getattr(node.args[0], "value", None)
                    named = isinstance(metric, str) and re.fullmatch("([A-Z][a-z]+)+", metric)
                    if name in {"count", "report"} and named:
                        found.setdefault(str(metric), set()).add(path.relative_to(folder).parts[0])
    assert len(found) >= 12
    return found


def watched(stage: Assembly) -> dict[str, dict[str, str]]:
    """The metrics of our own that have an alarm, with the dimensions of each."""
    return {
        alarm.properties["MetricName"]: {
            each["Name"]: each["Value"] for each in alarm.properties["Dimensions"]
        }
        for alarm in stage.all("AWS::CloudWatch::Alarm")
        if alarm.properties.get("Namespace") == "Cartwright"
    }


def test_each_counted_metric_that_means_trouble_has_an_alarm(stage: Assembly) -> None:
    assert set(watched(stage)) == set(counted()) - NO_TROUBLE - set(TOLD_BY)


def test_an_alarm_watches_the_metric_as_the_code_writes_it(
    stage: Assembly, capsys: pytest.CaptureFixture[str]
) -> None:
    telemetry.count("Anything")
    written = json.loads(capsys.readouterr().out)["_aws"]["CloudWatchMetrics"]
    assert [(each["Namespace"], each["Dimensions"]) for each in written] == [
        ("Cartwright", [["service"]])
    ]
    for metric, dimensions in watched(stage).items():
        assert [dimensions] == [{"service": service} for service in counted()[metric]]
        assert dimensions["service"] in {
            made.properties["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"]
            for made in stage.all("AWS::Lambda::Function")
        }


def test_one_count_in_a_minute_is_enough_and_silence_is_good_news(stage: Assembly) -> None:
    for alarm in stage.all("AWS::CloudWatch::Alarm"):
        properties = alarm.properties
        assert properties["TreatMissingData"] == "notBreaching", str(alarm)
        if properties.get("Namespace") == "Cartwright":
            assert (properties["Statistic"], properties["Period"]) == ("Sum", 60)
            assert (properties["Threshold"], properties["EvaluationPeriods"]) == (0, 1)


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
