"""Builds what Lambda runs, without Docker: layers and one asset per service, for one platform.

    python -m tools.build --platform host   for this interpreter (emulator, tests)
    python -m tools.build --platform aws    for Lambda: Python 3.13, arm64

    build/<platform>/layers/{deps,shop,auth,pay,personal}/python/...   and the same as <name>.zip
    build/<platform>/functions/<service>/<service>/...        and the same as <name>.zip

An artefact is rebuilt when its inputs change, and equal inputs give equal bytes, so that a
deployment replaces only what changed. It is made aside and renamed into place, and its stamp is
written last: an interrupted build is repeated, never used. What is cut: tools/slim.py.
"""

import argparse
import contextlib
import errno
import fcntl
import hashlib
import os
import platform as machine
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from infra.project import Project
from tools import artefacts, packages
from tools.artefacts import Artefact, BuildError

__all__ = ["BuildError", "BuildResult", "build", "build_function", "build_layer"]

ROOT = Path(__file__).resolve().parent.parent
PLATFORMS = ("host", "aws")
AWS_PYTHON = "3.13"
AWS_WHEELS = ("--python-platform", "aarch64-manylinux_2_28", "--python-version", AWS_PYTHON)
SHOP = "shop"
INVARIANTS = "invariants.py"
NO_PYTHON = (
    f"There is no Python {AWS_PYTHON} on PATH, which compiles what Lambda runs. Without it a cold "
    "start takes three times as long, and who builds next ships other bytes: install it, or build "
    "slow functions on purpose: CARTWRIGHT_ALLOW_SLOW=1."
)


@dataclass(frozen=True, kw_only=True)
class BuildResult:
    """What a build did. `root` holds `layers/` and `functions/`."""

    platform: str
    root: Path
    built: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()


