"""One digest over everything that decides what a deployment is."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path

from tools.local.settings import Settings

FILES = (
    "app.py",
    "cdk.json",
    "docs/openapi.json",
    "package-lock.json",
    "requirements-dev.txt",  # Pins the emulator and the CDK.
)
FOLDERS = ("functions", "infra", "layers", "state_machines")
IGNORED = {".md", ".pyc"}


def digest(settings: Settings) -> str:
    """The same for the same sources, ports and interpreter, whatever was built or deployed."""
    total = hashlib.sha256()
    total.update(f"{settings.endpoint_url} {settings.psp_url} {sys.version_info[:2]}".encode())
    for path in _paths(settings.root):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        total.update(f"{path.relative_to(settings.root).as_posix()} {content}\n".encode())
    return total.hexdigest()


def _paths(root: Path) -> Iterator[Path]:
    for name in FILES:
        if (root / name).is_file():
            yield root / name
    yield from sorted((root / "tools").glob("*.py"))  # How the assets are built.
    for name in FOLDERS:
        for path in sorted((root / name).rglob("*")):
            if path.is_file() and path.suffix not in IGNORED:
                yield path
