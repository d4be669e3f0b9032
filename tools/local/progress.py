"""Progress for people: a spinner on a terminal, one line per step everywhere else."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress as Bar
from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

Detail = Callable[[str], None]
SILENT_S = 10.0
BUSY = 2


def _seconds(began: float) -> str:
    return f"{time.monotonic() - began:.0f} s"


@contextmanager
def _repeated(act: Callable[[], None], every_s: float) -> Iterator[None]:
    """Call `act` every so often while the block runs."""
    over = threading.Event()

    def repeat() -> None:
        while not over.wait(every_s):
            act()

    thread = threading.Thread(target=repeat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


class Progress:
    """Says what is being done, how far it is, and how long it took."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._console = Console(highlight=False, soft_wrap=True)

    def say(self, text: str = "") -> None:
        if not self._quiet:
            self._console.print(escape(text))

    @contextmanager
    def step(self, text: str) -> Iterator[Detail]:
        """Show `text` while the block runs; the yielded function adds a detail to it."""
        began = time.monotonic()
        if self._quiet:
            yield lambda _: None
            return
        if self._console.is_terminal:
            columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
            with Bar(*columns, console=self._console, transient=True) as bar:
                shown = bar.add_task(escape(text), total=None)
                yield lambda detail: bar.update(
                    shown, description=f"{escape(text)}: [dim]{escape(detail)}[/dim]"
                )
        else:
            self._plain(f"... {text}")
            with _repeated(lambda: self._plain(f"    {_seconds(began)} so far"), SILENT_S):
                yield lambda detail: self._plain(f"    {detail}")
        took = time.monotonic() - began
        self._console.print(f"[green]ok[/green]  {escape(text)} [dim]({took:.1f} s)[/dim]")

    def say_if_busy(self) -> None:
        """One sentence when others use this machine's processors."""
        load, processors = os.getloadavg()[0], os.cpu_count() or 1
        if load > BUSY * processors:
            self.say(
                f"This machine is busy ({load:.0f} programs want {processors} processors): "
                "everything takes longer."
            )

    def fail(self, text: str) -> None:
        print(f"error: {text}", file=sys.stderr)

    def _plain(self, text: str) -> None:
        print(text, flush=True)
