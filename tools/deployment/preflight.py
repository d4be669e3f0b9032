"""Looks at the account before a deployment: what would end in the middle does not begin."""

from collections.abc import Iterator

from infra.stages import Stage
from tools.access.templates import Assembly
from tools.deployment.account import Account
from tools.quotas import UNRESERVED, reserved

# A creation that ended so can only be removed: there is nothing to update.
NEVER_MADE = frozenset({"ROLLBACK_FAILED", "ROLLBACK_COMPLETE"})
# A stop in the middle, and the command that ends it.
STUCK = {
    "CREATE_FAILED": "rollback-stack",
    "UPDATE_FAILED": "rollback-stack",
    "UPDATE_ROLLBACK_FAILED": "continue-update-rollback",
}


def objections(assembly: Assembly, *, stage: Stage, bound: str, account: Account) -> Iterator[str]:
    """What stands against deploying the assembly there, a sentence each."""
    mine = account.id()
    if mine != bound:
        yield f"The credentials are of {mine}; the stage {stage.name} is bound to {bound}."
        return  # Of a foreign account nothing else is to be asked.
    if not account.writes_api_logs():
        yield (
            f"API Gateway may not write logs in {stage.region} yet: "
            f"make bootstrap STAGE={stage.name} ACCOUNT={bound}."
        )
    yield from _stacks(stage, account)
    yield from _concurrency(assembly, stage, account)


def _stacks(stage: Stage, account: Account) -> Iterator[str]:
    prefix = f"{stage.prefix}-"
    for name, status in sorted(account.statuses(prefix).items()):
        if status in NEVER_MADE:
            yield (
                f"The creation of {name} failed ({status}) and cannot go on: "
                f"make discard STAGE={stage.name} STACK={name.removeprefix(prefix)}."
            )
        elif status in STUCK:
            yield (
                f"{name} stopped in the middle ({status}): "
                f"aws cloudformation {STUCK[status]} --stack-name {name}."
            )
        elif status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS":
            yield f"{name} is being changed ({status}): wait until that is over."


def _concurrency(assembly: Assembly, stage: Stage, account: Account) -> Iterator[str]:
    """Lambda refuses to reserve what would leave the others less than 100."""
    wanted = reserved(assembly)
    if not wanted:
        return
    found = account.concurrency()
    own = sum(account.reserved(name) for name in wanted)
    free = found.unreserved + own - UNRESERVED
    total = sum(wanted.values())
    if total > free:
        yield (
            f"Functions of {stage.name} reserve {total} concurrent executions, and of the quota of "
            f"{found.quota} in {stage.region} only {max(free, 0)} can be reserved: ask for "
            f"{found.quota + total - free} or more (docs/runbook.md, quotas)."
        )
