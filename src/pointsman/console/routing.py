"""Where keys, commands and links lead: the screens by name and by ref, the dialogs over them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace
from textual.binding import Binding
from textual.screen import Screen

from pointsman.console import toolkit
from pointsman.console.catalog import NUMBERED, place_called, place_of
from pointsman.console.command_line import Line
from pointsman.console.desk import Desk
from pointsman.console.history import History
from pointsman.console.keys import rebound
from pointsman.console.present.output import output_words
from pointsman.console.screens.base import Place
from pointsman.console.working import begin
from pointsman.model.builds import Build
from pointsman.model.refs import (
    ActionRef,
    AlarmRef,
    BatchRef,
    BuildRef,
    DashboardRef,
    DeploymentGroupRef,
    DeploymentRef,
    ExecutionRef,
    LogGroupRef,
    PipelineRef,
    ProjectRef,
    Ref,
    TraceRef,
)

if TYPE_CHECKING:
    from pointsman.console.app import ConsoleApp
    from pointsman.console.dialogs.text import Reading
    from pointsman.console.screens.wishes import NamesAsked, PlotAsked
    from pointsman.console.widgets.table_events import ColumnsAsked

__all__ = ["Router"]


_NOWHERE = {-1: "there is nothing further back", 0: "there is no place before", 1: "there is nothing further on"}


class Router:
    """Opens screens and dialogs; modules of screens are loaded when they are first opened.

    Args:
        app: Where they are pushed.
        desk: What screens are made with.
    """

    def __init__(self, app: ConsoleApp, desk: Desk) -> None:
        self._app = app
        self._desk = desk
        self._history: History[tuple[str, Ref | None]] = History()

    # --- screens

    def maker(self, name: str) -> Callable[[], Screen[Any]]:
        """What makes the screen of a digit."""
        return lambda: toolkit.freshly_styled(self._app, NUMBERED[name](self._desk))

    def go(self, name: str) -> None:
        """To a screen; to its beginning if it shows already."""
        if self._app.current_mode == name:
            while len(self._app.screen_stack) > 1:
                self._app.pop_screen()
        else:
            self._app.switch_mode(name)
        if name == "activity":
            self._desk.unknown.clear()
            self._app.standing.refresh()

    def arrived(self) -> None:
        """Another screen shows: remember where that is."""
        place = self._app.place
        if place is not None and place is self._app.screen:
            self._history.visit((self._app.current_mode, getattr(place, "ref", None)))

    async def retrace(self, way: int) -> None:
        """Back (-1), forward (1), or to the place before this one (0)."""
        if self._app.place is not self._app.screen:
            return  # a dialog is open: it has the keys
        target = self._history.step(way) if way else self._history.before
        if target is None:
            self._app.warn(_NOWHERE[way])
            return
        mode, ref = target
        if mode != self._app.current_mode:
            await self._app.switch_mode(mode)
        if not await self._uncover(ref) and ref is not None:
            self.open(ref)

    async def _uncover(self, ref: Ref | None) -> bool:
        """Show a screen that lies under others of this mode, the first one without a ref; False when it does not."""
        stack = self._app.screen_stack
        depths = [at for at, one in enumerate(stack) if getattr(one, "ref", None) == ref]
        if not depths:
            return False
        while len(self._app.screen_stack) > depths[-1] + 1:
            await self._app.pop_screen()
        return True

    def open(self, ref: Ref, at: datetime | None = None) -> None:
        """Into a thing, at a moment if one is given."""
        place = place_of(self._desk, ref, at)
        if place is None:
            self._app.warn(f"there is no screen for a {ref.noun} yet")
            return
        self._enter(place)

    def follow(self, ref: Ref) -> None:
        """Show what came of an operation: a new build; a run on its pipeline's screen."""
        place = self._app.place
        if isinstance(ref, ExecutionRef):
            target = PipelineRef(ref.pipeline)
            if getattr(place, "ref", None) not in (target, ref):
                self.open(target)
        elif isinstance(ref, BuildRef | BatchRef | DeploymentRef):
            self.open(ref)

    def back(self) -> bool:
        """One screen back; False at the root."""
        if len(self._app.screen_stack) > 1:
            self._app.pop_screen()
            return True
        return False

    async def home(self) -> None:
        """The first screen of every mode, the Overview shown."""
        await self._app.switch_mode("overview")
        while len(self._app.screen_stack) > 1:
            await self._app.pop_screen()

    # --- dialogs

    def read(self, heading: str, reading: Reading) -> None:
        """Something to read."""
        from pointsman.console.dialogs.text import TextDialog

        self._app.push_screen(TextDialog(self._desk.look, heading, reading, wide=True))

    def pick(self, heading: str, lines: Sequence[tuple[str, str]], picked: Callable[[tuple[str, str]], None]) -> None:
        """One of a few."""
        from pointsman.console.dialogs.pick import PickDialog

        dialog = PickDialog(self._desk.look, heading, lines)
        self._app.push_screen(dialog, lambda line: picked(line) if line is not None else None)

    def choose(self, asked: NamesAsked) -> None:
        """Some of many names."""
        from pointsman.console.dialogs.choose_names import ChooseNames

        dialog = ChooseNames(self._desk.look, asked.heading, asked.chosen, asked.ask, asked.most)
        self._app.push_screen(dialog, lambda names: asked.picked(names) if names is not None else None)

    def columns(self, asked: ColumnsAsked) -> None:
        """Which columns of a table show."""
        from pointsman.console.dialogs.columns import ColumnsDialog

        dialog = ColumnsDialog(self._desk.look, asked.choices)
        self._app.push_screen(dialog, lambda hidden: asked.table.hide(hidden) if hidden is not None else None)

    def help(self) -> None:
        """The keys of this screen and of what has the focus; what can be done with the selection."""
        from pointsman.console.dialogs.readings import help_lines

        place = self._app.place
        if place is None:
            return
        sections: list[tuple[str, list[Binding]]] = []
        if (focused := place.focused) is not None:
            sections.append(("Keys where the cursor is", bindings_of(type(focused))))
        sections += [("Keys of this screen", bindings_of(type(place), Place)), ("Keys everywhere", self._everywhere())]
        sections = [(title, [rebound(one, self._desk.keys) for one in bound]) for title, bound in sections]
        operations = [(choice.operation, choice.why_not) for choice in self._app.operating.choices(place.targets())]
        self.read(
            f"{place.place_title}: help",
            lambda width: help_lines(place.place_title, place.place_help, sections, operations, width),
        )

    def _everywhere(self) -> list[Binding]:
        palette = Binding(self._app.COMMAND_PALETTE_BINDING, "command_palette", "palette of everything")
        return [*bindings_of(Place), *bindings_of(type(self._app)), palette]

    def errors(self) -> None:
        """What went wrong in this session."""
        from pointsman.console.dialogs.readings import error_lines

        self._desk.troubles.seen()
        draw = self._desk.look.draw()
        entries = self._desk.troubles.entries
        self.read("What went wrong in this session", lambda width: error_lines(entries, draw, width))

    def identity(self) -> None:
        """Who one is; while an MFA code is missing, the question for it; while a login is, the offer to do it."""
        codes, unnamed = self._app.standing.codes, self._app.standing.fault
        if codes.wanted:
            codes.ask(unnamed.sentence if unnamed is not None else "", again=True)
            return
        if codes.offer_login():
            return
        from pointsman.console.dialogs.readings import identity_lines

        desk, connection = self._desk, self._desk.connection
        facts = [("world", {"aws": "AWS"}.get(desk.world, desk.world))]
        if connection is not None:
            cloud = connection.services.cloud
            until = cloud.guard.armed_until
            mode = "allowed" if not cloud.guard.read_only else "refused: read-only; :arm MINUTES allows them for a time"
            facts.append(("writes", f"allowed until {desk.zone.marked(until, '%H:%M')}" if until is not None else mode))
            if desk.identity is None:
                facts += [("region", cloud.region), ("profile", cloud.profile)]
        if (report := toolkit.output_report(self._app)) is not None:
            facts.append(("output", output_words(report)))
        draw = desk.look.draw()
        fault = desk.fault or self._app.standing.fault
        self.read("Who you are", lambda width: identity_lines(desk.identity, fault, facts, draw, width))

    def ask_to_quit(self) -> None:
        """Leave?"""
        from pointsman.console.dialogs.quit import QuitDialog

        def answered(leave: bool | None) -> None:
            if leave:
                begin(self._app, self._app.leave, name="leave", group="leave")

        leaving = self._desk.connection.leaving if self._desk.connection is not None else ""
        self._app.push_screen(QuitDialog(self._app.operating.sending, leaving), answered)

    # --- the command line

    def command_line(self, text: str) -> None:
        """Ask for a command."""
        from pointsman.console.dialogs.command_bar import CommandBar

        def typed(line: Line | None) -> None:
            if line is not None:
                self.obey(line.name, line.argument)

        self._app.push_screen(CommandBar(self._names(), text, self._desk.glyphs.ellipsis), typed)

    def _names(self) -> Any:
        pipelines: dict[str, None] = {}
        projects: dict[str, None] = {}
        builds: dict[str, None] = {}
        deployments: dict[str, None] = {}
        groups: dict[str, None] = {}
        traces: dict[str, None] = {}
        alarms: dict[str, None] = {}
        dashboards: dict[str, None] = {}
        logs: dict[str, None] = {}
        for place in self._app.places():
            for ref in place.seen():
                if isinstance(ref, PipelineRef):
                    pipelines[ref.name] = None
                elif isinstance(ref, ProjectRef):
                    projects[ref.name] = None
                elif isinstance(ref, BuildRef):
                    builds[ref.id] = None
                elif isinstance(ref, DeploymentRef):
                    deployments[ref.id] = None
                elif isinstance(ref, DeploymentGroupRef):
                    groups[str(ref)] = None
                elif isinstance(ref, TraceRef):
                    traces[ref.id] = None
                elif isinstance(ref, AlarmRef):
                    alarms[ref.name] = None
                elif isinstance(ref, DashboardRef):
                    dashboards[ref.name] = None
                elif isinstance(ref, LogGroupRef):
                    logs[ref.name] = None
        known = self._app.wardrobe.names
        return replace(
            self._desk.names,
            pipelines=tuple(pipelines),
            projects=tuple(projects),
            builds=tuple(builds),
            deployments=tuple(deployments),
            groups=tuple(groups),
            traces=tuple(traces),
            alarms=tuple(alarms),
            dashboards=tuple(dashboards),
            logs=tuple(logs),
            themes=known,
        )

    def obey(self, name: str, argument: str, at: datetime | None = None) -> None:
        """Carry out a command; a screen that it opens shows a moment, if one is given and it takes one."""
        app = self._app
        handlers: dict[str, Callable[[], object]] = {
            "pause": lambda: app.standing.hold(True),
            "resume": lambda: app.standing.hold(False),
            "step": lambda: app.standing.step(float(argument)),
            "speed": lambda: app.standing.hurry(float(argument)),
            "arm": lambda: app.operating.arm(int(argument)),
            "disarm": app.operating.disarm,
            "tour": app.begin_tour,
            "refresh": self._refresh,
            "theme": lambda: self._theme(argument),
            "profile": lambda: begin(app, partial(app.move, profile=argument), name="move", group="move"),
            "region": lambda: begin(app, partial(app.move, region=argument), name="move", group="move"),
            "meter": app.standing.meter,
            "identity": self.identity,
            "errors": self.errors,
            "help": self.help,
            "mouse": lambda: self._mouse(argument == "on"),
            "suspend": app.action_suspend_process,
            "quit": self.ask_to_quit,
        }
        if name in handlers:
            handlers[name]()
            return
        place = place_called(self._desk, name, argument, at)
        if isinstance(place, str):
            self._app.warn(place)
        elif place is not None:
            self._enter(place)
        else:
            self.go(name)
            if argument or at is not None:
                app.call_after_refresh(self._narrow, name, argument, at)

    def reports(self, build: Build) -> None:
        """The reports of a build."""
        from pointsman.console.screens.reports import ReportsPlace

        self._enter(ReportsPlace(self._desk, build))

    def plot(self, asked: PlotAsked) -> None:
        """Several metrics on one pair of axes."""
        from pointsman.console.screens.metric import MetricPlace

        self._enter(MetricPlace(self._desk, asked.refs, asked.at, span=asked.span, stat=asked.stat))

    def approvals(self, spot: ActionRef) -> None:
        """The approvals inbox, at one of them."""
        from pointsman.console.screens.approvals import Approvals

        self._enter(Approvals(self._desk, spot))

    def _enter(self, place: Place) -> None:
        """Push a screen, unless one of its kind shows already and is the same."""
        shown = self._app.place
        keys = ("ref", "only_project", "refs", "other", "of_group", "only")
        if type(shown) is type(place) and all(getattr(shown, one, None) == getattr(place, one, None) for one in keys):
            return
        self._app.push_screen(place)

    def _narrow(self, name: str, argument: str, at: datetime | None) -> None:
        """Show of the list of a digit what an argument says: of its beginning, not of what was opened from it."""
        self.go(name)
        if isinstance(root := self._app.screen_stack[0], Place):
            root.narrow(argument, at)

    def _refresh(self) -> None:
        if (place := self._app.place) is not None:
            place.action_refresh()

    def _mouse(self, on: bool) -> None:
        toolkit.take_mouse(self._app, on)
        words = (
            "the mouse is the console's"
            if on
            else "the mouse is the terminal's: select as usual; :mouse on takes it back"
        )
        self._app.notify(words, markup=False, timeout=5)

    def _theme(self, name: str) -> None:
        if not self._app.wardrobe.wear(name):
            self._app.warn(f"there is no theme {name}")


def bindings_of(kind: type, until: type = object) -> list[Binding]:
    """The bindings a class and its bases of ours declare, up to a base that is left out."""
    found: list[Binding] = []
    for owner in kind.__mro__:
        if owner is until or not owner.__module__.startswith("pointsman."):
            break
        found += [one for one in owner.__dict__.get("BINDINGS", ()) if isinstance(one, Binding) and one.description]
    return found