@dataclass(kw_only=True)
class _Builder:
    platform: str
    root: Path
    say: Callable[[str], None] = field(default=lambda _line: None)
    cache: Path | None = None

    @property
    def target(self) -> Path:
        return self.root / "build" / self.platform

    def artefacts(self) -> list[Artefact]:
        """Everything that the sources ask for, in the order in which it is built."""
        layers = sorted((self.root / "layers").glob("*/requirements.txt"))
        services = sorted(path for path in (self.root / "functions").glob("*") if _is_service(path))
        return [
            *(self.layer(path.parent.name) for path in layers),
            self.layer(SHOP),
            *(self.function(path.name) for path in services),
        ]

    def layer(self, name: str) -> Artefact:
        source = self.root / "layers" / name
        if name == SHOP:
            python = source / "python"
            return self._of_sources(
                f"layers/{name}", [*artefacts.shipped(python)], python, "python"
            )
        lock = source / "requirements.txt"
        if not lock.is_file():
            raise BuildError(f"There is no layer {name}: {lock.relative_to(self.root)} is missing.")
        return Artefact(
            name=f"layers/{name}",
            digest=self._digest(lock.read_bytes(), *map(artefacts.source, ("packages", "slim"))),
            make=lambda folder: self._install(lock, folder / "python"),
        )

    def function(self, service: str) -> Artefact:
        source = self.root / "functions" / service
        if not _is_service(source):
            raise BuildError(f"There is no service {service}: functions/{service} has no Python.")
        files = [*artefacts.shipped(source)]
        rules = sorted((self.root / "functions").glob(f"*/{INVARIANTS}"))
        if service in Project(root=self.root).platform().auditors:
            others = [path for path in rules if path.parent != source]
            files += [file for path in others for file in (path.with_name("__init__.py"), path)]
        else:  # They run with the auditor only: what they say changes no other code.
            files = [path for path in files if path not in rules]
        return self._of_sources(f"functions/{service}", files, source.parent)

    def _of_sources(self, name: str, files: list[Path], root: Path, inside: str = "") -> Artefact:
        """The files, each in its place below `root`, in the folder `inside` of the asset."""
        parts = [
            part
            for path in files
            for part in (path.relative_to(root).as_posix().encode(), path.read_bytes())
        ]
        return Artefact(
            name=name,
            digest=self._digest(*parts),
            make=lambda folder: artefacts.copy(root, files, folder / inside),
        )

    def run(self, wanted: list[Artefact]) -> BuildResult:
        built: list[str] = []
        unchanged: list[str] = []
        for artefact in wanted:
            if artefact.is_current(self.target):
                unchanged.append(artefact.name)
                continue
            self.say(f"build/{self.platform}/{artefact.name}")
            artefact.write(self.target, finish=self._compile, cache=self.cache)
            built.append(artefact.name)
        return BuildResult(
            platform=self.platform, root=self.target, built=tuple(built), unchanged=tuple(unchanged)
        )

    def _digest(self, *parts: bytes) -> str:
        """A digest of inputs, of how they are built, and of what for."""
        digest = hashlib.sha256()
        compiled = "with .pyc" if self.python else "without .pyc"
        for part in (*self._runs_on(), compiled):
            digest.update(part.encode() + b"\0")
        for content in (artefacts.source("build"), artefacts.source("artefacts"), *parts):
            digest.update(hashlib.sha256(content).digest())
        return digest.hexdigest()

    def _runs_on(self) -> tuple[str, ...]:
        if self.platform == "aws":
            return AWS_WHEELS
        return (machine.python_version(), sys.platform, machine.machine())

    @cached_property
    def python(self) -> str | None:
        """An interpreter of the minor version that will run the code."""
        return sys.executable if self.platform == "host" else _aws_python()

    def _compile(self, folder: Path) -> None:
        """Write .pyc files that are used without a look at the source's time, which zips change."""
        python = self.python
        if python is None:
            return
        command = [python, "-S", "-s", "-P", "-m", "compileall", "-q", "-f"]
        command += ["--invalidation-mode", "unchecked-hash", "-s", str(folder), str(folder)]
        # Sets of constants are written in hash order, so a fixed seed gives equal bytes.
        environment = {"PATH": os.defpath, "PYTHONHASHSEED": "0"}
        done = subprocess.run(
            command, env=environment, cwd=folder, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            reason = (done.stdout + done.stderr).strip().replace(f"{folder}/", "")
            raise BuildError(f"Some sources do not compile: {reason}")

    def _install(self, lock: Path, folder: Path) -> None:
        wheels = AWS_WHEELS if self.platform == "aws" else ("--python", sys.executable)
        packages.install(lock, folder, wheels)


def build(
    platform: str = "host",
    *,
    root: Path = ROOT,
    say: Callable[[str], None] = lambda _line: None,
    allow_slow: bool = False,
    cache: Path | None = None,
) -> BuildResult:
    """Build every artefact whose inputs changed; `say` hears the name of each beforehand.

    What is in `cache` is not built again, and what is built is left there. Refuses to leave out
    .pyc files for want of an interpreter, unless `allow_slow`.
    """
    with _building(platform, root) as builder:
        builder.say, builder.cache = say, cache
        if builder.python is None and not allow_slow:
            raise BuildError(NO_PYTHON)
        wanted = builder.artefacts()
        artefacts.remove_others(builder.target, {artefact.name for artefact in wanted})
        return builder.run(wanted)


def build_function(service: str, platform: str = "host", *, root: Path = ROOT) -> Path:
    """Build one service when it changed; return the folder of its asset."""
    with _building(platform, root) as builder:
        builder.run([builder.function(service)])
        return builder.target / "functions" / service


def build_layer(name: str, platform: str = "host", *, root: Path = ROOT) -> Path:
    """Build one layer when it changed; return the folder of its asset."""
    with _building(platform, root) as builder:
        builder.run([builder.layer(name)])
        return builder.target / "layers" / name


@contextlib.contextmanager
def _building(platform: str, root: Path) -> Iterator[_Builder]:
    """Let one build at a time into a platform's folder, and name a full disk plainly."""
    if platform not in PLATFORMS:
        raise BuildError(f"There is no platform {platform}: choose host or aws.")
    builder = _Builder(platform=platform, root=root)
    try:
        builder.target.mkdir(parents=True, exist_ok=True)
        with (builder.target / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            artefacts.remove_unfinished(builder.target)
            yield builder
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise BuildError("The disk that holds build/ is full: free some space.") from error
        raise


def _is_service(path: Path) -> bool:
    return path.is_dir() and path.name.isidentifier() and any(path.rglob("*.py"))


def _aws_python() -> str | None:
    """The first real interpreter of that name on PATH. A script is a version manager's shim, which
    may lead nowhere; pyenv's own folder is looked into instead."""
    name = f"python{AWS_PYTHON}"
    if sys.version_info[:2] == tuple(map(int, AWS_PYTHON.split("."))):
        return sys.executable
    folders = [Path(folder) for folder in os.get_exec_path()]
    if pyenv := os.environ.get("PYENV_ROOT"):
        folders += sorted(Path(pyenv).glob(f"versions/{AWS_PYTHON}.*/bin"))
    for candidate in (folder / name for folder in folders):
        if os.access(candidate, os.X_OK):
            with candidate.open("rb") as file:
                if file.read(2) != b"#!":
                    return str(candidate)
    return None


def main(arguments: list[str] | None = None) -> int:
    """Exit 0: everything is built; 1: it could not be, and stderr says why in a sentence."""
    parser = argparse.ArgumentParser(prog="python -m tools.build", description="Build for Lambda.")
    parser.add_argument("--platform", choices=PLATFORMS, default="host")
    options = parser.parse_args(arguments)
    try:
        result = build(
            options.platform,
            say=lambda line: print(line, flush=True),
            allow_slow=os.environ.get("CARTWRIGHT_ALLOW_SLOW") == "1",
        )
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"build/{options.platform}: {len(result.built)} built, {len(result.unchanged)} unchanged")
    return 0


if __name__ == "__main__":
    sys.exit(main())
