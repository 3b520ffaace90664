"""What was done here, and every API call with its time and outcome."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.events import Resize

from pointsman.console.desk import Desk
from pointsman.console.dialogs.words import facts
from pointsman.console.present.activity import CALLS, DEEDS, call_key, deed_key
from pointsman.console.present.cells import Cell, cell
from pointsman.console.present.faults import fault_lines
from pointsman.console.present.zones import UTC_ZONE, Zone
from pointsman.console.screens.base import Place
from pointsman.console.widgets.pane import Pane
from pointsman.console.widgets.table import LineTable
from pointsman.model.activity import Call, Deed
from pointsman.model.snapshot import Snapshot

__all__ = ["Activity"]

WIDE = 170
PACE = 1.0
"""Seconds between two looks at the trail while calls come in: a burst is drawn once."""


class Activity(Place):
    """The audit log and the trail."""

    DEFAULT_CSS = """
    Activity #both { layout: vertical; height: 1fr; }
    Activity #deeds { height: 2fr; }
    Activity #calls { height: 3fr; }
    Activity.wide #both { layout: horizontal; }
    Activity.wide #deeds { width: 1fr; height: 1fr; }
    Activity.wide #calls { width: 1fr; height: 1fr; margin-left: 1; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+z", "problems", "problems only", show=False, id="problems"),
    ]

    place_title = "Activity"
    place_help = "What was done from here, newest first, and every API call of this session with its time and outcome."
    slots: ClassVar[tuple[str, ...]] = ()
    filters = True

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._released: list[Callable[[], None]] = []
        self._old: dict[str, Deed] = {}
        self._problems = False
        self._due = False

    def body(self) -> ComposeResult:
        """Deeds over calls."""
        with Container(id="both"):
            deeds: LineTable[Deed] = LineTable(self.look, DEEDS, key=deed_key, noun="deeds", id="deed-table")
            yield Pane(self.look, "Done here", deeds, id="deeds")
            calls: LineTable[Call] = LineTable(self.look, CALLS, key=call_key, noun="calls", id="call-table")
            yield Pane(self.look, "API calls", calls, id="calls")

    def mounted(self) -> None:
        """What was done has the keys."""
        self.query_one("#deed-table").focus()
        self._draw()

    def on_resize(self, event: Resize) -> None:
        """Beside each other where there is room."""
        self.set_class(event.size.width >= WIDE, "wide")

    def reread(self, *anew: str) -> None:  # noqa: ARG002
        """Listen to the runner and the trail; read the audit log."""
        connection = self.connection
        if self._shown and self.is_mounted and connection is not None and not self._released:
            self._released = [
                connection.runner.listen(lambda _: self._changed()),
                connection.services.cloud.trail.listen(lambda _: self._changed()),
            ]
            self.work_on("read the audit log", self._read_audit, group="audit")
        self._draw()

    def _let_go(self) -> None:
        super()._let_go()
        for release in self._released:
            release()
        self._released = []

    def disconnected(self) -> None:
        """Another world has another trail."""
        super().disconnected()
        self._old = {}
        self._draw()

    async def _read_audit(self) -> None:
        connection = self.connection
        if connection is not None:
            deeds = await asyncio.to_thread(connection.audit.read, 500)
            self._old = {deed.id: deed for deed in deeds}
            self._draw()

    def _changed(self) -> None:
        # The trail may speak from a thread, and in bursts: one drawing follows, on the loop.
        self.app.call_later(self._soon)

    def _soon(self) -> None:
        if not self._due and self._shown:
            self._due = True
            self.set_timer(PACE, self._drawn)

    def _drawn(self) -> None:
        self._due = False
        self._draw()

    def _draw(self) -> None:
        if not self.is_mounted:
            return
        connection = self.connection
        empty: Snapshot[tuple[object, ...]] = Snapshot(
            value=() if connection is not None else None, fault=self.desk.fault
        )
        deeds = dict(self._old)
        calls: list[Call] = []
        if connection is not None:
            deeds |= {deed.id: deed for deed in connection.runner.deeds}
            calls = list(connection.services.cloud.trail.calls)
        words = self.filter_text.lower().split()
        shown = [one for one in deeds.values() if all(word in _deed_words(one) for word in words)]
        made = [one for one in calls if all(word in _call_words(one) for word in words)]
        if self._problems:
            shown = [one for one in shown if one.outcome not in ("done", "running")]
            made = [one for one in made if one.outcome != "ok"]
        shown.sort(key=lambda deed: deed.at, reverse=True)
        self.query_one("#deed-table", LineTable).show(shown, snapshot=empty if not shown else None)
        self.query_one("#call-table", LineTable).show(made[::-1], snapshot=empty if not made else None)
        extra = (f"/{self.filter_text}  " if self.filter_text else "") + ("problems only" if self._problems else "")
        self.query_one("#deeds", Pane).title_text("Done here", extra)
        self.query_one("#calls", Pane).title_text("API calls", f"{len(made):,}" if made else "")

    def filtered(self) -> None:
        """Only what has every word."""
        self._draw()

    def action_problems(self) -> None:
        """Only what did not go well, or everything again."""
        self._problems = not self._problems
        self._draw()

    def _row(self) -> Deed | Call | None:
        table = self.query_one("#call-table" if self.query_one("#call-table").has_focus else "#deed-table", LineTable)
        row = table.cursor_row
        return row if isinstance(row, Deed | Call) else None

    def why_not(self, action: str) -> str | None:
        """Rows here are no refs, but they can be read and copied."""
        if action in ("enter", "describe", "copy", "copy_as"):
            return None if self._row() is not None else "nothing is selected"
        if action == "actions":
            return "what is done is done: there is nothing to do with it here"
        return super().why_not(action)

    def copy_forms(self) -> tuple[tuple[str, str], ...]:
        """The command line, the request id."""
        row = self._row()
        if isinstance(row, Deed):
            forms = (("CLI line", row.cli), ("request id", row.request_id), ("what was done", row.said))
        elif isinstance(row, Call):
            forms = (
                ("request id", row.request_id),
                ("call", f"{row.service}:{row.operation}"),
                ("outcome", row.outcome),
            )
        else:
            return ()
        return tuple((what, text) for what, text in forms if text)

    def describe(self) -> None:
        """The row, whole."""
        row = self._row()
        if row is not None:
            draw = self.look.draw()
            heading = row.said if isinstance(row, Deed) else f"{row.service}:{row.operation}"

            def lines(width: int) -> list[Cell]:
                if isinstance(row, Deed):
                    extra = [(), *fault_lines(row.fault, draw)] if row.fault is not None else []
                    return [*deed_lines(row, width, self.desk.zone), *extra]
                return call_lines(row, width, self.desk.zone)

            self.post_message(self.Described(heading, lines))

    def on_line_table_selected(self, event: LineTable.Selected) -> None:
        """To what was made or acted on; else its description."""
        event.stop()
        row = self._row()
        ref = (row.result or row.target) if isinstance(row, Deed) else None
        if ref is not None:
            self.post_message(self.Opened(ref))
        elif row is not None:
            self.describe()

    def on_line_table_highlighted(self, event: LineTable.Highlighted) -> None:
        """Other keys may lead somewhere now."""
        event.stop()
        self.show_keys()


