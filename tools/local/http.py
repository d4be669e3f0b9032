"""Small HTTP calls to the two local servers; no proxy, ever."""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any

_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def get_json(
    url: str, *, headers: Mapping[str, str] | None = None, timeout_s: float = 2.0
) -> Any | None:
    """The JSON body of a 200 answer ({} for none), or None: not there, not ready, not JSON."""
    request = urllib.request.Request(url, headers=dict(headers or {}))
    return _send(request, timeout_s)


def post_form(url: str, fields: Mapping[str, str], *, headers: Mapping[str, str]) -> Any | None:
    """Like `get_json`, for a form."""
    body = urllib.parse.urlencode(fields).encode()
    return _send(urllib.request.Request(url, data=body, headers=dict(headers)), 10.0)


def wait_for(ready: Callable[[], bool], *, timeout_s: float, every_s: float = 0.1) -> bool:
    """Poll until `ready` or until the time is over."""
    deadline = time.monotonic() + timeout_s
    while not ready():
        if time.monotonic() > deadline:
            return False
        time.sleep(every_s)
    return True


def _send(request: urllib.request.Request, timeout_s: float) -> Any | None:
    try:
        with _direct.open(request, timeout=timeout_s) as answer:
            return json.loads(answer.read() or "{}")
    except (OSError, ValueError, urllib.error.URLError, http.client.HTTPException):
        return None
