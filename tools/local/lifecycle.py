"""Up, down and reset of one local platform. Every step is safe to repeat after an interruption."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from tools.local import (
    deployment,
    emulator,
    hot_reload,
    processes,
    psp,
    recovery,
    saves,
    seeding,
    sources,
    stack_outputs,
    state,
    streams,
)
from tools.local.errors import LocalError
from tools.local.http import get_json, wait_for
from tools.local.lock import exclusive
from tools.local.progress import Progress
from tools.local.settings import Settings
from tools.local.state import Record

HEALTH_TIMEOUT_S = 60.0


def up(settings: Settings, progress: Progress) -> dict[str, Any]:
    """Bring the platform to the state that the sources describe; return platform.json."""
    with _alone(settings, progress):
        digest = sources.digest(settings)
        saved = _launch(settings, progress)
        known = _known(settings, progress)
        if known is None or known.digest != digest:
            known = _deploy(settings, progress, known or Record(), digest)
        with progress.step("Preparing test cards at the payment provider"):
            url = f"{stack_outputs.api_url(settings)}/webhooks/psp/stripe"
            psp.provision(settings, webhook_url=url)
        description = stack_outputs.describe(settings, seeding.users())
        if not known.seeded:
            with progress.step("Seeding users, products and stock"):
                seeding.seed(settings)
            state.write(settings, Record(known.digest, seeded=True, swapped=known.swapped))
        if saved and known.seeded:
            with progress.step("Delivering what was under way"):
                streams.catch_up(settings, saved)
        with progress.step("Waiting for the API"):
            wait_healthy(settings)
        stack_outputs.save(settings, description)
    return description


def down(settings: Settings, progress: Progress) -> str:
    """Stop what we started and keep its state; what became of it."""
    with _alone(settings, progress):
        ended_before = recovery.ended_unsaved(settings) and not emulator.runs_here(settings)
        stopped = _stop(settings, progress)
    if ended_before:
        lost = recovery.loss(settings, emulator.service(settings).log)
        return f"The emulator had ended before, without saving its state. {lost}"
    if not stopped:
        return "Nothing was running."
    return "Stopped. `make up` brings the same data back."


def reset(settings: Settings, progress: Progress) -> None:
    """Stop and forget: the next `up` starts from nothing."""
    with _alone(settings, progress):
        with contextlib.suppress(LocalError):  # What could not be saved is not wanted either.
            _stop(settings, progress)
        emulator.forget(settings)
        psp.forget(settings)
        settings.platform_file.unlink(missing_ok=True)
        settings.port_file.unlink(missing_ok=True)


def wait_healthy(settings: Settings) -> None:
    """Return when GET /health answers; say where to look when it does not."""
    url = f"{stack_outputs.api_url(settings)}/health"
    if not wait_for(lambda: get_json(url, timeout_s=20) is not None, timeout_s=HEALTH_TIMEOUT_S):
        raise LocalError(f"The API does not answer at {url}. `make logs` shows what it says.")


@contextmanager
def _alone(settings: Settings, progress: Progress) -> Iterator[None]:
    def waiting() -> None:
        progress.say("Another make is changing this platform; waiting for it to finish.")

    with exclusive(settings.home / "lock", on_wait=waiting):
        yield


def _launch(settings: Settings, progress: Progress) -> datetime | None:
    """Start both servers at once, then wait for both; when the state was saved that is taken up."""
    saved = None
    with progress.step("Starting the emulator and the payment provider") as detail:
        began = time.monotonic()
        emulator.refuse_another_port(settings)
        if not processes.find(psp.service(settings)):
            # Before the emulator starts, so that a taken port leaves nothing half started.
            processes.refuse_taken_port("psp", settings.psp_port)
        if not emulator.runs(settings):
            saved = _taken_up(settings, progress)
            emulator.launch(settings)
        psp.launch(settings)
        emulator.wait_ready(settings)
        psp.wait_ready(settings)
        if time.monotonic() - began > 1:
            detail(f"ready at {settings.endpoint_url}")
    return saved


def _taken_up(settings: Settings, progress: Progress) -> datetime | None:
    """When the state was saved that the emulator will start from; None: from nothing."""
    found = recovery.choose(settings, emulator.service(settings).log, progress.say)
    if found is None:
        return None
    recovery.move(found, settings.port)
    streams.rewind(found.folder, found.saved_at)
    return found.saved_at


def _known(settings: Settings, progress: Progress) -> Record | None:
    """What is deployed. The remains of a first deployment that was cut short are thrown away."""
    known = state.read(settings)
    if known is None and not settings.external_url and deployment.hung_deployment(settings):
        with progress.step("Clearing the remains of an interrupted first run"):
            emulator.stop(settings)
            emulator.forget(settings)
            emulator.launch(settings)
            emulator.wait_ready(settings)
    return known


def _deploy(settings: Settings, progress: Progress, known: Record, digest: str) -> Record:
    with deployment.synthesis(settings) as finish:
        with progress.step("Building functions and layers") as detail:
            deployment.build(settings, detail)
        with progress.step("Synthesizing the CDK app"):
            finish()
    # Half a deployment is no state to come back to: nothing is saved meanwhile.
    with exclusive(settings.home / saves.DEPLOYING, on_wait=lambda: None):
        with progress.step("Deploying") as detail:
            deployment.deploy(settings, detail)
            deployment.reserve_concurrency(settings)
        if known.swapped:
            # CloudFormation believes that these are as it left them, and would not touch them.
            hot_reload.all_of(settings, known.swapped)
        known = known.deployed(digest)
        state.write(settings, known)
    return known


def _stop(settings: Settings, progress: Progress) -> bool:
    with progress.step("Stopping, and writing the state to disk"), ThreadPoolExecutor() as both:
        stopped = list(both.map(lambda server: server(settings), (emulator.stop, psp.stop)))
    return any(stopped)
