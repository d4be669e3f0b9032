"""docs/access.md says what the templates do, in every stage."""

from tools.access.__main__ import FILE, differences
from tools.access.document import document
from tools.access.policies import Policies


def test_the_table_of_who_may_do_what_is_up_to_date(policies: Policies) -> None:
    found = differences(FILE.read_text(), document(policies))
    assert not found, f"rights have changed; `make access` writes them down:\n{found}"
