"""Write docs/access.md, or say how it differs from the templates (exit 1)."""

import argparse
import difflib
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from infra.project import ROOT
from infra.stages import PROD
from tools.access.document import document
from tools.access.policies import Policies
from tools.access.synthesis import as_deployed, stand_ins, synthesize
from tools.access.templates import Assembly

FILE = ROOT / "docs" / "access.md"


def generate() -> str:
    """The document, from a fresh synth of production. cdk-nag has `make synth` to itself."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        stage = replace(as_deployed(PROD), policy_checks=False)
        synthesize(stage, files=stand_ins(folder), out=folder / "out")
        return document(Policies(Assembly(folder / "out")))


def differences(committed: str, computed: str) -> str:
    """What was there and is not, what is there and was not; empty if all is the same."""
    lines = difflib.unified_diff(
        committed.splitlines(), computed.splitlines(), "docs/access.md", "templates", n=0,
        lineterm="",
    )  # fmt: skip
    return "\n".join(lines)


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the file")
    computed = generate()
    if parser.parse_args().write:
        FILE.write_text(computed)
        return 0
    found = differences(FILE.read_text() if FILE.exists() else "", computed)
    print(found or "docs/access.md says what the templates do")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
