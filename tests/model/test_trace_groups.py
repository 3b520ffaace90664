"""Traces in groups, and by how long they took."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from console import tracing
from pointsman.model.trace_groups import GROUPINGS, also, between, buckets, grouped
from pointsman.model.traces import TraceSummary
from pointsman.model.traces_seen import seen_in
from pointsman.semantics.traces import filters

ROWS = tracing.listed().traces


def row(response: float | None, *, fault: bool = False) -> TraceSummary:
    return replace(ROWS[1], response=response, fault=fault)


def test_groups_by_url_leave_the_query_out() -> None:
    found = {one.name: one for one in grouped(ROWS, "URL")}
    cart = found["https://shop.example/cart"]
    assert (cart.count, cart.faults) == (2, 0)
    assert cart.expression == 'http.url BEGINSWITH "https://shop.example/cart"'
    assert found["https://shop.example/checkout"].fault_share == 1.0
    assert found[""].expression == "", "there is no filter for traces without a URL"


def test_groups_by_service_count_a_trace_in_each_of_its_services() -> None:
    found = {one.name: one for one in grouped(ROWS, "service")}
    assert found["gateway"].count == 7
    assert found["payments"].count == 1
    assert found["payments"].expression == 'service("payments")'


def test_groups_by_root_cause() -> None:
    rows = [
        replace(ROWS[0], causes=("fault: gateway > payments", "error: gateway")),
        replace(ROWS[1], causes=("fault: gateway > payments",)),
        ROWS[2],
    ]
    found = {one.name: one for one in grouped(rows, "root cause")}
    assert {name: one.count for name, one in found.items()} == {
        "fault: gateway > payments": 2,
        "error: gateway": 1,
        "": 1,
    }
    filters.parse(found["fault: gateway > payments"].expression)


def test_faults_come_first() -> None:
    assert grouped(ROWS, "URL")[0].name == "https://shop.example/checkout"


@pytest.mark.parametrize("by", GROUPINGS)
@given(name=st.text(max_size=20))
def test_every_name_has_a_filter_that_is_one(by: str, name: str) -> None:
    rows = [replace(ROWS[0], url=name, services=(name,), causes=(f"fault: {name}",))]
    for one in grouped(rows, by):
        filters.parse(one.expression)


@given(
    st.lists(st.floats(0, 30_000).map(lambda value: round(value, 3)), max_size=60),
    st.integers(1, 60),
)
def test_every_trace_is_in_one_column_and_its_filter_takes_it(values: list[float], most: int) -> None:
    found = buckets([row(value) for value in values], most)
    assert sum(one.count for one in found) == len(values)
    assert len(found) <= most
    assert all(one.low < one.high for one in found)
    assert [one.high for one in found[:-1]] == [one.low for one in found[1:]]
    for one in found:
        inside = [value for value in values if one.low <= value <= one.high]
        assert len(inside) >= one.count
        filters.parse(between(one.low, one.high))
    if found:
        assert found[0].low <= min(values)
        assert found[-1].high >= max(values)


def test_what_was_not_answered_is_in_no_column_and_faults_are_counted() -> None:
    assert buckets([row(None)], 10) == ()
    (only,) = [one for one in buckets([row(0.1, fault=True), row(0.1), row(None)], 10) if one.count]
    assert (only.count, only.faults) == (2, 1)


@pytest.mark.parametrize(
    ("before", "whole"),
    [
        ("", "b"),
        ("a", "a AND b"),
        ("a OR c", "(a OR c) AND b"),
        ("a or c", "(a or c) AND b"),
        ("a" * filters.LONGEST, "a" * filters.LONGEST),
    ],
)
def test_a_filter_is_narrowed(before: str, whole: str) -> None:
    assert also(before, "b") == whole


def test_what_was_seen_is_written_as_expressions_write_it() -> None:
    rows = [replace(ROWS[0], annotations=(("items", "3"), ("gold", "true"), ("tenant", 'a"b')))]
    seen = seen_in(rows, ("ledger", ""))
    assert "ledger" in seen.services
    assert "" not in seen.services
    assert seen.annotations == {"gold": ("true",), "items": ("3",), "tenant": ('"a\\"b"',)}
    assert seen.values["http.status"] == ("500",)
