"""Ports and places of a local platform, and the digest that decides about a deployment."""

from dataclasses import replace
from pathlib import Path

import pytest

from tools.local import emulator, sources
from tools.local.errors import LocalError
from tools.local.settings import Settings, clean_environment, from_environment


@pytest.fixture
def checkout(tmp_path: Path) -> Settings:
    for name in ("functions/orders/domain/order.py", "infra/stages.py", "app.py", "tools/build.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x = 1\n")
    return Settings(home=tmp_path / ".local", root=tmp_path)


def test_port_of_the_payment_provider_follows_the_emulators() -> None:
    assert from_environment({"CARTWRIGHT_PORT": "4710"}).psp_port == 5710


def test_defaults_are_the_usual_ports(tmp_path: Path) -> None:
    settings = from_environment({}, tmp_path)
    assert (settings.port, settings.psp_port) == (4566, 5566)


@pytest.mark.parametrize("text", ["abc", "0", "-1", "65536", "4566.0", "65000"])
def test_what_is_not_a_port_is_refused_by_name(text: str) -> None:
    with pytest.raises(LocalError, match="CARTWRIGHT_P"):
        from_environment({"CARTWRIGHT_PORT": text})


def test_programs_see_nothing_of_the_shell(
    checkout: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_PROFILE", "HTTPS_PROXY", "PYTHONPATH"):
        monkeypatch.setenv(name, "leak")
    assert "leak" not in clean_environment(checkout).values()
    assert "leak" not in emulator.service(checkout).environment.values()


def test_emulator_listens_on_loopback_and_keeps_its_state(checkout: Settings) -> None:
    environment = emulator.service(checkout).environment
    assert environment["BIND_HOST"] == "127.0.0.1"
    assert environment["PERSIST_STATE"] == environment["S3_PERSIST"] == "1"
    assert Path(environment["STATE_DIR"]).is_relative_to(checkout.home)
    assert Path(environment["S3_DATA_DIR"]).is_relative_to(checkout.home)


def test_absent_external_emulator_means_the_embedded_one(checkout: Settings) -> None:
    nowhere = {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
    assert emulator.with_external(checkout, nowhere) == checkout
    assert emulator.with_external(checkout, {}) == checkout


def test_digest_is_the_same_for_the_same_sources(checkout: Settings) -> None:
    before = sources.digest(checkout)
    (checkout.root / "functions/orders/README.md").write_text("words")
    (checkout.root / "build").mkdir()
    assert sources.digest(checkout) == before


@pytest.mark.parametrize(
    "name",
    ["functions/orders/domain/order.py", "infra/new.py", "app.py", "state_machines/a.asl.json"],
)
def test_digest_changes_with_every_deployed_source(checkout: Settings, name: str) -> None:
    before = sources.digest(checkout)
    path = checkout.root / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("x = 2\n")
    assert sources.digest(checkout) != before


def test_digest_changes_with_the_ports(checkout: Settings) -> None:
    """Functions carry both addresses in their environment, so another port is a deployment."""
    before = sources.digest(checkout)
    assert sources.digest(replace(checkout, port=4567)) != before
    assert sources.digest(replace(checkout, psp_port=4568)) != before