def _deed_words(deed: Deed) -> str:
    return " ".join((deed.said, deed.operation, deed.outcome, deed.identity, deed.detail)).lower()


def _call_words(call: Call) -> str:
    return f"{call.service}:{call.operation} {call.outcome}".lower()


def deed_lines(deed: Deed, width: int, zone: Zone = UTC_ZONE) -> list[Cell]:
    """A deed, whole."""
    rows: list[tuple[str, Cell | str]] = [
        ("done", deed.said),
        ("outcome", deed.outcome),
        ("detail", deed.detail),
        ("next", deed.hint),
        ("at", zone.full(deed.at)),
        ("ended", zone.full(deed.ended) if deed.ended is not None else ""),
        ("as", deed.identity),
        ("in", f"{deed.account} {deed.region}".strip()),
        ("operation", deed.operation),
        ("request id", deed.request_id),
        ("aws line", deed.cli),
    ]
    return facts(rows, width)


def call_lines(call: Call, width: int, zone: Zone = UTC_ZONE) -> list[Cell]:
    """A call, whole."""
    rows: list[tuple[str, Cell | str]] = [
        ("call", f"{call.service}:{call.operation}"),
        ("outcome", call.outcome),
        ("took", f"{call.milliseconds:,.0f} ms"),
        ("at", zone.full(call.at)),
        ("attempt", str(call.attempt)),
        ("kind", cell("write", "stale") if call.write else "read"),
        ("request id", call.request_id),
    ]
    return facts(rows, width)
