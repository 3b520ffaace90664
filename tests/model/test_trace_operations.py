"""Operations of a trace, and how a span stands among its like."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from console import tracing
from pointsman.model.opened_trace import OpenedTrace
from pointsman.model.refs import TraceRef
from pointsman.model.trace_operations import TRACES, Operation, Population, quantile, statistics
from pointsman.services.reads.traces import opened


def trace(*lengths: float, ref: TraceRef = tracing.CHECKOUT) -> OpenedTrace:
    """A shop that asks its table so many times, one call after the other."""
    at, calls = 0.0, []
    for number, length in enumerate(lengths):
        calls.append(
            {
                "id": f"{number + 2:016x}",
                "name": "DynamoDB",
                "namespace": "aws",
                "aws": {"operation": "GetItem"},
                "start_time": 100 + at,
                "end_time": 100 + at + length,
            }
        )
        at += length
    top = {"trace_id": ref.id, "id": f"{1:016x}", "name": "shop", "start_time": 100.0, "end_time": 100 + at + 1}
    return opened(ref, [json.dumps(top | {"subsegments": calls})], limit_exceeded=False, settled=True)


GET = Operation("shop", "DynamoDB GetItem", False)


def test_an_operation_is_a_service_and_what_it_does() -> None:
    found = {one.operation: one for one in statistics(trace(0.1, 0.2, 0.7))}
    assert set(found) == {Operation("shop", "shop", True), GET}
    calls = found[GET]
    assert (calls.count, calls.median, calls.p90, calls.longest) == (3, pytest.approx(0.2), *[pytest.approx(0.7)] * 2)
    assert calls.total == pytest.approx(1.0)
    assert calls.critical == pytest.approx(1.0)
    assert found[Operation("shop", "shop", True)].own == pytest.approx(1.0)


def test_what_went_wrong_is_counted_once_and_what_moves_has_no_length() -> None:
    found = {one.operation: one for one in statistics(tracing.checkout())}
    ledger = found[Operation("payments", "DynamoDB UpdateItem", False)]
    assert (ledger.throttles, ledger.errors, ledger.faults) == (1, 0, 0)
    receipt = found[Operation("payments", "receipt", False)]
    assert (receipt.moving, receipt.longest) == (1, 0.0)
    stock = found[Operation("checkout", "SELECT stock", False)]
    assert stock.count == 12


def test_the_most_waited_for_comes_first_and_all_of_the_path_is_told() -> None:
    found = tracing.checkout()
    rows = statistics(found)
    assert [one.critical for one in rows] == sorted((one.critical for one in rows), reverse=True)
    assert sum(one.critical for one in rows) == pytest.approx(sum(found.timing.critical))


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0.01, 1))
def test_a_quantile_is_one_of_the_values_that_enough_do_not_exceed(values: list[float], share: float) -> None:
    values.sort()
    found = quantile(values, share)
    assert found in values
    assert sum(one <= found for one in values) >= share * len(values) - 1e-6 * len(values)


def test_a_span_stands_among_its_like_in_every_trace_that_was_read() -> None:
    population = Population()
    assert population.standing(GET, 1.0) is None
    for at in range(10):
        population.add(trace(at / 10, ref=tracing.ref(at)))
    standing = population.standing(GET, 0.85)
    assert standing is not None
    assert (standing.percentile, standing.count, standing.traces) == (90, 10, 10)
    population.add(trace(5.0, 6.0, ref=tracing.ref(0)))
    again = population.standing(GET, 5.5)
    assert again is not None
    assert (again.count, again.traces) == (11, 10), "a trace that is read again takes its own place"
    assert population.standing(Operation("elsewhere", "x", True), 1.0) is None


def test_only_so_many_traces_are_remembered() -> None:
    population = Population()
    one = trace(0.1)
    for at in range(TRACES + 5):
        population.add(replace(one, ref=tracing.ref(at)))
    assert len(population) == TRACES
    assert tracing.ref(0) not in population
    assert tracing.ref(TRACES) in population
