"""Keeps the local payment provider inside its checkout. Python loads this by its name alone.

The provider (localstripe, run unchanged by its own command, never imported by this project) always
writes to one file in /tmp, rewrites the whole of it several times per request, and listens on every
network interface. In that one process the standard library is taught better: the file lies in
LOCALSTRIPE_STATE, is written at most once a second and at the end, and the socket is loopback.
"""

import asyncio
import atexit
import builtins
import io
import os
import pickle
import socket
from pathlib import Path
from typing import Any

FIXED_PATH = "/tmp/localstripe.pickle"  # noqa: S108 - the name that is redirected
WRITE_DELAY_S = 1.0

_state = Path(os.environ["LOCALSTRIPE_STATE"])
_open = builtins.open
_dump = pickle.dump
_socket = socket.socket
_unwritten: list[Any] = []


def _redirected_open(file: Any, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
    if file != FIXED_PATH:
        return _open(file, mode, *args, **kwargs)
    return io.BytesIO() if "w" in mode else _open(_state, mode, *args, **kwargs)


def _delayed_dump(store: Any, *_: Any, **__: Any) -> None:
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return  # It is still loading: a dump now would store what was read so far.
    if not _unwritten:
        _unwritten.append(store)
        loop.call_later(WRITE_DELAY_S, _write)


def _write() -> None:
    """Write beside the file, then swap: a kill in between leaves the old state whole."""
    if _unwritten:
        draft = _state.with_suffix(".tmp")
        with _open(draft, "wb") as file:
            _dump(_unwritten[0], file, protocol=pickle.HIGHEST_PROTOCOL)
        draft.replace(_state)
        _unwritten.clear()


class _Loopback(_socket):
    """Answers `bind` on every interface with a bind on 127.0.0.1."""

    def __init__(self, family: int = -1, *args: Any, **kwargs: Any) -> None:
        super().__init__(socket.AF_INET if family == socket.AF_INET6 else family, *args, **kwargs)

    def bind(self, address: Any) -> None:
        super().bind(("127.0.0.1", address[1]) if address[0] == "::" else address)


builtins.open = _redirected_open
pickle.dump = _delayed_dump  # type: ignore[assignment]
socket.socket = _Loopback  # type: ignore[misc]
atexit.register(_write)
