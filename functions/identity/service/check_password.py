"""The rule on new passwords that needs to know whose it is."""

from identity import problems
from identity.domain import password as rules
from shop.problems import Problem


def guessable(
    password: str, email: str, name: str | None, *, field: str = "password"
) -> Problem | None:
    """Why it is refused; None if it is not."""
    if not rules.is_guessable(rules.normalise(password), email, name):
        return None
    error = {
        "pointer": f"/{field}",
        "code": "password_guessable",
        "detail": "is little more than the user's own name or address, or the shop's name",
    }
    return Problem(problems.INVALID_REQUEST, "See errors for the fields.", errors=[error])
