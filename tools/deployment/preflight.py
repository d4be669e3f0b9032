"""Looks at the account before a deployment: what would end in the middle does not begin."""

from collections.abc import Iterator

from infra.account import logs_role
from infra.stages import Stage
from tools.access.templates import Assembly
from tools.deployment.account import Account
from tools.quotas import UNRESERVED, reserved

# A creation that ended so can only be removed: there is nothing to update.
NEVER_MADE = frozenset({"ROLLBACK_FAILED", "ROLLBACK_COMPLETE"})
# So did a deletion. It was wanted, so it goes on.
HALF_GONE = "DELETE_FAILED"
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
    again = f"make bootstrap STAGE={stage.name} ACCOUNT={bound}"
    if not is_ours(account.api_logs_role(), stage, bound):
        yield f"API Gateway has not the role to write our logs in {stage.region} yet: {again}."
    if stage.watches_account and not account.trails():
        yield f"No trail of CloudTrail tells in {stage.region} what is done to keys: {again}."
    yield from _mail(assembly, stage, account)
    yield from _stacks(stage, account)
    yield from _concurrency(assembly, stage, account)


def is_ours(role: str, stage: Stage, account: str) -> bool:
    """Whether it is the role that we made. Of another one nobody here knows what it may do, and
    API Gateway says nothing when it may not: the log, and the alarm on it, would be silent."""
    return role.endswith(f"::{account}:role/{logs_role(stage.region)}")


def _mail(assembly: Assembly, stage: Stage, account: Account) -> Iterator[str]:
    """Whoever registers before mail goes out waits for a link that is over when it comes."""
    domains = {
        str(made.properties["Environment"]["Variables"]["MAIL_FROM"]).rpartition("@")[2]
        for made in assembly.all("AWS::Lambda::Function")
        if "MAIL_FROM" in made.properties.get("Environment", {}).get("Variables", {})
    }
    for domain in sorted(domains):
        if not account.has_proved(domain):
            yield f"SES has not proved {domain} in {stage.region} (docs/runbook.md, mail)."
    if domains and stage.needs_mail_from and not account.mails_everybody():
        yield f"SES is in its sandbox in {stage.region}: no customer gets a mail (docs/runbook.md)."


def _stacks(stage: Stage, account: Account) -> Iterator[str]:
    prefix = f"{stage.prefix}-"
    for name, status in sorted(account.statuses(prefix).items()):
        if status in NEVER_MADE:
            yield (
                f"The creation of {name} failed ({status}) and cannot go on: "
                f"make discard STAGE={stage.name} STACK={name.removeprefix(prefix)}."
            )
        elif status == HALF_GONE:
            yield (
                f"The deletion of {name} failed and must end first: "
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
    """Lambda refuses to reserve what would leave the others less than 100; and what an alarm counts
    on must be there."""
    wanted = reserved(assembly)
    least = stage.account_concurrency if stage.watches_account else 0
    if not wanted and not least:
        return
    found = account.concurrency()
    own = sum(account.reserved(name) for name in wanted)
    free = found.unreserved + own - UNRESERVED
    total = sum(wanted.values())
    quota = f"the quota of {found.quota} concurrent executions in {stage.region}"
    ask = f"ask AWS for {max(least, found.quota + total - free)} or more (docs/runbook.md, quotas)."
    if total > free:
        yield (
            f"Functions of {stage.name} reserve {total}, and of {quota} only {max(free, 0)} can be "
            f"reserved: {ask}"
        )
    elif found.quota < least:
        yield (
            f"The alarm at four fifths of {least} would never ring with {quota}: {ask} Or say in "
            "infra/stages.py what the account allows (`account_concurrency`)."
        )
