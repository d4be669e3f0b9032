"""The sources as a graph of calls: which function calls which, and which asks AWS or the provider.

Names are resolved through imports, `self`, and what is annotated as a port or made from a
repository. That is as much as Python tells without running it.
"""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tests.support.interceptor import SOURCES

ROOTS = ("functions", "layers/shop/python")
MODEL_CALLS = frozenset({"get", "query", "save", "update", "delete", "scan", "count"})
GIVEN = frozenset({"run", "start", "park"})  # ports that are functions
PROVIDER = "Psp"
_LAZY = frozenset({"Iterator", "Iterable", "Generator"})
FunctionId = tuple[str, str]  # module, qualified name


@dataclass(frozen=True)
class Call:
    """A call that may ask somebody outside: by itself, or through one of these functions."""

    line: int
    end: int
    name: str
    direct: bool
    to: frozenset[FunctionId]


@dataclass
class Function:
    """A function with all that is defined inside it."""

    file: str
    node: ast.FunctionDef
    owner: str  # its class
    calls: list[Call] = field(default_factory=list)

    @property
    def is_lazy(self) -> bool:
        """Whether its calls are made by whoever walks through its result."""
        returned = self.node.returns
        return isinstance(returned, ast.Subscript) and last(returned.value) in _LAZY


@dataclass
class Module:
    """A file: what its names stand for."""

    name: str
    file: str
    tree: ast.Module
    imported: dict[str, FunctionId] = field(default_factory=dict)

    @property
    def service(self) -> str:
        """The first part of its name."""
        return self.name.partition(".")[0]

    def classes(self) -> Iterator[ast.ClassDef]:
        """At its top."""
        yield from (node for node in self.tree.body if isinstance(node, ast.ClassDef))


class Graph:
    """All functions of the sources and their calls."""

    def __init__(self) -> None:
        self.modules = {module.name: module for module in _modules()}
        self.functions: dict[FunctionId, Function] = {}
        for module in self.modules.values():
            module.imported = dict(self._imports(module))
            for owner, node in _functions(module.tree):
                id_ = (module.name, f"{owner}.{node.name}".lstrip("."))
                self.functions[id_] = Function(module.file, node, owner)
        self.models = _models(self.modules.values())
        holders = {
            service: _holders([m for m in self.modules.values() if m.service == service])
            for service in {module.service for module in self.modules.values()}
        }
        self.ports = {
            module.name: _ports(module.tree, holders[module.service])
            for module in self.modules.values()
        }
        for id_, function in self.functions.items():
            function.calls = list(self._calls(self.modules[id_[0]], function))

    def reaching(self) -> set[FunctionId]:
        """Functions that ask somebody outside, directly or not."""
        found: set[FunctionId] = set()
        while True:
            more = {
                id_
                for id_, function in self.functions.items()
                if any(call.direct or call.to & found for call in function.calls)
            }
            if more == found:
                return found
            found = more

    def _imports(self, module: Module) -> Iterator[tuple[str, FunctionId]]:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    whole = f"{node.module}.{alias.name}"
                    target = (whole, "") if whole in self.modules else (node.module, alias.name)
                    yield alias.asname or alias.name, target

    def _calls(self, module: Module, function: Function) -> Iterator[Call]:
        clients = set(_clients(function.node))
        arguments = function.node.args
        given = {each.arg for each in (*arguments.args, *arguments.kwonlyargs)} & GIVEN
        for node in ast.walk(function.node):
            if isinstance(node, ast.Call):
                direct = self._is_direct(module, node.func, clients, given)
                to = frozenset(self._targets(module, function.owner, node.func))
                if direct or to:
                    end = node.end_lineno or node.lineno
                    yield Call(node.lineno, end, _spelled(node.func), direct, to)

    def _is_direct(
        self, module: Module, func: ast.expr, clients: set[str], given: set[str]
    ) -> bool:
        if isinstance(func, ast.Name):
            return func.id in given or func.id == "TransactWrite"
        if not isinstance(func, ast.Attribute):
            return False
        holder = last(func.value)
        if holder in clients or _is_client(func.value):
            return True
        if holder in self.ports[module.name].provider:
            return True
        return func.attr in MODEL_CALLS and _named_model(func.value) in self.models

    def _targets(self, module: Module, owner: str, func: ast.expr) -> Iterator[FunctionId]:
        if isinstance(func, ast.Name):
            yield from self._if_known(module.name, func.id)
            yield from self._if_known(*module.imported.get(func.id, ("", "")))
            return
        if not isinstance(func, ast.Attribute):
            return
        holder = last(func.value)
        named, part = module.imported.get(holder, ("", ""))
        if isinstance(func.value, ast.Name) and holder == "self":
            yield from self._if_known(module.name, f"{owner}.{func.attr}")
        elif named and not part:
            yield from self._if_known(named, func.attr)
        elif holder in self.ports[module.name].names:
            yield from self._methods(module.service, func.attr)

    def _methods(self, service: str, name: str) -> Iterator[FunctionId]:
        for module, qualified in self.functions:
            if module.partition(".")[0] == service and qualified.endswith(f".{name}"):
                yield module, qualified

    def _if_known(self, module: str, name: str) -> Iterator[FunctionId]:
        if (module, name) in self.functions:
            yield module, name


