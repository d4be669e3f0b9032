"""What the functions of a journey do by themselves: processor time, and lines of log.

Time that a function waits for AWS is not its own; neither is the time that moto takes to answer.
"""

import logging
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from shop import telemetry
from tests.support.checkout_scenario import CheckoutScenario
from tests.support.interceptor import Function, Interceptor

BOUND = ("correlation_id", "request_id")


@dataclass
class Watch:
    """Of every invocation, by `function.step`; bytes are those since somebody cleared them."""

    cpu_ms: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    log_bytes: Counter[str] = field(default_factory=Counter)
    _here: threading.local = field(default_factory=threading.local)

    def watched(self, name: str, function: Function) -> Function:
        """The same function, under watch."""

        def run(event: dict[str, Any], context: Any) -> Any:
            step = str(event.get("step", ""))
            now = f"{name}.{step}".rstrip(".")
            outer = vars(self._here).copy()
            vars(self._here).update(now=now, away=0.0, is_away=False)
            # Each function has a process of its own: what another put on its lines is not here.
            telemetry.logger.remove_keys(BOUND)
            start = time.thread_time()
            try:
                return function(event, context)
            finally:
                spent = time.thread_time() - start - self._here.away
                self.cpu_ms[now].append(spent * 1000)
                vars(self._here).clear()
                vars(self._here).update(outer)

        return run

    def away(self, act: Callable[..., Any]) -> Callable[..., Any]:
        """The same, but its time is nobody's."""

        def run(*args: Any, **options: Any) -> Any:
            if getattr(self._here, "is_away", True):  # as a part of something else
                return act(*args, **options)
            self._here.is_away = True
            start = time.thread_time()
            try:
                return act(*args, **options)
            finally:
                self._here.away += time.thread_time() - start
                self._here.is_away = False

        return run

    def heard(self, line: str) -> None:
        """A line of log, with its end."""
        if name := getattr(self._here, "now", ""):
            self.log_bytes[name] += len(line.encode()) + 1


class _Listener(logging.Handler):
    def __init__(self, hear: Callable[[str], None]) -> None:
        super().__init__()
        self._hear = hear

    def emit(self, record: logging.LogRecord) -> None:
        self._hear(self.format(record))


@contextmanager
def watching(shop: CheckoutScenario) -> Iterator[Watch]:
    """All functions that the shop has now, as talkative as in production."""
    watch = Watch()
    listener = _Listener(watch.heard)
    logger: Any = telemetry.logger
    listener.setFormatter(logger.registered_formatter)
    level, others = logger.log_level, list(logger.handlers)
    with pytest.MonkeyPatch.context() as patch:
        # Lines are as long each time: how long a function took is not in them.
        patch.setattr(telemetry, "time", SimpleNamespace(perf_counter=lambda: 0.0))
        patch.setattr(Interceptor, "__call__", watch.away(Interceptor.__call__))
        for name, function in shop.interceptor.functions.items():
            patch.setitem(shop.interceptor.functions, name, watch.watched(name, function))
        patch.setattr(logging.getLogger(telemetry.SERVICE), "propagate", False)
        logger.handlers[:] = [listener]
        logger.setLevel("INFO")
        try:
            yield watch
        finally:
            logger.setLevel(level)
            logger.handlers[:] = others
