"""A service that is added edits no list anywhere: a folder is enough, in a copy of the tree.

Each rule asks one of those that should know of it, each in a process that sees the copy only.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.small_service import plant
from tools.access.document import document
from tools.access.policies import Policies
from tools.access.templates import Assembly

pytestmark = pytest.mark.slow
# Without those that read git, and what `make access` and `make cost` write down.
RULES = (
    "tests/test_architecture.py",
    "tests/contract/test_invariants.py",
    *(
        f"tests/contract/test_documents.py::test_{name}"
        for name in (
            "generated_contracts_are_up_to_date",
            "openapi_is_valid_3_1",
            "every_answer_of_every_route_is_documented_with_known_codes",
        )
    ),
    *(
        f"tests/infra/test_{name}.py"
        for name in ("alarms", "async_edges", "data", "edges", "functions", "pages", "rights")
    ),
)


PLACE = "tests/contract/test_invariants.py::test_"
PYTEST = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist")


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The copy, its contracts generated."""
    found = plant(tmp_path_factory.mktemp("copy") / "tree")
    run(found, "-m", "tools.contracts")
    return found


@pytest.fixture(scope="module")
def checked(tree: Path) -> Path:
    """The copy, after its own rules held; they synthesized it."""
    run(tree, *PYTEST, f"--basetemp={tree / 'base'}", *RULES)
    return tree / "base" / "synthesized"


@pytest.fixture(scope="module")
def local(checked: Path) -> Assembly:
    return Assembly(checked / "local")


def run(tree: Path, *arguments: str) -> str:
    """Python in the copy; what it prints."""
    done = attempt(tree, *arguments)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def attempt(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if "PYTEST" not in name}
    environment["PYTHONPATH"] = os.pathsep.join(
        str(tree / part) for part in ("functions", "layers/shop/python", "")
    )
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=tree,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def read(path: Path) -> Any:
    return json.loads(path.read_text())


def test_the_contract_has_its_route_with_its_problem_and_the_form_of_its_ids(tree: Path) -> None:
    operation = read(tree / "docs/openapi.json")["paths"]["/gifts/{gift_id}"]["get"]
    assert operation["x-cartwright-function"] == "gifts.get_gift"
    assert operation["responses"]["410"]["x-cartwright-codes"] == ["gift_opened"]
    assert operation["parameters"][0]["schema"]["pattern"].startswith("^gft_")
    routes = read(tree / "functions/identity/routes.json")
    assert {"/gifts/{gift_id}"} <= {route["path"] for route in routes}


def test_its_event_has_a_schema_and_an_example(tree: Path) -> None:
    assert read(tree / "events/gifts/gift.given.v1.schema.json")["title"] == "gift.given"
    example = read(tree / "events/gifts/gift.given.v1.example.json")
    assert example["source"] == "shop.gifts"
    assert example["detail"]["data"]["gift_id"].startswith("gft_")


def test_its_problem_is_in_the_catalogue(tree: Path) -> None:
    code = (
        "from operations.service import read_documents as documents; "
        "print([k.code for k in documents.problem_types()])"
    )
    assert "'gift_opened'" in run(tree, "-c", code)


def test_it_has_a_stack_with_its_functions_alarms_and_table(local: Assembly) -> None:
    names = {
        str(made.properties.get("FunctionName") or made.properties.get("AlarmName"))
        for type_ in ("AWS::Lambda::Function", "AWS::CloudWatch::Alarm")
        for made in local.all(type_)
        if made.stack == "gifts"
    }
    assert {
        "cartwright-local-gifts-get-gift",
        "cartwright-local-gifts-on-order-placed",
        "cartwright-local-gifts-on-order-placed-age",
        "cartwright-local-gifts-on-order-placed-dlq-parked",
        "cartwright-local-gifts-gift-lost",
    } <= names


def test_the_gateway_leads_to_it(local: Assembly) -> None:
    others = [template for name, template in local.templates.items() if name != "gifts"]
    assert any("cartwright-local-gifts-get-gift" in json.dumps(each) for each in others)


def test_who_may_do_what_says_so_of_it(local: Assembly) -> None:
    rights = document(Policies(local))
    assert "| gifts.get_gift | table/gifts | dynamodb:GetItem |" in rights
    assert "stream/gifts" in rights


def test_its_personal_data_is_in_the_table_of_it(checked: Path, tree: Path) -> None:
    code = (
        "from pathlib import Path; from tools.access.document import document; "
        "from tools.access.policies import Policies; from tools.access.templates import Assembly; "
        f"print(document(Policies(Assembly(Path({str(checked / 'local')!r})))))"
    )
    readers = "gifts.get_gift, operations.check_invariants"
    assert f"| gifts: giver (who gives it) | reads rows | {readers} |" in run(tree, "-c", code)


