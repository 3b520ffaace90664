"""A tail's reading: from the service to the view, with everything that has to be owned up to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.events import Resize

from pointsman.console.desk import Desk
from pointsman.console.present.cells import Cell
from pointsman.console.present.logs import Stamps, source_labels
from pointsman.console.present.look import Draw
from pointsman.console.present.tail import (
    HEAD,
    RANGES,
    Counts,
    about_lines,
    ref_of,
)
from pointsman.console.screens.base import Place
from pointsman.console.widgets.lines import CellLines
from pointsman.console.widgets.log_rate import LogRate
from pointsman.console.widgets.log_view import LogView
from pointsman.console.widgets.pane import Pane
from pointsman.errors import CallFailed, Fault
from pointsman.model.logs import LogSource, TailAsk, TailChunk, TailMode
from pointsman.model.refs import BuildRef, DeploymentRef, TailRef
from pointsman.model.snapshot import Snapshot

if TYPE_CHECKING:
    from pointsman.services.feeds import Source
    from pointsman.services.session import Services
    from pointsman.services.tails import TailState

__all__ = ["TailReading", "millis"]

USUAL = "15m"
"""How far back a tail begins unless it is told otherwise."""
BEFORE, AFTER = timedelta(minutes=5), timedelta(minutes=10)
"""What is read around a moment in the past."""
LOW, TALL = 20, 34
"""Rows of the screen below which there is no rate, and from which on it is taller."""
_SOURCES = 65_535
_TIMES = {Stamps.UTC: "times in UTC", Stamps.LOCAL: "local times", Stamps.RELATIVE: "times from the mark or the start"}


class TailReading(Place):
    """Log groups, read and shown; ``TailPlace`` adds a person's keys."""

    DEFAULT_CSS = """
    TailReading #about { height: auto; max-height: 3; padding: 0 2; }
    TailReading.low #rate { display: none; }
    """

    slots: ClassVar[tuple[str, ...]] = ("followed",)

    def __init__(
        self,
        desk: Desk,
        sources: Sequence[LogSource],
        at: datetime | None = None,
        *,
        follows: BuildRef | DeploymentRef | None = None,
        find: str = "",
    ) -> None:
        super().__init__(desk)
        self.sources_asked = tuple(sources)
        named = ref_of(self.sources_asked)
        self.ref = TailRef(named.sources, follows, find)
        self.filter_text = find
        self.pattern = ""
        self.follows = follows
        self.mode = TailMode.READING
        self._range = USUAL
        self._jump: int | None = None
        """A moment to put the cursor on once what there is has been read, in milliseconds."""
        self._span: tuple[datetime, datetime | None] | None = None
        """What is read instead of the range: around a moment."""
        self._counts = Counts()
        self._why = ""
        self._numbers: dict[tuple[str, str], int] = {}
        self._labels: tuple[str, ...] = ()
        self._state: TailState | None = None
        self._ask: TailAsk | None = None
        self._counted = self._bad = self._newest = 0
        self._fault: Fault | None = None
        self._asking = "search"
        self._followed: Snapshot[Any] = Snapshot()
        if at is not None:
            self._around(at)

    def body(self) -> ComposeResult:
        """What is followed, how much comes in, the lines."""
        about = CellLines(self.look, self._about, id="about")
        about.can_focus = False
        yield about
        yield LogRate(self.look, id="rate")
        view = LogView(self.look, note="not connected yet", phases=False, id="view")
        view.ink.stamps = Stamps.ZONE
        view.grown = self._grown
        yield Pane(self.look, "Log", view, id="log")

    def mounted(self) -> None:
        """The log has the keys."""
        self._view.focus()
        if self.filter_text:
            self._view.search(self.filter_text)

    def on_resize(self, event: Resize) -> None:
        """The rate gives way first."""
        self.set_class(event.size.height < LOW, "low")
        rate = self.query_one(LogRate)
        rate.rows = 3 if event.size.height >= TALL else 1
        rate.redraw()

    @property
    def _view(self) -> LogView:
        return self.query_one("#view", LogView)

    # --- reading

    def sources(self, services: Services) -> Mapping[str, Source[Any]]:
        """What writes to the log, where that is one thing."""
        if isinstance(self.follows, BuildRef):
            return {"followed": services.builds.build(self.follows)}
        if isinstance(self.follows, DeploymentRef):
            return {"followed": services.deployments.deployment(self.follows)}
        return {}

    def arrived(self, slot: str, snapshot: Snapshot[Any]) -> None:
        """What it follows may have ended."""
        del slot
        self._followed = snapshot

    def reread(self, *anew: str) -> None:
        """Go on where it was."""
        super().reread(*anew)
        if self._shown and self.is_mounted:
            if self.connection is not None:
                self._begin()
            elif self.desk.fault is not None:
                self._failed(self.desk.fault)

    def hidden(self) -> None:
        """Nothing is read, nor paid for, for a log nobody sees."""
        self._stop()

    def disconnected(self) -> None:
        """Another world has other logs."""
        self._restart(begin=False)
        super().disconnected()

    def action_refresh(self) -> None:
        """Read it all again."""
        self._restart()

    def _stop(self) -> None:
        self.workers.cancel_group(self, "log")
        self._following = False

    _following = False

    def _restart(self, *, begin: bool = True) -> None:
        """Forget what there is, and read anew."""
        self._stop()
        self._ask = self._state = None
        self._counts, self._why, self.mode, self._fault = Counts(), "", TailMode.READING, None
        self._numbers.clear()
        self._labels = ()
        self._counted = self._bad = self._newest = 0
        view = self._view
        view.clear()
        if self.filter_text:
            view.search(self.filter_text)
        view.name_sources(())
        self.query_one(LogRate).clear()
        if begin and self.connection is not None and self._shown:
            self._begin()
        self._draw()

    def _begin(self) -> None:
        if self._following or self.mode is TailMode.ENDED:
            return
        self._following = True
        self._fault = None
        if self._ask is None:
            self._ask = self._asked()
            self._view.note("reading")
        self.work_on(f"tail {self.ref}", self._follow, group="log")
        self._draw()

    def _asked(self) -> TailAsk:
        now = self.look.now()
        begin, end = self._span or (now - dict(RANGES).get(self._range, timedelta()), None)
        since = 0 if self._range == HEAD and self._span is None else millis(begin)
        self.query_one(LogRate).since = since // 1000
        return TailAsk(self.sources_asked, since, None if end is None else millis(end), self.pattern)

    async def _follow(self) -> None:
        from pointsman.services.tails import TailState

        connection = self.connection
        if connection is None or self._ask is None:
            return
        if self._state is None:
            self._state = TailState()
        try:
            tails = connection.services.logs.tails
            async for chunk in tails.follow(self._ask, self._state, ended=self._ended):
                self._take(chunk)
        except CallFailed as error:
            self._failed(error.fault)
            self.post_message(self.Failed(f"tail {self.ref}", error))

    def _ended(self) -> bool:
        value = self._followed.value
        one = getattr(value, "deployment", value)
        return bool(self.follows is not None and one is not None and one.complete)

    def _take(self, chunk: TailChunk) -> None:
        """Show what came."""
        view, counts = self._view, self._counts
        late = 0
        if chunk.lines:
            known = len(self._numbers)
            numbers = [self._number(one.group, one.stream) for one in chunk.lines]
            if len(self._numbers) > known:
                self._labels = source_labels(list(self._numbers))
                view.name_sources(self._labels)
            for one in chunk.lines:
                late += one.at < self._newest
                self._newest = max(self._newest, one.at)
            view.append(chunk.lines, numbers)
        self._counts = Counts(
            lines=counts.lines + len(chunk.lines),
            sampled=counts.sampled + chunk.sampled,
            skipped=counts.skipped + (chunk.skipped is not None),
            repeated=counts.repeated + chunk.repeated,
            late=counts.late + (late if counts.lines else 0),
        )
        self._why = chunk.why or self._why
        if chunk.fault is None and (chunk.mode is not TailMode.READING or self.mode is TailMode.READING):
            self.mode = chunk.mode
        self._note(chunk)
        self._jump_now()
        self._draw()

    def _jump_now(self) -> None:
        """To the moment that was asked for, once all there is has been taken in."""
        view = self._view
        if self._jump is None or self.mode is TailMode.READING or view.line_count != len(view.store):
            return
        moment, self._jump = self._jump, None
        view.at_time(moment)

    def _number(self, group: str, stream: str) -> int:
        key = (group, stream)
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = min(len(self._numbers), _SOURCES)
        return number

    def _note(self, chunk: TailChunk) -> None:
        view = self._view
        if chunk.fault is not None:
            view.note(f"{chunk.fault.kind.value}: {chunk.fault.sentence}; it goes on by itself")
        elif chunk.missing:
            view.note(f"there is no log group {', '.join(chunk.missing)} (yet)")
        elif self.mode is TailMode.ENDED:
            view.note("" if self._counts.lines else "there are no events in this range")
        elif self.mode is TailMode.READING:
            view.note("reading")
        else:
            view.note("" if view.line_count else f"no events {self._range_words()}: new ones appear here")

    def _failed(self, fault: Fault) -> None:
        self._fault = fault
        self._following = False
        hint = f" {self.desk.glyphs.arrow} {fault.hint}" if fault.hint else ""
        self._view.note(f"{fault.kind.value}: {fault.sentence}{hint}")
        self._draw()

    # --- drawing

    def _grown(self) -> None:
        """Count what the view took in."""
        store = self._view.store
        before = self._counted - store.first
        times = store.times[max(0, before) :]
        errors = [store.times[line] for line in store.errors if line >= before] if store.errors else []
        self._counted = store.first + len(store)
        rate = self.query_one(LogRate)
        rate.rates.add(times, errors)
        rate.redraw()
        self._jump_now()
        self._draw()

    def _draw(self) -> None:
        if not self.is_mounted:
            return
        self.query_one("#about", CellLines).redraw()
        view = self._view
        if view.ink.needle:
            return
        parts = [f"{view.line_count:,} lines" if view.line_count else ""]
        if not view.following:
            parts.append(f"paused, {view.below:,} below" if view.below else "paused")
        elif self.mode in (TailMode.LIVE, TailMode.POLLING):
            parts.append("following")
        if len(view.marks):
            parts.append(f"{len(view.marks):,} marked")
        parts.append(_TIMES.get(view.ink.stamps, ""))
        self.query_one("#log", Pane).title_text("Log", "  ".join(part for part in parts if part))
        self.show_keys()

    def _range_words(self) -> str:
        if self._span is not None:
            begin, end = self._span
            until = f" to {self.look.zone.second(end)}" if end is not None else " on"
            return f"from {self.look.zone.marked(begin, '%H:%M:%S')}{until}"
        return "from the oldest on" if self._range == HEAD else f"since {self._range} ago"

    def _about(self, draw: Draw, width: int) -> Sequence[Cell]:
        view = self._view
        counts = self._counts
        shown = Counts(
            counts.lines,
            counts.sampled,
            view.dropped,
            counts.skipped,
            counts.repeated,
            counts.late,
            view.errors,
        )
        return about_lines(
            draw,
            width,
            sources=[(label, group) for label, (group, _) in zip(self._labels, self._numbers, strict=True)],
            asked=self.sources_asked,
            mode=self.mode,
            why=self._why,
            range_words=self._range_words(),
            pattern=self.pattern,
            counts=shown,
        )

    def _around(self, at: datetime) -> None:
        """Read what there is around a moment, and put the cursor on it."""
        end = at + AFTER
        self._span = (at - BEFORE, end if end < self.look.now() else None)
        self._jump = millis(at)


def millis(moment: datetime) -> int:
    """Milliseconds since the epoch; never before it."""
    return max(0, int(moment.timestamp() * 1000))
