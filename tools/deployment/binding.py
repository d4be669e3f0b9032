"""Which account a stage is bound to: `stages.<name>.account` in cdk.context.json."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.settings import FILE, KEY, Settings, settings_of
from infra.stages import NO_ACCOUNT, STAGES, Stage, chosen
from tools.deployment.errors import Refused


def stage_of(name: str) -> Stage:
    """The stage of AWS called `name`."""
    try:
        found = STAGES.get(chosen(name, None))
    except SystemExit as error:
        raise Refused("Name the stage: STAGE=dev.") from error
    remote = [stage.name for stage in STAGES.values() if stage.bootstrapped]
    if found is None or not found.bootstrapped:
        raise Refused(f"There is no stage '{name}' in AWS. Stages: {', '.join(remote)}.")
    return found


def account_of(stage: Stage, root: Path) -> str:
    """The account of a stage that is bound to one."""
    return _settings(stage, root).account


def replica_region_of(stage: Stage, root: Path) -> str | None:
    """The second region of a stage that is bound to an account; None: it has none."""
    return _settings(stage, root).replica_region


def _settings(stage: Stage, root: Path) -> Settings:
    try:
        settings = settings_of(stage.name, context(root))
    except SystemExit as error:
        raise Refused(str(error)) from error
    if settings is None:
        raise Refused(
            f"The stage {stage.name} is bound to no account: "
            f"make bootstrap STAGE={stage.name} ACCOUNT=<12 digits>."
        )
    return settings


def bind(stage: Stage, account: str, root: Path) -> None:
    """Write the account down, unless the stage is bound to another one."""
    if not re.fullmatch(r"\d{12}", account) or account == NO_ACCOUNT:
        raise Refused("Give the account's 12 digits: ACCOUNT=111122223333.")
    found = dict(context(root))
    said = found.setdefault(KEY, {}).setdefault(stage.name, {})
    bound = said.setdefault("account", account)
    if bound != account:
        raise Refused(f"The stage {stage.name} is bound to the account {bound}, in {FILE}.")
    draft = root / f"{FILE}.tmp"
    draft.write_text(json.dumps(found, indent=2) + "\n")
    draft.replace(root / FILE)


def context(root: Path) -> Mapping[str, Any]:
    """What stands in cdk.context.json."""
    path = root / FILE
    if not path.exists():
        return {}
    try:
        found: Mapping[str, Any] = json.loads(path.read_text())
    except ValueError as error:
        raise Refused(f"{FILE} is not JSON: {error}.") from error
    return found
