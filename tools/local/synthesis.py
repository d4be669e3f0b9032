"""Synthesizes app.py once it is told that the assets are built; meanwhile it imports the CDK.

A program of its own, because jsii runs in the process that imports it. Without a line on its
standard input it does nothing.
"""

import importlib
import runpy
import sys

from infra.jsii import use_own_node


def main() -> int:
    """Exit 1: the build failed, so there is nothing to synthesize."""
    use_own_node()
    importlib.import_module("infra.application")
    if not sys.stdin.readline():
        return 1
    runpy.run_path("app.py", run_name="__main__")
    return 0


if __name__ == "__main__":
    sys.exit(main())
