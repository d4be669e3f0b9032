"""The auditor at AWS: what a run costs, what it leaves when it is cut, what the route says."""

from collections import Counter
from types import SimpleNamespace
from typing import Any, cast

import pytest

from operations.api import get_invariants
from operations.schedules import check_invariants
from operations.service.check_invariants import Outcome
from shop import telemetry
from tests.integration.operations.conftest import JOB, Audited
from tests.support import dynamodb, gateway
from tests.support.interceptor import Request

ENTRY_LIMIT = 100


def test_before_the_first_run_nobody_knows(audited: Audited) -> None:
    reply = audited.ask()
    assert (reply.status, reply.json["code"]) == (503, "service_unavailable")
    assert reply.headers["Retry-After"] == "60"


def test_the_report_says_what_is_so_as_of_when(audited: Audited) -> None:
    audited.sell("one", "TEA")
    audited.run()
    reply = audited.ask()
    assert reply.status == 200
    body = reply.json
    assert list(body["invariants"]) == ["I1", "I2", "I3", "I4", "I5", "I6"]
    assert {each["holds"] for each in body["invariants"].values()} == {True}
    assert body["as_of"] < body["checked_at"]
    assert body["lag_seconds"] >= 2
    audited.shop.pass_time(minutes=10)
    assert audited.report()["lag_seconds"] >= 602
    again = audited.ask(headers={"If-None-Match": reply.headers["ETag"]})
    assert (again.status, again.text) == (304, "")


def test_the_report_takes_one_read(audited: Audited) -> None:
    audited.run()
    audited.shop.interceptor.reset()
    event = gateway.event("GET", "/ops/invariants", scope="ops")
    audited.shop.interceptor.call("operations.get_invariants", event)
    assert audited.shop.interceptor.count() == {"operations.get_invariants": 1}


def test_it_is_for_operators_only(audited: Audited) -> None:
    event = gateway.event("GET", "/ops/invariants", scope="shop:buy")
    assert gateway.call(get_invariants.handler, event).status == 403
    event = gateway.event("GET", "/ops/invariants", sub=None)
    assert gateway.call(get_invariants.handler, event).status == 401


def requests(audited: Audited) -> Counter[str]:
    """What one run asks of DynamoDB and of its streams."""
    audited.shop.interceptor.reset()
    audited.run()
    made = [each for each in audited.shop.interceptor.requests if each.function == JOB]
    return Counter(each.operation for each in made if each.service != "lambda")


def test_an_idle_run_takes_the_same_few_requests_whatever_the_tables_hold(
    audited: Audited,
) -> None:
    audited.run()
    idle = requests(audited)
    assert idle == {
        "UpdateItem": 1,  # the run begins
        "Query": 2,  # cursors, open_violations
        "DescribeStream": 5,
        "GetRecords": 10,
        "TransactWriteItems": 1,  # where to go on
        "PutItem": 1,  # the report
    }
    for number in range(3):
        audited.sell(f"order-{number}", "TEA")
    audited.run()
    audited.run()
    assert requests(audited) == idle
    assert audited.metrics == {}, "a metric costs by the month it is written in"


@pytest.mark.parametrize(
    ("violated", "lag_s", "written"),
    [
        ({"I1": 0, "I2": 0}, 120, {}),
        ({"I1": 2, "I2": 1}, 2, {"InvariantViolated": 3}),
        ({"I1": 0}, 121, {"InvariantLag": 121}),
    ],
)
def test_only_what_is_wrong_is_counted(
    violated: dict[str, int],
    lag_s: int,
    written: dict[str, float],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counted: dict[str, float] = {}
    monkeypatch.setattr(telemetry, "emit_metric", counted.__setitem__)
    check_invariants._count(cast(Outcome, SimpleNamespace(violated=violated, lag_s=lag_s)))
    assert counted == written


def test_a_run_asks_for_what_changed_and_never_scans(audited: Audited) -> None:
    audited.sell("first", "TEA")
    audited.run()
    counts = []
    for number in range(2):
        audited.sell(f"order-{number}", "TEA")
        counts.append(requests(audited))
    assert counts[0] == counts[1]
    assert set(counts[0]) <= {
        "UpdateItem", "Query", "BatchGetItem", "PutItem", "TransactWriteItems",
        "DescribeStream", "GetShardIterator", "GetRecords",
    }  # fmt: skip
    assert sum(counts[0].values()) < ENTRY_LIMIT


def test_no_address_and_no_payment_method_is_asked_for(audited: Audited) -> None:
    audited.sell("one", "TEA")
    audited.shop.interceptor.reset()
    audited.run()
    asked = [r for r in audited.shop.interceptor.requests if r.function == JOB]
    batches = [r.body["RequestItems"] for r in asked if r.operation == "BatchGetItem"]
    others = [each for batch in batches for name, each in batch.items() if name != "audit"]
    assert others
    for each in others:
        names = set(each["ExpressionAttributeNames"].values())
        assert not names & {"shipping_address", "method", "payment_method", "answer_body"}


class Cut(Exception):
    """The answer is lost, or the process is gone."""


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_run_that_is_cut_at_any_write_counts_every_movement_once(
    audited: Audited, when: str
) -> None:
    audited.run()
    for number in range(1, 40):
        audited.take("TEA", f"mov_{number}", left=100 - number)
        writes = 0

        def cut(request: Request, moment: str, number: int = number) -> None:
            nonlocal writes
            if request.function != JOB or moment != when:
                return
            if request.operation in ("UpdateItem", "PutItem", "TransactWriteItems"):
                writes += 1
                if writes == number:
                    raise Cut

        audited.shop.interceptor.intercept = cut
        try:
            audited.run()
            finished = True
        except Cut:
            finished = False
        audited.shop.interceptor.intercept = lambda request, moment: None
        audited.run()
        moved = audited.moved("TEA")
        assert moved == 100 - number, number
        if finished:
            break
    else:
        raise AssertionError("a run never ends")
    audited.run()
    assert audited.violated == {}
    assert audited.told() == []


def test_what_is_told_is_an_event_in_the_row_of_a_violation_that_goes_out_once(
    audited: Audited,
) -> None:
    audited.run()
    audited.change("inventory", "SKU#TEA", "LOC#use1-ewr", on_hand=101, available=101)
    for _ in range(4):
        audited.run()
    (told,) = audited.told()
    assert told["producer"] == "shop.operations"
    assert told["data"]["invariant"] == "I2"
    rows: list[Any] = [row for row in dynamodb.rows("audit") if "outbox" in row]
    assert [row["pk"] for row in rows] == ["VIOLATION#I2#TEA@use1-ewr"]
