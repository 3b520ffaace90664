"""What two traces are told to be alike by."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from console import tracing
from pointsman.clock import EPOCH
from pointsman.model import trace_alike
from pointsman.model.refs import TraceRef
from pointsman.model.trace_alike import Loaded, Request, alike, asked_of, expression, middle, request_of
from pointsman.model.traces import TraceSummary
from pointsman.semantics.traces.filters import parse


def row(at: int, url: str = "", method: str = "", entry: str = "", **more: object) -> TraceSummary:
    made = TraceSummary(tracing.ref(at), EPOCH + timedelta(seconds=at), 1.0, 1.0, method, url, 200, entry=entry)
    return replace(made, **more)


def test_queries_numbers_and_uuids_make_no_difference_methods_and_paths_do() -> None:
    base = asked_of(row(1, "https://shop.example/orders/17?page=2", "GET"))
    assert base == Request("GET", "https://shop.example/orders/*", "")
    assert str(base) == "GET shop.example/orders/*"
    uuid = "https://shop.example/orders/0f8fad5b-d9cb-469f-a165-70867728950e#x"
    assert asked_of(row(2, uuid, "GET")) == base
    for url, method in (
        ("https://shop.example/orders/17", "POST"),
        ("https://shop.example/orders", "GET"),
        ("https://shop.example/baskets/17", "GET"),
    ):
        assert asked_of(row(3, url, method)) != base
    assert asked_of(row(4, entry="nightly")) == Request("", "", "nightly")


def test_an_open_trace_and_its_line_in_a_list_tell_the_same_request() -> None:
    assert request_of(tracing.checkout()) == asked_of(tracing.listed().traces[0])


def test_the_same_request_comes_first_and_newest_first_without_the_trace_itself() -> None:
    rows = [row(at, f"https://shop/{'cart' if at % 2 else 'pay'}", "GET") for at in range(6)]
    same, others = alike(asked_of(rows[1]), rows, rows[3].ref)
    assert [one.ref for one in same] == [rows[5].ref, rows[1].ref]
    assert [one.ref for one in others] == [rows[4].ref, rows[2].ref, rows[0].ref]
    nothing = Request("", "", "")
    assert alike(nothing, [row(1), row(2)], TraceRef("x"))[0] == (), "two that tell nothing are not alike"


@given(st.text(), st.text(), st.text())
def test_what_is_asked_for_is_a_filter_that_can_be_read(method: str, url: str, entry: str) -> None:
    asked = expression(asked_of(row(1, url, method, entry)))
    assert not asked or parse(asked) is not None


def test_the_middle_one_has_ended_well_where_any_has() -> None:
    rows = [row(at, response=at / 10) for at in range(1, 6)]
    found = middle([replace(rows[0], fault=True), *rows[1:], replace(rows[2], ref=tracing.ref(9), partial=True)])
    assert found is not None
    assert found.ref == rows[2].ref
    failed = [replace(one, fault=True) for one in rows]
    assert middle(failed) == failed[2]
    assert middle([]) is None
    assert middle([row(1, response=None)]) == row(1, response=None)


def test_what_lists_brought_is_kept_up_to_a_limit_the_last_word_of_each() -> None:
    loaded = Loaded()
    loaded.add(row(at, services=("cart",)) for at in range(trace_alike.MOST + 3))
    assert len(loaded) == trace_alike.MOST
    assert tracing.ref(2) not in loaded.through("cart")
    loaded.add([row(5, services=("mail",))])
    assert loaded.through("mail") == (tracing.ref(5),)
    assert tracing.ref(5) not in loaded.through("cart")
