"""Records behave the same in a file and in memory, and are written once per transaction."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pointsman.local.store.database import Database
from pointsman.local.store.records import Records
from pointsman.local.store.resident import ResidentRecords


class Thing(msgspec.Struct, frozen=True):
    value: int


class Broken(Exception):
    pass


PLACE = ("123456789012", "eu-west-1")
Make = Callable[[], tuple[Database, Records]]


@pytest.fixture(params=["file", "memory"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    def opened() -> tuple[Database, Records]:
        if request.param == "memory":
            database = Database(None)
            return database, ResidentRecords(database)
        database = Database(tmp_path / "state.db")
        return database, Records(database)

    return opened


def values(records: Records, **how: object) -> list[tuple[str, int]]:
    return [(key, thing.value) for key, thing in records.scan(*PLACE, Thing, **how)]  # type: ignore[arg-type]


def test_what_was_put_is_there_until_it_is_deleted(make: Make) -> None:
    _, records = make()
    records.put(*PLACE, "a", Thing(1))
    records.put(*PLACE, "a", Thing(2))
    assert records.get(*PLACE, Thing, "a") == Thing(2)
    assert records.places(Thing) == [PLACE]
    assert records.delete(*PLACE, Thing, "a")
    assert not records.delete(*PLACE, Thing, "a")
    assert records.get(*PLACE, Thing, "a") is None
    assert records.places(Thing) == []


def test_a_scan_is_by_prefix_in_either_order_behind_a_key_and_limited(make: Make) -> None:
    _, records = make()
    for number, key in enumerate(("b/2", "a/1", "b/1", "b/3", "c")):
        records.put(*PLACE, key, Thing(number))
    assert [key for key, _ in values(records, prefix="b/")] == ["b/1", "b/2", "b/3"]
    assert [key for key, _ in values(records, prefix="b/", reverse=True, limit=2)] == ["b/3", "b/2"]
    assert [key for key, _ in values(records, after="b/1")] == ["b/2", "b/3", "c"]
    assert [key for key, _ in values(records, reverse=True, after="b/2")] == ["b/1", "a/1"]


def test_a_scan_within_a_transaction_sees_what_it_has_put(make: Make) -> None:
    database, records = make()
    records.put(*PLACE, "a", Thing(1))
    with database.transaction():
        records.put(*PLACE, "b", Thing(2))
        records.delete(*PLACE, Thing, "a")
        assert values(records) == [("b", 2)]
        assert records.get(*PLACE, Thing, "a") is None


def test_a_rolled_back_transaction_has_never_been(make: Make) -> None:
    database, records = make()
    records.put(*PLACE, "kept", Thing(1))
    records.put(*PLACE, "deleted", Thing(2))
    with suppress(Broken), database.transaction():
        records.put(*PLACE, "kept", Thing(3))
        records.put(*PLACE, "kept", Thing(4))
        records.put(*PLACE, "new", Thing(5))
        records.delete(*PLACE, Thing, "deleted")
        raise Broken
    assert values(records) == [("deleted", 2), ("kept", 1)]
    assert records.get(*PLACE, Thing, "kept") == Thing(1)
    assert records.get(*PLACE, Thing, "new") is None


def test_a_record_put_often_in_a_transaction_is_written_once(tmp_path: Path) -> None:
    database = Database(tmp_path / "state.db")
    records = Records(database)
    said: list[str] = []
    database.connection.set_trace_callback(said.append)
    with database.transaction():
        for number in range(10):
            records.put(*PLACE, "a", Thing(number))
    assert sum("INSERT INTO records" in sql for sql in said) == 1
    database.close()
    again = Records(Database(tmp_path / "state.db"))
    assert again.get(*PLACE, Thing, "a") == Thing(9)


_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.sampled_from("abcd"), st.integers(0, 9)),
        st.tuples(st.just("delete"), st.sampled_from("abcd"), st.just(0)),
        st.tuples(st.sampled_from(["begin", "commit", "rollback"]), st.just(""), st.just(0)),
    ),
    max_size=30,
)


@settings(max_examples=60, deadline=None)
@given(steps=_STEPS)
def test_memory_and_file_agree_whatever_happens(steps: list[tuple[str, str, int]]) -> None:
    filed = Database(None)
    kept = Database(None)
    pairs = [(filed, Records(filed)), (kept, ResidentRecords(kept))]
    for database, records in pairs:
        _play(database, records, steps)
    assert values(pairs[0][1]) == values(pairs[1][1])
    assert [pairs[0][1].get(*PLACE, Thing, key) for key in "abcd"] == [
        pairs[1][1].get(*PLACE, Thing, key) for key in "abcd"
    ]
    for database, _ in pairs:
        database.close()


def _play(database: Database, records: Records, steps: list[tuple[str, str, int]]) -> None:
    """Carry the steps out; what is begun ends at the next step that is neither put nor delete."""
    rest = list(steps)
    while rest:
        step = rest.pop(0)
        if step[0] != "begin":
            _one(records, *step)
            continue
        with suppress(Broken), database.transaction():
            while rest and rest[0][0] in ("put", "delete"):
                _one(records, *rest.pop(0))
            if rest and rest[0][0] == "rollback":
                raise Broken


def _one(records: Records, what: str, key: str, value: int) -> None:
    if what == "put":
        records.put(*PLACE, key, Thing(value))
    elif what == "delete":
        records.delete(*PLACE, Thing, key)
