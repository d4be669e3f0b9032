"""The API reference: one file, made from what the pinned package brings."""

import re

from operations.service import read_documents
from tools import docs_page as page


def test_the_committed_page_is_what_the_installed_package_gives() -> None:
    """Otherwise run `python -m tools.docs_page`."""
    read_documents.page.cache_clear()
    assert read_documents.page()[0] == page.render(*page.assets())


def test_the_page_loads_nothing_but_the_contract_beside_it() -> None:
    html = page.render("BUNDLE", "CSS")
    assert re.findall(r'(?:src|href)="([^"]*)"', html) == ["data:,"]
    assert 'new URL("openapi.json", base)' in html


def test_the_policy_allows_exactly_the_scripts_of_the_page() -> None:
    html = page.render("BUNDLE", "CSS")
    scripts = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    policy = re.search(r"script-src ([^;]*);", html)
    assert policy is not None
    assert policy[1].split() == [f"'sha256-{page._hash(script)}'" for script in scripts]
