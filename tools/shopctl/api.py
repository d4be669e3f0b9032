"""The HTTP API as a client sees it: standard library, no proxy, bounded repeats."""

import http.client
import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, replace
from typing import Any

from tools import second_factor
from tools.shopctl.errors import Failed, Unusable

TIMEOUT_S = 30
REPEAT_FOR_S = 90
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer."""

    status: int
    headers: dict[str, str]
    body: Any

    def expect(self, status: int) -> Any:
        """The body of an answer with this status; raises Failed naming the problem."""
        if self.status == status:
            return self.body
        problem = self.body if isinstance(self.body, dict) else {}
        code = problem.get("code", "no problem document")
        raise Failed(f"HTTP {self.status} {code}: {problem.get('detail', '')}".rstrip(": "))


@dataclass(frozen=True, slots=True)
class Api:
    """The API of one user."""

    url: str
    token: str = ""

    def send(self, method: str, path: str, body: Any = None, *, key: str = "") -> Answer:
        """One request. With a key it is repeated while the answer says that it may be."""
        deadline = time.monotonic() + (REPEAT_FOR_S if key else 0)
        while True:
            answer = self._once(method, path, body, key)
            retryable = isinstance(answer.body, dict) and answer.body.get("retryable") is True
            if not retryable or time.monotonic() >= deadline:
                return answer
            time.sleep(min(float(answer.headers.get("retry-after", 1)), 5))

    def sign_in(self, email: str, password: str, totp_secret: str = "") -> "Api":
        """The same API with this user's token: by both factors, where there is a second one."""
        body = {"email": email, "password": password}
        token = self.send("POST", "/sessions", body).expect(201)["access_token"]
        signed_in = replace(self, token=token)
        return signed_in.raised(totp_secret) if totp_secret else signed_in

    def raised(self, totp_secret: str) -> "Api":
        """The same session, once it has proved its second factor."""

        def send(method: str, path: str, body: Any) -> tuple[int, Any]:
            answer = self.send(method, path, body)
            return answer.status, answer.body

        try:
            return replace(self, token=second_factor.prove(send, totp_secret))
        except second_factor.NotProved as refused:
            raise Failed(f"The second factor was not taken: {refused}") from refused

    def _once(self, method: str, path: str, body: Any, key: str) -> Answer:
        headers = {"Accept": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if key:
            headers["Idempotency-Key"] = key
        data = None if body is None else json.dumps(body).encode()
        if data is not None:
            headers["Content-Type"] = "application/json"
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with _direct.open(request, timeout=TIMEOUT_S) as answer:
                return _read(answer.status, answer)
        except urllib.error.HTTPError as error:
            with error:
                return _read(error.code, error)
        except (OSError, http.client.HTTPException) as error:
            raise Unusable(
                f"The API at {self.url} does not answer. Locally: run `make up`."
            ) from error


def _read(status: int, answer: Any) -> Answer:
    text = answer.read()
    try:
        body = json.loads(text) if text else None
    except ValueError:
        body = None
    return Answer(status, {name.lower(): value for name, value in answer.headers.items()}, body)
