"""docs/access.md says what the templates do, in every stage."""

import pytest

from tests.infra.test_rights import NAMED_USER
from tools.access.__main__ import FILE, differences
from tools.access.document import document
from tools.access.policies import Policies

# The emulator asks for the rights to read a stream and to send mail on everything
# (infra/stages.py).
NAMELESS = (
    "| operations.check_invariants | \\* | dynamodb:DescribeStream, dynamodb:GetRecords",
    "| identity.on_mail_requested | \\* | ses:SendEmail |",
    "| identity.steps | \\* | ses:SendEmail |",
)
NAMED = (
    "| operations.check_invariants | stream/",
    "| identity.on_mail_requested | mail | ses:SendEmail |",
    "| identity.steps | mail | ses:SendEmail |",
)


def test_the_table_of_who_may_do_what_is_up_to_date(
    policies: Policies, request: pytest.FixtureRequest
) -> None:
    found = differences(FILE.read_text(), document(policies))
    if "[local]" in request.node.name:
        found = _but_for_names(differences(_without_contexts(FILE.read_text()), document(policies)))
    assert not found, f"rights have changed; `make access` writes them down:\n{found}"


def _without_contexts(text: str) -> str:
    """Nor can it be asked for one user's name."""
    return text.replace(NAMED_USER.replace("*", "\\*"), "-")


def _but_for_names(found: str) -> str:
    changed = [
        line for line in found.splitlines() if line[:1] in "+-" and line[:3] not in ("---", "+++")
    ]
    left = [
        line for line in changed if not line[1:].startswith(NAMELESS if line[0] == "+" else NAMED)
    ]
    return "\n".join(left)