@dataclass(frozen=True)
class Ports:
    """Names of parameters, fields and globals that hold a port or a repository."""

    names: frozenset[str]
    provider: frozenset[str]


def _holders(modules: list[Module]) -> set[str]:
    return {
        node.name
        for module in modules
        for node in module.classes()
        if "Protocol" in _bases(node) or node.name.endswith("Repository")
    }


def _ports(tree: ast.Module, holders: set[str]) -> Ports:
    named = list(_annotated(tree, holders))
    return Ports(
        frozenset(name for name, _ in named),
        frozenset(name for name, kind in named if kind == PROVIDER),
    )


def _annotated(tree: ast.Module, holders: set[str]) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.arg) and last(node.annotation) in holders:
            yield node.arg, last(node.annotation)
        elif isinstance(node, ast.AnnAssign) and last(node.annotation) in holders:
            yield last(node.target), last(node.annotation)
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            kind = last(node.value.func)
            if kind in holders:
                yield from ((last(target), kind) for target in node.targets)


def _models(modules: Iterable[Module]) -> set[str]:
    found = {"TableModel", "EventRow"}
    classes = [node for module in modules for node in module.classes()]
    for _ in range(3):  # Models of models.
        found |= {node.name for node in classes if _bases(node) & found}
    return found


def _modules() -> Iterator[Module]:
    for root in ROOTS:
        for path in sorted((SOURCES / root).rglob("*.py")):
            name = ".".join(path.relative_to(SOURCES / root).with_suffix("").parts)
            file = str(path.relative_to(SOURCES))
            yield Module(name.removesuffix(".__init__"), file, ast.parse(path.read_text()))


def _functions(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef]]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield "", node
        elif isinstance(node, ast.ClassDef):
            methods = (each for each in node.body if isinstance(each, ast.FunctionDef))
            yield from ((node.name, each) for each in methods)


def _clients(function: ast.FunctionDef) -> Iterator[str]:
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and _is_client(node.value):
            yield from (last(target) for target in node.targets)


def _is_client(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and last(node.func) in ("client", "_client")


def _named_model(node: ast.expr) -> str:
    """`OrderItem`, `OrderItem(…)`, `OrderItem.due`; what is called item is one."""
    if isinstance(node, ast.Call):
        return _named_model(node.func)
    if isinstance(node, ast.Attribute):
        return _named_model(node.value)
    name = last(node)
    return "TableModel" if name == "item" else name


def _bases(node: ast.ClassDef) -> set[str]:
    return {last(base.value if isinstance(base, ast.Subscript) else base) for base in node.bases}


def _spelled(node: ast.expr) -> str:
    return f"{last(node.value)}.{node.attr}" if isinstance(node, ast.Attribute) else last(node)


def last(node: ast.expr | None) -> str:
    """The last name of a dotted expression."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
