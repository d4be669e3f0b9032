"""Runs the pinned command line of the CDK."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.deployment.errors import Refused


def run(root: Path, *arguments: str, flags: Sequence[str] = ()) -> None:
    """Run it where people see it; raise Refused when it says no."""
    command = [str(root / "node_modules" / ".bin" / "cdk"), *arguments, "--no-notices", *flags]
    here = Path(sys.executable).parent  # its Node is the one of the virtual environment
    environment = os.environ | {"PATH": f"{here}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
    done = subprocess.run(command, cwd=root, env=environment, check=False)
    if done.returncode:
        raise Refused(f"cdk {arguments[0]} ended with {done.returncode}; its output is above.")
