"""Locks the dependencies of pyproject.toml: one resolution for people, CI and every layer.

    python -m tools.lock             resolve; versions already locked stay
    python -m tools.lock --upgrade   resolve to the newest that pyproject.toml allows
    python -m tools.lock --check     compare the files only; no network

requirements-dev.txt is resolved first and constrains the layers, so a version differs nowhere. The
deps layer serves every function, so a further layer holds only what deps does not bring.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

from tools.artefacts import BuildError
from tools.packages import find_uv

ROOT = Path(__file__).resolve().parent.parent
DEV = "requirements-dev.txt"
LAYERS = ("deps", "auth", "pay", "personal")
PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(?:\[[^]]*\])?==(?P<version>[^\s;\\]+)")


def layer_file(layer: str) -> str:
    """The lock of a layer, relative to the repository."""
    return f"layers/{layer}/requirements.txt"


def entries(text: str) -> dict[str, str]:
    """Split a lock into its entries (a pin, its marker and hashes) by package name."""
    found: dict[str, str] = {}
    for block in re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE):
        pin = PIN.match(block)
        if pin:
            name = _normal(pin["name"])
            found[name] = found.get(name, "") + block
    return found


def versions(text: str) -> dict[str, set[str]]:
    """The pinned versions by package name; several when they depend on the platform."""
    found: dict[str, set[str]] = {}
    for line in text.splitlines():
        pin = PIN.match(line)
        if pin:
            found.setdefault(_normal(pin["name"]), set()).add(pin["version"])
    return found


def lock(root: Path = ROOT, *, upgrade: bool = False) -> None:
    """Write every lock. A lock is written only when all of them resolved."""
    dev = _compile(root, "dev", seed=root / DEV, upgrade=upgrade)
    with tempfile.TemporaryDirectory() as temporary:
        constraints = Path(temporary) / DEV
        constraints.write_text(dev)
        layers = {name: _compile(root, name, constraints=constraints) for name in LAYERS}
    shared = entries(layers["deps"]).keys()
    (root / DEV).write_text(dev)
    for name, text in layers.items():
        kept = [
            block
            for package, block in entries(text).items()
            if name == "deps" or package not in shared
        ]
        path = root / layer_file(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(kept))


def _compile(
    root: Path,
    group: str,
    *,
    constraints: Path | None = None,
    seed: Path | None = None,
    upgrade: bool = False,
) -> str:
    """Resolve one dependency group of pyproject.toml; `seed` holds the versions to prefer."""
    with tempfile.TemporaryDirectory() as temporary:
        output = Path(temporary) / "lock.txt"
        if seed and seed.exists() and not upgrade:
            output.write_text(seed.read_text())
        command = [
            *(find_uv(), "pip", "compile", "--quiet", "--universal", "--generate-hashes"),
            *("--no-header", "--no-annotate", "--no-emit-index-url"),
            *("--python-version", _oldest_python(root), "--group", f"pyproject.toml:{group}"),
            *(("--constraints", str(constraints)) if constraints else ()),
            *("--output-file", str(output)),
        ]
        environment = os.environ | {"UV_PYTHON_DOWNLOADS": "never"}
        done = subprocess.run(
            command, cwd=root, env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise BuildError(f"Could not resolve the group {group}: {done.stderr.strip()}")
        text = output.read_text()
    if "://" in text:
        raise BuildError(f"The lock of {group} would name a server: give the index by environment.")
    return text


def check(root: Path = ROOT) -> Iterator[str]:
    """Yield what is wrong with the locks, one sentence each."""
    texts = {path: (root / path).read_text() for path in (DEV, *map(layer_file, LAYERS))}
    dev = versions(texts[DEV])
    shared = versions(texts[layer_file("deps")]).keys()
    for path, text in texts.items():
        if "://" in text:
            yield f"{path} names a server."
        for name, block in entries(text).items():
            if "--hash=sha256:" not in block:
                yield f"{path} has no hash for {name}."
        for name, pinned in versions(text).items():
            if not pinned <= dev.get(name, set()):
                yield f"{path} pins {name} {min(pinned)}, which {DEV} does not."
            if path not in (DEV, layer_file("deps")) and name in shared:
                yield f"{path} repeats {name}, which the deps layer brings."
    yield from _check_declared(root, texts)


def _check_declared(root: Path, texts: dict[str, str]) -> Iterator[str]:
    """Yield each exact version that pyproject.toml asks for and a lock does not hold."""
    groups = tomllib.loads((root / "pyproject.toml").read_text())["dependency-groups"]
    for group, wanted in groups.items():
        path = layer_file(group) if group in LAYERS else DEV
        held = versions(texts[path])
        for requirement in wanted:
            pin = PIN.match(requirement) if isinstance(requirement, str) else None
            if pin is None or "*" in pin["version"]:
                continue
            if pin["version"] not in held.get(_normal(pin["name"]), set()):
                yield f"{path} lacks {pin['name']} {pin['version']}: run `python -m tools.lock`."


def _oldest_python(root: Path) -> str:
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    return str(project["requires-python"]).removeprefix(">=")


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def main(arguments: list[str] | None = None) -> int:
    """Exit 0: locked, or the locks agree; 1: they do not, or nothing could be resolved."""
    parser = argparse.ArgumentParser(prog="python -m tools.lock", description=__doc__)
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--check", action="store_true", help="compare the files, no network")
    choice.add_argument("--upgrade", action="store_true", help="take the newest versions")
    options = parser.parse_args(arguments)
    if options.check:
        wrong = list(check())
        print("\n".join(wrong) or "The locks agree.")
        return 1 if wrong else 0
    try:
        lock(upgrade=options.upgrade)
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    print("Locked: " + ", ".join((DEV, *map(layer_file, LAYERS))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
