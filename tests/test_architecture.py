"""The import rules of the tree, read from the source with `ast`."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from shop import ids
from shop.deploy import KINDS, discover

ROOT = Path(__file__).resolve().parents[1]
FUNCTIONS = ROOT / "functions"
KERNEL = ROOT / "layers/shop/python/shop"
DEPLOY = "deploy.py"
SERVICES = sorted(discover().services)
ENTRY_POINTS = set(KINDS)
PURE_KERNEL = {
    "money",
    "ids",
    "problems",
    "idempotency",
    "clock",
    "cursor",
    "text",
    "trace",
    "lines",
    "strict",
    "checkout",
    "facts",
    "rate_limits",
    "invariants",
}
INVARIANTS = {"shop.invariants", "shop.facts", "shop.ids"}  # what rules are made of


def modules(folder: Path) -> Iterator[tuple[Path, set[str]]]:
    """Python files below a folder with the absolute names that they import."""
    for file in sorted(folder.rglob("*.py")):
        names = set()
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                names.add(node.module)
                names |= {f"{node.module}.{alias.name}" for alias in node.names}
        yield file, names


def kind_of(file: Path, service: str) -> str:
    """`api`, `service`, `domain`, …: the part of the service that a file belongs to."""
    return file.relative_to(FUNCTIONS / service).parts[0].removesuffix(".py")


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_never_imports_another_service(service: str) -> None:
    others = set(SERVICES) - {service}
    for file, names in modules(FUNCTIONS / service):
        assert not {name.split(".")[0] for name in names} & others, file


@pytest.mark.parametrize("service", SERVICES)
def test_domain_is_pure(service: str) -> None:
    allowed = {f"shop.{name}" for name in PURE_KERNEL}
    for file, names in modules(FUNCTIONS / service):
        if kind_of(file, service) != "domain":
            continue
        for name in names:
            top = name.split(".")[0]
            assert top not in {"boto3", "botocore", "pynamodb", "os", "random", "secrets"}, file
            if top == "shop":
                assert name == "shop" or any(name.startswith(a) for a in allowed), (file, name)
            if top == service:
                assert ".domain" in name, (file, name)


@pytest.mark.parametrize("service", SERVICES)
def test_invariants_are_made_of_facts_alone(service: str) -> None:
    """They run in the asset of another service, which holds nothing else of this one."""
    [found] = [
        n
        for f, n in modules(FUNCTIONS / service)
        if f.parent.name == service and f.name == "invariants.py"
    ]
    ours = {name for name in found if name.split(".")[0] in {"shop", *SERVICES}}
    assert {
        name for name in ours if name != "shop" and not any(name.startswith(i) for i in INVARIANTS)
    } == set()
    assert {name.split(".")[0] for name in found - ours} <= {
        "collections",
        "dataclasses",
        "datetime",
        "json",
    }


@pytest.mark.parametrize("service", SERVICES)
def test_only_entry_points_build_repositories(service: str) -> None:
    for file, names in modules(FUNCTIONS / service):
        if kind_of(file, service) in ENTRY_POINTS | {"repository", "wiring"}:
            continue
        assert not any(n.startswith(f"{service}.repository") for n in names), file


@pytest.mark.parametrize("service", SERVICES)
def test_nothing_below_imports_an_entry_point(service: str) -> None:
    for file, names in modules(FUNCTIONS / service):
        if kind_of(file, service) in ENTRY_POINTS:
            continue
        for name in names:
            parts = name.split(".")
            assert not (parts[0] == service and set(parts[1:2]) & ENTRY_POINTS), (file, name)


def test_the_kernel_imports_no_service() -> None:
    for file, names in modules(KERNEL):
        assert not {name.split(".")[0] for name in names} & set(SERVICES), file


def test_infra_imports_no_runtime_code() -> None:
    for file, names in [*modules(ROOT / "infra"), *modules(ROOT / "benchmarks")]:
        if ROOT / "infra" in file.parents:
            used = {name for name in names if name.split(".")[0] == "shop"}
            assert {name for name in used if not name.startswith("shop.deploy")} == set(), file
            assert not {n.split(".")[0] for n in names} & {*SERVICES, "tools"}, file


def test_every_service_declares_itself() -> None:
    assert {path.parent.name for path in FUNCTIONS.glob("*/__init__.py")} == set(SERVICES)


def test_a_declaration_is_data_and_nothing_else() -> None:
    """Read where no code of a service and no library of it can be imported."""
    for service in SERVICES:
        declared = [names for file, names in modules(FUNCTIONS / service) if file.name == DEPLOY]
        for name in (name for names in declared for name in names):
            assert name.split(".")[0] in {"collections", "shop"}, (service, name)
            assert name.split(".")[0] != "shop" or name.startswith("shop.deploy"), (service, name)
    [kernel] = [names for file, names in modules(KERNEL) if file.name == DEPLOY]
    assert {name.split(".")[0] for name in kernel} <= sys.stdlib_module_names


def test_runtime_code_reads_no_declaration() -> None:
    for folder in (FUNCTIONS, KERNEL):
        for file, names in modules(folder):
            if file.name != DEPLOY:
                assert not {name for name in names if name.split(".")[1:2] == ["deploy"]}, file


@pytest.mark.parametrize("service", SERVICES)
def test_every_entry_point_is_declared_and_every_declared_one_is_there(service: str) -> None:
    folder = FUNCTIONS / service
    places = {
        path.relative_to(folder).with_suffix("").as_posix()
        for kind in KINDS
        for path in (*folder.glob(f"{kind}/[a-z]*.py"), *folder.glob(f"{kind}.py"))
        if kind != "steps"
    }
    places |= {"steps" for _ in folder.glob("steps/__init__.py")}
    declared = [function.place for function in discover().services[service].functions]
    assert sorted(declared) == sorted(places)


def test_a_kind_of_id_belongs_to_one_service_or_to_the_kernel() -> None:
    owners: dict[str, str] = dict.fromkeys(ids.KINDS, "shop")
    for declared in discover().services.values():
        for kind in declared.ids:
            assert owners.setdefault(kind, declared.name) == declared.name, kind
    made = set()
    for service in SERVICES:
        for file in (FUNCTIONS / service).rglob("*.py"):
            made |= set(
                re.findall(
                    r"""ids\.(?:generate|derive|pattern|is_id)\("(\w+)\"""", file.read_text()
                )
            )
    assert made <= set(owners)


