"""The waterfall: folding, moving, zooming, searching; only what is in sight is drawn."""

from __future__ import annotations

import json
from typing import Any

from console import tracing
from console.widgets.shown import Stage1
from pointsman.clock import EPOCH, ManualClock
from pointsman.console import toolkit
from pointsman.console.present import waterfall as drawing
from pointsman.console.present.look import Look
from pointsman.console.widgets.waterfall import Waterfall
from pointsman.errors import Fault, FaultKind
from pointsman.model.opened_trace import OpenedTrace
from pointsman.model.refs import TraceRef
from pointsman.model.snapshot import Snapshot
from pointsman.services.reads.traces import opened


def app() -> Stage1:
    look = Look(ManualClock().now)
    return Stage1(lambda: Waterfall(look))


def fresh(value: OpenedTrace | None = None) -> Snapshot[OpenedTrace]:
    return Snapshot(value=value or tracing.checkout(), fetched_at=EPOCH)


def many(count: int, ref: TraceRef = tracing.CHECKOUT) -> OpenedTrace:
    spans = [
        {
            "trace_id": ref.id,
            "id": f"{at + 1:016x}",
            "name": f"span-{at}",
            "start_time": 1000 + at * 0.001,
            "end_time": 1000 + at * 0.001 + 0.0005,
            **({"parent_id": f"{1:016x}", "type": "subsegment"} if at else {"end_time": 1000 + count * 0.001}),
        }
        for at in range(count)
    ]
    return opened(ref, [json.dumps(one) for one in spans], limit_exceeded=False, settled=True)


def names(view: Waterfall, found: OpenedTrace) -> list[str]:
    return [found.trace.spans[place].name for place in view.rows]


async def test_folding_hides_and_counts_what_is_below_and_the_cursor_stays() -> None:
    made = app()
    async with made.run_test(size=(80, 24)) as pilot:
        view = made.query_one(Waterfall)
        view.show(fresh())
        view.focus()
        await toolkit.settle(pilot)
        await pilot.press("j", "j", "j", "enter")
        assert names(view, tracing.checkout())[:5] == ["gateway", "checkout", "checkout", "inventory", "payments"]
        assert "▶ inventory (12)" in "\n".join(toolkit.screen_lines(made))
        assert view.place == 3
        await pilot.press("right")
        assert len(view.rows) == len(tracing.checkout().trace.spans)
        await pilot.press("right")
        assert view.place == 4
        await pilot.press("left")
        assert view.place == 3
        await pilot.press("left", "left", "left")
        assert names(view, tracing.checkout())[2] == "checkout"
        assert view.place == 2


async def test_what_is_searched_for_is_unfolded_and_gone_through_in_a_circle() -> None:
    made = app()
    async with made.run_test(size=(80, 24)) as pilot:
        view = made.query_one(Waterfall)
        view.show(fresh())
        view.focus()
        await toolkit.settle(pilot)
        await pilot.press("enter")
        assert len(view.rows) == 2, "the orphan stands beside the folded root"
        assert view.search("payments") == 2
        first, second = view.matches
        assert view.place == first
        assert view.to_match(1) == 2
        assert view.place == second
        assert view.to_match(1) == 1
        assert view.to_match(-1) == 2
        assert view.search("no such thing") == 0
        assert view.to_match(1) == 0
        assert view.place == second


async def test_failures_are_gone_through() -> None:
    made = app()
    async with made.run_test(size=(80, 24)) as pilot:
        view = made.query_one(Waterfall)
        view.show(fresh())
        await toolkit.settle(pilot)
        seen = []
        for _ in range(7):
            assert view.to_trouble()
            seen.append(tracing.checkout().trace.spans[view.place or 0].name)
        assert seen == ["checkout", "checkout", "payments", "payments", "DynamoDB", "bank.example", "gateway"]


async def test_zoom_pan_and_fit() -> None:
    made = app()
    async with made.run_test(size=(80, 24)) as pilot:
        view = made.query_one(Waterfall)
        view.show(fresh())
        view.focus()
        await toolkit.settle(pilot)
        everything = view.window
        await pilot.press("plus", "plus")
        assert view.zoomed
        assert abs(view.window.length - everything.length / 4) < 1e-9
        middle = view.window.start
        await pilot.press("L")
        assert view.window.start > middle
        await pilot.press("H", "H", "H", "H", "H", "H", "H", "H", "H")
        assert view.window.start == everything.start
        await pilot.press("underscore", "underscore", "underscore")
        assert view.window == everything
        view.move_to(3)
        await pilot.press("full_stop")
        assert everything.start < view.window.start
        assert view.window.length < 0.2
        assert any(line.rstrip().endswith(">") for line in toolkit.screen_lines(made)), "what is later is said to be"
        await pilot.press("equals_sign")
        assert view.window == everything


async def test_the_same_trace_read_again_keeps_cursor_folds_and_window() -> None:
    made = app()
    async with made.run_test(size=(80, 24)) as pilot:
        view = made.query_one(Waterfall)
        view.show(fresh(many(20)))
        view.focus()
        await toolkit.settle(pilot)
        await pilot.press("j", "j", "plus")
        window = view.window
        view.show(fresh(many(30)))
        await toolkit.settle(pilot)
        assert (view.place, view.window, len(view.rows)) == (2, window, 30)
        await pilot.press("g", "enter")
        view.show(fresh(many(31)))
        assert view.rows == (0,)
        view.show(fresh(many(5, tracing.ref(9))))
        assert (view.place, len(view.rows), view.zoomed) == (0, 5, False)


async def test_only_lines_in_sight_are_drawn_and_none_twice(monkeypatch: Any) -> None:
    drawn: list[int] = []
    original = drawing.line

    def counted(one: OpenedTrace, place: int, *given: Any, **more: Any) -> Any:
        drawn.append(place)
        return original(one, place, *given, **more)

    monkeypatch.setattr(drawing, "line", counted)
    made = app()
    async with made.run_test(size=(80, 24)) as pilot:
        view = made.query_one(Waterfall)
        view.show(fresh(many(3000)))
        view.focus()
        await toolkit.settle(pilot)
        assert len(drawn) <= 24
        drawn.clear()
        await pilot.press("j")
        await toolkit.settle(pilot)
        assert len(drawn) <= 2, "the line left and the line come to"
        drawn.clear()
        await pilot.press("G")
        await toolkit.settle(pilot)
        assert len(drawn) <= 24
        assert "span-2999" in "\n".join(toolkit.screen_lines(made))


async def test_what_is_not_there_is_said() -> None:
    made = app()
    async with made.run_test(size=(80, 24)) as pilot:
        view = made.query_one(Waterfall)
        view.focus()
        await toolkit.settle(pilot)
        assert "loading trace" in toolkit.screen_lines(made)[1]
        view.show(Snapshot(fault=Fault(FaultKind.NOT_FOUND, "there is no trace 1-2", "look again")))
        await toolkit.settle(pilot)
        assert "there is no trace 1-2" in "\n".join(toolkit.screen_lines(made))
        await pilot.press("j", "enter", "left", "right", "plus", "underscore", "equals_sign", "full_stop", "L", "G")
        assert view.place is None
        view.show(fresh())
        view.show(Snapshot())
        await toolkit.settle(pilot)
        assert "loading trace" in toolkit.screen_lines(made)[1]
