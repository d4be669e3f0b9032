"""POST /inventory/check."""

import pytest

from inventory.api.check_stock import handler
from inventory.schemas import StockOut
from tests.support.gateway import Reply, call, event
from tests.support.interceptor import Interceptor

from .conftest import Stocked

EWR, FRA = "use1-ewr", "euc1-fra"
LINE = {"sku": "A", "quantity": 1}


def check(body: object) -> Reply:
    return call(handler, event("POST", "/inventory/check", body=body, sub=None))


def test_the_answer_says_what_there_is(stocked: Stocked, interceptor: Interceptor) -> None:
    stocked(A={EWR: 20, FRA: 5}, B={FRA: 3})
    reply = check(
        {
            "lines": [{"sku": "A", "quantity": 25}, {"sku": "B", "quantity": 4}],
            "ship_to": {"country": "DE"},
        }
    )
    assert reply.status == 200
    answer = StockOut.model_validate_json(reply.text)
    assert not answer.available
    assert [line.model_dump() for line in answer.lines] == [
        {"sku": "A", "requested": 25, "available_quantity": 25, "status": "in_stock"},
        {"sku": "B", "requested": 4, "available_quantity": 3, "status": "out_of_stock"},
    ]
    assert [request.operation for request in interceptor.requests] == ["BatchGetItem"]


def test_a_hundred_skus_are_looked_up(stocked: Stocked, interceptor: Interceptor) -> None:
    skus = [f"S{n:03d}" for n in range(100)]
    stocked(**{sku: {EWR: 20} for sku in skus})
    reply = check({"lines": [{"sku": sku, "quantity": 1} for sku in skus]})
    assert reply.json["available"]
    assert len(interceptor.requests) == 3


def test_an_unknown_sku_is_422(stocked: Stocked) -> None:
    stocked(A={EWR: 5})
    reply = check({"lines": [{"sku": "A", "quantity": 1}, {"sku": "NO-SUCH", "quantity": 1}]})
    assert (reply.status, reply.json["code"]) == (422, "unknown_sku")
    assert reply.json["errors"][0]["pointer"] == "/lines/1/sku"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/lines"),
        ({"lines": []}, "/lines"),
        ({"lines": [LINE] * 101}, "/lines"),
        ({"lines": [{"sku": "a b", "quantity": 1}]}, "/lines/0/sku"),
        ({"lines": [{"sku": "A", "quantity": 0}]}, "/lines/0/quantity"),
        ({"lines": [{"sku": "A", "quantity": "1"}]}, "/lines/0/quantity"),
        ({"lines": [LINE], "more": 1}, ""),  # What is not known is not quoted.
        (
            {"lines": [{"sku": "A", "quantity": 1}], "ship_to": {"country": "de"}},
            "/ship_to/country",
        ),
    ],
)
def test_a_bad_body_is_400_and_names_the_field(
    stocked: Stocked, body: object, pointer: str
) -> None:
    stocked()
    reply = check(body)
    assert (reply.status, reply.json["code"]) == (400, "invalid_request")
    assert [error["pointer"] for error in reply.json["errors"]] == [pointer]
