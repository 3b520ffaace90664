"""A tail: log groups and streams together, as they are written."""

from __future__ import annotations

import asyncio
import shlex
from datetime import UTC, datetime
from functools import partial
from typing import Any, ClassVar

from textual.binding import Binding, BindingType

from pointsman.config.paths import state_folder
from pointsman.console.desk import Desk
from pointsman.console.present import log_json
from pointsman.console.present.tail import (
    HEAD,
    MOMENT_HINT,
    RANGES,
    event_json,
    moment_of,
    refs_in,
    sources_of,
)
from pointsman.console.present.text import clean
from pointsman.console.saving import saved
from pointsman.console.screens.base import Place
from pointsman.console.screens.tail_reading import TailReading, millis
from pointsman.console.screens.wishes import PickAsked
from pointsman.console.widgets.filter_bar import FilterBar
from pointsman.console.widgets.log_rate import LogRate
from pointsman.console.widgets.log_view import LogView
from pointsman.console.widgets.pane import Pane
from pointsman.model.refs import LogGroupRef, Ref

__all__ = ["TailPlace"]

PATTERN_HINT = 'ERROR -retry, ?warn ?error, { $.level = "error" }, %5\\d\\d%'


class TailPlace(TailReading):
    """Log groups, followed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "range", "range", id="log-range"),
        Binding("p", "pattern", "pattern", id="log-pattern"),
        Binding("at", "moment", "at a time", key_display="@", id="log-moment"),
        Binding("enter", "link", "link", id="log-link"),
        Binding("o", "columns", "columns", show=False, id="log-columns"),
        Binding("n", "match(1)", "next match", show=False, id="next"),
        Binding("N", "match(-1)", "previous match", show=False, id="previous"),
        Binding("ctrl+s", "save", "save", key_display="^s", show=False, id="save"),
        Binding("l", "log", "log", show=False, id="log"),
    ]

    place_title = "Tail"
    place_help = (
        "Log groups and streams together, each in a colour of its own, as they are written: AWS's live tail where it "
        "may be had (billed by the minute while this screen shows), else read again every few seconds. space pauses "
        "and nothing moves; r picks how far back, @ goes to a time, p sets a filter pattern that the service applies, "
        "/ searches what is here. f unfolds a JSON line, F what is in sight, o picks columns; m marks, M marks up to "
        'here, " goes to marks; t shows times, w wraps, e goes to errors; enter follows a trace, build or deployment '
        "that the line names; ctrl+s saves it all."
    )
    filters = True
    enters = ""

    # --- what is asked for

    def action_range(self) -> None:
        """Choose how far back."""
        lines = (
            *((name, f"the last {round(span.total_seconds() / 60):,} minutes") for name, span in RANGES),
            (HEAD, "from the oldest event on"),
        )

        def picked(line: tuple[str, str]) -> None:
            self._range, self._span, self._jump = line[0], None, None
            self._view.follow(True)
            self._restart()

        self.post_message(PickAsked("How far back", lines, picked))

    def go_to(self, at: datetime) -> None:
        """To a moment: in what is here, or by reading what was written then."""
        store = self._view.store
        if store and store.times[0] <= millis(at) <= store.highs[-1]:
            self._view.at_time(millis(at))
            return
        self._around(at)
        self._restart()

    def action_moment(self) -> None:
        """Ask for a time."""
        self._ask_for("time", "@", MOMENT_HINT)

    def action_pattern(self) -> None:
        """Ask for a filter pattern."""
        self._ask_for("pattern", "pattern", PATTERN_HINT, self.pattern)

    def action_filter(self) -> None:
        """Ask for what to search."""
        self._ask_for("search", "/", "text in any case, n and N go on", self.filter_text)

    def _ask_for(self, what: str, prompt: str, placeholder: str, value: str = "") -> None:
        self._asking = what
        bar = self.query_one(FilterBar)
        bar.count("")
        bar.open(value, prompt=prompt, placeholder=placeholder)

    def on_filter_bar_changed(self, event: FilterBar.Changed) -> None:
        """A search looks at each key; what the service is asked waits for enter."""
        if self._asking != "search":
            event.stop()
            event.prevent_default()

    def on_filter_bar_submitted(self, event: FilterBar.Submitted) -> None:
        """Do what was asked for."""
        if self._asking == "search":
            return
        event.stop()
        event.prevent_default()
        if self._asking == "time":
            self._take_time(event.value)
        else:
            self.work_on("read the filter pattern", partial(self._take_pattern, event.value.strip()), group="pattern")

    def on_filter_bar_cancelled(self, event: FilterBar.Cancelled) -> None:
        """Only a search is forgotten by that."""
        if self._asking != "search":
            event.stop()
            event.prevent_default()
            self.take_focus()

    def _take_time(self, text: str) -> None:
        found = moment_of(text, self.look.now(), self.look.zone) if text.strip() else None
        if isinstance(found, str):
            bar = self.query_one(FilterBar)
            bar.open(text)
            bar.count(found)
            return
        self.take_focus()
        if found is not None:
            self.go_to(found)

    async def _take_pattern(self, pattern: str) -> None:
        connection = self.connection
        wrong = "" if connection is None else await connection.services.logs.groups.mistake(pattern)
        if wrong:
            bar = self.query_one(FilterBar)
            bar.open(pattern)
            bar.count(wrong)
            return
        self.take_focus()
        if pattern != self.pattern:
            self.pattern = pattern
            self._restart()

    def use_filter(self, words: str) -> None:
        """Search from the command line."""
        self._asking = "search"
        super().use_filter(words)

    # --- the view

    def take_focus(self) -> None:
        """The log has the keys."""
        self._view.focus()

    def action_log(self) -> None:
        """The log has the keys."""
        self.take_focus()

    def filtered(self) -> None:
        """Look for it."""
        self._view.search(self.filter_text)

    def action_match(self, step: int) -> None:
        """To the next or previous match."""
        if step > 0:
            self._view.next_match()
        else:
            self._view.previous_match()

    def on_log_view_search_asked(self, event: LogView.SearchAsked) -> None:
        """The log was told to search."""
        event.stop()
        self.action_filter()

    def on_log_view_search_changed(self, event: LogView.SearchChanged) -> None:
        """How much was found."""
        event.stop()
        dots = "" if event.complete else self.desk.glyphs.ellipsis
        found = f"{event.index} of {event.count:,}{dots}" if event.count else f"nothing{dots}"
        if self._asking == "search":
            self.query_one(FilterBar).count(found if event.needle else "")
        if event.needle:
            self.query_one("#log", Pane).title_text("Log", f"/{event.needle}  {found}")
        else:
            self._draw()
        self._point()

    def on_log_view_follow_changed(self, event: LogView.FollowChanged) -> None:
        """Paused or following."""
        event.stop()
        self._draw()
        self._point()

    def on_log_view_stamps_changed(self, event: LogView.StampsChanged) -> None:
        """Times are shown another way."""
        event.stop()
        self._draw()

    def on_log_view_marks_changed(self, event: LogView.MarksChanged) -> None:
        """Lines are marked."""
        event.stop()
        self._draw()

    def on_log_view_moved(self, event: LogView.Moved) -> None:
        """The cursor is on another line: another link, another moment."""
        event.stop()
        self.show_keys()
        self._point()

    def _point(self) -> None:
        rate, view = self.query_one(LogRate), self._view
        line = view.current_line
        moment = None if view.following or line is None else line.at // 1000
        if rate.cursor != moment:
            rate.cursor = moment
            rate.redraw()

    def action_columns(self) -> None:
        """Choose a JSON field to show as a column, or to take away again."""
        view = self._view
        shown = view.ink.columns
        known = log_json.known_fields(view.sample())
        if not known and not shown:
            self.notify("no line around the cursor is a JSON object", markup=False, severity="warning", timeout=4)
            return
        lines = [*((name, "shown: take it away") for name in shown)]
        lines += [(name, "") for name in known if name not in shown][:60]
        if shown:
            lines.append(("none", "the whole line again"))

        def picked(line: tuple[str, str]) -> None:
            name = line[0]
            if name == "none" and name not in known:
                view.show_columns(())
            else:
                view.show_columns([one for one in shown if one != name] if name in shown else [*shown, name])

        self.post_message(PickAsked("Columns from JSON", tuple(lines), picked))

    # --- what is selected

    def moment(self) -> datetime | None:
        """When the line under the cursor was written."""
        line = self._view.current_line
        return datetime.fromtimestamp(line.at / 1000, UTC) if line is not None else None

    def selected(self) -> Ref | None:
        """The tail."""
        return self.ref

    def _group(self) -> LogGroupRef:
        """The group of the line under the cursor, or the first."""
        key = self._source()
        return LogGroupRef(key[0] if key is not None else self.sources_asked[0].group)

    def _source(self) -> tuple[str, str] | None:
        index = self._view.current_index
        sources = self._view.store.sources
        if index is None or index >= len(sources):
            return None
        number = sources[index]
        return next((key for key, one in self._numbers.items() if one == number), None)

    def targets(self) -> tuple[tuple[Ref, Any], ...]:
        """The group of the line under the cursor."""
        return ((self._group(), None),) if self.sources_asked else ()

    def copy_forms(self) -> tuple[tuple[str, str], ...]:
        """The line, the marked lines, the event as JSON; the CLI line that tails the same."""
        view, source = self._view, self._source()
        forms: list[tuple[str, str]] = []
        if (line := view.current_line) is not None:
            forms.append(("log line", clean(line.text)))
            if view.marks:
                forms.append((f"{len(view.marks):,} marked lines", view.marked_text()))
            group, stream = source or ("", "")
            forms.append(("event as JSON", event_json(line.at, group, stream, line.text)))
        group = self._group().name
        since = self._range if self._range != HEAD else "1h"
        words = f"aws logs tail {shlex.quote(group)} --follow --since {since}"
        words += f" --filter-pattern {shlex.quote(self.pattern)}" if self.pattern else ""
        forms += [("CLI line", words), ("log group name", group)]
        return tuple(forms)

    def _links(self) -> tuple[Ref, ...]:
        line = self._view.current_line
        return refs_in(line.text) if line is not None else ()

    def why_not(self, action: str) -> str | None:
        """Some keys need lines."""
        if action == "link" and not self._links():
            return "this line names no trace, build or deployment"
        if action == "save" and not self._view.line_count:
            return "there are no lines to save yet"
        return super().why_not(action)

    def action_link(self) -> None:
        """To what the line names."""
        if self.say_why_not("link"):
            return
        line, links = self._view.current_line, self._links()
        at = None if line is None else datetime.fromtimestamp(line.at / 1000, UTC)
        if len(links) == 1:
            self.post_message(self.Opened(links[0], at))
            return
        named = {f"{one.noun} {one}": one for one in links}

        def picked(choice: tuple[str, str]) -> None:
            self.post_message(self.Opened(named[choice[0]], at))

        self.post_message(PickAsked("Where to", tuple((name, "") for name in named), picked))

    def describe(self) -> None:
        """The group of the line."""
        self.post_message(self.CommandAsked("group", self._group().name))

    # --- saving

    def action_save(self) -> None:
        """All lines into a file."""
        if not self.say_why_not("save"):
            self.work_on(f"save {self.ref}", self._save, group="save")

    async def _save(self) -> None:
        view = self._view
        texts, times, sources = list(view.store.texts), list(view.store.times), list(view.store.sources)
        names = [f"{group} {stream}" for group, stream in self._numbers]

        def lines() -> list[str]:
            many = len(names) > 1
            return [
                f"{_written(at)} {names[sources[place]] + ' ' if many and place < len(sources) else ''}{text}"
                for place, (at, text) in enumerate(zip(times, texts, strict=True))
            ]

        written = await asyncio.to_thread(lines)
        name = self.sources_asked[0].group if self.sources_asked else "tail"
        path = await asyncio.to_thread(saved, state_folder() / "saved", name, ".log", written)
        lacking = f", {view.dropped:,} older ones let go before" if view.dropped else ""
        self.notify(f"saved {len(written):,} lines{lacking}: {path}", markup=False, timeout=10)


def _written(at: int) -> str:
    try:
        moment = datetime.fromtimestamp(at / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return str(at)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def tail_named(desk: Desk, argument: str, at: datetime | None) -> Place | str:
    """``:tail GROUP…``."""
    sources = sources_of(argument.split())
    return TailPlace(desk, sources, at) if sources else "which log groups? :tail GROUP[:STREAM] …"
