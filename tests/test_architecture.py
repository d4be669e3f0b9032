"""The import rules of the tree, read from the source with `ast`."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FUNCTIONS = ROOT / "functions"
SERVICES = sorted(p.name for p in FUNCTIONS.iterdir() if (p / "README.md").exists())
ENTRY_POINTS = {"api", "consumers", "steps", "jobs", "authorizer"}
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
}


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
def test_only_entry_points_build_repositories(service: str) -> None:
    for file, names in modules(FUNCTIONS / service):
        if kind_of(file, service) in ENTRY_POINTS | {"repository"}:
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
    for file, names in modules(ROOT / "layers/shop/python/shop"):
        assert not {name.split(".")[0] for name in names} & set(SERVICES), file


def test_infra_imports_no_runtime_code() -> None:
    for file, names in [*modules(ROOT / "infra"), *modules(ROOT / "benchmarks")]:
        if ROOT / "infra" in file.parents:
            assert not {n.split(".")[0] for n in names} & {*SERVICES, "shop", "tools"}, file


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


def test_every_service_has_the_same_parts() -> None:
    for service in SERVICES:
        assert (FUNCTIONS / service / "README.md").exists()
        assert (FUNCTIONS / service / "__init__.py").exists(), service
