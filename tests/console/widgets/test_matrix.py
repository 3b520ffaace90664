"""The matrix: a cursor in two directions, columns that come and go, nothing drawn twice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from console.widgets.shown import Stage1, ago
from pointsman.clock import EPOCH, ManualClock
from pointsman.console import toolkit
from pointsman.console.present.cells import Cell, Column, Columns, cell
from pointsman.console.present.look import Draw, Look
from pointsman.console.widgets.matrix import Matrix
from pointsman.errors import Fault, FaultKind
from pointsman.model.snapshot import Snapshot

drawn: list[str] = []


@dataclass(frozen=True)
class Row:
    name: str
    values: tuple[str, ...] = ()
    since: datetime | None = None


def value(at: int) -> Any:
    def content(row: Row, draw: Draw) -> Cell:
        drawn.append(f"{row.name}:{at}")
        if row.since is not None and at == 0:
            return cell(draw.age(row.since))
        return cell(row.values[at] if at < len(row.values) else "")

    return content


def columns(count: int, note: bool = False) -> Columns:
    first = Column[Row]("name", "Name", lambda row, _: cell(row.name), least=6)
    found = [Column[Row](f"c{at}", f"Col{at}", value(at), least=7) for at in range(count)]
    if note:
        found.append(Column[Row]("note", "Note", lambda row, _: cell("n" * 60), least=10, share=1))
    return (first, *found)


def rows(count: int, width: int = 3) -> list[Row]:
    return [Row(f"r{at:04}", tuple(f"{at}.{column}" for column in range(width))) for at in range(count)]


def fresh(value: Any = ()) -> Snapshot[Any]:
    return Snapshot(value=value, fetched_at=EPOCH)


def app(clock: ManualClock | None = None) -> Stage1:
    look = Look((clock or ManualClock()).now)
    return Stage1(lambda: Matrix(look, key=lambda row: row.name, noun="targets"))


def shown(made: Stage1) -> list[str]:
    return toolkit.screen_lines(made)


async def test_the_header_and_the_first_column_stay_in_sight() -> None:
    made = app()
    async with made.run_test(size=(40, 8)) as pilot:
        matrix: Matrix[Row] = made.query_one(Matrix)
        matrix.show(rows(100, 12), columns(12), fresh(1))
        matrix.focus()
        await toolkit.settle(pilot)
        assert shown(made)[0].startswith(" Name   Col0")
        assert shown(made)[0].endswith("…")
        await pilot.press("G", "end")
        await toolkit.settle(pilot)
        lines = shown(made)
        assert "Col11" in lines[0]
        assert "…" in lines[0][6:9]
        assert lines[-1].startswith("▌r0099")
        assert "99.11" in lines[-1]
        assert (matrix.cursor_ref, matrix.cursor_column) == ("r0099", "c11")
        await pilot.press("home", "g")
        await toolkit.settle(pilot)
        assert shown(made)[1].startswith("▌r0000  0.0")


async def test_the_cursor_stays_on_its_row_and_column_when_the_rows_change() -> None:
    made = app()
    async with made.run_test(size=(60, 10)) as pilot:
        matrix: Matrix[Row] = made.query_one(Matrix)
        matrix.show(rows(20), columns(3), fresh(1))
        assert matrix.move_to("r0005", "c1")
        assert not matrix.move_to("gone")
        matrix.show(rows(20)[3:], (*columns(1), *columns(3)[2:]), fresh(1))
        await toolkit.settle(pilot)
        assert (matrix.cursor_ref, matrix.cursor_column) == ("r0005", "c1")
        assert any(line.startswith("▌r0005") for line in shown(made))


async def test_only_what_changed_is_drawn_again() -> None:
    made = app()
    async with made.run_test(size=(60, 12)) as pilot:
        matrix: Matrix[Row] = made.query_one(Matrix)
        known = rows(1000)
        matrix.show(known, columns(3), fresh(1))
        await toolkit.settle(pilot)
        drawn.clear()
        changed = [*known]
        changed[2] = Row("r0002", ("new", "x", "y"))
        matrix.show(changed, columns(3), fresh(2))
        await toolkit.settle(pilot)
        assert drawn == ["r0002:0", "r0002:1", "r0002:2"]
        drawn.clear()
        matrix.focus()
        await pilot.press("down")
        await toolkit.settle(pilot)
        assert {one.partition(":")[0] for one in drawn} <= {"r0000", "r0001"}


async def test_a_time_that_goes_on_is_drawn_when_it_changes() -> None:
    clock = ManualClock()
    made = app(clock)
    async with made.run_test(size=(40, 6)) as pilot:
        matrix: Matrix[Row] = made.query_one(Matrix)
        matrix.show([Row("a", since=ago(seconds=61)), Row("b", ("still",))], columns(1), fresh(1))
        await toolkit.settle(pilot)
        assert "1m" in shown(made)[1]
        clock.advance(seconds=60)
        toolkit.clock_moved(made)
        await toolkit.settle(pilot)
        assert "2m" in shown(made)[1]


async def test_what_is_wrong_with_the_data_is_said_under_the_rows_or_instead_of_them() -> None:
    fault = Fault(FaultKind.DENIED, "no", "ask")
    made = app()
    async with made.run_test(size=(60, 6)) as pilot:
        matrix: Matrix[Row] = made.query_one(Matrix)
        matrix.show((), columns(1), Snapshot(fault=fault))
        await toolkit.settle(pilot)
        assert "access denied: no" in shown(made)[1]
        matrix.show(rows(9), columns(1), Snapshot(value=1, fetched_at=EPOCH, fault=fault))
        await toolkit.settle(pilot)
        assert "access denied" in shown(made)[-1]
        matrix.show((), columns(1), fresh(1))
        await toolkit.settle(pilot)
        assert "no targets" in shown(made)[1]
        await pilot.press("down", "right", "enter", "G", "end")
        assert made.said(Matrix.Selected) == []


async def test_the_last_column_takes_what_is_left() -> None:
    made = app()
    async with made.run_test(size=(50, 4)) as pilot:
        matrix: Matrix[Row] = made.query_one(Matrix)
        matrix.show(rows(2, 1), columns(1, note=True), fresh(1))
        await toolkit.settle(pilot)
        assert shown(made)[1].count("n") > 25


async def test_a_click_selects_a_cell_and_a_double_click_opens_it() -> None:
    heard: list[Any] = []

    class Listening(Stage1):
        def on_matrix_selected(self, event: Matrix.Selected) -> None:
            heard.append((event.ref, event.column))

    look = Look(ManualClock().now)
    made = Listening(lambda: Matrix(look, key=lambda row: row.name, noun="targets"))
    async with made.run_test(size=(60, 10)) as pilot:
        matrix: Matrix[Row] = made.query_one(Matrix)
        matrix.show(rows(5), columns(3), fresh(1))
        await toolkit.settle(pilot)
        await pilot.click(Matrix, offset=(18, 3))
        await toolkit.settle(pilot)
        assert (matrix.cursor_ref, matrix.cursor_column) == ("r0002", "c1")
        await pilot.click(Matrix, offset=(2, 4), times=2)
        await toolkit.settle(pilot)
        assert heard == [("r0003", "name")]
