"""The Logs Insights workbench: a query, how far it has come, its rows and their picture.

A query that runs costs money until it ends: it is stopped when this screen is left. What came of the last one stays on
the bench, whether the screen shows or not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec.structs import replace
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.events import Resize

from pointsman.console.desk import Desk
from pointsman.console.dialogs.words import paragraph
from pointsman.console.present import insights_ask as words
from pointsman.console.present.cells import EMPTY, Cell, cell, plain
from pointsman.console.present.insights import progress
from pointsman.console.present.look import Draw
from pointsman.console.screens.insights_opening import Opening
from pointsman.console.screens.insights_rows import Rows
from pointsman.console.screens.wishes import NamesAsked, OperationAsked
from pointsman.console.widgets.lines import CellLines
from pointsman.console.widgets.pane import Pane
from pointsman.console.widgets.query_editor import QueryEditor
from pointsman.errors import CallFailed, FaultKind
from pointsman.model.insights import MOST_GROUPS, LogField, Query, QueryRun, SavedQuery, SavedState
from pointsman.model.insights_words import Offers, offers
from pointsman.model.refs import Ref, SavedQueryRef
from pointsman.model.snapshot import Snapshot

if TYPE_CHECKING:
    from pointsman.services.feeds import Source
    from pointsman.services.insights import Bench, Insights
    from pointsman.services.session import Services

__all__ = ["InsightsPlace"]

TALL = 34
_DISCOVERED = 3
"""Log groups whose fields are looked up for completion."""
NEW = SavedQueryRef("", "a new query")


class InsightsPlace(Opening, Rows):
    """The workbench."""

    DEFAULT_CSS = """
    InsightsPlace #asking { height: 7; }
    InsightsPlace.tall #asking { height: 10; }
    InsightsPlace #ask { height: 1; padding: 0 1; }
    InsightsPlace #query { height: 1fr; }
    InsightsPlace #said { height: auto; max-height: 3; padding: 0 2; display: none; }
    InsightsPlace #said.says { display: block; }
    InsightsPlace #offers {
        position: absolute; overlay: screen; constrain: inside inside; display: none;
        height: auto; max-height: 8; background: $surface;
    }
    InsightsPlace #offers.open { display: block; }
    InsightsPlace #results { height: 1fr; }
    InsightsPlace #progress { height: auto; max-height: 4; padding: 0 1; }
    InsightsPlace #chart { height: 6; padding: 0 1; display: none; }
    InsightsPlace.pictured #chart { display: block; }
    InsightsPlace.picture-only #rows { display: none; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f5,ctrl+enter", "refresh", "run", key_display="^r", id="run-query"),
        Binding("ctrl+g", "groups", "groups", key_display="^g", id="log-groups"),
        Binding("f4,t", "range", "time", key_display="f4", id="query-range"),
        Binding("ctrl+o", "open", "open", key_display="^o", id="open-query"),
        Binding("f2", "keep", "save the query", show=False, id="save-query"),
        Binding("e", "edit", "edit the query", show=False, id="edit-query"),
        Binding("x", "stop", "stop", show=False, id="stop-query"),
        Binding("f1", "app.obey('help')", "help", show=False, id="help-too"),
    ]

    place_title = "Logs Insights"
    place_help = (
        "A query in Logs Insights QL over log groups and a time. ctrl+r (or f5) runs it; a mistake is shown where it "
        "is and nothing is sent, but run once more the query goes out as it is: AWS may know what is not known here. "
        "While you type, tab takes what a word could become; ctrl+n shows it at any time. ctrl+g chooses log groups, "
        "f4 the time, ctrl+o opens saved queries, earlier ones and samples. Esc stops a query that runs; leaving the "
        "screen stops it, too. In the rows: enter or d shows one in full, l opens its log at that moment, T its "
        "trace, left and right choose a column, < and > resize it, H hides it, U shows all, o sorts, / filters, v "
        "changes between picture and rows, ctrl+s saves or copies them; f2 saves the query in AWS, from the editor as "
        "well. What a query scans is billed."
    )
    slots: ClassVar[tuple[str, ...]] = ("saved",)
    enters = "row"

    def __init__(self, desk: Desk, ref: SavedQueryRef | None = None, at: datetime | None = None) -> None:
        super().__init__(desk)
        self.ref = ref
        """What was asked for: by name (``?NAME``, ``?in GROUP …``), as the command line has it, or by id."""
        self.at = at
        self._bench: Bench | None = None
        self._saved: Snapshot[tuple[SavedQuery, ...]] = Snapshot()
        self._said: Cell = EMPTY
        self._sent_anyway = ""
        """A query that was refused here: asked for once more, it is sent."""
        self._fields: tuple[LogField, ...] = ()
        self._fields_of: tuple[str, ...] = ()

    def body(self) -> ComposeResult:
        """What is asked, and what came of it."""
        ask = CellLines(self.look, self._ask_line, id="ask")
        said = CellLines(self.look, self._said_lines, id="said")
        line = CellLines(self.look, self._progress_line, id="progress")
        chart = CellLines(self.look, self.chart_content, id="chart")
        for one in (ask, said, line, chart):
            one.can_focus = False
        yield Pane(self.look, "Query", ask, QueryEditor("", self._guess, id="query"), id="asking")
        yield said
        yield Pane(self.look, "Results", line, chart, self.table(), id="results")
        offered = CellLines(self.look, self._offer_lines, id="offers")
        offered.can_focus = False
        yield offered

    def mounted(self) -> None:
        """The editor has the keys."""
        self.show_rows()
        self.query_one("#query").focus()

    def on_resize(self, event: Resize) -> None:
        """More room for the query and the picture where there is more."""
        self.set_class(event.size.height >= TALL, "tall")

    # --- the bench

    @property
    def insights(self) -> Insights | None:
        """The service, once the world answers."""
        return self.connection.services.insights if self.connection is not None else None

    @property
    def asked(self) -> Query:
        """What is on the bench."""
        return self._bench.query if self._bench is not None else Query()

    @property
    def bench(self) -> Bench | None:
        """What lies on the bench, once the world answers."""
        return self._bench

    @property
    def saved(self) -> tuple[SavedQuery, ...]:
        """The queries saved in AWS, as far as they were read."""
        return self._saved.value or ()

    def sources(self, services: Services) -> Mapping[str, Source[Any]]:
        """The saved queries."""
        return {"saved": services.insights.definitions()}

    def reread(self, *anew: str) -> None:
        """Take up what lies on the bench of this connection."""
        super().reread(*anew)
        insights = self.insights
        if insights is None or self._bench is insights.bench or not self.is_mounted:
            return
        self._bench = insights.bench
        insights.trouble = self.desk.troubles.note
        self.begin_with(self.ref, self.at)
        self.query_one(QueryEditor).use(self.asked.text)
        self._discover()
        self.show_all()

    def disconnected(self) -> None:
        """Nothing of the old world is shown any more."""
        self.stop("stopped: this connection was left")
        self._bench = None
        self._fields, self._fields_of = (), ()
        super().disconnected()
        self.query_one(QueryEditor).use("")
        self.show_all()

    def arrived(self, slot: str, snapshot: Snapshot[Any]) -> None:
        """The saved queries: the one on the bench may have changed, or be what was just saved."""
        del slot
        self._saved = snapshot
        bench = self._bench
        if bench is None or snapshot.value is None:
            return
        self.named()
        if bench.saved is not None:
            bench.saved = next((one for one in self.saved if one.id == bench.saved.id), None)
        if bench.saved is None:
            same = [one for one in self.saved if one.ours and not SavedState(one, bench.query).changed]
            bench.saved = same[0] if len(same) == 1 else None
        self.query_one("#ask", CellLines).redraw()
        self.show_keys()

    def ask(self, query: Query, *, saved: SavedQuery | None = None, keep: bool = False) -> None:
        """Put a query on the bench.

        Args:
            query: What.
            saved: The saved query it is.
            keep: Whether it is still the saved query that is there.
        """
        bench = self._bench
        if bench is None:
            return
        changed = query.text != bench.query.text
        bench.query = query
        if not keep:
            bench.saved = saved
        if changed:
            self.query_one(QueryEditor).use(query.text)
        self._say(EMPTY)
        self._discover()
        self.query_one("#ask", CellLines).redraw()
        self.show_keys()

    def show_all(self) -> None:
        """Draw everything."""
        self._say(EMPTY)
        self.query_one("#ask", CellLines).redraw()
        run = self._bench.run if self._bench is not None else None
        self.show_run(run)
        self.show_keys()

    def on_text_area_changed(self, event: QueryEditor.Changed) -> None:
        """The query is what is written."""
        event.stop()
        bench = self._bench
        if bench is not None and event.text_area.text != bench.query.text:
            bench.query = replace(bench.query, text=event.text_area.text)
            self.query_one("#ask", CellLines).redraw()
            if self._said:
                self._say(EMPTY)

    # --- lines

    def _ask_line(self, draw: Draw, width: int) -> Sequence[Cell]:
        saved = self._bench.saved if self._bench is not None else None
        return (words.ask_line(self.asked, saved, draw, max(20, width - 1)),)

    def _progress_line(self, draw: Draw, width: int) -> Sequence[Cell]:
        del width
        run = self._bench.run if self._bench is not None else None
        if run is None or self.insights is None:
            return ()
        shown = run if run.results.rows or run.fault is None else replace(run, fault=None)
        return (progress(shown, draw, self.insights.price, billed=self.desk.world == "aws"),)

    def _said_lines(self, draw: Draw, width: int) -> Sequence[Cell]:
        del draw
        if not self._said:
            return ()
        return paragraph(plain(self._said), max(20, width - 4), self._said[0][1])[:3]

    def _say(self, line: Cell) -> None:
        self._said = line
        said = self.query_one("#said", CellLines)
        said.set_class(bool(line), "says")
        said.redraw()

    # --- completion

    def _guess(self, text: str, place: int) -> Offers:
        return offers(text, place, self._fields)

    def _offer_lines(self, draw: Draw, width: int) -> Sequence[Cell]:
        editor = self.query_one(QueryEditor)
        return words.offer_lines(editor.offers, editor.chosen, draw, width)

    def on_query_editor_offered(self, event: QueryEditor.Offered) -> None:
        """Show what the word could become, under it."""
        event.stop()
        editor, listed = event.editor, self.query_one("#offers", CellLines)
        if editor.offers:
            at = editor.cursor_screen_offset
            behind = editor.place - editor.offers.start
            listed.styles.width = words.offers_width(editor.offers, self.size.width)
            listed.styles.offset = (max(0, at.x - behind - 2), at.y)
        listed.set_class(bool(editor.offers), "open")
        listed.redraw()

    def _discover(self) -> None:
        """Look up the fields of the first groups, once for each choice of groups."""
        insights, groups = self.insights, self.asked.groups[:_DISCOVERED]
        if insights is None or groups == self._fields_of:
            return
        self._fields, self._fields_of = (), groups
        at = self.asked.span.end

        async def look() -> None:
            found: dict[str, LogField] = {}
            for group in groups:
                try:
                    for one in await insights.fields(group, int(at.timestamp()) if at is not None else None):
                        if one.percent >= found.get(one.name, one).percent:
                            found[one.name] = one
                except CallFailed as error:
                    self.desk.troubles.note(f"look up the fields of {group}", error.fault)
            if self._fields_of == groups:
                self._fields = tuple(sorted(found.values(), key=lambda one: (-one.percent, one.name)))

        self.work_on("look up the fields", look, group="fields")

    # --- running

    @property
    def running(self) -> bool:
        """Whether a query of this screen is under way."""
        run = self._bench.run if self._bench is not None else None
        return run is not None and not run.over

    def action_refresh(self) -> None:
        """Run the query; one that runs is stopped first."""
        insights, bench = self.insights, self._bench
        if insights is None or bench is None:
            self.notify(self.why_not("actions") or "not connected yet", markup=False, severity="warning", timeout=4)
            return
        query = replace(bench.query, text=self.query_one(QueryEditor).text)
        if not query.text.strip():
            self._say(cell("there is no query: ctrl+o opens one", "tone.waiting"))
            return
        if not query.groups and not query.names_its_groups:
            self.action_groups()
            return
        self.stop("stopped: it was run again")
        self.query_one(QueryEditor).close()
        self._say(EMPTY)

        async def check() -> None:
            if query.text != self._sent_anyway and (wrong := await insights.mistake(query.text)) is not None:
                self._sent_anyway = query.text
                self.query_one(QueryEditor).mark(wrong.line, wrong.column, wrong.end - wrong.start)
                sentence = f"line {wrong.line}, column {wrong.column}: {wrong.sentence}"
                self._say(cell(f"{sentence}. Nothing was sent; ctrl+r again sends it as it is", "fault"))
                return
            self._sent_anyway = ""
            self._remember(query)
            self.work_on("run the query", run, group="query")

        async def run() -> None:
            self._ended(await insights.run(query, self._told))

        self.work_on("read the query", check, group="check")

    def _told(self, run: QueryRun) -> None:
        if self._bench is not None:
            self._bench.run = run
            if self._stands:
                self.show_run(run)

    def _ended(self, run: QueryRun) -> None:
        """Point at what AWS did not understand; give the rows the keys of somebody who waits for them."""
        if run.fault is not None and run.fault.kind is FaultKind.INVALID and (place := self.place_in(run.fault)):
            self.query_one(QueryEditor).mark(*place)
        self.show_keys()

    def _remember(self, query: Query) -> None:
        insights, identity = self.insights, self.desk.identity
        if insights is not None:
            place = f"{identity.account} {identity.region}" if identity is not None else ""
            insights.history.add(query, self.desk.now(), place)
            self.work_on("keep the history of queries", self._keep, group="history", exclusive=False)

    async def _keep(self) -> None:
        if (insights := self.insights) is not None:
            await asyncio.to_thread(insights.history.keep)

    def stop(self, note: str) -> None:
        """Have the query that runs stopped; what it had found stays."""
        bench = self._bench
        if bench is None or bench.run is None or bench.run.over:
            return
        self.workers.cancel_group(self, "query")
        bench.run = bench.run.ended(self.desk.now(), status="Cancelled", note=note)
        if self._stands:
            self.show_run(bench.run)

    @property
    def _stands(self) -> bool:
        """Whether there is a screen to show anything on: what a screen is made of goes before it does."""
        return self.is_mounted and bool(self.query("#progress"))

    def action_stop(self) -> None:
        """No more of it."""
        if not self.say_why_not("stop"):
            self.stop("stopped by you")

    def hidden(self) -> None:
        """Nobody looks any more: nothing goes on being billed."""
        self.stop("stopped: the screen was left")

    def on_unmount(self) -> None:
        """Gone for good."""
        self.stop("stopped: the screen was left")

    # --- what can be done

    def action_groups(self) -> None:
        """Choose log groups."""
        insights = self.insights
        if insights is None:
            self.say_why_not("groups")
            return

        def picked(names: tuple[str, ...]) -> None:
            self.ask(replace(self.asked, groups=names), keep=True)

        self.post_message(NamesAsked("Log groups", self.asked.groups, insights.names, picked, MOST_GROUPS))

    def action_keep(self) -> None:
        """Save the query: in the place of what it was opened from, or as a new one."""
        bench = self._bench
        if bench is None or self.say_why_not("keep"):
            return
        kept = bench.saved
        if kept is not None and kept.ours and SavedState(kept, bench.query).changed:
            self.post_message(OperationAsked("query.change", SavedQueryRef(kept.id, kept.name), {}))
        else:
            self.post_message(OperationAsked("query.save", NEW, {}))

    def action_edit(self) -> None:
        """Write."""
        self.query_one("#query").focus()

    def action_back(self) -> None:
        """Stop what runs; from the editor to the rows; then leave."""
        if self.running:
            self.stop("stopped by you")
        elif self.query_one("#query").has_focus and self.rows:
            self.query_one("#rows").focus()
        else:
            super().action_back()

    def targets(self) -> tuple[tuple[Ref, Any], ...]:
        """The saved query, and the one it could become."""
        bench = self._bench
        if bench is None:
            return ()
        found: list[tuple[Ref, Any]] = []
        if bench.saved is not None:
            found.append((SavedQueryRef(bench.saved.id, bench.saved.name), SavedState(bench.saved, bench.query)))
        return (*found, (NEW, SavedState(None, bench.query)))

    def why_not(self, action: str) -> str | None:
        """Some keys need a query that runs, or a row."""
        if action in ("groups", "open", "range", "refresh", "keep") and self.connection is None:
            return super().why_not("actions")
        if action == "keep":
            kept = self._bench.saved if self._bench is not None else None
            if kept is not None and not SavedState(kept, self.asked).changed:
                return f"{kept.name} is saved as it is: a, s saves it under another name"
            return None if self.asked.text.strip() else "there is no query to save"
        if action == "stop":
            return None if self.running else "no query runs"
        return super().why_not(action)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A colon and a slash are themselves in the editor."""
        if action in ("command_line", "filter") and isinstance(self.focused, QueryEditor):
            return False
        return super().check_action(action, parameters)
