"""What the workbench begins with: a saved query, a sample, an earlier one; log groups, a moment, a range."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec.structs import replace

from pointsman.console.present.insights import span_words
from pointsman.console.present.insights_ask import past_line
from pointsman.console.screens.base import Place
from pointsman.console.screens.wishes import PickAsked
from pointsman.errors import Fault
from pointsman.model.insights import RANGES, Query, SavedQuery, Span
from pointsman.model.insights_samples import FIRST, SAMPLES, sample
from pointsman.model.refs import SavedQueryRef

if TYPE_CHECKING:
    from pointsman.services.insights import Bench, Insights

__all__ = ["ASKED", "Opening"]

ASKED = "?"
"""What the id of a reference begins with that says what to open by name, not by id."""
_RECENT = 30
_PLACE = re.compile(r"line\D{1,5}(\d+)\D{1,20}(\d+)")


class Opening(Place):
    """Puts queries on the bench."""

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
    def saved(self) -> tuple[SavedQuery, ...]:
        """The queries saved in AWS, as far as they were read."""
        raise NotImplementedError

    def ask(self, query: Query, *, saved: SavedQuery | None = None, keep: bool = False) -> None:
        """Put a query on the bench."""
        raise NotImplementedError

    # --- the beginning

    _name = ""
    """A saved query that is to be opened once the saved ones are known."""

    def begin_with(self, ref: SavedQueryRef | None, at: datetime | None) -> None:
        """Put on the bench what the screen was opened with; what lies there stays where nothing was asked for."""
        bench = self.bench
        if bench is None:
            return
        if not bench.query.text:
            bench.query = replace(bench.query, text=FIRST)
        if at is not None:
            bench.query = replace(bench.query, span=Span.around(at, self.desk.now()))
        if ref is None:
            return
        name = ref.id.removeprefix(ASKED)
        if name.startswith("in "):
            bench.query = replace(bench.query, groups=tuple(name.split()[1:]))
        elif (found := sample(name)) is not None:
            bench.query, bench.saved = replace(bench.query, text=found.text), None
        else:
            self._name = name
        self.ref = None  # what was asked for is done; what lies on the bench is the person's own from here on

    ref: SavedQueryRef | None = None

    def named(self) -> None:
        """The saved queries are known: open the one that was asked for."""
        name, self._name = self._name, ""
        if not name or self.bench is None:
            return
        found = next((one for one in self.saved if name in (one.id, one.name)), None)
        if found is None:
            close = [one for one in self.saved if name.lower() in one.name.lower()]
            found = close[0] if len(close) == 1 else None
        if found is None:
            self.notify(f"there is no saved query {name!r}: ctrl+o lists them", markup=False, severity="warning")
            return
        self.open_saved(found)

    def open_saved(self, one: SavedQuery) -> None:
        """Put a saved query on the bench; its log groups too, where it has some."""
        if self.bench is None:
            return
        if not one.ours:
            self.notify(f"{one.name} is written in {one.language}", markup=False, severity="warning", timeout=5)
            return
        self.ask(replace(self.bench.query, text=one.text, groups=one.groups or self.bench.query.groups), saved=one)

    # --- opening

    def action_open(self) -> None:
        """A saved query, an earlier one, a sample."""
        insights = self.insights
        if insights is None:
            self.say_why_not("open")
            return

        async def offer() -> None:
            await asyncio.to_thread(insights.history.load)
            self._offer(insights)

        self.work_on("read the history of queries", offer, group="history", exclusive=False)

    def _offer(self, insights: Insights) -> None:
        zone, identity = self.desk.zone, self.desk.identity
        place = f"{identity.account} {identity.region}" if identity is not None else ""
        opens: dict[tuple[str, str], Query | SavedQuery] = {}
        base = self.bench.query if self.bench is not None else Query()
        for one in self.saved:
            opens[(f"saved  {one.name}", past_line(one.text))] = one
        for past in insights.history.entries[:_RECENT]:
            groups = past.groups if past.place == place and past.groups else base.groups
            label = f"asked  {zone.of(past.at):%m-%d %H:%M}"
            opens[(label, past_line(past.text))] = replace(base, text=past.text, groups=groups)
        for known in SAMPLES:
            opens[(f"sample {known.name}", known.help)] = replace(base, text=known.text)

        def picked(line: tuple[str, str]) -> None:
            chosen = opens[line]
            if isinstance(chosen, SavedQuery):
                self.open_saved(chosen)
            else:
                self.ask(chosen)

        self.post_message(PickAsked("Open a query", tuple(opens), picked))

    def action_range(self) -> None:
        """Choose the time."""
        if self.say_why_not("range") or self.bench is None:
            return
        query, draw = self.bench.query, self.look.draw()
        spans = {span_words(Span(length), draw): Span(length) for length in RANGES}
        if query.span.end is not None:
            spans = {f"{span_words(query.span, draw)}": query.span, **spans}
        lines = tuple((name, "until now" if span.end is None else "around the moment") for name, span in spans.items())

        def picked(line: tuple[str, str]) -> None:
            self.ask(replace(self.bench.query if self.bench is not None else query, span=spans[line[0]]), keep=True)

        self.post_message(PickAsked("The time", lines, picked))

    @staticmethod
    def place_in(fault: Fault) -> tuple[int, int] | None:
        """Where a query is wrong, as AWS says it: its line and column; None when it does not."""
        found = _PLACE.search(fault.sentence)
        return (int(found[1]), int(found[2])) if found is not None else None
