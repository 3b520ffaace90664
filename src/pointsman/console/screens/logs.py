"""Logs: the log groups, the way into their tails, filters and queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from pointsman.console.desk import Desk
from pointsman.console.present.log_groups import LIST, fits, group_key, totals
from pointsman.console.screens.base import Place
from pointsman.console.screens.log_words import group_forms
from pointsman.console.widgets.pane import Pane
from pointsman.console.widgets.table import LineTable
from pointsman.model.logs import LogGroup
from pointsman.model.refs import LogGroupRef, MetricFilterRef, Ref, TailRef
from pointsman.model.snapshot import Snapshot

if TYPE_CHECKING:
    from pointsman.services.feeds import Source
    from pointsman.services.session import Services

__all__ = ["Logs"]

GROUPS = 10
"""Groups that are tailed together at most from here."""


class Logs(Place):
    """Every log group of the account and region."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("l", "tail", "tail", id="log-tail"),
        Binding("f", "group", "filters", id="log-group"),
        Binding("I", "insights", "Insights", id="insights"),
        Binding("at", "now", "now again", key_display="@", show=False, id="log-moment"),
        Binding("ctrl+z", "problems", "never expire only", show=False, id="problems"),
    ]

    place_title = "Logs"
    place_help = (
        "Every log group, how long it keeps its events and what it holds; one that never expires is flagged, for it "
        "costs more each month. space marks groups, enter or l tails the marked ones together, I asks Logs Insights. "
        "f shows a group's metric and subscription filters with a test bench for patterns. In the filter, words must "
        "all be there; @never, @filters and @infrequent ask for a state. a offers retention, filters, deletion."
    )
    slots: ClassVar[tuple[str, ...]] = ("groups",)
    filters = True
    enters = "tail"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._listed: Snapshot[tuple[LogGroup, ...]] = Snapshot()
        self._problems = False
        self.at: datetime | None = None
        """The moment that tails are opened at: the time cursor of the screen that led here."""

    def body(self) -> ComposeResult:
        """The list."""
        table: LineTable[LogGroup] = LineTable(self.look, LIST, key=group_key, noun="log groups", id="list")
        yield Pane(self.look, "Log groups", table, number="7", id="groups")

    def mounted(self) -> None:
        """The list has the keys."""
        self.query_one("#list").focus()

    def sources(self, services: Services) -> Mapping[str, Source[Any]]:
        """The groups."""
        return {"groups": services.logs.groups.all()}

    def arrived(self, slot: str, snapshot: Snapshot[Any]) -> None:
        """Show it."""
        del slot
        self._listed = snapshot
        self._draw()

    def _draw(self) -> None:
        known = self._listed.value or ()
        shown = [one for one in known if fits(one, self.filter_text) and (one.never_expires or not self._problems)]
        table = self.query_one("#list", LineTable)
        table.show(shown, snapshot=self._listed)
        words = self.filter_text.split()
        table.highlight(words[0] if len(words) == 1 and not words[0].startswith("@") else "")
        self.freshen("#groups", self._listed)
        parts = [f"{len(shown):,}" if len(shown) == len(known) else f"{len(shown):,} of {len(known):,} shown"]
        parts = [*(parts if known else []), totals(shown)]
        parts += [f"/{self.filter_text}"] if self.filter_text else []
        parts += ["never expire only"] if self._problems else []
        parts += [f"at {self.look.zone.marked(self.at, '%H:%M:%S')}: @ lets go of it"] if self.at is not None else []
        self.query_one("#groups", Pane).title_text("Log groups", "  ".join(part for part in parts if part))

    def narrow(self, argument: str, at: datetime | None) -> None:
        """The groups that fit; what is tailed from here is read around the moment."""
        self.at = at
        self.use_filter(argument)

    def filtered(self) -> None:
        """Only what fits."""
        self._draw()

    def action_now(self) -> None:
        """Tails begin now again."""
        self.at = None
        self._draw()

    def action_problems(self) -> None:
        """Only groups that never expire; or all again."""
        self._problems = not self._problems
        self._draw()

    # --- what is selected

    def seen(self) -> Iterable[Ref]:
        """Every group."""
        return [LogGroupRef(one.name) for one in self._listed.value or ()]

    def _row(self) -> LogGroup | None:
        row = self.query_one("#list", LineTable).cursor_row
        return row if isinstance(row, LogGroup) else None

    def selected(self) -> Ref | None:
        """The group the cursor is on."""
        row = self._row()
        return LogGroupRef(row.name) if row is not None else None

    def targets(self) -> tuple[tuple[Ref, Any], ...]:
        """It; it is read when somebody asks what can be done."""
        ref = self.selected()
        return () if ref is None else ((ref, None),)

    def _chosen(self) -> tuple[str, ...]:
        """The marked groups, or the one under the cursor."""
        marked = sorted(ref.name for ref in self.query_one("#list", LineTable).marked if isinstance(ref, LogGroupRef))
        row = self._row()
        return tuple(marked) or ((row.name,) if row is not None else ())

    def copy_forms(self) -> tuple[tuple[str, str], ...]:
        """Its forms."""
        row = self._row()
        return () if row is None else group_forms(row.name, row.arn, self.desk.identity)

    def why_not(self, action: str) -> str | None:
        """Some keys need a group."""
        chosen = self._chosen() if self.is_mounted else ()
        if action in ("tail", "group", "insights") and not chosen:
            return "no log group is selected"
        if action == "tail" and len(chosen) > GROUPS:
            return f"{len(chosen)} groups are marked: {GROUPS} are tailed together at most"
        return super().why_not(action)

    def action_tail(self) -> None:
        """Follow the marked groups together, or the one under the cursor."""
        if not self.say_why_not("tail"):
            self.post_message(self.Opened(TailRef(self._chosen()), self.at))

    def action_group(self) -> None:
        """Its filters."""
        row = self._row()
        if not self.say_why_not("group") and row is not None:
            self.post_message(self.Opened(MetricFilterRef(row.name, "")))

    def action_insights(self) -> None:
        """Ask Logs Insights about the marked groups."""
        if not self.say_why_not("insights"):
            self.post_message(self.CommandAsked("insights", f"in {' '.join(self._chosen())}", self.at))

    def describe(self) -> None:
        """A group is described by its own screen."""
        self.action_group()

    def on_line_table_selected(self, event: LineTable.Selected) -> None:
        """Into its tail."""
        event.stop()
        self.action_tail()

    def on_line_table_highlighted(self, event: LineTable.Highlighted) -> None:
        """Other keys may lead somewhere now."""
        event.stop()
        self.show_keys()

    def on_line_table_marked(self, event: LineTable.Marked) -> None:
        """Other groups are asked for together."""
        event.stop()
        self.show_keys()
