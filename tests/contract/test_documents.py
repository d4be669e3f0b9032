"""Documents that must stay true: the diagram's width, generated contracts, no foreign words."""

import importlib
import json
import re
import subprocess
from pathlib import Path

import pytest
from openapi_spec_validator import validate

from shop.problems import ProblemType
from tools.contracts import __main__ as contracts
from tools.contracts import discover, events

ROOT = Path(__file__).resolve().parents[2]
FILES = contracts.generate()


def test_ascii_art_is_at_most_80_columns() -> None:
    blocks = re.findall(r"```\n(.*?)```", (ROOT / "docs/architecture.md").read_text(), re.DOTALL)
    assert blocks
    assert [line for block in blocks for line in block.splitlines() if len(line) > 80] == []


def test_generated_contracts_are_up_to_date() -> None:
    assert contracts.stale(FILES) == [], "run `make contracts`"


def test_openapi_is_valid_3_1() -> None:
    document = json.loads((ROOT / "docs/openapi.json").read_text())
    assert document["openapi"].startswith("3.1")
    validate(document)


def test_every_answer_of_every_route_is_documented_with_known_codes() -> None:
    document = json.loads((ROOT / "docs/openapi.json").read_text())
    listed = {kind.code: kind.status for kind in discover.problem_types()}
    answered = set()
    for path, item in document["paths"].items():
        for method, operation in item.items():
            assert any(int(status) < 400 for status in operation["responses"]), (method, path)
            for status, response in operation["responses"].items():
                for code in response.get("x-cartwright-codes", []):
                    assert listed[code] == int(status)
                    answered.add(code)
    assert answered == set(listed), "listed, and answered by no route"


def test_what_comes_back_says_when_and_what_is_limited_how_often() -> None:
    """On every route; one that counts its callers itself tells its quotas with every answer."""
    document = json.loads((ROOT / "docs" / "openapi.json").read_text())
    assert document["components"]["headers"]["Retry-After"]["required"] is True
    for op in discover.operations():
        own = document["paths"][op.route.path][op.route.method.lower()]["responses"]
        for status, answer in own.items():
            said = set(answer["headers"])
            assert ("Retry-After" in said) == (status in ("429", "503"))
            assert ("RateLimit" in said) == (status == "429")
            assert ("RateLimit-Policy" in said) == (status == "429" or bool(op.route.quotas))
        counts = any(each.code == "rate_limited" for each in op.route.problems)
        assert counts == bool(op.route.quotas), f"{op.name}: declare its quotas"


def test_no_answer_promises_a_header_that_api_gateway_renames() -> None:
    """It does so with a function's `WWW-Authenticate`, and leaves its own as it is."""
    document = json.loads((ROOT / "docs/openapi.json").read_text())
    header = document["components"]["headers"]["WWW-Authenticate"]
    assert not header.get("required")
    for item in document["paths"].values():
        for operation in item.values():
            for response in operation["responses"].values():
                for name, held in response.get("headers", {}).items():
                    if name == "WWW-Authenticate":
                        assert held == {"$ref": f"#/components/headers/{name}"}


def test_a_service_says_of_a_code_what_all_others_say(monkeypatch: pytest.MonkeyPatch) -> None:
    module = importlib.import_module("identity.problems")
    other = ProblemType("order_closed", 410, "The order is gone")
    monkeypatch.setattr(module, "ORDER_CLOSED", other, raising=False)
    with pytest.raises(SystemExit, match="order_closed"):
        discover.problem_types()


def test_every_link_leads_to_a_route_with_parameters_that_it_has() -> None:
    """And there are enough of them: an order leads to its payment, and that to its confirmation."""
    document = json.loads((ROOT / "docs/openapi.json").read_text())
    operations = {o["operationId"]: o for item in document["paths"].values() for o in item.values()}
    led = set()
    for name, operation in operations.items():
        for response in operation["responses"].values():
            for target, link in response.get("links", {}).items():
                known = {parameter["name"] for parameter in operations[target]["parameters"]}
                assert set(link.get("parameters", {})) <= known, (name, target)
                assert "requestBody" not in link or "requestBody" in operations[target]
                led.add((name, target))
    assert {("place_order", "create_payment"), ("create_payment", "confirm_payment")} <= led


def test_every_event_has_a_schema_and_an_example_that_fits() -> None:
    import jsonschema

    for service, classes in discover.events().items():
        for cls in classes:
            schema = json.loads(FILES[stem(service, cls, "schema")])
            example = json.loads(FILES[stem(service, cls, "example")])
            jsonschema.validate(example["detail"], schema)
            assert example["source"] == f"shop.{service}"


def stem(service: str, cls: type, kind: str) -> Path:
    return ROOT / "events" / service / f"{cls.TYPE}.v{cls.VERSION}.{kind}.json"  # type: ignore[attr-defined]


OLD = {"properties": {"a": {"type": "string"}, "b": {"type": "integer"}}, "required": ["a"]}


@pytest.mark.parametrize(
    ("new", "broken"),
    [
        (OLD, False),
        ({**OLD, "properties": {**OLD["properties"], "c": {"type": "string"}}}, False),  # type: ignore[dict-item]
        ({**OLD, "properties": {"a": {"type": "string"}}}, True),
        ({**OLD, "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}}, True),
        ({**OLD, "required": []}, True),
    ],
)
def test_an_event_only_grows_inside_its_version(new: dict[str, object], broken: bool) -> None:
    assert bool(events.incompatible(OLD, new)) == broken


def test_every_relative_link_in_the_documents_leads_somewhere() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    for name in tracked:
        file = ROOT / name
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", file.read_text()):
            assert (file.parent / target).exists(), (name, target)


def test_nothing_tracked_names_an_absolute_path_or_a_registry() -> None:
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    foreign = re.compile(
        "/(?:work|root|home)/|" + "pypi" + r"\.org|registry\.npm" + "js|files\\.python"
    )
    for name in tracked:
        text = (ROOT / name).read_bytes().decode("utf-8", "replace")
        assert not foreign.search(text), name
