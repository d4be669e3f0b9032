"""The public routes that tell what the platform is and how it is."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from operations.api import docs, errors, health, openapi
from operations.service import read_documents
from shop import aws
from tests.support import dynamodb, gateway
from tests.support.lambda_context import FakeContext

DOCUMENT = {"openapi": "3.1.0", "info": {"title": "Cartwright", "version": "9.8.7"}, "paths": {}}
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Accept-Encoding": "gzip, br"}


@pytest.fixture(autouse=True)
def _contract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(DOCUMENT))
    monkeypatch.setattr(read_documents, "OPENAPI", path)
    monkeypatch.setenv("TABLE_ORDERS", "orders")
    read_documents.openapi.cache_clear()
    read_documents.version.cache_clear()
    yield
    read_documents.openapi.cache_clear()
    read_documents.version.cache_clear()


def get(module: Any, headers: dict[str, str] | None = None) -> gateway.Reply:
    event = gateway.event("GET", module.ROUTE.path, sub=None, headers=headers)
    return gateway.call(module.handler, event)


def test_a_healthy_platform_says_what_it_is(moto_aws: None) -> None:
    dynamodb.create("orders")
    reply = get(health)
    assert (reply.status, reply.headers["Cache-Control"]) == (200, "no-store")
    assert reply.json == {
        "status": "ok",
        "version": "9.8.7",
        "region": "us-east-1",
        "stage": "test",
        "checks": {"dynamodb": "ok"},
    }


def test_a_table_that_is_not_there_is_503(moto_aws: None) -> None:
    reply = get(health)
    assert (reply.status, reply.json["code"]) == (503, "service_unavailable")
    assert reply.json["checks"] == {"dynamodb": "failed"}
    assert (reply.json["retryable"], reply.headers["Retry-After"]) == (True, "5")


def test_a_table_that_is_silent_is_503(moto_aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    client = aws.client("dynamodb", read_timeout_s=1, attempts=1)

    def silent(**_: Any) -> None:
        raise ReadTimeoutError(endpoint_url="http://db")

    monkeypatch.setattr(client, "get_item", silent)
    assert get(health).status == 503


def test_without_a_table_to_ask_health_checks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TABLE_ORDERS")
    assert get(health).json["checks"] == {}


def test_health_asks_one_table_once_and_waits_a_second(moto_aws: None) -> None:
    dynamodb.create("orders")
    get(health)
    [(_, only)] = aws._clients.items()
    config = only.meta.config
    assert (config.read_timeout, config.retries["total_max_attempts"]) == (1, 1)


def test_the_contract_is_served_as_it_is_committed() -> None:
    reply = get(openapi)
    assert (reply.status, reply.json) == (200, DOCUMENT)
    again = get(openapi, {"If-None-Match": reply.headers["ETag"]})
    assert (again.status, again.text) == (304, "")


def test_every_problem_is_in_the_catalogue() -> None:
    reply = get(errors)
    listed = {item["code"] for item in reply.json["data"]}
    assert {"not_found", "out_of_stock", "invalid_credentials"} < listed
    assert listed == {kind.code for kind in read_documents.problem_types()}
    assert all(item["type"].endswith(f"#{item['code']}") for item in reply.json["data"])
    assert get(errors, {"If-None-Match": reply.headers["ETag"]}).status == 304


@pytest.mark.parametrize(
    "headers", [{}, {"Accept": "*/*", "Accept-Encoding": "gzip"}, {"Accept": "text/html"}, BROWSER]
)
def test_the_reference_is_text_to_everyone(headers: dict[str, str]) -> None:
    """A body in base64 arrives as such unless gateway and client agree on what is binary."""
    event = gateway.event("GET", "/docs", sub=None, headers=headers)
    reply = docs.handler(event, FakeContext())
    assert reply["body"].startswith("<!doctype html>")
    assert not reply.get("isBase64Encoded")
    assert "Content-Encoding" not in reply["headers"]
    assert reply["headers"]["Content-Type"] == "text/html; charset=utf-8"
    assert len(reply["body"].encode()) < 5_000_000  # Lambda answers up to 6 MB


def test_a_browser_that_has_the_reference_is_told_so() -> None:
    etag = docs.handler(gateway.event("GET", "/docs", sub=None, headers=BROWSER), FakeContext())[
        "headers"
    ]
    reply = get(docs, BROWSER | {"If-None-Match": etag["ETag"]})
    assert reply.status == 304
