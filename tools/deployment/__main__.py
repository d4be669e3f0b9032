"""`python -m tools.deployment`: what `make bootstrap`, `deploy`, `discard` and `destroy` call.

Exit 0: done; 1: it was refused or did not end well, and stderr says why in a sentence.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from infra.account import ID, logs_role, trail_name
from tools.access.templates import Assembly
from tools.deployment import cdk
from tools.deployment.account import Account, AwsAccount
from tools.deployment.binding import account_of, bind, replica_region_of, stage_of
from tools.deployment.destroy import destroy
from tools.deployment.discard import discard
from tools.deployment.errors import Refused
from tools.deployment.preflight import is_ours, objections
from tools.deployment.replication import Replication

ROOT = Path(__file__).resolve().parents[2]


def bootstrap(stage_name: str, account: str, flags: Sequence[str], *, root: Path) -> None:
    """Bind the stage, then prepare account and regions. May be repeated."""
    stage = stage_of(stage_name)
    bind(stage, account, root)
    # With an environment that is spelled out the CDK does not ask the app for one.
    for region in filter(None, [stage.region, replica_region_of(stage, root)]):
        cdk.run(root, "bootstrap", f"aws://{account}/{region}", flags=flags)
    there = AwsAccount(stage.region)
    role, trails = there.api_logs_role(), there.trails()
    wants_trail = stage.watches_account and not trails
    if is_ours(role, stage, account) and not wants_trail:
        print(f"What the stages of {account} share in {stage.region} is there: left as it is.")
        return
    if role and not is_ours(role, stage, account):
        print(
            f"API Gateway writes logs in {stage.region} by {role}. From now on it does by "
            f"{logs_role(stage.region)}, which may do all that AWS asks for."
        )
    app = f"{sys.executable} -m infra.account {account} {stage.region}"
    if wants_trail or trail_name(stage.region) in trails:  # One that we made stays in the stack.
        app += " --trail"
    output = root / "cdk.out" / "account"
    cdk.run(
        root,
        "deploy",
        ID,
        f"--app={app}",
        f"--output={output}",
        flags=flags,
    )


def deploy(
    stage_name: str, flags: Sequence[str], *, root: Path, account: Account | None = None
) -> None:
    """Build and synthesize, look at the account, and deploy exactly what was looked at."""
    stage = stage_of(stage_name)
    bound = account_of(stage, root)
    there = account or AwsAccount(stage.region)
    output = root / "cdk.out" / stage.name
    cdk.run(root, "synth", "--quiet", "-c", f"stage={stage.name}", f"--output={output}")
    found = objections(Assembly(output), stage=stage, bound=bound, account=there)
    if sentences := list(found):
        raise Refused("\n".join(sentences))
    cdk.run(root, "deploy", "--all", f"--app={output}", f"--output={output}", flags=flags)
    there.sound(f"{stage.prefix}-")  # CloudFormation does not see what an interrupted destroy did.
    if second := replica_region_of(stage, root):
        keys = Replication(Assembly(output), region=stage.region, replica_region=second)
        for sentence in keys.replicate():
            print(sentence)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(prog="python -m tools.deployment")
    commands = made.add_subparsers(dest="command", required=True)
    for name in ("bootstrap", "deploy", "discard", "destroy"):
        command = commands.add_parser(name)
        command.add_argument("--stage", required=True)
        if name == "bootstrap":
            command.add_argument("--account", required=True)
        if name == "discard":
            command.add_argument("--stack", required=True)
            command.add_argument("--retain", default="", help="logical ids, with commas")
        elif name == "destroy":
            command.add_argument("--confirm", default="", help="the stage's name, once more")
        else:
            command.add_argument("flags", nargs="*", help="for the CDK, after --")
    return made


def main(arguments: Sequence[str], *, root: Path = ROOT) -> int:
    """Do what was asked for."""
    given = parser().parse_args(arguments)
    try:
        match given.command:
            case "bootstrap":
                bootstrap(given.stage, given.account, given.flags, root=root)
            case "deploy":
                deploy(given.stage, given.flags, root=root)
            case "discard":
                stage = stage_of(given.stage)
                retain = [id_ for id_ in given.retain.split(",") if id_]
                discard(stage, given.stack, account=account_of(stage, root), retain=retain)
            case _:
                stage = stage_of(given.stage)
                destroy(stage, given.confirm, root=root, account=AwsAccount(stage.region))
    except Refused as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except (BotoCoreError, ClientError) as error:
        print(f"error: AWS refused: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
