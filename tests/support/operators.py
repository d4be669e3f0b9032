"""Somebody at a terminal, with the operators' commands."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
# The command line, against the platform of this test run.
SHOPCTL = """
import sys
from pathlib import Path
import tools.shopctl.__main__
from tools.shopctl import cli, target

file = Path(sys.argv[1])
cli.find = lambda **given: target.find(**given, file=file)
sys.exit(cli.main(sys.argv[2:]))
"""


@dataclass
class Operator:
    """At a terminal."""

    file: Path

    def run(self, *words: str, code: int | None = 0) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-c", SHOPCTL, str(self.file), *words]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert code is None or done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr
        return done

    def password(self, *words: str) -> str:
        """What a command that makes a password says, once and on stderr."""
        done = self.run(*words, "--generate")
        assert "password" not in done.stdout
        return done.stderr.strip().rpartition(" ")[2]

    def secret(self, *words: str) -> str:
        """What a command that makes a client's secret says, once and on stderr."""
        done = self.run(*words)
        secret = done.stderr.strip().rpartition(" ")[2]
        assert secret not in done.stdout
        return secret