def test_it_is_built_without_its_declaration(tree: Path) -> None:
    code = (
        "from pathlib import Path; from tools.build import build_function; "
        f"print(build_function('gifts', root=Path({str(tree)!r})))"
    )
    folder = Path(run(tree, "-c", code).strip()) / "gifts"
    assert (folder / "api" / "get_gift.py").exists()
    assert not (folder / "deploy.py").exists()


def test_a_journey_runs_it(tree: Path) -> None:
    """Its table is made, the bus brings it what it hears, the relay publishes what it says."""
    code = """
import pytest
from tests.support.checkout_scenario import started
with pytest.MonkeyPatch.context() as patch, started(patch) as shop:
    shop.stock("TEA", units=9)
    order = shop.order("key", {"TEA": 1}).json["order_id"]
    shop.deliver()
    [event] = shop.events("gift.given")
    assert event["data"]["order_id"] == order
    assert shop.undelivered == []
    print(shop.interceptor.functions["gifts.get_gift"].__module__)
"""
    assert "shop.http" in run(tree, "-c", code)


def test_the_auditor_follows_its_table_and_applies_its_rule(tree: Path) -> None:
    """Beside an order of which it knows nothing but what orders publish."""
    code = """
import json
import boto3, pytest
from tests.support import dynamodb
from tests.support.checkout_scenario import AUDITOR, started

def report(minutes):
    shop.pass_time(minutes=minutes)
    shop.interceptor.call(AUDITOR, {})
    [row] = [row for row in dynamodb.rows("audit") if row["pk"] == "REPORT"]
    found = json.loads(row["report"])["invariants"]
    return {name: [v["subject"] for v in each["violations"]] for name, each in found.items()}

with pytest.MonkeyPatch.context() as patch, started(patch) as shop:
    shop.stock("TEA", units=9)
    shop.order("key", {"TEA": 1})
    shop.deliver()
    [gift] = dynamodb.rows("gifts")
    assert report(1)["G1"] == report(1)["G1"] == []
    dynamodb.change("gifts", gift["pk"], gift["sk"], order_id="ord_use1_" + "0" * 26)
    report(1)
    assert report(1)["G1"] == [gift["pk"].removeprefix("GIFT#")]
    dynamodb.change("gifts", gift["pk"], gift["sk"], order_id=gift["order_id"])
    assert report(1)["G1"] == []
    print("told, and told again when it was over")
"""
    assert "told, and told again" in run(tree, "-c", code)


FORGOTTEN = (
    ("deploy.py", "audited=", "expires=True, #", "the_auditor_may_read_what_the_rules_need"),
    ("deploy.py", 'invariants={"G1"', 'variables={"G1"', "what_is_watched_has_an_alarm"),
    ("repository/gifts.py", 'f"GIFT#', 'f"PRESENT#', "every_key_that_a_repository_makes"),
    (
        "repository/gifts.py",
        "    order_id = U",
        "    order = U",
        "what_the_rules_read_are_attributes",
    ),
    ("invariants.py", "facts.each(Gift)", "[]", "every_kind_of_fact_is_looked_at"),
    ("invariants.py", "facts=_gift,", "", "every_row_type_says_something"),
)


def test_what_no_rule_looks_at_fails_a_test(tmp_path: Path) -> None:
    """Each is forgotten in its own way; and then the rules altogether."""
    tree = plant(tmp_path / "tree")
    gifts = tree / "functions" / "gifts"
    for file, before, after, _ in FORGOTTEN:
        text = (gifts / file).read_text()
        assert before in text
        (gifts / file).write_text(text.replace(before, after))
    done = attempt(tree, *PYTEST, "tests/contract/test_invariants.py")
    assert [rule for *_, rule in FORGOTTEN if f"FAILED {PLACE}{rule}" not in done.stdout] == []
    (gifts / "invariants.py").unlink()
    done = attempt(tree, *PYTEST, "tests/contract/test_invariants.py")
    assert f"FAILED {PLACE}every_service_says_what_holds_between_its_rows" in done.stdout


def test_its_handlers_are_found_by_the_tools(tree: Path) -> None:
    code = "from tools.handlers import discover; print([each.module for each in discover()])"
    found = run(tree, "-c", code)
    assert "'gifts.api.get_gift'" in found
    assert "'gifts.consumers.on_order_placed'" in found


def test_an_app_that_does_not_synthesize_fails_one_test_which_says_why(tmp_path: Path) -> None:
    tree = plant(tmp_path / "tree")
    declared = tree / "functions" / "gifts" / "deploy.py"
    declared.write_text(
        declared.read_text().replace('"gifts": ("GetItem', '"gifts/by_day": ("Query')
    )
    base = f"--basetemp={tmp_path / 'base'}"
    done = attempt(tree, *PYTEST, base, "tests/infra/test_data.py", "tests/infra/test_functions.py")
    assert done.returncode == 1
    assert "gifts.get_gift: gifts has no index by_day" in done.stdout
    assert re.search(r"^1 error in", done.stdout, re.MULTILINE), done.stdout[-2000:]
