"""`make watch`: an edit is live in the running emulator within seconds."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

from watchfiles import watch as file_changes

from infra.project import Project
from tools.local import emulator, hot_reload, stack_outputs
from tools.local.errors import LocalError
from tools.local.progress import Progress
from tools.local.settings import Settings

DECLARATION = "deploy.py"  # what infra makes of a service: not shipped
INVARIANTS = "invariants.py"  # shipped with the auditor


def watch(settings: Settings, progress: Progress) -> None:
    """Swap what changes until Ctrl-C."""
    stack_outputs.load(settings)
    if not emulator.answers(settings.endpoint_url):
        raise LocalError("The local platform is not running: run `make up` first.")
    progress.say("Watching functions/ and layers/shop/ until Ctrl-C; the platform keeps running.")
    folders = [settings.root / name for name in ("functions", "layers", "infra", "state_machines")]
    present = [folder for folder in folders if folder.exists()]
    for changes in file_changes(*present, debounce=100, step=50, raise_interrupt=False):
        names, deploy = affected(settings.root, (Path(path) for _, path in changes))
        if names:
            _swap(settings, progress, names)
        if deploy:
            progress.say("Infrastructure changed: run `make up` to deploy it.")


def affected(root: Path, paths: Iterable[Path]) -> tuple[list[str], bool]:
    """The services (and "shop") to swap, and whether something needs a real deployment."""
    names: set[str] = set()
    deploy = False
    for path in paths:
        parts = path.relative_to(root).parts
        if "__pycache__" in parts or path.suffix == ".md":
            continue
        if path.name == DECLARATION:
            deploy = True
        elif parts[0] == "functions" and parts[2:] == (INVARIANTS,):
            names |= Project().platform().auditors
        elif parts[0] == "functions" and len(parts) > 2:
            names.add(parts[1])
        elif parts[:2] == ("layers", hot_reload.SHOP_LAYER):
            names.add(hot_reload.SHOP_LAYER)
        else:
            deploy = True
    return sorted(names), deploy


def _swap(settings: Settings, progress: Progress, names: list[str]) -> None:
    """One line per change; a broken edit is reported and the watch goes on."""
    began = time.monotonic()
    try:
        hot_reload.remember(settings, names)
        count = hot_reload.all_of(settings, names)
    except (Exception, SystemExit) as error:  # The next save may repair it.
        progress.fail(f"{', '.join(names)}: {error}")
        return
    took = time.monotonic() - began
    progress.say(f"{', '.join(names)}: {count} functions replaced in {took:.1f} s")
