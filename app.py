"""The CDK app. `-c stage=<name>` or STAGE=<name> chooses the stage; none is taken for granted.

The only file of the app that reads the environment. What goes to AWS is built here, so that no
command can ship what the sources no longer say.
"""

import json
import os

from infra.jsii import use_own_node

use_own_node()

from aws_cdk import App  # noqa: E402

from infra.application import build  # noqa: E402
from infra.project import Project  # noqa: E402
from infra.settings import configured  # noqa: E402
from infra.stages import chosen, stage_named  # noqa: E402
from tools import build as builder  # noqa: E402

context = json.loads(os.environ.get("CDK_CONTEXT_JSON") or "{}")  # what `-c` and its files gave
port = int(os.environ.get("CARTWRIGHT_PORT") or 4566)
stage = stage_named(
    chosen(context.get("stage"), os.environ.get("STAGE")),
    port=port,
    psp_port=int(os.environ.get("CARTWRIGHT_PSP_PORT") or port + 1000),
    linked_layers=os.environ.get("CARTWRIGHT_LINK_LAYERS") != "0",
)
stage = configured(stage, context)
if stage.assets == "aws":
    try:
        builder.build("aws", allow_slow=os.environ.get("CARTWRIGHT_ALLOW_SLOW") == "1")
    except builder.BuildError as error:
        raise SystemExit(str(error)) from error
app = App(builtin_cloud_formation_validation=stage.policy_checks)
build(app, stage=stage, project=Project())
app.synth()
