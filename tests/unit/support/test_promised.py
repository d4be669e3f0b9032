"""The harness sees what a route answers and does not promise."""

from typing import Any

import pytest

from shop import problems
from shop.http import Response, Route, entrypoint
from shop.problems import Problem, ProblemType
from shop.schemas import MoneyOut, ResponseModel
from tests.support.gateway import call, event


class Paid(ResponseModel):
    total: MoneyOut
    note: str | None = None


ROUTE = Route("POST", "/pay", "Pay", responses={200: Paid, 201: None}, problems=())
TOTAL = {"amount": 5, "currency": "EUR"}
UNNAMED = ProblemType("gone", 410, "Gone")


def answer(result: Response | Problem) -> Any:
    return call(entrypoint(ROUTE, lambda _: result), event("POST", "/pay"))


@pytest.mark.parametrize(
    "result",
    [
        Response(200, {"total": TOTAL, "note": None}),
        Response(200, Paid(total=MoneyOut(amount=5, currency="EUR"))),
        Response(201, "whatever"),
        Problem(problems.INVALID_REQUEST, "bad", extensions={"more": 1}),
    ],
)
def test_what_is_declared_may_be_answered(result: Response | Problem) -> None:
    assert answer(result).text


@pytest.mark.parametrize(
    "result",
    [
        Response(202, {"total": TOTAL, "note": None}),
        Response(200, {"total": TOTAL, "note": None, "more": 1}),
        Response(200, {"total": TOTAL | {"more": 1}, "note": None}),
        Response(200, {"total": TOTAL}),
        Response(200, {"note": None}),
        Response(200, {"total": TOTAL | {"amount": "5"}, "note": None}),
        Problem(UNNAMED, "a status that it does not declare"),
        Problem(ProblemType("other", 400, "Other"), "a code that it does not declare"),
    ],
)
def test_what_is_not_declared_fails_the_test_that_comes_by_it(result: Response | Problem) -> None:
    with pytest.raises((AssertionError, ValueError)):
        answer(result)
