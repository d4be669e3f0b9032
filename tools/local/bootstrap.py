"""Prepares all that `make` needs, then hands over. Any Python 3 runs it; standard library only.

    python3 -I tools/local/bootstrap.py            prepare the environment and stop
    python3 -I tools/local/bootstrap.py up         the same, then `python -m tools.local up`

Three things are made: the virtual environment, the locked packages in it (Node is one of them), and
the pinned CDK command line. Each leaves a stamp when it is complete, so an interrupted run is taken
up where it stopped, and a run with nothing to do takes a tenth of a second.
"""

# The syntax stays simple on purpose: a Python that is too old must get as far as saying so.
from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
UV = "uv==0.13.9"
OLDEST = (3, 11)
PREFERRED = "python3.13"  # What the functions run on in AWS.
NEEDED_BYTES = 2_000_000_000
AGAIN = "Then run the same command again: it goes on where it stopped."
INDEX_SETTINGS = {  # pip's name -> uv's: whoever configured pip has configured enough.
    "index-url": "UV_DEFAULT_INDEX",
    "cert": "SSL_CERT_FILE",
}
CAUSES = {
    "The disk is full: free about 2 GB.": ("No space left", "ENOSPC", "os error 28"),
    "This Python cannot make virtual environments: install that part of it "
    "(on Debian and Ubuntu: apt install python3-venv).": (
        "ensurepip is not available",
        "No module named venv",
        "No module named ensurepip",
    ),
    "A package is not the one that was locked: the download broke, or the index serves another.": (
        "Hash mismatch",
        "EINTEGRITY",
        "DO NOT MATCH THE HASHES",
    ),
    "The package index cannot be reached: check the network, and the index set for pip and npm.": (
        "name resolution",
        "error sending request",
        "dns error",
        "tcp connect error",
        "Connection refused",
        "NewConnectionError",
        "Could not find a version",
        "Failed to fetch",
        "ENOTFOUND",
        "EAI_AGAIN",
        "ECONNREFUSED",
        "ETIMEDOUT",
    ),
}


SHOPCTL = """#!/bin/sh
cd '{root}' && exec .venv/bin/python -m tools.shopctl "$@"
"""


class Failure(Exception):
    """One sentence for the person who typed make."""


