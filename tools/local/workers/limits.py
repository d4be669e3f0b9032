"""How many workers there are, and for how long.

The emulator keeps the first worker of every function for ever and counts only those at work. Here
one that idles ends soon, since another one is there within a tenth of a second, and there are never
more than `MOST`: to start one more, the one that has idled longest ends.
"""

from __future__ import annotations

import threading
import time
from types import ModuleType
from typing import Any

AT_WORK = 96  # calls at once; more are turned away (429), as by an account's concurrency
KEPT = 40  # processes, as long as not more are at work
IDLE_S = 8.0
EVERY_S = 2.0


class Limits:
    """Watches the workers of the emulator's module `lambda_runtime`."""

    def __init__(self, runtime: ModuleType) -> None:
        self._runtime = runtime

    def watch(self) -> None:
        """End what idles, from now on, in a thread of its own."""
        threading.Thread(target=self._repeat, daemon=True, name="idle-workers").start()

    def make_room(self) -> None:
        """End the workers that have idled longest, so that one more may start."""
        with self._runtime._lock:
            every = [worker for pool in self._runtime._workers.values() for worker in pool]
            running = [worker for worker in every if worker._proc is not None]
            idle = sorted(
                (worker for worker in running if not worker.in_use),
                key=lambda worker: worker.last_used,
            )
            ended = idle[: max(0, len(running) + 1 - KEPT)]
            self._take(ended)
        if not ended:
            return
        # It waits until they have ended, which who starts one need not.
        threading.Thread(target=self._runtime.kill_workers, args=[ended], daemon=True).start()

    def end_idle(self) -> None:
        """End those that nobody has called for IDLE_S."""
        before = time.time() - IDLE_S
        with self._runtime._lock:
            ended = [
                worker
                for pool in self._runtime._workers.values()
                for worker in pool
                if not worker.in_use and worker.last_used < before
            ]
            self._take(ended)
        self._runtime.kill_workers(ended)

    def _take(self, workers: list[Any]) -> None:
        """Out of their pools, where nobody can lease them any more."""
        for key, pool in list(self._runtime._workers.items()):
            kept = [worker for worker in pool if worker not in workers]
            if kept:
                pool[:] = kept
            else:
                self._runtime._workers.pop(key)

    def _repeat(self) -> None:
        while True:
            time.sleep(EVERY_S)
            self.end_idle()
