"""Installs a locked set of packages into a folder, by uv, and cuts it to what runs."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.artefacts import BuildError
from tools.slim import slim

OFFLINE_SIGNS = ("dns error", "error sending request", "connect", "timed out", "network")


def find_uv() -> str:
    """The uv of this environment, else the one on PATH."""
    beside = Path(sys.executable).with_name("uv")
    found = str(beside) if beside.exists() else shutil.which("uv")
    if found is None:
        raise BuildError("uv is not installed: run `make venv`.")
    return found


def install(lock: Path, folder: Path, wheels: Sequence[str]) -> None:
    """Fill `folder` with the wheels for a platform, from uv's cache alone when it has them all."""
    # Copies, not hard links: the files are cut down, and a link would cut uv's cache as well.
    command = [find_uv(), "pip", "install", "--quiet", "--link-mode", "copy", "--no-deps"]
    command += ["--require-hashes", "--only-binary", ":all:", *wheels]
    command += ["--target", str(folder), "--requirement", str(lock)]
    environment = os.environ | {"UV_PYTHON_DOWNLOADS": "never"}
    for extra in (["--offline"], []):
        done = subprocess.run(
            [*command, *extra], env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode == 0:
            slim(folder)
            return
        shutil.rmtree(folder, ignore_errors=True)
    raise BuildError(_why_not(lock.parent.name, done.stderr))


def _why_not(layer: str, stderr: str) -> str:
    text = stderr.lower()
    if "no space left" in text:
        return "The disk that holds build/ is full: free some space."
    if any(sign in text for sign in OFFLINE_SIGNS):
        return f"The {layer} layer needs packages that are not cached, and the network is down."
    detail = " ".join(stderr.split())
    return f"The {layer} layer could not be installed: {detail}"
