"""What is wrong has an alarm, on what is really counted; whom it tells is test_pages.py."""

import json
import os
import re

import pytest

from infra.project import ROOT
from infra.stages import LOCAL, PROD, STAGES
from shop import telemetry
from shop.deploy import discover
from tests.infra.alarms import TOLD_BY, Watch, alarms, counted, own
from tools.access.templates import Assembly

PLATFORM = discover()
SERVICES = PLATFORM.services.values()
# Counted to be looked at, not to be woken up by.
NO_TROUBLE = {metric for each in SERVICES for metric in each.quiet}
# Of a whole account and region: the alarms on them belong to one of the stages there.
OF_ACCOUNT = {
    ("AWS/Lambda", "Throttles"),
    ("AWS/Lambda", "ClaimedAccountConcurrency"),
    ("AWS/SES", "Reputation.BounceRate"),
    ("AWS/SES", "Reputation.ComplaintRate"),
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
        service = "all" if where.endswith(".py") else where  # The kernel counts for all.
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


def test_mails_that_come_back_are_told_before_ses_stops_sending(prod: Assembly) -> None:
    found = alarms(prod)
    for name, metric, stops in (
        ("account-mail-bounces", "Reputation.BounceRate", 0.1),
        ("account-mail-complaints", "Reputation.ComplaintRate", 0.005),
    ):
        assert found[name].metrics == (("AWS/SES", metric, frozenset()),)
        assert 0 < found[name].given["Threshold"] <= stops / 2


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
