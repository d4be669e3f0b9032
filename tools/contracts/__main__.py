"""Write the contracts, or with --check say which are stale (exit 1)."""

import argparse
import dataclasses
import json
import sys
import tomllib
from pathlib import Path
from typing import Any

from tools.contracts import discover, events, openapi
from tools.contracts.discover import ROOT


def generate() -> dict[Path, str]:
    """Every generated file and its text."""
    operations = discover.operations()
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    api = openapi.document(operations, version)
    files: dict[Path, Any] = {
        ROOT / "docs/openapi.json": api,
        ROOT / "functions/operations/openapi.json": api,
        ROOT / "functions/operations/problems.json": [
            dataclasses.asdict(kind) for kind in discover.problem_types()
        ],
        ROOT / "functions/identity/routes.json": openapi.route_table(operations),
    }
    for service, classes in discover.events().items():
        for cls in classes:
            stem = ROOT / "events" / service / f"{cls.TYPE}.v{cls.VERSION}"
            files[stem.with_name(f"{stem.name}.schema.json")] = events.schema(service, cls)
            files[stem.with_name(f"{stem.name}.example.json")] = events.example(service, cls)
    return {path: json.dumps(data, indent=1) + "\n" for path, data in files.items()}


def stale(files: dict[Path, str]) -> list[str]:
    """The generated files that are missing, different, or no longer generated."""
    found = [
        str(path.relative_to(ROOT))
        for path, text in files.items()
        if not path.exists() or path.read_text() != text
    ]
    committed = set((ROOT / "events").rglob("*.json"))
    return found + [str(path.relative_to(ROOT)) for path in committed - set(files)]


def broken(files: dict[Path, str]) -> list[str]:
    """Changes of committed event schemas that an older consumer could not read."""
    found = []
    for path, text in files.items():
        if path.name.endswith(".schema.json") and path.exists():
            reasons = events.incompatible(json.loads(path.read_text()), json.loads(text))
            found += [f"{path.stem}: {reason}; raise its VERSION" for reason in reasons]
    return found


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, exit 1 if stale")
    parser.add_argument("--force", action="store_true", help="allow incompatible event changes")
    arguments = parser.parse_args()
    files = generate()
    if arguments.check:
        names = stale(files)
        print("\n".join(f"stale: {name}" for name in names) or "contracts are up to date")
        return 1 if names else 0
    reasons = [] if arguments.force else broken(files)
    if reasons:
        print("\n".join(reasons), file=sys.stderr)
        return 1
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for path in set((ROOT / "events").rglob("*.json")) - set(files):
        path.unlink()
    print(f"{len(files)} files written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
