"""Cost is counts times prices; units follow DynamoDB's rules; what is over budget is named."""

import json
from dataclasses import replace
from typing import Any

import pytest

from benchmarks.cost import __main__ as command
from benchmarks.cost import budgets, idle, tables
from benchmarks.cost.counts import Counts, Function, Usage, usage
from benchmarks.cost.pricing import GB, LINE_BYTES, PriceList, Times
from tests.support.capacity import index_units, read_units, size, write_units

PRICES = json.loads(budgets.PRICES.read_text())
TIMES = Times(
    cpu={"shop.route": 10},
    default_cpu=5,
    waits={"DynamoDB": 5, "DynamoDB.TransactWriteItems": 15, "KMS": 10, "task": 20},
    psp_call=300,
)
FUNCTIONS = {
    "shop.route": Function(kind="route", memory_mb=1769),
    "shop.job": Function(kind="job", memory_mb=1769),
    "shop.steps": Function(kind="steps", memory_mb=1769),
    "shop.small": Function(kind="consumer", memory_mb=1769 // 4),
}
TARIFF = PriceList(prices=PRICES, times=TIMES, functions=FUNCTIONS)
ORDER = Counts(
    api_requests=1,
    invocations={"shop.route": 1, "shop.steps.a": 1, "shop.steps.b": 2},
    requests={"shop.route PutItem": 1, "shop.steps.a TransactWriteItems": 1},
    write_units={"shop.route PutItem": 2},
    executions={"shop.route": 1},
    psp_calls={"shop.steps.b create": 1},
)
STEPS_MS = (5 + 15) + (2 * 5 + 300)
KEYS = ("shard", "at")


def item(length: int, **keys: str) -> dict[str, dict[str, str]]:
    return {"x": {"S": "x" * (length - 1)}, **{name: {"S": value} for name, value in keys.items()}}


def test_a_function_is_billed_for_computing_and_for_waiting() -> None:
    billed = TARIFF.billed_ms(replace(ORDER, executions={}))
    assert billed == {"shop.route": 10 + 5, "shop.steps.a": 5 + 15, "shop.steps.b": 2 * 5 + 300}


def test_a_route_is_billed_while_it_waits_for_its_steps() -> None:
    assert TARIFF.execution_ms(ORDER) == STEPS_MS + 3 * 20
    assert TARIFF.billed_ms(ORDER)["shop.route"] == 10 + 5 + STEPS_MS + 3 * 20


def test_a_job_does_not_wait_for_what_it_starts() -> None:
    started = replace(ORDER, invocations={**ORDER.invocations, "shop.job": 1})
    started = replace(started, executions={"shop.job": 1})
    assert TARIFF.billed_ms(started)["shop.job"] == 5


def test_less_memory_is_less_of_a_processor() -> None:
    counts = Counts(invocations={"shop.small": 1})
    assert TARIFF.billed_ms(counts)["shop.small"] == pytest.approx(4 * 5, rel=0.01)
    assert TARIFF.gb_seconds(counts) == pytest.approx(0.02 * 0.43, rel=0.01)


def test_an_execution_is_billed_in_steps_of_100_ms() -> None:
    quantities = TARIFF.quantities(ORDER)
    assert STEPS_MS + 3 * 20 == 390
    assert quantities["machine_gb_second"] == pytest.approx(0.4 / 16)
    assert quantities["machine_request"] == 1


def test_every_service_has_its_price() -> None:
    counts = Counts(
        write_units={"shop.route PutItem": 4, "shop.route UpdateItem": 6},
        read_units={"shop.route GetItem": 0.5},
        events=2,
        queue_requests=6,
        requests={"shop.route KMS.Sign": 1, "shop.route KMS.GenerateMac": 2},
        invocations={"shop.route": 1},
        log_bytes={"shop.route": 556},
    )
    found = TARIFF.cost(counts)
    assert found["DynamoDB"] == pytest.approx(10 * 7.625e-7 + 0.5 * 1.525e-7)
    assert (found["EventBridge"], found["SQS"]) == pytest.approx((2e-6, 2.4e-6))
    assert found["KMS"] == pytest.approx(1.5e-5 + 2 * 3e-6)
    assert found["CloudWatch Logs"] == pytest.approx((556 + LINE_BYTES) * 0.63 / GB)
    assert (found["API Gateway"], found["Step Functions"]) == (0, 0)


def test_each_price_says_what_it_is_of_and_where_it_comes_from() -> None:
    assert set(PRICES["prices"]) == set(TARIFF.quantities(Counts()))
    for price in (*PRICES["prices"].values(), *PRICES["monthly"].values()):
        assert price["price"] > 0
        assert price["of"]
        assert price["source"]


def routed(now: Counts) -> dict[str, Usage]:
    return {"POST /orders": Usage(kind="route", now=now)}


def budget(now: Counts) -> dict[str, Any]:
    none = {"prod": idle.count({})}
    return budgets.document(routed(now), TARIFF, resources=none, recorded="2026-01-01")


def test_a_call_that_is_added_is_named_with_its_function() -> None:
    more = replace(ORDER, requests={**ORDER.requests, "shop.steps.a GetItem": 1})
    assert [*budgets.changes(routed(more), routed(ORDER))] == [
        "POST /orders: shop.steps.a GetItem: 1 requests before the answer, budget 0"
    ]
    assert [*budgets.changes(routed(ORDER), routed(ORDER))] == []


def test_what_has_no_budget_or_is_gone_is_named() -> None:
    assert [*budgets.changes(routed(ORDER), {})] == ["POST /orders: has no budget yet"]
    gone = "POST /orders: has a budget and is not recorded"
    assert [*budgets.changes({}, routed(ORDER))] == [gone]


def test_more_than_five_percent_is_over_and_says_what_grew() -> None:
    dearer = replace(ORDER, write_units={"shop.route PutItem": 20})
    [head, why] = budgets.overruns(routed(dearer), budget(ORDER), TARIFF)
    assert head.startswith("POST /orders costs ")
    assert why == "    shop.route PutItem: 20 write units before the answer, budget 2"
    slightly = replace(ORDER, log_bytes={"shop.route": 100})
    assert [*budgets.overruns(routed(slightly), budget(ORDER), TARIFF)] == []


def test_a_budget_that_is_far_too_large_is_named_too() -> None:
    dearer = replace(ORDER, write_units={"shop.route PutItem": 20})
    assert [*budgets.overruns(routed(ORDER), budget(dearer), TARIFF)]


def test_a_function_that_gets_more_memory_is_over_though_nothing_is_counted() -> None:
    larger = {name: replace(each, memory_mb=4096) for name, each in FUNCTIONS.items()}
    found = [*budgets.overruns(routed(ORDER), budget(ORDER), replace(TARIFF, functions=larger))]
    assert found[1].strip() == budgets.NOTHING_COUNTED


def test_a_recording_is_read_as_it_was_written() -> None:
    written = Usage(kind="journey", now=ORDER, later=Counts(events=2))
    assert usage(json.loads(json.dumps(written.to_dict()))) == written


def test_tables_have_a_row_for_each_and_their_sum() -> None:
    document = budget(ORDER)
    assert "| POST /orders" in tables.costs(document, "route")
    assert f"{document['usage']['POST /orders']['total']:.4f}" in tables.costs(document, "route")
    for table in (tables.costs(document, "route"), tables.counts(document, "route")):
        assert len({len(line) for line in table.splitlines()}) == 1


def counted(**resources: dict[str, Any]) -> dict[str, int]:
    made = {
        f"{type_}{n}": {"Type": type_.replace("_", "::"), "Properties": properties}
        for n, (type_, properties) in enumerate(resources.items())
    }
    return idle.count({"a": {"Resources": made}})


def test_an_alarm_costs_as_often_as_it_has_metrics_and_a_web_acl_by_its_rules() -> None:
    computed = {"Metrics": [{"Expression": "a - b"}, {"MetricStat": {}}, {"MetricStat": {}}]}
    found = counted(AWS_CloudWatch_Alarm=computed, AWS_WAFv2_WebACL={"Rules": [{}, {}]})
    assert found["AWS::CloudWatch::Alarm/Metrics"] == 2
    assert counted(AWS_CloudWatch_Alarm={"MetricName": "x"})["AWS::CloudWatch::Alarm/Metrics"] == 1
    assert (found["AWS::WAFv2::WebACL"], found["AWS::WAFv2::WebACL/Rules"]) == (1, 2)


def test_an_idle_queue_is_asked_by_two_and_by_five_where_concurrency_is_limited() -> None:
    each = idle.MINUTES * 3
    assert counted(AWS_Lambda_EventSourceMapping={})["polls"] == 2 * each
    limited = {"ScalingConfig": {"MaximumConcurrency": 9}}
    assert counted(AWS_Lambda_EventSourceMapping=limited)["polls"] == 5 * each
    stream = {"StartingPosition": "TRIM_HORIZON"}
    assert counted(AWS_Lambda_EventSourceMapping=stream)["polls"] == 0


def test_schedules_run_as_often_as_their_rules_say() -> None:
    assert counted(AWS_Events_Rule={"ScheduleExpression": "rate(1 minute)"})["runs"] == 43_800
    assert counted(AWS_Events_Rule={"ScheduleExpression": "rate(5 minutes)"})["runs"] == 8_760
    with pytest.raises(ValueError, match="cron"):
        counted(AWS_Events_Rule={"ScheduleExpression": "cron(0 * * * ? *)"})


def test_what_an_account_has_for_nothing_is_taken_off_and_no_more_than_was_used() -> None:
    few = {**idle.count({}), "AWS::CloudWatch::Alarm/Metrics": 4, "AWS::KMS::Key": 1}
    assert idle.total(idle.monthly({}, TARIFF, resources=few)) == pytest.approx(1.0)
    many = {**few, "AWS::CloudWatch::Alarm/Metrics": 14, "polls": 3_000_000}
    assert idle.total(idle.monthly({}, TARIFF, resources=many)) == pytest.approx(1.0 + 0.4 + 0.8)


def test_a_month_without_a_customer_keeps_its_limit() -> None:
    """Two stages, as the templates have them (tests/infra/test_cost.py) and list prices."""
    assert budgets.committed()["region"] == "eu-central-1"
    for stage, limit in idle.LIMITS.items():
        rows = budgets.committed()["monthly"][stage]
        assert 0 < idle.total(rows) <= limit, f"{stage}: {idle.total(rows):.2f}"


def test_the_document_is_written_between_its_marks() -> None:
    start, end = command.MARKS
    text = command.replaced(f"a\n{start}old\n{end}b\n", "new")
    assert text == f"a\n{start}\nnew\n\n{end}b\n"
    assert command.replaced(text, "new") == text
    with pytest.raises(SystemExit):
        command.replaced("no marks", "new")


def test_the_document_says_what_is_committed() -> None:
    text = command.DOCUMENT.read_text()
    assert command.replaced(text, tables.report(budgets.committed())) == text, "run `make cost`"


def test_an_item_is_as_large_as_its_names_and_values() -> None:
    assert size({"pk": {"S": "é"}, "n": {"N": "-120"}, "b": {"BOOL": True}}) == 4 + 3 + 2
    assert size({"m": {"M": {"k": {"L": [{"S": "ab"}]}}}}) == 1 + 3 + 1 + 1 + (3 + 1 + 2)


def test_a_write_costs_the_larger_of_before_and_after() -> None:
    assert write_units(None) == 1
    assert write_units(item(1024)) == 1
    assert write_units(item(2049), item(10)) == 3


def test_an_index_costs_what_it_must_do_to_follow() -> None:
    inside, moved, outside = item(9, shard="1", at="1"), item(9, shard="1", at="2"), item(9)
    assert index_units(None, outside, KEYS, ["x"]) == 0
    assert index_units(inside, inside, KEYS, ["x"]) == 0
    assert index_units(None, inside, KEYS, ["x"]) == index_units(inside, outside, KEYS, ["x"]) == 1
    assert index_units(inside, item(1100, shard="1", at="1"), KEYS, ["x"]) == 2
    assert index_units(inside, moved, KEYS, ["x"]) == 2  # one entry goes, one comes


def test_a_consistent_read_costs_twice_and_an_absent_item_as_a_small_one() -> None:
    assert read_units([0, 4096, 4097], consistent=True) == 4
    assert read_units([0, 4096, 4097], consistent=False) == 2
