"""What is left out of a waterfall."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from console import tracing
from pointsman.model.trace_operations import owners
from pointsman.model.trace_pruning import Pruning, depths, folds_at, prune, services
from pointsman.semantics.traces import assembly
from support.traces import SLOW, pieces

CHECKOUT = tracing.checkout().trace


def kept(pruning: Pruning) -> list[str]:
    shown = prune(CHECKOUT, pruning)
    assert shown is not None
    return [span.name for span, one in zip(CHECKOUT.spans, shown, strict=True) if one]


def test_nothing_is_left_out_unasked() -> None:
    assert prune(CHECKOUT, Pruning()) is None


def test_short_spans_go_and_failures_stay() -> None:
    found = kept(Pruning(least=0.4))
    assert "SELECT stock" not in found
    assert "inventory" not in found
    assert "bank.example" in found, "it took 300 ms, and failed"
    assert "receipt" in found, "nobody knows how long it takes"


def test_a_service_goes_with_what_is_inside_but_not_with_what_it_calls() -> None:
    found = kept(Pruning(frozenset({"payments"})))
    assert "DynamoDB" not in found
    assert "SELECT stock" in found
    found = kept(Pruning(frozenset({"checkout"})))
    assert "SELECT stock" not in found
    assert "bank.example" in found
    assert found[:2] == ["gateway", "checkout"], "what stands over a span that shows is shown"


def test_services_are_counted_with_their_spans() -> None:
    assert sum(count for _, count in services(CHECKOUT)) == len(CHECKOUT.spans)
    assert dict(services(CHECKOUT))["checkout"] == 15


@SLOW
@given(pieces(), st.floats(0, 3), st.sets(st.sampled_from(["shop", "cart", "billing"])))
def test_what_shows_has_its_parents_and_a_reason(found: list, least: float, hidden: set[str]) -> None:  # type: ignore[type-arg]
    trace = assembly.assemble(found)
    shown = prune(trace, Pruning(frozenset(hidden), least)) or b"\1" * len(trace.spans)
    whose = owners(trace.spans)
    for place, span in enumerate(trace.spans):
        if shown[place] and span.parent >= 0:
            assert shown[span.parent]
        below = any(shown[place + 1 : span.last])
        if shown[place] and not below:
            assert trace.spans[whose[place]].name not in hidden
        if not shown[place]:
            assert not below


def test_folding_by_level() -> None:
    assert depths(CHECKOUT) == max(span.depth for span in CHECKOUT.spans) + 1
    for place in folds_at(CHECKOUT, 2):
        assert CHECKOUT.spans[place].depth == 1
        assert CHECKOUT.spans[place].last > place + 1
