"""What the type checker may pass over: what is none of ours, and nothing of ours refers to."""

import ast
import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

ROOT = Path(__file__).parents[2]
OURS = ("app.py", "infra", "tools", "tests", "benchmarks", "functions", "layers/shop/python")
PACKAGES = Path(str(distribution("aws-cdk-lib").locate_file("")))
# How its packages import each other for annotations and bases; in examples it looks otherwise.
IMPORT = re.compile(r"^ +import (aws_cdk\.[\w.]+) as (_\w+)$", re.MULTILINE)
INTERFACES = "aws_cdk.interfaces"  # of all packages; small


def _sources() -> Iterator[Path]:
    for name in OURS:
        path = ROOT / name
        yield from path.rglob("*.py") if path.is_dir() else [path]


def _imported() -> Iterator[str]:
    """Packages of the CDK that ours import."""
    for node in (node for path in _sources() for node in ast.walk(ast.parse(path.read_text()))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        yield from (name for name in names if name.split(".")[0] == "aws_cdk" and _file(name))


def _file(module: str) -> Path | None:
    path = PACKAGES.joinpath(*module.split("."), "__init__.py")
    return path if path.exists() else None


def _spoken_of(module: str) -> Iterator[str]:
    """Packages whose types stand in signatures and bases of this one."""
    path = _file(module)
    text = path.read_text() if path else ""
    for name, alias in set(IMPORT.findall(text)):
        if f"{alias}." in text and not name.startswith(INTERFACES):
            yield name


def test_every_type_of_the_cdk_that_ours_can_meet_is_checked() -> None:
    """Else it is `Any`, and a wrong argument is not seen. More than that only costs time."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]
    of_cdk = [each for each in settings["overrides"] if "aws_cdk" in str(each["module"])]
    skipped, followed = of_cdk
    assert (skipped["module"], skipped["follow_imports"]) == (["aws_cdk.*"], "skip")
    assert followed["follow_imports"] == "normal"
    imported = set(_imported())
    needed = imported.union(*map(_spoken_of, imported), {f"{INTERFACES}.*"})
    assert sorted(needed) == followed["module"]
