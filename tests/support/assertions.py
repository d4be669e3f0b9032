"""What must be true of every answer of the API, and the books of a fuzzing run.

Violations are collected, each kind once, with a command that repeats the request.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, get_args
from urllib.parse import parse_qs, urlsplit

from pydantic_core.core_schema import ErrorType
from schemathesis.checks import CHECKS
from schemathesis.core.failures import FailureGroup

CHECKED = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
)
# What a JSON schema says as well as pydantic does. Other codes are rules that only code can say.
IN_SCHEMA = frozenset(get_args(ErrorType)) - {"value_error"}
NO_ROUTE = "(no route)"
_NOT_FOUND = {"responses": {"404": {"x-cartwright-codes": ["not_found"]}}}


@dataclass
class Tally:
    """What was sent to one operation and what came back."""

    cases: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0


class Verdicts:
    """Counts every case and compares every answer with the document."""

    def __init__(self) -> None:
        self.tally: dict[str, Tally] = defaultdict(Tally)
        self.violations: dict[tuple[str, ...], dict[str, Any]] = {}

    @property
    def cases(self) -> int:
        """How many were sent so far."""
        return sum(tally.cases for tally in self.tally.values())

    def of(self, operation: str) -> list[dict[str, Any]]:
        """The violations of one operation."""
        return [found for found in self.violations.values() if found["operation"] == operation]

    def judge(
        self, case: Any, response: Any, kind: str, *, expected: int | None, seconds: float
    ) -> None:
        """One answer. `expected` is the status that it must have, whatever else was sent."""
        raw = case.operation.definition.raw
        wrong = list(_mismatches(response, raw, kind, expected))
        # An empty list in a query is no parameter of the request: what is wrong was never sent.
        unsent = set(case.query or {}) - _query_of(response)
        skipped = {"negative_data_rejection"} if expected or unsent else set()
        checks = [CHECKS.get_one(name) for name in CHECKED if name not in skipped]
        try:
            case.validate_response(response, checks=checks)
        except FailureGroup as group:
            wrong += [(type(f).__name__, f"{f.title}: {f.message}") for f in group.exceptions]
        self._book(raw["operationId"], kind, case, response, seconds=seconds, wrong=wrong)

    def judge_no_route(self, case: Any, response: Any, *, seconds: float) -> None:
        """A method that the path does not have is 404, but for the preflight of browsers."""
        expected = 204 if case.method.upper() == "OPTIONS" else 404
        wrong = list(_mismatches(response, _NOT_FOUND, "method", expected))
        self._book(NO_ROUTE, "method", case, response, seconds=seconds, wrong=wrong)

    def _book(
        self,
        operation: str,
        kind: str,
        case: Any,
        response: Any,
        *,
        seconds: float,
        wrong: list[tuple[str, str]],
    ) -> None:
        tally = self.tally[operation]
        tally.seconds += seconds
        tally.cases += 1
        tally.kinds[kind] += 1
        tally.statuses[str(response.status_code)] += 1
        for name, detail in wrong:
            found = self.violations.setdefault(
                (operation, name, str(response.status_code)),
                {
                    "operation": operation,
                    "check": name,
                    "status": response.status_code,
                    "kind": kind,
                    "detail": detail[:600],
                    "answer": response.text[:400],
                    "repeat": case.as_curl_command()[:1500],
                    "times": 0,
                },
            )
            found["times"] += 1

    def report(self) -> dict[str, Any]:
        """For build/fuzz/report.json; `seconds` were spent waiting for answers."""
        return {
            "cases": self.cases,
            "seconds": round(sum(tally.seconds for tally in self.tally.values()), 1),
            "operations": {
                name: {
                    "cases": tally.cases,
                    "kinds": dict(sorted(tally.kinds.items())),
                    "statuses": dict(sorted(tally.statuses.items())),
                    "seconds": round(tally.seconds, 1),
                }
                for name, tally in sorted(self.tally.items())
            },
            "violations": list(self.violations.values()),
        }


def _query_of(response: Any) -> set[str]:
    """The names of the parameters that were sent."""
    return set(parse_qs(urlsplit(response.request.url).query, keep_blank_values=True))


def _oauth_mismatches(response: Any, words: list[str]) -> Iterator[tuple[str, str]]:
    """An error as RFC 6749 has it."""
    try:
        error = response.json()
        known = set(error) == {"error", "error_description"} and error["error"] in words
    except (ValueError, KeyError, TypeError):
        known = False
    if not known:
        yield "NoOAuthError", f"an error that is none of {words}"


def _mismatches(
    response: Any, raw: dict[str, Any], kind: str, expected: int | None
) -> Iterator[tuple[str, str]]:
    """What schemathesis does not know of our answers."""
    status = response.status_code
    if expected is not None and status != expected:
        yield "OtherStatus", f"{status} instead of {expected}"
    words = raw["responses"].get(str(status), {}).get("x-cartwright-oauth-errors")
    if words is not None and response.headers["content-type"] == ["application/json"]:
        # Of the function: what did not come so far is a problem document.
        yield from _oauth_mismatches(response, words)
    elif status >= 400 and not response.headers["content-type"][0].startswith("text/html"):
        yield from _problem_mismatches(response, raw, kind)


def _problem_mismatches(response: Any, raw: dict[str, Any], kind: str) -> Iterator[tuple[str, str]]:
    status = response.status_code
    try:
        problem = response.json()
        code, named = problem["code"], (problem["status"], problem["request_id"])
    except (ValueError, KeyError, TypeError):
        yield "NoProblemDocument", "an error that is no problem document"
        return
    if code not in raw["responses"].get(str(status), {}).get("x-cartwright-codes", []):
        yield f"UndocumentedCode {code}", f"{code} is not documented for {status}"
    if named != (status, response.headers.get("x-request-id", [""])[0]):
        yield "ProblemContradictsAnswer", "status or request id differ"
    # A body that has to be signed cannot be made from its schema.
    signed = raw.get("x-cartwright-auth") == "signature"
    if kind == "positive" and code == "invalid_request" and not signed:
        inside = {error.get("code") for error in problem["errors"]} & IN_SCHEMA
        if inside or not problem["errors"]:
            yield "RejectedPositiveData", f"valid by the schema, refused for {sorted(inside)}"
