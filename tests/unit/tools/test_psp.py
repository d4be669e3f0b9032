"""The books of the local payment provider: whole, or not taken."""

import pickle
from pathlib import Path

import pytest

from tools.local import processes, psp
from tools.local.errors import LocalError
from tools.local.settings import Settings

WHOLE = pickle.dumps({"payment_intent:pi_1": {"amount": 1131}})


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(processes, "start", lambda _service: None)
    (tmp_path / "state" / "psp").mkdir(parents=True)
    return Settings(home=tmp_path)


@pytest.mark.parametrize("books", [b"", b"\n", b"garbage", WHOLE[:-1], WHOLE[:9], b"\x80"])
def test_damaged_books_are_refused_in_a_sentence(here: Settings, books: bytes) -> None:
    (here.state / "psp" / "localstripe.pickle").write_bytes(books)
    with pytest.raises(LocalError, match=r"are damaged.*make reset"):
        psp.launch(here)


def test_whole_books_and_none_are_taken(here: Settings) -> None:
    assert psp.launch(here) is True
    (here.state / "psp" / "localstripe.pickle").write_bytes(WHOLE)
    assert psp.launch(here) is True
