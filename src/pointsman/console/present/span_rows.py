"""Which spans of a trace have a line: what is folded, what is left out, what is searched for. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from pointsman.console.present import waterfall as drawing
from pointsman.model.opened_trace import OpenedTrace
from pointsman.model.trace_pruning import Pruning, depths, folds_at, prune
from pointsman.semantics.traces import assembly
from pointsman.semantics.traces.assembly import Span

__all__ = ["SpanRows"]

_WRONG = assembly.FAULT | assembly.ERROR | assembly.THROTTLE


class SpanRows:
    """The lines of a trace, by the places of their spans."""

    def __init__(self) -> None:
        self.opened: OpenedTrace | None = None
        self.folded: set[int] = set()
        self.pruning = Pruning()
        self.rows: Sequence[int] = ()
        """The places of the spans that have a line, ascending."""
        self.matches: list[int] = []
        """The spans that were searched for."""
        self.matched: frozenset[int] = frozenset()
        self._shown: bytes | None = None

    @property
    def spans(self) -> tuple[Span, ...]:
        """Every span; none without a trace."""
        return self.opened.trace.spans if self.opened is not None else ()

    @property
    def pruned(self) -> int:
        """Spans that are left out."""
        return len(self._shown) - sum(self._shown) if self._shown is not None else 0

    def take(self, opened: OpenedTrace | None) -> None:
        """Another trace, or another reading of the one there is: its folds are found again by the spans' ids."""
        before, self.opened = self.opened, opened
        self.matches, self.matched = [], frozenset()
        if opened is None or before is None or before.ref != opened.ref:
            self.folded = set()
            self.pruning = Pruning()
        elif self.folded:
            at = {span.id: place for place, span in enumerate(opened.trace.spans)}
            ids = (before.trace.spans[place].id for place in self.folded)
            self.folded = {at[one] for one in ids if one in at}
        self._leave_out()

    def search(self, query: str) -> None:
        """Mark the spans that have these words."""
        self.matches = drawing.matching(self.opened.words, query) if self.opened is not None else []
        self.matched = frozenset(self.matches)

    def mark(self, places: Iterable[int]) -> None:
        """Mark some spans by their places."""
        self.matches = sorted(places)
        self.matched = frozenset(self.matches)

    def troubles(self) -> list[int]:
        """The spans with an error of their own: an inferred segment only repeats what was said of the call to it."""
        return [
            place for place, span in enumerate(self.spans) if span.flags & _WRONG and not span.flags & assembly.INFERRED
        ]

    def row_of(self, place: int) -> int:
        """The row of a span, or where it would be: rows are in the order of places."""
        return min(bisect_left(self.rows, place), max(0, len(self.rows) - 1))

    def has_below(self, place: int) -> bool:
        """Whether anything is below a span."""
        return self.spans[place].last > place + 1

    # --- folding and leaving out

    def refold(self) -> None:
        """Lay out anew after a change of what is folded."""
        self.rows = drawing.visible(self.opened.trace, self.folded, self._shown) if self.opened is not None else ()

    def toggle(self, place: int) -> None:
        """Fold what is below a span, or unfold it."""
        self.folded ^= {place}
        self.refold()

    def uncover(self, place: int) -> bool:
        """Unfold what a span is folded into, and leave nothing out if it is; whether that changed anything."""
        changed = False
        if self._shown is not None and not self._shown[place]:
            self.pruning, self._shown, changed = Pruning(), None, True
        spans = self.spans
        above = spans[place].parent
        while above >= 0:
            if above in self.folded:
                self.folded.discard(above)
                changed = True
            above = spans[above].parent
        if changed:
            self.refold()
        return changed

    @property
    def level(self) -> int:
        """How many levels show."""
        spans = self.spans
        return max((spans[place].depth for place in self.rows), default=-1) + 1

    def show_levels(self, level: int) -> None:
        """Fold so that so many levels show, one at least."""
        if self.opened is None:
            return
        deepest = depths(self.opened.trace)
        level = max(1, min(level, deepest))
        self.folded = folds_at(self.opened.trace, level) if level < deepest else set()
        self.refold()

    def leave_out(self, pruning: Pruning) -> None:
        """Leave out services and what took too little."""
        self.pruning = pruning
        self._leave_out()

    def _leave_out(self) -> None:
        self._shown = prune(self.opened.trace, self.pruning) if self.opened is not None else None
        self.refold()
