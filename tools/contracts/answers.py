"""What a route may answer besides success. Imports no service: tests ask it of patched sources."""

from shop import problems
from shop.http import Route
from shop.problems import ProblemType


def problem_types_of(route: Route) -> list[ProblemType]:
    """What a route declares, and what the gateway and the HTTP edge answer by themselves."""
    found = [
        *route.problems,
        problems.INVALID_REQUEST,
        problems.FORBIDDEN,  # of the firewall, on public routes
        problems.PAYLOAD_TOO_LARGE,
        problems.UNSUPPORTED_MEDIA_TYPE,  # of a body where none is expected, too
        problems.RATE_LIMITED,
        problems.INTERNAL_ERROR,
        problems.SERVICE_UNAVAILABLE,
        problems.DEPENDENCY_UNAVAILABLE,
    ]
    if route.needs_token:
        found.append(problems.UNAUTHENTICATED)
    if route.proof is not None:
        found.append(problems.STEP_UP_REQUIRED)
    if route.idempotent:
        found += [
            problems.IDEMPOTENCY_KEY_REQUIRED,
            problems.IDEMPOTENCY_KEY_INVALID,
            problems.IDEMPOTENCY_KEY_REUSED,
            problems.REQUEST_IN_PROGRESS,
        ]
    if route.knows_client_by_key:
        found.append(problems.IDEMPOTENCY_KEY_INVALID)
    if "{" in route.path:
        found.append(problems.NOT_FOUND)
    return found
