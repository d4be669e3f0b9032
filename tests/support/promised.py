"""Whether a route answers what its `Route` promises: every harness that calls handlers asks it.

A status that the route does not declare, a problem that it does not name, and a field that its
schema does not name or names otherwise are defects, whichever test comes by them.
"""

import json
from typing import Any

from shop.http import PROBLEM, Route
from shop.problems import oauth_error
from shop.schemas import OAuthErrorOut, ProblemOut
from tools.contracts.answers import problem_types_of


def check(function: Any, result: Any) -> None:
    """AssertionError unless the route of this handler may answer that; others are let pass."""
    route = getattr(function, "route", None)
    if route is not None:
        _check(route, result)


def _check(route: Route, result: dict[str, Any]) -> None:
    status, text = result["statusCode"], result["body"]
    said = f"{route.method} {route.path} answers {status}"
    media_type = result["headers"]["Content-Type"]
    if status >= 400 and route.errors == "page":
        assert media_type == "text/html; charset=utf-8", f"{said} as {media_type}"
        assert status in {kind.status for kind in problem_types_of(route)}, f"{said}, undeclared"
        return
    if status >= 400 and route.errors == "oauth":
        told = OAuthErrorOut.model_validate_json(text)
        assert media_type == "application/json", f"{said} as {media_type}"
        kinds = [kind for kind in problem_types_of(route) if kind.status == status]
        assert told.error in map(oauth_error, kinds), f"{said} {told.error}, undeclared"
        return
    if status >= 400:
        assert media_type == PROBLEM, f"{said} as {media_type}"
        problem = json.loads(text)
        assert problem.keys() >= ProblemOut.model_fields.keys(), f"{said} without its members"
        codes = {kind.code for kind in problem_types_of(route) if kind.status == status}
        assert problem["code"] in codes, f"{said} {problem['code']}, which it does not declare"
        return
    assert status in route.responses, f"{said}, which it does not declare"
    model = route.responses[status]
    if status == 304:
        assert not text, f"{said} with a body"
    elif model is not None:
        # What the model does not name does not come back from it, at any depth.
        named = json.loads(model.model_validate_json(text).model_dump_json())
        given = json.loads(text)
        assert given == named, f"{said} with what its schema does not name: {given} is not {named}"
