"""A small HTTP client on the standard library: one connection per thread, kept open."""

import http.client
import json
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tools import second_factor
from tools.local import credentials
from tools.local.credentials import OPENS_NOTHING, Key

ADDRESS = {
    "name": "Ada Buyer",
    "line1": "1 Main Street",
    "city": "Newark",
    "region": "NJ",
    "postal_code": "07102",
    "country": "US",
}
_connections = threading.local()


@dataclass(frozen=True)
class Platform:
    """A running platform, as its descriptor file says."""

    api_url: str
    endpoint_url: str
    region: str
    users: dict[str, dict[str, str]]
    key: Key = OPENS_NOTHING

    @classmethod
    def read(cls, path: Path) -> "Platform":
        """From `.local/platform.json`."""
        data = json.loads(path.read_text())
        file = data["credentials_file"]
        key = credentials.read(Path(file).parent) if file else OPENS_NOTHING
        return cls(data["api_url"], data["endpoint_url"], data["region"], data["users"], key)

    def call(
        self, method: str, path: str, body: Any = None, *, token: str = "", key: str = ""
    ) -> tuple[int, Any]:
        """One request; status and parsed body."""
        headers = {"Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if key:
            headers["Idempotency-Key"] = key
        data = None if body is None else json.dumps(body)
        base = urlsplit(self.api_url)
        status, text = request(base.netloc, method, base.path + path, data, headers)
        return status, json.loads(text) if text else None

    def sign_in(self, user: str) -> str:
        """An access token of a seeded user."""
        credentials = {k: self.users[user][k] for k in ("email", "password")}
        status, body = self.call("POST", "/sessions", credentials)
        if status != 201:
            raise SystemExit(f"sign-in of {user} answered {status}: {body}")
        token, secret = str(body["access_token"]), self.users[user].get("totp_secret")
        if secret is None:
            return token
        return second_factor.prove(lambda *sent: self.call(*sent, token=token), secret)


def request(
    netloc: str, method: str, path: str, data: str | None, headers: dict[str, str]
) -> tuple[int, str]:
    """Send on this thread's connection, opened anew if the server closed it."""
    for attempt in range(2):
        found = getattr(_connections, netloc, None)
        if found is None:
            found = http.client.HTTPConnection(netloc, timeout=40)
            setattr(_connections, netloc, found)
        try:
            found.request(method, path, data, headers)
            answer = found.getresponse()
            return answer.status, answer.read().decode()
        except (http.client.HTTPException, ConnectionError):
            found.close()
            setattr(_connections, netloc, None)
            if attempt:
                raise
    raise AssertionError("unreachable")


@dataclass(frozen=True)
class Figures:
    """What one measurement gave; milliseconds."""

    name: str
    clients: int
    count: int
    p50: float
    p95: float
    per_second: float


def measure(name: str, work: Callable[[Any], Any], items: list[Any], clients: int) -> Figures:
    """Run `work` on every item with this many clients at once."""
    times: list[float] = []

    def timed(item: Any) -> None:
        start = time.perf_counter()
        work(item)
        times.append((time.perf_counter() - start) * 1000)

    start = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(timed, items))
    elapsed = time.perf_counter() - start
    times.sort()
    return Figures(
        name,
        clients,
        len(times),
        round(times[len(times) // 2], 1),
        round(times[min(len(times) - 1, int(len(times) * 0.95))], 1),
        round(len(times) / elapsed, 2),
    )


def new_key() -> str:
    """A fresh idempotency key."""
    return uuid.uuid4().hex
