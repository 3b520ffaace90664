"""The rows of the workbench: the table and its columns, the picture, one row in full and where it leads, exports."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec.structs import replace
from textual.binding import Binding, BindingType

from pointsman.config.paths import state_folder
from pointsman.console.desk import Desk
from pointsman.console.present import insights as present
from pointsman.console.present.cells import Cell
from pointsman.console.present.insights_ask import cli_line
from pointsman.console.present.insights_chart import chart_height, chart_lines
from pointsman.console.present.insights_export import FORMATS, exported
from pointsman.console.present.look import Draw
from pointsman.console.saving import saved
from pointsman.console.screens.base import Place
from pointsman.console.screens.wishes import PickAsked
from pointsman.console.widgets.filter_bar import FilterBar
from pointsman.console.widgets.lines import CellLines
from pointsman.console.widgets.pane import Pane
from pointsman.console.widgets.table import LineTable
from pointsman.model.insights import QueryRun, Results, moment_of, trace_in
from pointsman.model.insights_chart import Bars, TimeChart
from pointsman.model.refs import LogRef, Ref, TraceRef
from pointsman.model.snapshot import Snapshot

if TYPE_CHECKING:
    from pointsman.services.insights import Bench, Insights

__all__ = ["Rows"]

_VIEWS = ("both", "picture", "rows")
_NONE = Results()


class Rows(Place):
    """What came of a query."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("l", "log", "log", id="row-log"),
        Binding("T", "trace", "trace", id="row-trace"),
        Binding("v", "view", "picture or rows", show=False, id="results-view"),
        Binding("left", "column(-1)", "column to the left", show=False, id="column-left"),
        Binding("right", "column(1)", "column to the right", show=False, id="column-right"),
        Binding("less_than_sign", "resize(-1)", "narrower", key_display="<", show=False, id="column-narrower"),
        Binding("greater_than_sign", "resize(1)", "wider", key_display=">", show=False, id="column-wider"),
        Binding("H", "hide", "hide the column", show=False, id="column-hide"),
        Binding("U", "unhide", "show all columns", show=False, id="column-show"),
        Binding("ctrl+s", "save", "save", key_display="^s", id="save-rows"),
    ]

    filters = True
    filter_hint = "words that a row must all have"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.shape = present.Shape()
        """What a person has made of the columns."""
        self._view = "both"
        self._results = _NONE
        self._rows: tuple[present.ResultRow, ...] = ()
        self._picture: TimeChart | Bars | None = None
        self._pictured: Results | None = None
        """The results that the picture is of."""

    # --- what the workbench gives

    @property
    def insights(self) -> Insights | None:
        """The service, once the world answers."""
        raise NotImplementedError

    @property
    def bench(self) -> Bench | None:
        """What lies on the bench, once the world answers."""
        raise NotImplementedError

    @property
    def _run(self) -> QueryRun | None:
        return self.bench.run if self.bench is not None else None

    @property
    def rows(self) -> tuple[present.ResultRow, ...]:
        """Every row."""
        return self._rows

    def table(self) -> LineTable[present.ResultRow]:
        """The table of the rows."""
        return LineTable(
            self.look,
            (),
            key=present.row_key,
            noun="rows",
            own_columns="the columns are the query's own: see ?",
            id="rows",
        )

    # --- showing

    def show_run(self, run: QueryRun | None) -> None:
        """How far it has come, and the rows there are."""
        results = run.results if run is not None else _NONE
        if results is not self._results:
            if results.columns != self._results.columns:
                kept = self.shape.hidden & set(results.columns)
                self.shape = replace(self.shape, chosen="", hidden=kept)
            self._results, self._rows = results, present.result_rows(results)
        if self._pictured is not None and self._pictured is not results:
            self._picture, self._pictured = None, None
        self.query_one("#progress", CellLines).redraw()
        self.show_rows()
        if run is not None and run.over and self._pictured is None and results.rows and self.insights is not None:
            # Rows that lay on the bench already: what they look like is found out beside the loop.
            self.work_on("draw the results", partial(self.show_picture, run), group="picture")

    async def show_picture(self, run: QueryRun) -> None:
        """Find out what the rows look like, and show it."""
        if self.insights is None or not run.results.rows:
            return
        picture = await self.insights.picture(run)
        if run.results is self._results:
            self._picture, self._pictured = picture, run.results
            self.show_rows()

    def show_rows(self) -> None:
        """The rows that the filter leaves, and the picture."""
        wanted = self.filter_text.lower().split()
        shown: Sequence[present.ResultRow] = self._rows
        if wanted:
            shown = [row for row in self._rows if _has(row, wanted)]
        columns = present.result_columns(self._results, self.shape)
        table = self.query_one("#rows", LineTable)
        table.show(shown, columns, snapshot=self._snapshot())
        self.set_class(self._picture is not None and self._view != "rows", "pictured")
        self.set_class(self._picture is not None and self._view == "picture", "picture-only")
        if self._picture is not None:
            most = max(3, self.size.height // 4 if self.size.height < 34 else self.size.height // 3)
            height = "1fr" if self._view == "picture" else chart_height(self._picture, most)
            self.query_one("#chart", CellLines).styles.height = height
        self.query_one("#chart", CellLines).redraw()
        self.query_one("#results", Pane).title_text("Results", self._extra(len(shown)))
        bar = self.query_one(FilterBar)
        if bar.is_open:
            bar.count(f"{len(shown):,} rows" if wanted else "")

    def _snapshot(self) -> Snapshot[Any] | None:
        """What the table says in place of rows."""
        run = self._run
        if run is None:
            return Snapshot(value=(), partial="ctrl+r runs the query", fault=self.desk.fault)
        if run.fault is not None and not self._rows:
            return Snapshot(fault=run.fault)
        if not run.over:
            return None if self._rows else Snapshot()
        if self._rows:
            return None
        where = f"{run.stats.scanned:,} records looked at, {run.stats.matched:,} matched"
        return Snapshot(value=(), fetched_at=run.began, partial=run.note or where)

    def _extra(self, shown: int) -> str:
        count = len(self._rows)
        if not count:
            return ""
        parts = [f"{count:,} rows" if shown == count else f"{shown:,} of {count:,} rows"]
        hidden = len(self.shape.hidden & set(self._results.columns))
        parts += [f"{hidden} column{'s' * (hidden > 1)} hidden"] if hidden else []
        parts += [f"/{self.filter_text}"] if self.filter_text else []
        return "  ".join(parts)

    def chart_content(self, draw: Draw, width: int) -> Sequence[Cell]:
        """The picture in the room there is."""
        chart = self.query_one("#chart", CellLines)
        if self._picture is None:
            return ()
        return chart_lines(self._picture, draw, max(20, width - 2), chart.size.height)

    def filtered(self) -> None:
        """Other words."""
        self.show_rows()

    def take_focus(self) -> None:
        """The rows have the keys."""
        self.query_one("#rows").focus()

    def action_view(self) -> None:
        """Picture and rows, picture, rows."""
        if not self.say_why_not("view"):
            self._view = _VIEWS[(_VIEWS.index(self._view) + 1) % len(_VIEWS)]
            self.show_rows()

    # --- columns

    def action_column(self, by: int) -> None:
        """Choose the column beside."""
        self._shaped(self.shape.moved(self._results.columns, by))

    def action_resize(self, by: int) -> None:
        """Make the chosen column wider or narrower."""
        if self.say_why_not("resize"):
            return
        name = self.shape.chosen
        table = self.query_one("#rows", LineTable)
        now = next((one.width for one in table.placed if one.column.key == name), present.STEP)
        self._shaped(self.shape.resized(name, now + by * present.STEP))

    def action_hide(self) -> None:
        """Hide the chosen column."""
        if not self.say_why_not("hide"):
            self._shaped(self.shape.without(self._results.columns))

    def action_unhide(self) -> None:
        """Every column at its own width."""
        self._shaped(present.Shape(self.shape.chosen))

    def _shaped(self, shape: present.Shape) -> None:
        self.shape = shape
        self.show_rows()
        self.show_keys()

    # --- one row

    def _row(self) -> present.ResultRow | None:
        row = self.query_one("#rows", LineTable).cursor_row
        return row if isinstance(row, present.ResultRow) else None

    def on_line_table_selected(self, event: LineTable.Selected) -> None:
        """One in full."""
        event.stop()
        self.action_describe()

    def on_line_table_highlighted(self, event: LineTable.Highlighted) -> None:
        """Other keys may lead somewhere now."""
        event.stop()
        self.show_keys()

    def describe(self) -> None:
        """The row, and what else is known of its event."""
        row, insights, results = self._row(), self.insights, self._results
        if row is None or insights is None:
            return

        async def read() -> None:
            record = await insights.record(row.pointer) if row.pointer else ()
            self.post_message(
                self.Described(f"row {row.number + 1:,}", present.row_details(results, row.number, record))
            )

        self.work_on("read the event", read, group="row")

    def action_log(self) -> None:
        """The row's log, at its moment."""
        if not self.say_why_not("log") and (row := self._row()) is not None:
            self.work_on("open the log of a row", partial(self._to_log, row), group="row")

    async def _to_log(self, row: present.ResultRow) -> None:
        found, insights, run = self._fields_of_row(row), self.insights, self._run
        if insights is not None and row.pointer and not ({"@logStream", "@timestamp", "@log"} <= found.keys()):
            found = {**dict(await insights.record(row.pointer)), **found}
        groups = run.query.groups if run is not None else ()
        group = found.get("@log", "").partition(":")[2] or (groups[0] if len(groups) == 1 else "")
        stream, moment = found.get("@logStream", ""), moment_of(found.get("@timestamp", ""))
        if group and stream:
            self.post_message(self.Opened(LogRef(group, stream), moment))
        else:
            self.notify("this row does not say which log it comes from", markup=False, severity="warning", timeout=4)

    def action_trace(self) -> None:
        """The row's trace."""
        if not self.say_why_not("trace") and (row := self._row()) is not None:
            self.work_on("open the trace of a row", partial(self._to_trace, row), group="row")

    async def _to_trace(self, row: present.ResultRow) -> None:
        insights = self.insights
        trace = trace_in(row.values)
        at: datetime | None = moment_of(self._fields_of_row(row).get("@timestamp", ""))
        if not trace and insights is not None and row.pointer:
            trace = trace_in(value for _, value in await insights.record(row.pointer))
        if trace:
            self.post_message(self.Opened(TraceRef(trace), at))
        else:
            self.notify("there is no trace id in this event", markup=False, severity="warning", timeout=4)

    def _fields_of_row(self, row: present.ResultRow) -> dict[str, str]:
        return {name: value for name, value in zip(self._results.columns, row.values, strict=True) if value}

    def moment(self) -> datetime | None:
        """When the event of the row was, or its bin began."""
        row = self._row()
        times = (moment_of(one) for one in (self._fields_of_row(row) if row is not None else {}).values())
        return next((one for one in times if one is not None), None)

    def selected(self) -> Ref | None:
        """No thing of its own: a row is described and copied all the same."""
        return None

    def why_not(self, action: str) -> str | None:
        """Some keys need a row, a column, or a picture."""
        if action in ("enter", "describe", "copy", "copy_as", "log", "trace", "save"):
            row = self._row() if self.is_mounted else None
            if row is None:
                return "there is no row"
            if action == "log" and not row.pointer and "@logStream" not in self._fields_of_row(row):
                return "this row stands for no single event"
            if action == "trace" and not row.pointer and not trace_in(row.values):
                return "this row stands for no single event"
            return None
        if action in ("resize", "hide") and not self.shape.chosen:
            return "left and right choose a column first"
        if action == "view" and self._picture is None:
            return "these rows are no picture: stats … by bin(5m) makes one"
        if action == "raw":
            return "d shows everything of a row"
        return super().why_not(action)

    # --- copies and files

    def copy_forms(self) -> tuple[tuple[str, str], ...]:
        """The row, and the query."""
        row, run, identity = self._row(), self._run, self.desk.identity
        if row is None or run is None:
            return ()
        found = self._fields_of_row(row)
        message = found.get("@message")
        forms = [("message", message)] if message else []
        forms.append(("row as JSON", json.dumps(found)))
        forms += [("@ptr", row.pointer)] if row.pointer else []
        forms.append(("query", run.query.text))
        region = identity.region if identity is not None else "REGION"
        forms.append(("CLI line", cli_line(run.query, (run.start, run.end), region)))
        return tuple(forms)

    def _as_shown(self) -> Results:
        """The rows and the columns that the table shows, in its order."""
        results, rows = self._results, self.query_one("#rows", LineTable).rows
        places = [results.columns.index(name) for name in self.shape.shown(results.columns)]
        return Results(
            tuple(results.columns[at] for at in places),
            tuple(tuple(row.values[at] for at in places) for row in rows),
            tuple(row.pointer for row in rows),
        )

    def action_save(self) -> None:
        """The rows, to a file or the clipboard: as they show, and everything where that differs."""
        if self.say_why_not("save"):
            return
        shown, whole = self._as_shown(), self._results
        choices: dict[tuple[str, str], tuple[str, str, Results]] = {}
        for results in (shown,) if len(shown) == len(whole) and shown.columns == whole.columns else (shown, whole):
            what = "" if results is shown else "everything: "
            many = len(results.columns)
            size = f"{what}{len(results):,} rows, {many} column{'s' * (many != 1)}"
            for where in ("file", "copy"):
                choices |= {(f"{form} {where}", size): (form, where, results) for form in FORMATS}

        def picked(line: tuple[str, str]) -> None:
            form, where, results = choices[line]
            self.work_on(f"save the rows as {form}", partial(self._save, form, where, results), group="save")

        self.post_message(PickAsked("Save or copy the rows", tuple(choices), picked))

    async def _save(self, form: str, where: str, results: Results) -> None:
        run = self._run
        if where == "copy":
            text = await asyncio.to_thread(lambda: "\n".join(exported(results, form)))
            self.post_message(self.Copied(text, f"{len(results):,} rows as {form}"))
            return
        began = run.began if run is not None else self.desk.now()
        suffix = {"CSV": ".csv", "JSON": ".json", "Markdown": ".md"}[form]
        path = await asyncio.to_thread(
            lambda: saved(
                state_folder() / "saved", f"insights {began:%Y-%m-%d %H-%M-%S}", suffix, exported(results, form)
            )
        )
        self.notify(f"saved {len(results):,} rows: {path}", markup=False, timeout=10)


def _has(row: present.ResultRow, wanted: list[str]) -> bool:
    text = "\n".join(row.values).lower()
    return all(word in text for word in wanted)
