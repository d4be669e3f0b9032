"""Who is told of what: pages wake somebody up, so nothing that a stranger, an expired token or one
repeated attempt can bring about is one."""

import json
import re
from pathlib import Path
from typing import Any

from infra.project import ROOT
from infra.stages import DEV, LOCAL
from shop.deploy import DAYS, discover
from tests.infra.alarms import TOLD_BY, Watch, alarms, counted_in
from tools.access.templates import Assembly

PLATFORM = discover()
# What a request without a valid token can make code and AWS count, and where. Also of who has an
# account: everybody can make one.
BY_STRANGERS = {
    "identity": {
        *("TokenRefused", "RefreshReuseDetected", "SignInLimited", "SignInRefused"),
        *("AuthorizationCodeReplayed", "ClientLimited", "ClientRefused"),
    },
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


def test_people_hear_the_end_only_of_what_can_last(ringing: dict[str, Watch]) -> None:
    """A new alarm is over once when it gets its first data: each of these is a mail on day one."""
    kinds = ("-not-running", "-age", "-lag", "-violated", "-event-stuck")
    told = {each.name for each in ringing.values() if each.told_when_over}
    assert told == {name for name in ringing if name.endswith(kinds)}


def test_a_wait_for_money_is_a_page_and_any_other_a_notice(ringing: dict[str, Watch]) -> None:
    told = {name.removesuffix("-age"): e.told for name, e in ringing.items() if "-age" in name}
    assert told == {
        re.sub("[._]", "-", spec.id): ("page",) if spec.retries == DAYS else ("notice",)
        for spec in PLATFORM.of_kind("consumer")
    }
    assert told["ledger-on-payment"] == told["orders-on-payment"] == ("page",)


def test_what_one_topic_could_not_deliver_the_other_tells(ringing: dict[str, Watch]) -> None:
    assert ringing["pages-undelivered"].told == ("notice",)
    assert ringing["notices-undelivered"].told == ("page",)


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