class Checkout:
    """The parts of one checkout that bootstrap makes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.venv = root / ".venv"
        self.python = self.venv / "bin" / "python"
        self.local = root / ".local"

    def prepare(self) -> None:
        """Bring environment, packages and CDK to what the lock files say."""
        if not runs(self.python):
            self.make_venv()
        stamp, packages = self.venv / ".complete", digest(self.root / "requirements-dev.txt", UV)
        if read(stamp) != packages:
            with step("Installing the locked packages"):
                self.install_packages()
            stamp.write_text(packages)
            self.compile_cdk()
        command = self.venv / "bin" / "shopctl"
        if not command.exists():
            command.write_text(SHOPCTL.format(root=self.root))
            command.chmod(0o755)
        stamp = self.root / "node_modules" / ".complete"
        tools = digest(self.root / "package-lock.json", "npm")
        if tools and read(stamp) != tools:
            with step("Installing the CDK command line"):
                self.run([self.venv / "bin" / "npm", "ci", "--no-audit", "--no-fund"], "npm")
            stamp.write_text(tools)

    def make_venv(self) -> None:
        """Anew, also when an interrupted run left half of one."""
        interpreter = choose_interpreter()
        if shutil.disk_usage(self.root).free < NEEDED_BYTES:
            raise Failure(f"The disk is nearly full: free about 2 GB. {AGAIN}")
        with step(f"Creating the virtual environment ({version(interpreter)})"):
            shutil.rmtree(self.venv, ignore_errors=True)
            self.run([interpreter, "-m", "venv", self.venv], "venv")

    def install_packages(self) -> None:
        """uv by pip, all else by uv: seconds instead of minutes, and every hash is checked."""
        uv = self.venv / "bin" / "uv"
        environment = self.index_environment()
        if not uv.exists():
            self.run([self.python, "-m", "pip", "install", "--quiet", UV], "pip")
        lock = self.root / "requirements-dev.txt"
        self.run(
            [uv, "pip", "sync", "--require-hashes", "--python", self.python, lock],
            "uv",
            environment,
        )

    def compile_cdk(self) -> None:
        """Compile the CDK beside the next steps: half a minute that the first synth would take."""
        packages = next(self.venv.glob("lib/python3*/site-packages"))
        subprocess.Popen(
            [str(self.python), "-m", "compileall", "-q", "-j", "0", str(packages / "aws_cdk")],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def index_environment(self) -> dict[str, str]:
        """uv's variables for the index that pip is configured with; uv's own settings win."""
        environment = {"UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1"}
        command = [str(self.python), "-m", "pip", "config", "get"]
        for name, variable in INDEX_SETTINGS.items():
            value = os.environ.get("PIP_" + name.upper().replace("-", "_"))
            if value is None:
                answer = subprocess.run(
                    [*command, f"global.{name}"], capture_output=True, text=True, check=False
                )
                value = answer.stdout
            if value.strip() and variable not in os.environ:
                environment[variable] = value.strip()
        return environment

    def run(
        self, command: Sequence[Path | str], log: str, extra: dict[str, str] | None = None
    ) -> None:
        """Run to the end with the output in a log; turn a failure into a sentence."""
        path = self.local / "logs" / f"setup-{log}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        environment = {**os.environ, **(extra or {})}
        for name in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"):
            environment.pop(name, None)
        environment["PATH"] = f"{self.venv / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        try:
            with path.open("wb") as output:
                done = subprocess.run(
                    [str(part) for part in command],
                    cwd=self.root,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    check=False,
                )
        except OSError as error:
            raise Failure(f"{command[0]} cannot be run: {error}") from error
        if done.returncode:
            raise Failure(explain(log, path))

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Two makes that prepare at once: the second waits, then finds nothing to do."""
        self.local.mkdir(exist_ok=True)
        with (self.local / "setup.lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                print("Another make is preparing this checkout; waiting for it.", flush=True)
                fcntl.flock(file, fcntl.LOCK_EX)
            yield


def main(arguments: list[str], root: Path = ROOT) -> int:
    """Prepare, then become the command. 1: a sentence was printed that says what to do."""
    checkout = Checkout(root)
    try:
        with checkout.alone():
            checkout.prepare()
    except Failure as failure:
        print(f"error: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. The same command goes on where this stopped.", file=sys.stderr)
        return 130
    if arguments:
        os.chdir(root)
        python = str(checkout.python)
        os.execv(python, [python, "-m", "tools.local", *arguments])  # noqa: S606
    return 0


def choose_interpreter() -> str:
    """The preferred Python where there is one, else this one if it is new enough."""
    preferred = shutil.which(PREFERRED)
    if preferred and runs(preferred):
        return preferred
    if sys.version_info < OLDEST:
        found = ".".join(map(str, sys.version_info[:2]))
        raise Failure(f"Python 3.11 or newer is needed; {sys.executable} is {found}.")
    return sys.executable


def explain(log: str, path: Path) -> str:
    """The cause in words, and where the rest is."""
    text = path.read_text(errors="replace")
    for sentence, signs in CAUSES.items():
        if any(sign in text for sign in signs):
            return f"{sentence} {AGAIN} The whole output is in {path}."
    tail = "\n".join(f"    {line}" for line in text.splitlines()[-8:])
    return f"{log} failed. {AGAIN} The end of {path} says:\n{tail}"


def runs(python: Path | str) -> bool:
    """True when that Python starts and is new enough; a pyenv shim without its version does not."""
    code = f"import sys; sys.exit(sys.version_info < {OLDEST})"
    try:
        done = subprocess.run([str(python), "-I", "-c", code], capture_output=True, check=False)
    except OSError:
        return False
    return done.returncode == 0


def version(python: str) -> str:
    """Its name and version, for people."""
    done = subprocess.run([python, "-I", "-V"], capture_output=True, text=True, check=False)
    return done.stdout.strip()


def digest(path: Path, salt: str) -> str:
    """Of a lock file; empty when there is none."""
    if not path.exists():
        return ""
    return hashlib.sha256(salt.encode() + path.read_bytes()).hexdigest()


def read(path: Path) -> str:
    """A stamp, or nothing."""
    return path.read_text(errors="replace") if path.exists() else ""


@contextlib.contextmanager
def step(text: str) -> Iterator[None]:
    """A line of progress: a running clock on a terminal, begin and end elsewhere."""
    began = time.monotonic()
    done = threading.Event()

    def tick() -> None:
        while not done.wait(0.2):
            print(f"\r... {text} {time.monotonic() - began:.0f} s", end="", flush=True)
        print("\r\033[K", end="", flush=True)

    if sys.stdout.isatty():
        clock = threading.Thread(target=tick, daemon=True)
        clock.start()
    else:
        clock = None
        print(f"... {text}", flush=True)
    try:
        yield
    finally:
        done.set()
        if clock:
            clock.join()
    print(f"ok  {text} ({time.monotonic() - began:.1f} s)", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
