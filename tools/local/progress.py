"""Progress for people: a spinner on a terminal, one line per step everywhere else."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape

Detail = Callable[[str], None]


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
            with self._console.status(escape(text)) as status:
                yield lambda detail: status.update(f"{escape(text)}: [dim]{escape(detail)}[/dim]")
        else:
            self._plain(f"... {text}")
            yield lambda detail: self._plain(f"    {detail}")
        took = time.monotonic() - began
        self._console.print(f"[green]ok[/green]  {escape(text)} [dim]({took:.1f} s)[/dim]")

    def fail(self, text: str) -> None:
        print(f"error: {text}", file=sys.stderr)

    def _plain(self, text: str) -> None:
        print(text, flush=True)
