"""A service map as lines: cut where it does not fit, and drawn anew only where the cursor is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from console import mapped
from pointsman.clock import EPOCH
from pointsman.console.present.look import Draw
from pointsman.console.present.service_map import Painted, laid_out, window
from pointsman.console.present.text import cells
from pointsman.console.widgets.ink import slice_cells
from pointsman.model.service_map import canonical
from pointsman.semantics.traces.facts import Service


def painted() -> Painted:
    whole = mapped.service_map()
    wide = Service("決済サービス", "AWS::ECS::Container", "123456789012")
    renamed = {mapped.CHECKOUT: wide}
    nodes = [replace(one, service=renamed.get(one.service, one.service)) for one in whole.nodes]
    calls = [
        replace(one, source=renamed.get(one.source, one.source), target=renamed.get(one.target, one.target))
        for one in whole.calls
    ]
    made = canonical(nodes, calls, whole.query, start=whole.start, end=whole.end)
    return Painted(made, laid_out(made, 120), Draw(EPOCH))


WHOLE = painted()
BEFORE, AFTER = WHOLE.rows(), WHOLE.rows(mapped.GATEWAY, focused=True)


def test_only_lines_that_the_cursor_changes_are_other_ones() -> None:
    same = [old is new for old, new in zip(BEFORE, AFTER, strict=True)]
    assert any(same)
    assert not all(same)
    assert all(old == new for old, new, kept in zip(BEFORE, AFTER, same, strict=True) if kept)
    assert WHOLE.rows() == BEFORE, "the cursor left no trace"


@given(st.integers(0, len(AFTER) - 1), st.integers(0, 130), st.integers(1, 130))
def test_a_line_is_cut_at_cells_and_a_wide_character_at_an_edge_is_a_space(at: int, start: int, width: int) -> None:
    cut = window(AFTER[at], start, width)
    size = sum(cells(text) for text, _ in cut)
    assert size == max(0, min(width, len(AFTER[at]) - start))
    text = "".join(part for part, _ in cut)
    whole = "".join(
        part for part, _ in slice_cells(WHOLE.lines(mapped.GATEWAY, focused=True)[at], start, start + width)[1]
    )
    if cells(whole) == size and not any(character in whole for character in "決済サービス"):
        assert text == whole
    assert all(style == AFTER[at][start][1] for _, style in cut[:1])


def test_no_line_is_longer_than_the_plan() -> None:
    assert {len(row) for row in AFTER} == {WHOLE.plan.width}
    assert {sum(cells(text) for text, _ in line) for line in WHOLE.lines()} == {WHOLE.plan.width}