def test_runtime_code_imports_neither_tests_nor_tools() -> None:
    for folder in (FUNCTIONS, ROOT / "layers/shop"):
        for file, names in modules(folder):
            assert not {n.split(".")[0] for n in names} & {"tests", "tools", "infra"}, file


def test_a_route_is_one_file_with_one_route() -> None:
    for service in SERVICES:
        for file in (FUNCTIONS / service / "api").glob("[a-z]*.py"):
            text = file.read_text()
            assert len(re.findall(r"^ROUTE = Route\(", text, re.MULTILINE)) == 1, file
            assert len(re.findall(r"^handler = entrypoint\(ROUTE", text, re.MULTILINE)) == 1, file


# What stands in the folder of a service, and what stands in each folder there. A service leaves out
# what it has not; it never names a thing differently.
FILES = {
    "README.md",
    "__init__.py",
    "deploy.py",
    "events.py",
    "invariants.py",
    "problems.py",
    "schemas.py",
    "settings.py",
    "wiring.py",
    "authorizer.py",
}
PACKAGES = {
    "domain": r"[a-z]+(_[a-z]+)*",
    "service": r"ports|[a-z]+(_[a-z]+)+",  # a verb and what it is done to
    "repository": r"[a-z]+(_[a-z]+)*",
    "clients": r"[a-z]+[0-9]?(_[a-z]+)*",
    "api": r"[a-z]+(_[a-z]+)*",
    "consumers": r"(on|record)_[a-z]+(_[a-z]+)*",
    "steps": r"[a-z]+(_[a-z]+)*",
    "schedules": r"[a-z]+(_[a-z]+)+",
    "streams": r"[a-z]+(_[a-z]+)*",
}
PACKED = {".json", ".gz"}  # made by the build, of all services


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_has_the_parts_of_every_service_and_no_others(service: str) -> None:
    folder = FUNCTIONS / service
    assert {"README.md", "__init__.py", "deploy.py", "invariants.py"} <= {
        each.name for each in folder.iterdir()
    }
    for path in folder.iterdir():
        if path.is_dir() and path.name != "__pycache__":
            assert path.name in PACKAGES, path
            assert (path / "__init__.py").exists(), path
        elif path.is_file() and path.suffix not in PACKED:
            assert path.name in FILES, path
    for package, names in PACKAGES.items():
        for path in (folder / package).iterdir() if (folder / package).is_dir() else ():
            if path.name not in ("__init__.py", "__pycache__"):
                assert path.suffix == ".py", path
                assert re.fullmatch(names, path.stem), path
                # A use case is named by its verb, so none is a gerund.
                assert package != "service" or not path.stem.split("_")[0].endswith("ing"), path


@pytest.mark.parametrize("service", SERVICES)
def test_ports_stand_in_one_place(service: str) -> None:
    for file in (FUNCTIONS / service / "service").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ClassDef):
                protocol = any(isinstance(b, ast.Name) and b.id == "Protocol" for b in node.bases)
                assert not protocol or file.name == "ports.py", (file, node.name)


def test_a_key_that_a_client_chose_becomes_an_id_with_the_stages_secret_only() -> None:
    """Else who knows a customer and guesses a key knows an order (shop.request_ids)."""
    bare = [
        f"{file}:{node.lineno}"
        for file in sorted(FUNCTIONS.rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "derive"
        for part in ast.walk(node)
        if isinstance(part, ast.Attribute) and ast.unparse(part) == "request.key"
    ]
    assert bare == []


# Every place that divides, and what: the kernel alone divides money, and says how it rounds.
DIVIDES = {
    "identity/domain/one_time_code.py": "time",
    "identity/domain/rate_limit.py": "time",
    "operations/service/read_documents.py": "paths",
    "orders/service/change_order.py": "turns",
    "payments/clients/stripe.py": "time",
    "payments/clients/stripe_mapping.py": "minor units into the provider's, or not at all",
    "payments/domain/payment.py": "time",
    "shop/cursor.py": "padding",
    "shop/deploy.py": "paths",
    "shop/ids.py": "a hash",
    "shop/invocation.py": "time",
    "shop/money.py": "money",
    "shop/telemetry.py": "time",
    "shop/untrusted_json.py": "digits of a stranger's number",
}
DIVISIONS = (ast.Div, ast.FloorDiv, ast.Mod)
DIVIDING = {"round", "divmod", "Decimal", "Fraction", "quantize"}


def test_money_is_divided_by_the_kernel_alone() -> None:
    found = set()
    for root in (FUNCTIONS, KERNEL.parent):
        for file in root.rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                divides = isinstance(getattr(node, "op", None), DIVISIONS)
                named = node.func if isinstance(node, ast.Call) else None
                name = getattr(named, "id", getattr(named, "attr", ""))
                if divides or name in DIVIDING:
                    found.add(file.relative_to(root).as_posix())
    assert found == set(DIVIDES)
