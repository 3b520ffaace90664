"""Alarms: worst first, each with what its state rests on, whom it tells and what it was for a day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from pointsman.console.desk import Desk
from pointsman.console.present.alarms import ALARMS, AlarmRow, explain, row_key, rows_of
from pointsman.console.screens.alarm_words import whole
from pointsman.console.screens.base import Place
from pointsman.console.widgets.pane import Pane
from pointsman.console.widgets.table import LineTable
from pointsman.model.alarms import Alarm, AlarmList, AlarmState
from pointsman.model.refs import AlarmRef, Ref
from pointsman.model.snapshot import Snapshot

if TYPE_CHECKING:
    from pointsman.services.feeds import Source
    from pointsman.services.session import Services

__all__ = ["Alarms"]


class Alarms(Place):
    """Every alarm of the account and region."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("m", "metrics", "metrics", id="metrics-board"),
        Binding("ctrl+z", "problems", "problems only", show=False, id="problems"),
    ]

    place_title = "Alarms"
    place_help = (
        "Worst first: in ALARM, muted, without data, fine; among equals the newest change. Points are the periods "
        "that are looked at, newest last, and the strip is the last 24 hours. Tells nobody: it has no action. Enter "
        "opens an alarm with its history and what went out before; a mutes, edits, sets its state and the rest."
    )
    slots: ClassVar[tuple[str, ...]] = ("alarms",)
    filters = True

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._listed: Snapshot[AlarmList] = Snapshot()

    def body(self) -> ComposeResult:
        """The list."""
        table: LineTable[AlarmRow] = LineTable(self.look, ALARMS, key=row_key, noun="alarms", id="alarm-table")
        yield Pane(self.look, "Alarms", table, id="alarms")

    def mounted(self) -> None:
        """The list has the keys."""
        self.query_one("#alarm-table").focus()

    def sources(self, services: Services) -> Mapping[str, Source[Any]]:
        """Every alarm."""
        return {"alarms": services.alarms.listing()}

    def arrived(self, slot: str, snapshot: Snapshot[Any]) -> None:
        """Show it."""
        del slot
        self._listed = snapshot
        self._draw()

    def _draw(self) -> None:
        found = self._listed.value or AlarmList(())
        words = self.filter_text.lower().split()
        rows = rows_of(found, self._listed.fetched_at or self.desk.now())
        shown = [
            row
            for row in rows
            if (not self._problems or row.alarm.state != "OK") and all(word in _words(row.alarm) for word in words)
        ]
        self.query_one("#alarm-table", LineTable).show(shown, snapshot=self._listed)
        self.freshen("#alarms", self._listed)
        firing = sum(row.alarm.firing for row in rows)
        parts = [f"{len(shown):,} of {len(rows):,}" if len(shown) != len(rows) else f"{len(rows):,}"] if rows else []
        parts += [f"{firing} in ALARM"] if firing else []
        parts += [f"/{self.filter_text}"] if self.filter_text else []
        parts += ["problems only"] if self._problems else []
        self.query_one("#alarms", Pane).title_text("Alarms", "  ".join(parts))

    def filtered(self) -> None:
        """Only alarms whose name, metric, state or reason has the words."""
        self._draw()

    def action_problems(self) -> None:
        """Only what is not OK, or everything again."""
        self._problems = not self._problems
        self._draw()

    def action_metrics(self) -> None:
        """The board of metrics."""
        self.post_message(self.CommandAsked("metrics"))

    def seen(self) -> Iterable[Ref]:
        """Every alarm."""
        return [one.ref for one in self._listed.value.alarms] if self._listed.value is not None else ()

    def _row(self) -> AlarmRow | None:
        row = self.query_one("#alarm-table", LineTable).cursor_row
        return row if isinstance(row, AlarmRow) else None

    def selected(self) -> Ref | None:
        """The alarm the cursor is on."""
        row = self._row()
        return row.alarm.ref if row is not None else None

    def targets(self) -> tuple[tuple[Ref, Any], ...]:
        """The alarm, and the metric it watches."""
        row = self._row()
        return alarm_targets(row.alarm, self.desk, self._listed.value) if row is not None else ()

    def copy_forms(self) -> tuple[tuple[str, str], ...]:
        """Its forms."""
        row = self._row()
        return alarm_forms(row.alarm) if row is not None else ()

    def describe(self) -> None:
        """Everything about it, in a dialog."""
        row = self._row()
        if row is not None:
            draw, lines = self.look.draw(), whole(row.alarm, self._listed.value, row.changes)
            self.post_message(self.Described(row.alarm.ref.name, lambda width: lines(draw, width)))

    def on_line_table_selected(self, event: LineTable.Selected) -> None:
        """Into it."""
        event.stop()
        if isinstance(event.ref, AlarmRef):
            self.post_message(self.Opened(event.ref))

    def on_line_table_highlighted(self, event: LineTable.Highlighted) -> None:
        """Other keys may lead somewhere now."""
        event.stop()
        self.show_keys()


def _words(alarm: Alarm) -> str:
    said = [alarm.ref.name, alarm.state, alarm.reason, str(alarm.metric or ""), alarm.rule, alarm.description]
    said += ["@muted"] if alarm.muted is not None else []
    said += ["@nowhere"] if alarm.nowhere else []
    return " ".join(said).lower()


def alarm_targets(alarm: Alarm, desk: Desk, listed: AlarmList | None) -> tuple[tuple[Ref, Any], ...]:
    """What operations may act on: the alarm, and the metric it watches."""
    mutes = (alarm.muted,) if alarm.muted is not None else ()
    state = AlarmState(
        alarm.ref, alarm, None, desk.now(), mutes, listed is None or listed.mutes_known, zone=desk.zone.info
    )
    found: list[tuple[Ref, Any]] = [(alarm.ref, state)]
    if alarm.metric is not None:
        found.append((alarm.metric, None))
    return tuple(found)


def alarm_forms(alarm: Alarm) -> tuple[tuple[str, str], ...]:
    """What can be copied of an alarm."""
    forms = [("alarm name", alarm.ref.name), ("ARN", alarm.arn), ("why", explain(alarm)), ("reason", alarm.reason)]
    command = f"aws cloudwatch describe-alarms --alarm-names '{alarm.ref.name}'"
    return tuple((what, text) for what, text in [*forms, ("CLI line", command)] if text)
