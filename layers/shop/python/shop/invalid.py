"""What a client is told of a body or of parameters that their model refuses.

Every offending place is named, and nothing that was sent is quoted. The name of an unknown field
was sent, too, and may be a card number in the wrong place: told is the object that has it.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Literal

from pydantic import BaseModel, ValidationError

from shop import problems
from shop.problems import Problem

MAX_ERRORS = 50
UNKNOWN = "extra_forbidden"
CARD_NUMBER = "card_number"
Where = Literal["pointer", "parameter"]
# Where pydantic's own words are for who wrote the model: they show regular expressions.
_DETAILS = {
    "json_invalid": "not valid JSON",
    "string_pattern_mismatch": "does not have the form that the description of the API gives",
}


def body(error: ValidationError) -> Problem:
    """By JSON pointers; that of the whole body is empty."""
    return _problem(error, "pointer", unknown="has a property that is not allowed")


def form(error: ValidationError) -> Problem:
    """By the names of fields, which the detail has too: of OAuth's errors a client sees no more."""
    found = body(error)
    places = [each["pointer"].lstrip("/") for each in found.errors]
    named = ", ".join(dict.fromkeys(place for place in places if place))
    detail = f"Missing or not valid: {named}." if named else "The form has a field too many."
    return replace(found, detail=detail)


def parameters(error: ValidationError, model: type[BaseModel]) -> Problem:
    """By their names, but the unknown ones, for which the known ones are named."""
    return _problem(error, "parameter", unknown=f"known are only: {', '.join(model.model_fields)}")


def no_parameters() -> Problem:
    """Of a route that knows none."""
    error = {"parameter": "", "code": UNKNOWN, "detail": "none is known"}
    return Problem(problems.INVALID_REQUEST, "This route takes no parameters.", errors=[error])


def repeated_parameters(names: Iterable[str], model: type[BaseModel]) -> Problem:
    """Of parameters that stand more than once; unknown ones are not named here either."""
    told = dict.fromkeys(name if name in model.model_fields else "" for name in names)
    errors = [{"parameter": name, "code": "repeated", "detail": "once only"} for name in told]
    return Problem(problems.INVALID_REQUEST, "A parameter stands once.", errors=errors)


def card_numbers(where: Where, names: Iterable[str]) -> Problem:
    """Of text that may be stored and sent on."""
    detail = "has a card number in it; where one is paid with, send the token for it"
    errors = [{where: name, "code": CARD_NUMBER, "detail": detail} for name in names]
    return Problem(problems.INVALID_REQUEST, "Card numbers are not taken here.", errors=errors)


def _problem(error: ValidationError, where: Where, *, unknown: str) -> Problem:
    found: list[dict[str, str]] = []
    for item in error.errors(include_url=False, include_input=False, include_context=False):
        parts = [str(part) for part in item["loc"]]
        detail = _DETAILS.get(item["type"], item["msg"])
        if item["type"] == UNKNOWN:
            parts, detail = parts[:-1], unknown
        place = "".join(f"/{part}" for part in parts) if where == "pointer" else ".".join(parts)
        described = {where: place, "code": item["type"], "detail": detail}
        if described not in found:
            found.append(described)
        if len(found) == MAX_ERRORS:
            break
    return Problem(problems.INVALID_REQUEST, "See errors for the fields.", errors=found)
