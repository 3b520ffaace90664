"""One build: its phases as bars, its log as it is printed, the first thing that went wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.events import Resize

from pointsman.config.paths import state_folder
from pointsman.console.desk import Desk
from pointsman.console.dialogs.words import paragraph
from pointsman.console.present.builds import failure_line, summary
from pointsman.console.present.cells import Cell
from pointsman.console.present.faults import freshness
from pointsman.console.present.look import Draw
from pointsman.console.present.text import clean
from pointsman.console.saving import saved
from pointsman.console.screens.base import Place
from pointsman.console.screens.build_words import build_details
from pointsman.console.screens.selection import build_forms
from pointsman.console.screens.wishes import ReportsAsked
from pointsman.console.widgets.filter_bar import FilterBar
from pointsman.console.widgets.lines import CellLines
from pointsman.console.widgets.log_view import LogView
from pointsman.console.widgets.pane import Pane
from pointsman.console.widgets.phase_bars import PhaseBars
from pointsman.errors import CallFailed
from pointsman.model.builds import Build
from pointsman.model.refs import BatchRef, BuildRef, LogRef, PipelineRef, Ref, TailRef
from pointsman.model.snapshot import Snapshot

if TYPE_CHECKING:
    from pointsman.services.feeds import Source
    from pointsman.services.session import Services

__all__ = ["BuildPlace"]

WIDE = 150


class BuildPlace(Place):
    """A build's detail."""

    DEFAULT_CSS = """
    BuildPlace #about { height: auto; max-height: 4; padding: 0 2; }
    BuildPlace #both { layout: vertical; height: 1fr; }
    BuildPlace #phases { height: auto; max-height: 40%; }
    BuildPlace #phases PhaseBars { height: auto; }
    BuildPlace #log { height: 1fr; }
    BuildPlace.wide #both { layout: horizontal; }
    BuildPlace.wide #phases { width: 64; height: 1fr; max-height: 100%; }
    BuildPlace.wide #log { width: 1fr; margin-left: 1; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("e", "first_error", "first error", id="first-error"),
        Binding("n", "match(1)", "next match", show=False, id="next"),
        Binding("N", "match(-1)", "previous match", show=False, id="previous"),
        Binding("ctrl+s", "save", "save log", key_display="^s", id="save"),
        Binding("v", "environment", "environment", show=False, id="environment"),
        Binding("p", "pipeline", "pipeline", show=False, id="pipeline"),
        Binding("r", "reports", "reports", id="reports"),
        Binding("b", "batch", "batch", show=False, id="batch"),
        Binding("l", "log", "log", show=False, id="log"),
        Binding("L", "tail", "tail", show=False, id="log-tail"),
    ]

    place_title = "Build"
    place_help = (
        "Phases with their times, the slow one marked, over the log as it is printed. In the log, space pauses and "
        "follows again, f folds a phase, e goes to the next error, / searches, w wraps, t shows times. d shows "
        "environment, artifacts and exported variables; r shows the reports, b the batch; ctrl+s saves the whole log; "
        "L opens it as a tail, at its time."
    )
    slots: ClassVar[tuple[str, ...]] = ("build",)
    filters = True
    enters = ""

    def __init__(self, desk: Desk, ref: BuildRef) -> None:
        super().__init__(desk)
        self.ref = ref
        self._build: Snapshot[Build] = Snapshot()
        self._following: LogRef | None = None
        self._visible = asyncio.Event()

    def body(self) -> ComposeResult:
        """What it is, its phases, its log."""
        about = CellLines(self.look, self._about, id="about")
        about.can_focus = False
        yield about
        with Container(id="both"):
            yield Pane(self.look, "Phases", PhaseBars(self.look, id="bars"), id="phases")
            yield Pane(self.look, "Log", LogView(self.look, note="waiting for the build", id="view"), id="log")

    def mounted(self) -> None:
        """The log has the keys."""
        self.query_one("#view").focus()

    def on_resize(self, event: Resize) -> None:
        """Beside each other where there is room."""
        self.set_class(event.size.width >= WIDE, "wide")

    def on_screen_resume(self) -> None:
        """Read on."""
        self._visible.set()

    def hidden(self) -> None:
        """Nothing is read for a log nobody sees."""
        self._visible.clear()

    def sources(self, services: Services) -> Mapping[str, Source[Any]]:
        """The build."""
        return {"build": services.builds.build(self.ref)}

    # --- showing

    @property
    def build(self) -> Build | None:
        """The build as it was last read."""
        return self._build.value

    def arrived(self, slot: str, snapshot: Snapshot[Any]) -> None:
        """Show it, and begin to follow its log once it has one."""
        del slot
        self._build = snapshot
        self.query_one("#bars", PhaseBars).show(self.build)
        self.freshen("#phases", snapshot)
        self.query_one("#about", CellLines).redraw()
        build = self.build
        if build is None:
            if snapshot.fault is not None:
                self.query_one("#view", LogView).note("the build could not be read")
        elif build.log is None:
            note = (
                "the build has no log in CloudWatch Logs" if build.complete else "no log yet: the build has not begun"
            )
            self.query_one("#view", LogView).note(note)
        elif build.log != self._following:
            self._follow(build.log)

    def _about(self, draw: Draw, width: int) -> Sequence[Cell]:
        build = self.build
        if build is None:
            fault = self._build.fault
            if fault is None:
                return (freshness(self._build, draw, "build"),)
            said = f"{draw.glyphs.failed} {fault.kind.value}: {fault.sentence}"
            hint = f"{draw.glyphs.arrow} {fault.hint}" if fault.hint else ""
            return (*paragraph(said, width, "fault"), *paragraph(hint, width, "hint"))
        lines = [summary(build, draw)]
        if failure := failure_line(build, draw):
            lines.append(failure)
        if self._build.fault is not None:
            lines.append(freshness(self._build, draw, "build"))
        return lines

    # --- the log

    def _follow(self, log: LogRef) -> None:
        self._following = log
        view = self.query_one("#view", LogView)
        view.clear()
        view.note("reading the log")
        self.work_on(f"follow the log of {self.ref}", partial(self._lines_of, log), group="log")

    async def _lines_of(self, log: LogRef) -> None:
        connection = self.connection
        if connection is None:
            return
        view = self.query_one("#view", LogView)
        try:
            async for chunk in connection.services.logs.follow(log, ended=self._ended):
                await self._visible.wait()
                if chunk.lines:
                    view.append(chunk.lines)
                if chunk.ended:
                    view.note("")
                elif chunk.fault is not None:
                    view.note(f"{chunk.fault.kind.value}: {chunk.fault.sentence}; it goes on by itself")
                elif chunk.missing:
                    view.note("there is no such log stream (yet)")
                else:
                    view.note("" if view.line_count else "nothing printed yet")
                self._draw_log_title()
                self.show_keys()
        except CallFailed as error:
            self._following = None
            hint = f" {self.desk.glyphs.arrow} {error.fault.hint}" if error.fault.hint else ""
            view.note(f"{error.fault.kind.value}: {error.fault.sentence}{hint}")
            self.post_message(self.Failed(f"read the log of {self.ref}", error))

    def _ended(self) -> bool:
        return self.build is not None and self.build.complete

    def _draw_log_title(self) -> None:
        view = self.query_one("#view", LogView)
        parts = [f"{view.line_count:,} lines" if view.line_count else ""]
        parts.append("following" if view.following and not self._ended() else "")
        parts.append("paused" if not view.following else "")
        self.query_one("#log", Pane).title_text("Log", "  ".join(part for part in parts if part))

    def disconnected(self) -> None:
        """Another world has another log."""
        self._following = None
        self.workers.cancel_group(self, "log")
        super().disconnected()

    # --- what is selected

    def selected(self) -> Ref | None:
        """The build."""
        return self.ref

    def moment(self) -> datetime | None:
        """When the line under the cursor was printed; else when the build ended, or began."""
        view = self.query_one("#view", LogView)
        line = view.current_line if view.has_focus else None
        return datetime.fromtimestamp(line.at / 1000, UTC) if line is not None else super().moment()

    def targets(self) -> tuple[tuple[Ref, Any], ...]:
        """The build."""
        return ((self.ref, self.build),)

    def copy_forms(self) -> tuple[tuple[str, str], ...]:
        """The build's forms; the log line under the cursor."""
        forms = build_forms(self.ref, self.build, self.desk.identity)
        line = self.query_one("#view", LogView).current_line
        return (*forms, ("log line", clean(line.text))) if line is not None else forms

    def why_not(self, action: str) -> str | None:
        """Some keys need a log, or a pipeline."""
        if action == "save" and not self.query_one("#view", LogView).line_count:
            return "there are no lines to save yet"
        if action == "first_error" and not self.query_one("#view", LogView).errors:
            return "no line of the log looks like an error"
        if action == "reports" and (self.build is None or not self.build.reports):
            return "the build has no reports"
        if action == "batch" and (self.build is None or not self.build.batch):
            return "the build belongs to no batch"
        if action == "pipeline" and (self.build is None or not self.build.pipeline):
            return "no pipeline started this build"
        if action == "tail" and (self.build is None or self.build.log is None):
            return "the build has no log in CloudWatch Logs"
        return super().why_not(action)

    def describe(self) -> None:
        """Environment, artifacts, exported variables."""
        if (build := self.build) is not None:
            self.post_message(self.Described(f"build {build.ref}", lambda width: build_details(build, width)))

    def action_environment(self) -> None:
        """The same."""
        self.describe()

    def action_pipeline(self) -> None:
        """The pipeline that started it."""
        if not self.say_why_not("pipeline") and self.build is not None:
            self.post_message(self.Opened(PipelineRef(self.build.pipeline)))

    def action_reports(self) -> None:
        """Its reports."""
        if not self.say_why_not("reports") and self.build is not None:
            self.post_message(ReportsAsked(self.build))

    def action_batch(self) -> None:
        """The batch it belongs to."""
        if not self.say_why_not("batch") and self.build is not None:
            self.post_message(self.Opened(BatchRef(self.build.batch)))

    def action_log(self) -> None:
        """The log has the keys."""
        self.query_one("#view").focus()

    def action_tail(self) -> None:
        """Its log among others of the time: followed while it runs, from its start once it has ended."""
        if not self.say_why_not("tail") and (build := self.build) is not None and (log := build.log) is not None:
            tail = TailRef((f"{log.group}:{log.stream}",), follows=None if build.complete else self.ref)
            self.post_message(self.Opened(tail, build.started if build.complete else None))

    def action_first_error(self) -> None:
        """To the first line that looks like an error."""
        if not self.say_why_not("first_error"):
            self.query_one("#view", LogView).first_error()

    # --- searching the log

    def filtered(self) -> None:
        """Look for it."""
        self.query_one("#view", LogView).search(self.filter_text)

    def action_match(self, step: int) -> None:
        """To the next or previous match."""
        view = self.query_one("#view", LogView)
        if step > 0:
            view.next_match()
        else:
            view.previous_match()

    def take_focus(self) -> None:
        """The log has the keys."""
        self.query_one("#view").focus()

    def on_log_view_search_asked(self, event: LogView.SearchAsked) -> None:
        """The log was told to search."""
        event.stop()
        self.action_filter()

    def on_log_view_search_changed(self, event: LogView.SearchChanged) -> None:
        """How much was found."""
        event.stop()
        dots = "" if event.complete else self.desk.glyphs.ellipsis
        found = f"{event.index} of {event.count:,}{dots}" if event.count else f"nothing{dots}"
        self.query_one(FilterBar).count(found if event.needle else "")
        extra = f"/{event.needle}  {found}" if event.needle else ""
        if extra:
            self.query_one("#log", Pane).title_text("Log", extra)
        else:
            self._draw_log_title()

    def on_log_view_follow_changed(self, event: LogView.FollowChanged) -> None:
        """Paused or following."""
        event.stop()
        self._draw_log_title()

    # --- saving

    def action_save(self) -> None:
        """The whole log into a file."""
        if not self.say_why_not("save"):
            self.work_on(f"save the log of {self.ref}", self._save, group="save")

    async def _save(self) -> None:
        view = self.query_one("#view", LogView)
        lines = [clean(line) for line in view.text().split("\n")]
        if lines and not lines[-1]:
            lines.pop()
        path = await asyncio.to_thread(saved, state_folder() / "saved", str(self.ref), ".log", lines)
        so_far = "" if self._ended() else ", as far as it goes"
        self.notify(f"saved {len(lines):,} lines{so_far}: {path}", markup=False, timeout=10)
