"""Takes a stage away with its data, where the stage is one whose data may go."""

import sys
from collections.abc import Iterator
from pathlib import Path

from infra.stages import Stage
from tools.access.templates import Assembly
from tools.deployment import cdk
from tools.deployment.account import Account
from tools.deployment.binding import account_of, replica_region_of
from tools.deployment.errors import Refused
from tools.deployment.replication import Replication


def destroy(stage: Stage, confirmed: str, *, root: Path, account: Account) -> None:
    """Asks for the stage's name unless `confirmed` is it. Its alarms are muted first: a job that
    runs no more would wake somebody up. They stay so where it ends in the middle; a deployment
    sounds them again."""
    if stage.deletion_protection:
        raise Refused(f"The stage {stage.name} is protected: there is no command that deletes it.")
    mine, bound = account.id(), account_of(stage, root)
    if mine != bound:
        raise Refused(f"The credentials are of {mine}; the stage {stage.name} is of {bound}.")
    print(f"This deletes the stage {stage.name} in {bound}, with all data.")
    if not confirmed and sys.stdin.isatty():
        confirmed = input("Type its name to go on: ")
    if confirmed != stage.name:
        raise Refused(f"Nothing was deleted: confirm it by its name, CONFIRM={stage.name}.")
    output = root / "cdk.out" / stage.name
    cdk.run(root, "synth", "--quiet", "-c", f"stage={stage.name}", f"--output={output}")
    account.mute(f"{stage.prefix}-")
    if second := replica_region_of(stage, root):
        keys = Replication(Assembly(output), region=stage.region, replica_region=second)
        for sentence in keys.take_back():
            print(sentence)
    cdk.run(root, "destroy", "--all", "--force", f"--app={output}", f"--output={output}")
    print("\n".join(["It is gone. What stays:", *what_stays(Assembly(output), stage)]))


def what_stays(assembly: Assembly, stage: Stage) -> Iterator[str]:
    """A line for each kind of thing that outlives the stage's stacks."""
    for type_ in sorted({made.type for made in assembly}):
        kept = [m for m in assembly.all(type_) if m.raw.get("DeletionPolicy", "Delete") != "Delete"]
        if kept:
            yield f"- {len(kept)} {type_}, and earlier ones of them"
    days = [key.properties.get("PendingWindowInDays", 30) for key in assembly.all("AWS::KMS::Key")]
    if days:
        yield f"- keys, which cost nothing, for {max(days)} days until they are deleted"
    yield "- keys of tokens that were made since: the runbook says how they are found and deleted"
    if assembly.all("AWS::SecretsManager::Secret"):
        yield "- perhaps the name of a secret, for 30 days: the runbook says how it gets free"
    yield f"- what all stages of {stage.region} share (`cartwright-account`), and the CDK's bucket"
