"""`shopctl cost`: what it shows, and from which file."""

import json
from pathlib import Path

import pytest

from tools.shopctl import cli, cost
from tools.shopctl.errors import Unusable


@pytest.fixture(autouse=True)
def committed_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a fresh clone: nothing is built."""
    monkeypatch.setattr(cost.read, "__defaults__", (cost.FILES[1:],))


def test_a_fresh_clone_shows_what_is_committed_and_says_so(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main(["cost"]) == 0
    out = capsys.readouterr().out
    document = cost.read()
    assert f"counted {document['recorded']} (benchmarks/budgets.json)" in out
    assert "see docs/cost.md" in out
    for name in document["usage"]:
        if document["usage"][name]["kind"] != "schedule":
            assert name in out
    assert f"{document['usage'][cost.ORDER]['total']:.4f}" in out


def test_what_was_built_last_comes_first(tmp_path: Path) -> None:
    built = tmp_path / "cost.json"
    built.write_text(json.dumps({**cost.read(), "recorded": "2030-01-01"}))
    assert cost.read((built, *cost.FILES[1:]))["recorded"] == "2030-01-01"


def test_a_route_is_shown_by_service_and_by_function(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["cost", "post /orders"]) == 0
    out = capsys.readouterr().out
    assert "DynamoDB" in out
    assert "orders.steps.place" in out
    assert "TransactWriteItems" in out


def test_json_is_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["cost", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["usage"]["POST /orders"]["total"] > 0
    assert cli.main(["cost", "paid order", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["total"] == pytest.approx(sum(found["cost"].values()), abs=1e-4)


def test_an_unknown_name_ends_with_2_and_says_what_is_near(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main(["cost", "POST /order"]) == 2
    assert "'POST /orders'" in capsys.readouterr().err


def test_a_damaged_or_missing_file_says_make_cost(tmp_path: Path) -> None:
    damaged = tmp_path / "cost.json"
    damaged.write_text("{")
    for files in ((damaged,), (tmp_path / "none",)):
        with pytest.raises(Unusable, match="make cost"):
            cost.read(files)
