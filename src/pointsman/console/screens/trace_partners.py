"""What an open trace is held against: one other trace, and how long its like took in the traces that were listed."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import ClassVar

from textual.binding import Binding, BindingType

from pointsman.console.present.look import Draw
from pointsman.console.present.traces import entry_of, marks, seconds
from pointsman.console.screens.base import Place
from pointsman.console.screens.trace_words import moment
from pointsman.console.screens.wishes import CommandBegun, PickAsked
from pointsman.errors import CallFailed
from pointsman.model.opened_trace import OpenedTrace
from pointsman.model.refs import TraceRef
from pointsman.model.trace_alike import alike, middle, named_deployment, request_of
from pointsman.model.trace_operations import Standing
from pointsman.model.traces import TraceSummary

__all__ = ["TracePartners"]

BY_ITSELF = 10
"""Traces that are read to compare with when one is opened: two calls."""
_OFFERED = 200
"""Traces that are offered to compare with."""


class TracePartners(Place):
    """A screen of one trace."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x", "compare", "compare with another trace", show=False, id="compare"),
        Binding("p", "widen", "read more to compare with", show=False, id="widen"),
    ]

    ref: TraceRef
    _widened = False
    """Whether traces to compare with have been read by themselves."""

    # --- what the screen says

    @property
    def opened(self) -> OpenedTrace | None:
        """The trace; None while it has not been read."""
        raise NotImplementedError

    @property
    def place_of_span(self) -> int | None:
        """The span the cursor is on."""
        raise NotImplementedError

    def redraw_span(self) -> None:
        """More is known of what the cursor is on."""
        raise NotImplementedError

    # --- another trace

    def action_compare(self) -> None:
        """Choose a second trace: that of before the deployment, any by its id, one of those that were listed."""
        opened, connection = self.opened, self.connection
        if opened is None or connection is None or self.say_why_not("compare"):
            return
        request = request_of(opened)
        same, others = alike(request, connection.services.traces.loaded.rows, self.ref)
        draw = self.look.draw()
        before = ("before the deployment", f"{request or 'the same request'} before what went out last was deployed")
        by_id = ("by its id", "write or paste the id of any trace")
        rows: dict[tuple[str, str], TraceRef] = {}
        for one in same[:_OFFERED]:
            rows[_line(one, draw, "same request")] = one.ref
        for one in others[: max(0, _OFFERED - len(rows))]:
            rows[_line(one, draw, "")] = one.ref
        first = () if self.desk.world == "trace" or not any(request) else (before,)

        def picked(line: tuple[str, str]) -> None:
            if line == by_id:
                self.post_message(CommandBegun(f"compare {self.ref.id} "))
            elif line == before:
                self.work_on("find a trace of before the deployment", partial(self._before, opened), group="partner")
            else:
                self._hold_against(rows[line])

        self.post_message(PickAsked("Compare with", (*first, by_id, *rows), picked))

    def _hold_against(self, other: TraceRef) -> None:
        # A trace's id begins with when it began: the older one is the first.
        first, second = sorted((self.ref, other))
        self.post_message(self.CommandAsked("compare", f"{first.id} {second.id}"))

    async def _before(self, opened: OpenedTrace) -> None:
        if self.connection is None:
            return
        services, request = self.connection.services, request_of(opened)
        deployment, application = named_deployment(opened)
        began = moment(opened.trace.start)
        if began is None:
            self._say("when this trace began is no time of any calendar")
            return
        went_out = await services.deployments.last_before(began, deployment, application)
        of = f" of {application}" if application else ""
        if went_out is None or went_out.created is None:
            self._say(f"no deployment{of} is known of before this trace")
            return
        found = await services.traces.before(request, went_out.created)
        chosen = middle([one for one in found.traces if one.ref != self.ref])
        when = self.look.draw().zone.minute(went_out.created)
        what = f"deployment {went_out.id} of {went_out.group.application} ({when})"
        if chosen is None:
            self._say(f"there is no trace of {request} in the six hours before {what}")
            return
        count = len(found.traces)
        of_how_many = f"the middle one of {count:,}" if count > 1 else "the only one"
        self._say(f"{of_how_many} of {request} before {what}", warn=False)
        self._hold_against(chosen.ref)

    def _say(self, words: str, *, warn: bool = True) -> None:
        self.notify(words, markup=False, severity="warning" if warn else "information", timeout=8)

    # --- many other traces

    def standing(self, opened: OpenedTrace, place: int) -> Standing | None:
        """How long a span took beside its like, and in how many of the loaded traces that was looked at."""
        span = opened.trace.spans[place]
        if self.connection is None or span.end is None or place >= len(opened.operations):
            return None
        traces, operation = self.connection.services.traces, opened.operations[place]
        loaded = traces.loaded.through(operation.service)
        return traces.population.standing(operation, span.duration, loaded)

    def widen_by_itself(self) -> None:
        """Read a few traces of the same request as soon as this one is there."""
        opened = self.opened
        if opened is not None and not self._widened:
            self._widened = True
            self.work_on("read other traces", partial(self._widen_a_little, opened), group="widen")

    async def _widen_a_little(self, opened: OpenedTrace) -> None:
        if self.connection is None:
            return
        traces = self.connection.services.traces
        same, _ = alike(request_of(opened), traces.loaded.rows, self.ref)
        refs = [one.ref for one in same[:BY_ITSELF]]
        with suppress(CallFailed):  # nobody asked for it; the key that reads more says what is wrong
            await traces.widen(refs, BY_ITSELF, self.redraw_span, urgent=False)

    def action_widen(self) -> None:
        """Read more of the loaded traces in which the selected span's service had a part."""
        refs = self.others()
        if not self.say_why_not("widen"):
            self.work_on("read other traces", partial(self._widen, refs), group="widen")

    async def _widen(self, refs: Sequence[TraceRef]) -> None:
        if self.connection is not None:
            traces = self.connection.services.traces
            came = await traces.widen(refs, told=self.redraw_span)
            self.notify(
                f"{came:,} more traces read: spans are compared with those of {len(traces.population):,}",
                markup=False,
                timeout=5,
            )

    def others(self) -> tuple[TraceRef, ...]:
        """The loaded traces, not read yet, in which the selected span's service had a part; newest first."""
        opened, place = self.opened, self.place_of_span
        if self.connection is None or opened is None or place is None or place >= len(opened.operations):
            return ()
        traces = self.connection.services.traces
        known = traces.population
        through = traces.loaded.through(opened.operations[place].service)[: known.most]
        return tuple(ref for ref in through if ref != self.ref and ref not in known)

    def hidden(self) -> None:
        """Who has left does not read on."""
        for group in ("widen", "partner"):
            self.workers.cancel_group(self, group)

    def why_not(self, action: str) -> str | None:
        """Some keys need the trace, and others beside it."""
        if action in ("compare", "widen") and self.opened is None:
            return "the trace has not been read"
        if action == "widen" and not self.others():
            return "every loaded trace that its service had a part in is read: a list of traces loads more"
        return super().why_not(action)


def _line(row: TraceSummary, draw: Draw, note: str) -> tuple[str, str]:
    """A trace to choose: when and how long, then what it was."""
    when = draw.zone.second(row.started) if row.started is not None else ""
    said = "".join(text for text, _ in marks(row, draw)).strip()
    parts = (note, said, str(row.status or ""), row.method, entry_of(row), row.ref.id)
    return f"{when}  {seconds(row.duration)}".strip(), "  ".join(one for one in parts if one)
