"""The history of queries between sessions: private, bounded, of several consoles at once, never in the way."""

from __future__ import annotations

import stat
from datetime import timedelta
from pathlib import Path

import pytest

from pointsman.clock import EPOCH
from pointsman.model.insights import Query
from pointsman.services import query_history
from pointsman.services.query_history import QueryHistory

PLACE = "123456789012 eu-west-1"


def asked(history: QueryHistory, *texts: str) -> None:
    for at, text in enumerate(texts):
        history.add(Query(text, ("/app",)), EPOCH + timedelta(seconds=at), PLACE)


def texts(history: QueryHistory) -> list[str]:
    return [one.text for one in history.load()]


def test_it_comes_back_the_newest_first_and_none_twice(tmp_path: Path) -> None:
    history = QueryHistory(tmp_path / "h" / "queries.json")
    asked(history, "a", "b", "a")
    assert history.keep()
    assert texts(QueryHistory(tmp_path / "h" / "queries.json")) == ["a", "b"]
    file = tmp_path / "h" / "queries.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert [one.name for one in file.parent.iterdir()] == ["queries.json"]


def test_two_consoles_keep_each_others(tmp_path: Path) -> None:
    first, second = QueryHistory(tmp_path / "q.json"), QueryHistory(tmp_path / "q.json")
    asked(first, "a")
    asked(second, "b")
    first.keep()
    second.keep()
    assert sorted(texts(QueryHistory(tmp_path / "q.json"))) == ["a", "b"]


def test_it_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query_history, "MOST", 3)
    history = QueryHistory(tmp_path / "q.json")
    asked(history, *"abcde")
    assert texts(history) == ["e", "d", "c"]


@pytest.mark.parametrize("content", [b"", b"{", b'{"format": 9, "queries": []}', b"[1]", b"\xff"])
def test_a_file_that_is_none_is_no_history_and_in_nobodys_way(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "q.json"
    file.write_bytes(content)
    history = QueryHistory(file)
    assert texts(history) == []
    asked(history, "a")
    assert history.keep()
    assert texts(QueryHistory(file)) == ["a"]


def test_nothing_is_kept_where_nothing_can_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    history = QueryHistory(tmp_path / "file" / "q.json")
    asked(history, "a")
    assert not history.keep()
    assert texts(history) == ["a"]
    assert not QueryHistory(None).keep()
