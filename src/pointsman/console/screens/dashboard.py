"""One dashboard, drawn from its own JSON, with a time range and a period of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from pointsman.console.desk import Desk
from pointsman.console.dialogs.text import Reading
from pointsman.console.editing import edited
from pointsman.console.present.cells import Cell, cell, crop, join
from pointsman.console.present.dashboards import period_words, span_words
from pointsman.console.present.faults import freshness
from pointsman.console.present.look import Draw
from pointsman.console.screens.base import Place
from pointsman.console.screens.wishes import OperationAsked, PickAsked
from pointsman.console.widgets.dashboard_canvas import DashboardCanvas
from pointsman.console.widgets.filter_bar import FilterBar
from pointsman.console.widgets.lines import CellLines
from pointsman.console.widgets.pane import Pane
from pointsman.errors import FaultKind
from pointsman.model.dashboard_variables import Variable
from pointsman.model.dashboards import PERIODS, RANGES, DashboardState, DashboardView, target_of
from pointsman.model.refs import DashboardRef, Ref
from pointsman.model.snapshot import Snapshot

if TYPE_CHECKING:
    from pointsman.services.feeds import Source
    from pointsman.services.session import Services

__all__ = ["DashboardPlace"]

AUTO = "as the dashboard says"
_AS_IS = "as the body has it"
EMPTY_BODY = '{\n  "widgets": []\n}\n'


class DashboardPlace(Place):
    """A dashboard's widgets."""

    DEFAULT_CSS = """
    DashboardPlace #about { height: 1; padding: 0 2; }
    DashboardPlace #dashboard { height: 1fr; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "range", "range", id="range"),
        Binding("p", "period", "period", id="period"),
        Binding("V", "variable", "variables", id="dashboard-variable"),
        Binding("E", "edit", "edit", id="edit"),
    ]

    place_title = "Dashboard"
    place_help = (
        "A CloudWatch dashboard as its JSON has it: numbers in the legend are those in the chart, dashes across are "
        "thresholds, gaps are gaps. Tab goes from widget to widget, enter to what the widget is about, d shows its "
        "JSON. t is the time range, p the period, V sets its variables. Data is read once a minute: metrics cost "
        "money by the widget, and log widgets run their query every five minutes. E edits the JSON in $EDITOR."
    )
    slots: ClassVar[tuple[str, ...]] = ("dashboard",)

    def __init__(self, desk: Desk, ref: DashboardRef) -> None:
        super().__init__(desk)
        self.ref = ref
        self.span: timedelta | None = None
        """How far back; None as the dashboard says."""
        self.period: int | None = None
        """Seconds of a point; None as its widgets say."""
        self.values: dict[str, str] = {}
        """The variables that a person has set, by id."""
        self._view: Snapshot[DashboardView] = Snapshot()
        self._asking: Variable | None = None
        """The variable that a value is being written for."""

    def body(self) -> ComposeResult:
        """What is looked at, and the widgets."""
        about = CellLines(self.look, self._about, id="about")
        about.can_focus = False
        yield about
        yield Pane(self.look, "Dashboard", DashboardCanvas(self.look, id="canvas"), id="dashboard")

    def mounted(self) -> None:
        """The widgets have the keys."""
        self._canvas.focus()

    @property
    def _canvas(self) -> DashboardCanvas:
        return self.query_one("#canvas", DashboardCanvas)

    def sources(self, services: Services) -> Mapping[str, Source[Any]]:
        """The dashboard, over its range."""
        return {"dashboard": services.dashboards.view(self.ref, self.span, self.period, tuple(self.values.items()))}

    def arrived(self, slot: str, snapshot: Snapshot[Any]) -> None:
        """Show it."""
        del slot
        self._view = snapshot
        self._canvas.show_view(snapshot)
        self.freshen("#dashboard", snapshot)
        self.query_one("#dashboard", Pane).title_text("Dashboard", self.ref.name)
        self.query_one("#about", CellLines).redraw()

    def _about(self, draw: Draw, width: int) -> Sequence[Cell]:
        view = self._view.value
        if view is None:
            return ()
        if self._view.fault is not None:
            return (freshness(self._view, draw, "dashboard"),)
        lasts = (view.end - view.start).total_seconds()
        count = len(view.body.widgets)
        parts = [
            cell(f"last {span_words(lasts)}", "strong"),
            cell(f"period {period_words(self.period)}", "dim"),
            cell(f"{count:,} widget{'s' * (count != 1)}", "dim"),
            *(self._at(one) for one in view.body.variables if one.visible),
            *(cell(note, "stale") for note in view.body.notes),
        ]
        return (crop(join(parts), width, draw.glyphs.ellipsis),)

    def _at(self, variable: Variable) -> Cell:
        """A variable with its value."""
        value = dict(self._view.value.body.chosen).get(variable.id, "") if self._view.value is not None else ""
        return (*cell(f"{variable.name} ", "dim"), *cell(value or "as it is", "strong" if value else "dim"))

    # --- what is looked at

    def _ask(self, span: timedelta | None, period: int | None) -> None:
        if (span, period) == (self.span, self.period):
            return
        self.span, self.period = span, period
        self.reread()
        self.show_keys()

    def action_range(self) -> None:
        """Choose how far back."""
        spans: dict[str, timedelta | None] = {AUTO: None}
        spans |= {f"last {span_words(one.total_seconds())}": one for one in RANGES}
        lines = tuple((name, "") for name in spans)
        self.post_message(PickAsked("Time range", lines, lambda line: self._ask(spans[line[0]], self.period)))

    def action_period(self) -> None:
        """Choose how much time a point stands for."""
        periods: dict[str, int | None] = {AUTO: None}
        periods |= {span_words(one): one for one in PERIODS}
        lines = tuple(
            (name, "longer where that would be too many points" if at else "") for at, name in enumerate(periods)
        )
        self.post_message(PickAsked("Period", lines, lambda line: self._ask(self.span, periods[line[0]])))

    # --- variables

    def action_variable(self) -> None:
        """Choose a variable, then its value."""
        view = self._view.value
        if self.say_why_not("variable") or view is None:
            return
        known = {one.name: one for one in view.body.variables if one.visible}
        if len(known) == 1:
            self._choose_value(next(iter(known.values())))
            return
        values = dict(view.body.chosen)
        lines = tuple((name, values.get(one.id, "as it is")) for name, one in known.items())
        self.post_message(PickAsked("Variable", lines, lambda line: self._choose_value(known[line[0]])))

    def _choose_value(self, variable: Variable) -> None:
        if variable.input == "input" and not variable.values and not variable.search:
            self._asking = variable
            now = dict(self._view.value.body.chosen).get(variable.id, "") if self._view.value is not None else ""
            hint = "another value; nothing leaves it as the body has it"
            self.query_one(FilterBar).open(now, prompt=variable.name, placeholder=hint)
            return
        self.work_on("look up the values of a variable", partial(self._offer, variable), group="variable")

    async def _offer(self, variable: Variable) -> None:
        if self.connection is None:
            return
        known = await self.connection.services.dashboards.values(variable)
        if not known:
            self.notify(f"{variable.name}: no metric has a value for it", markup=False, severity="warning", timeout=5)
            return
        values = {(label, value if value != label else ""): value for label, value in known}
        lines = ((_AS_IS, ""), *values)
        heading = f"{variable.name}: {len(known):,} values"
        self.post_message(PickAsked(heading, lines, lambda line: self._set(variable, values.get(line, ""))))

    def _set(self, variable: Variable, value: str) -> None:
        """Put a variable at a value; at nothing, as the body has it."""
        self.values = {name: said for name, said in self.values.items() if name != variable.id}
        if value or variable.default:
            self.values[variable.id] = value
        self.reread()
        self.show_keys()

    def on_filter_bar_changed(self, event: FilterBar.Changed) -> None:
        """Nothing is filtered here: a value is written, and counts once it is whole."""
        event.stop()
        event.prevent_default()

    def on_filter_bar_submitted(self, event: FilterBar.Submitted) -> None:
        """The value."""
        event.stop()
        event.prevent_default()
        self.query_one(FilterBar).close()
        self._canvas.focus()
        if self._asking is not None:
            self._set(self._asking, event.value.strip())

    def on_filter_bar_cancelled(self, event: FilterBar.Cancelled) -> None:
        """As it was."""
        event.stop()
        event.prevent_default()
        self._canvas.focus()

    # --- changing it

    def action_edit(self) -> None:
        """Its JSON in $EDITOR, then the question whether to save it."""
        if self.say_why_not("edit"):
            return
        view = self._view.value
        text = _pretty(view.text) if view is not None else EMPTY_BODY
        made = edited(self.app, text, f"{self.ref.name}.json")
        if made is None:
            self.post_message(OperationAsked("dashboard.save", self.ref, {"body": text}))
        elif made.strip() == text.strip():
            self.notify("nothing was changed", markup=False, timeout=4)
        else:
            self.post_message(OperationAsked("dashboard.save", self.ref, {"body": made}))

    # --- what is selected

    def why_not(self, action: str) -> str | None:
        """Some keys need a dashboard, or a widget that leads somewhere."""
        view = self._view.value
        missing = self._view.fault is not None and self._view.fault.kind is FaultKind.NOT_FOUND
        if action == "edit" and view is None and not missing:
            return "the dashboard has not been read"
        if action == "variable" and (view is None or not any(one.visible for one in view.body.variables)):
            return "this dashboard has no variables" if view is not None else "the dashboard has not been read"
        if action == "enter":
            widget = self._canvas.widget if self.is_mounted else None
            if widget is None or target_of(widget.asked) is None:
                return "this widget leads nowhere"
            return None
        return super().why_not(action)

    def selected(self) -> Ref | None:
        """The dashboard."""
        return self.ref

    def targets(self) -> tuple[tuple[Ref, Any], ...]:
        """The dashboard, as it was read."""
        view = self._view.value
        return ((self.ref, DashboardState(self.ref, view.text) if view is not None else None),)

    def describe(self) -> None:
        """The selected widget's own JSON."""
        view, widget = self._view.value, self._canvas.widget
        if view is None or widget is None:
            return
        heading = f"widget {widget.number + 1} of {self.ref.name}"

        async def read() -> None:
            self.post_message(self.Described(heading, await asyncio.to_thread(_json_of, view, widget.number)))

        self.work_on(f"read {heading}", read, group="describe")

    def on_dashboard_canvas_highlighted(self, event: DashboardCanvas.Highlighted) -> None:
        """Other keys may lead somewhere now."""
        event.stop()
        self.show_keys()

    def on_dashboard_canvas_opened(self, event: DashboardCanvas.Opened) -> None:
        """To what the widget is about."""
        event.stop()
        if not self.say_why_not("enter") and (ref := target_of(event.widget.asked)) is not None:
            self.post_message(self.Opened(ref))


def _pretty(text: str) -> str:
    """A body as people edit it; one that is not JSON as it is."""
    import json

    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False) + "\n"
    except (ValueError, RecursionError):
        return text


def _json_of(view: DashboardView, number: int) -> Reading:
    import json

    try:
        return json.dumps(json.loads(view.text)["widgets"][number], indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return view.text
