"""`make status`: what runs, where, and whether the deployment matches the sources."""

from __future__ import annotations

from collections.abc import Iterator

from tools.local import emulator, processes, psp, sources, stack_outputs, state
from tools.local.http import get_json
from tools.local.settings import Settings


def lines(settings: Settings) -> Iterator[str]:
    """One fact per line."""
    yield f"emulator   {_server(settings.endpoint_url, emulator.service(settings), settings)}"
    yield f"payments   {_server(settings.psp_url, psp.service(settings), None)}"
    if not emulator.answers(settings.endpoint_url):
        yield "deployment unknown while the emulator is down; `make up` starts it"
        return
    known = state.read(settings)
    if known is None:
        yield "deployment none; `make up` makes it"
        return
    current = known.digest == sources.digest(settings)
    yield f"deployment {'matches the sources' if current else 'older than the sources: `make up`'}"
    if known.swapped:
        yield f"swapped    {', '.join(known.swapped)} (by `make watch`)"
    url = stack_outputs.api_url(settings)
    healthy = get_json(f"{url}/health", timeout_s=10) is not None
    yield f"api        {url} {'healthy' if healthy else 'does not answer'}"


def _server(url: str, service: processes.Service, settings: Settings | None) -> str:
    if settings and settings.external_url:
        return f"{url}, not started by this checkout"
    process = processes.find(service)
    if process is None:
        return f"{url}, not running"
    memory = process.memory_info().rss // 1_000_000
    return f"{url}, process {process.pid}, {memory} MB, log {service.log}"
