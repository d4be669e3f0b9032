"""The functions as the stacks declare them, read from the source: CDK is slow, and this is enough.

tests/infra compares the same declarations with the synthesized templates.
"""

import ast
import functools
import importlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
STACKS = ROOT / "infra" / "stacks"
CONSTRUCT = ROOT / "infra" / "constructs" / "service_function.py"


@dataclass(frozen=True)
class Spec:
    """One `FunctionSpec`: what it is, where its code is, what it hears and what it may do."""

    service: str
    name: str
    kind: str
    handler: str
    hears: tuple[str, ...]
    tables: Mapping[str, tuple[str, ...]]
    uses: tuple[str, ...]
    memory_mb: int

    @property
    def id(self) -> str:
        """`<service>.<name>`, as journeys and measurements call it."""
        return f"{self.service}.{self.name}"

    def load(self) -> Callable[[dict[str, Any], Any], Any]:
        """The handler itself."""
        module, _, attribute = self.handler.rpartition(".")
        found: Callable[[dict[str, Any], Any], Any] = getattr(
            importlib.import_module(module), attribute
        )
        return found


@functools.cache
def specs() -> Mapping[str, Spec]:
    """All functions of the platform, by id."""
    found = {}
    for file in sorted(STACKS.glob("*.py")):
        for spec in _in(ast.parse(file.read_text())):
            found[spec.id] = spec
    return found


def consumers() -> dict[str, tuple[str, ...]]:
    """What each consumer hears."""
    return {spec.id: spec.hears for spec in specs().values() if spec.hears}


@functools.cache
def published() -> tuple[str, ...]:
    """The tables whose outboxes the relay reads."""
    return tuple(
        sorted(
            table
            for file in STACKS.glob("*.py")
            for table in _published(ast.parse(file.read_text()))
        )
    )


def _published(tree: ast.Module) -> Iterator[str]:
    """`table = self.add_table("orders")`, then `self.publish_events_of(table)`."""
    made: dict[str, str] = {}
    for node in ast.walk(tree):
        made_by = getattr(getattr(node, "value", None), "func", None)
        if isinstance(node, ast.Assign) and getattr(made_by, "attr", "") == "add_table":
            [first, *_] = node.value.args  # type: ignore[attr-defined]
            made[ast.unparse(node.targets[0])] = ast.literal_eval(first)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "publish_events_of":
            name = ast.unparse(node.args[0])
            if name in made:
                yield made[name]


def _in(tree: ast.Module) -> Iterator[Spec]:
    constants: dict[str, Any] = {}
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            constants[statement.targets[0].id] = _value(statement.value, constants)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "FunctionSpec":
            given = {word.arg: _value(word.value, constants) for word in node.keywords}
            handler = str(given["handler"])
            yield Spec(
                service=handler.split(".", maxsplit=1)[0],
                name=given["name"],
                kind=given["kind"],
                handler=handler,
                hears=tuple(given.get("hears") or ()),
                tables=given.get("tables") or {},
                uses=tuple(given.get("uses") or ()),
                memory_mb=given.get("memory_mb") or _default_memory_mb(),
            )


@functools.cache
def _default_memory_mb() -> int:
    for node in ast.walk(ast.parse(CONSTRUCT.read_text())):
        if isinstance(node, ast.AnnAssign) and getattr(node.target, "id", "") == "memory_mb":
            return int(_value(node.value, {})) if node.value else 0
    raise LookupError(f"{CONSTRUCT.name} gives no memory_mb")


def _value(node: ast.expr, constants: Mapping[str, Any]) -> Any:
    """A literal, or names of literals above it; None for what is neither."""
    if isinstance(node, ast.Name):
        return constants.get(node.id)
    if isinstance(node, ast.Dict):
        return {
            _value(key, constants): _value(value, constants)
            for key, value in zip(node.keys, node.values, strict=True)
            if key is not None
        }
    if isinstance(node, ast.Tuple | ast.List):
        return tuple(value for each in node.elts for value in _elements(each, constants))
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None


def _elements(node: ast.expr, constants: Mapping[str, Any]) -> tuple[Any, ...]:
    if isinstance(node, ast.Starred):
        return tuple(_value(node.value, constants))
    return (_value(node, constants),)
