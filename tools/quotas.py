"""Which quotas of AWS a stage needs, from its templates: the table in docs/runbook.md.

python -m tools.quotas          say how the runbook differs (exit 1)
python -m tools.quotas --write  write the table
"""

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path

from infra.project import ROOT
from infra.stages import DEV, PROD, STAGING, Stage
from tools.access.synthesis import as_deployed, stand_ins, synthesize
from tools.access.templates import Assembly

FILE = ROOT / "docs" / "runbook.md"
BEGIN, END = "<!-- quotas: `make access` writes this -->\n", "<!-- end of quotas -->\n"
STAGES = (DEV, STAGING, PROD)
# Lambda leaves so many to the functions that reserve nothing, and refuses to reserve more.
UNRESERVED = 100
# How long a request keeps a function, in seconds: with the stage's rate, how many run at once
# (Little's law).
REQUEST_S = 0.1


@dataclass(frozen=True)
class Quota:
    """One quota, as Service Quotas and the service's documentation call it."""

    service: str  # as `aws service-quotas --service-code` takes it
    name: str
    default: int
    adjustable: bool
    used: Callable[[Assembly, Stage], int]
    of_new_account: int | None = None  # where it is less than the default


def _all_of(*types: str) -> Callable[[Assembly, Stage], int]:
    return lambda assembly, _: sum(len(assembly.all(type_)) for type_ in types)


def _largest(counts: Iterable[int]) -> int:
    return max(counts, default=0)


def reserved(assembly: Assembly) -> dict[str, int]:
    """The concurrent executions that functions reserve, by the function's physical name."""
    return {
        function.properties["FunctionName"]: function.properties["ReservedConcurrentExecutions"]
        for function in assembly.all("AWS::Lambda::Function")
        if "ReservedConcurrentExecutions" in function.properties
    }


def concurrency(assembly: Assembly, stage: Stage) -> int:
    """What is reserved, what queues may take, and what the requests need that reserve nothing."""
    queues = sum(
        mapping.properties.get("ScalingConfig", {}).get("MaximumConcurrency", 0)
        for mapping in assembly.all("AWS::Lambda::EventSourceMapping")
    )
    requests = ceil(stage.throttle.rate * REQUEST_S)
    return sum(reserved(assembly).values()) + max(UNRESERVED, int(queues) + requests)


QUOTAS = (
    Quota(
        "lambda",
        "Concurrent executions",
        1000,
        adjustable=True,
        used=concurrency,
        of_new_account=10,
    ),
    Quota(
        "apigateway",
        "Resources per API",
        300,
        adjustable=True,
        used=_all_of("AWS::ApiGateway::Resource"),
    ),
    Quota(
        "apigateway",
        "Models per API",
        60,
        adjustable=True,
        used=_all_of("AWS::ApiGateway::Model"),
    ),
    Quota(
        "apigateway",
        "Throttle quota per account, per Region (requests per second)",
        10_000,
        adjustable=True,
        used=lambda _, stage: stage.throttle.rate,
    ),
    Quota(
        "cloudformation",
        "Resources per stack",
        500,
        adjustable=False,
        used=lambda assembly, _: _largest(
            len(template["Resources"]) for template in assembly.templates.values()
        ),
    ),
    Quota(
        "cloudformation",
        "Parameters per stack",
        200,
        adjustable=False,
        used=lambda assembly, _: _largest(
            len(template.get("Parameters", ())) for template in assembly.templates.values()
        ),
    ),
    Quota("iam", "Roles per account", 1000, adjustable=True, used=_all_of("AWS::IAM::Role")),
    Quota(
        "events",
        "Rules per event bus",
        300,
        adjustable=True,
        used=lambda assembly, _: _largest(
            Counter(
                str(rule.properties.get("EventBusName", "default"))
                for rule in assembly.all("AWS::Events::Rule")
            ).values()
        ),
    ),
    Quota(
        "dynamodb",
        "Tables per account and Region",
        2500,
        adjustable=True,
        used=_all_of("AWS::DynamoDB::GlobalTable"),
    ),
    Quota(
        "monitoring",
        "Alarms per Region",
        5000,
        adjustable=True,
        used=_all_of("AWS::CloudWatch::Alarm"),
    ),
)


def synthesized(folder: Path) -> dict[str, Assembly]:
    """Every stage, by its name."""
    files = stand_ins(folder)
    for stage in map(as_deployed, STAGES):
        # The checks have `make synth` to themselves; no template depends on them.
        synthesize(replace(stage, policy_checks=False), files=files, out=folder / stage.name)
    return {stage.name: Assembly(folder / stage.name) for stage in STAGES}


def computed(assemblies: Mapping[str, Assembly]) -> dict[str, dict[str, int]]:
    """What each stage uses of each quota, by the quota's name, then the stage's."""
    return {
        quota.name: {stage.name: quota.used(assemblies[stage.name], stage) for stage in STAGES}
        for quota in QUOTAS
    }


def to_ask_for(quota: Quota, used: int) -> bool:
    """Whether an account may have less than is used."""
    return used > (quota.of_new_account or quota.default)


def table(used: dict[str, dict[str, int]]) -> str:
    """Markdown; what must be asked for is bold."""
    names = [stage.name for stage in STAGES]
    lines = [
        f"| service | quota | default | {' | '.join(names)} |",
        f"|---|---|---{'|---' * len(names)}|",
    ]
    for quota in QUOTAS:
        default = f"{quota.default}" + ("" if quota.adjustable else ", fixed")
        if quota.of_new_account:
            default += f"; a new account: {quota.of_new_account}"
        cells = [_cell(quota, used[quota.name][name]) for name in names]
        lines.append(f"| `{quota.service}` | {quota.name} | {default} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _cell(quota: Quota, used: int) -> str:
    return f"**{used}**" if to_ask_for(quota, used) else str(used)


def written(runbook: str, content: str) -> str:
    """The runbook with the table in its place."""
    before, _, rest = runbook.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{content}{END}{after}"


def main(arguments: Sequence[str]) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the table")
    with tempfile.TemporaryDirectory() as name:
        content = table(computed(synthesized(Path(name))))
    runbook = FILE.read_text()
    if parser.parse_args(arguments).write:
        FILE.write_text(written(runbook, content))
        return 0
    same = written(runbook, content) == runbook
    print("docs/runbook.md says what the templates need" if same else content)
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
