"""The console: which screen shows, which connection it works with, and what happens to a mistake.

The first paint comes before boto3, services and operations are imported: they arrive with the connection, which one
loader thread makes. The app routes; screens show, ``Operating`` acts, ``Standing`` keeps the header. What it routes
among is imported by ``furnish``, so that ``entrance.py`` can paint before that, too.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace
from textual.app import App

from pointsman.console import themes, toolkit
from pointsman.console.clipboard import sequence
from pointsman.console.keys import APP_KEYS, SCREENS
from pointsman.console.output.choice import lean
from pointsman.console.present.text import clean_block
from pointsman.console.working import begin

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from textual.driver import Driver
    from textual.notifications import SeverityLevel
    from textual.worker import Worker

    from pointsman.clock import Clock
    from pointsman.config.settings import Settings
    from pointsman.console.alerting import Alerting
    from pointsman.console.connection import Connect, Connection, Elsewhere, Keeping, Left
    from pointsman.console.desk import Desk
    from pointsman.console.operating import Operating
    from pointsman.console.present.header import HeaderFacts
    from pointsman.console.routing import Router
    from pointsman.console.screens import wishes
    from pointsman.console.screens.base import Place
    from pointsman.console.standing import Standing
    from pointsman.console.touring import Tour
    from pointsman.console.widgets import table_events
    from pointsman.errors import Fault
    from pointsman.model.activity import Deed
    from pointsman.model.refs import Ref

__all__ = ["ConsoleApp"]

log = logging.getLogger("pointsman.console")

TOAST = 600
"""Characters of a toast at most: the error log has the rest."""


def _palette() -> Any:
    from pointsman.console.palette import PaletteProvider

    return PaletteProvider


class ConsoleApp(App[None]):
    """The whole console.

    Args:
        connect: Makes the connection; called once, in the loader thread, after the first paint.
        settings: Theme, glyphs and the like.
        world_name: ``aws``, ``demo``, ``local``, or ``trace`` for a file of traces.
        clock: The time until the connection brings the world's own.
        elsewhere: How to get to another profile or region; None where there is only one.
        keys: A person's own keys, as Textual's keymap takes them.
        keeping: Finds what is kept between sessions of the place looked at now; None where nothing is.
        tour: Begin the demo's tour once there is a board.
        opening: The name of the first screen, and the id of a trace to open from it; None goes by the settings.

    What ``connect`` has made is the caller's to close once the app has ended.
    """

    TITLE = "pointsman"
    DEFAULT_MODE = "overview"
    COMMANDS = {_palette}
    COMMAND_PALETTE_BINDING = "ctrl+p"
    BINDINGS = APP_KEYS
    CSS = """
    Toast { max-width: 90; }
    Tooltip { display: none; }
    .guarded Header, .guarded Footer { background: $error 30%; }
    .guarded Place > #body { border-left: outer $error; border-right: outer $error; }
    .ascii.guarded Place > #body { border-left: ascii $error; border-right: ascii $error; }
    .ascii Toast { border-left: ascii $primary; border-right: none; }
    .ascii Dialog > #box { border: ascii $primary; }
    .ascii Dialog.danger > #box { border: ascii $error; }
    .ascii CommandBar > #bar { border-top: ascii $primary; }
    .ascii ConfirmDialog #content Input, .ascii ConfirmDialog #content Input:focus { border-left: ascii $primary; }
    .ascii ConfirmDialog #content TextArea { border-left: ascii $primary; }
    .ascii ConfirmDialog #content OptionList { border-left: ascii $primary; }
    """

    def __init__(
        self,
        connect: Connect,
        settings: Settings | None = None,
        world_name: str = "aws",
        *,
        clock: Clock | None = None,
        elsewhere: Elsewhere | None = None,
        keys: Mapping[str, str] | None = None,
        keeping: Callable[[], Keeping] | None = None,
        tour: bool = False,
        opening: tuple[str, str] | None = None,
    ) -> None:
        self._settings = settings  # which driver there is depends on it
        super().__init__()
        toolkit.quiet(self)
        self._own_keys = dict(keys or {})
        if self._own_keys:
            self.set_keymap(self._own_keys)
        self._connect = connect
        self._world_name = world_name
        self._clock = clock
        self._elsewhere = elsewhere
        self._keeping = keeping
        self._tour_due = tour
        self._opening = opening
        self._leaving = False
        self._encoding = sys.stdout.encoding or "ascii"  # while the app runs, Textual stands in for stdout
        self.wardrobe = themes.Wardrobe(self, settings.theme_folder if settings is not None else None)
        self.wardrobe.dress(settings.theme if settings is not None else "")
        self.furnish()

    def get_driver_class(self) -> type[Driver]:
        """Textual's own choice, or lean output in the place of its driver for POSIX terminals."""
        chosen = super().get_driver_class()
        if self._settings is None or self._settings.output == "plain":
            return chosen
        return lean(chosen, low_bandwidth=self._settings.low_bandwidth)

    @property
    def start(self) -> str:
        """The screen that opens first: what the command line names, what a person has set, or the last session's."""
        if self._opening is not None:
            return self._opening[0]
        wanted = self._settings.start if self._settings is not None else ""
        last = self.desk.session.screen if self.furnished else ""
        return wanted or (last if last in {one.name for one in SCREENS} else "overview")

    def open_first(self) -> None:
        """Open what the command line names, over the first screen."""
        if self._opening is not None and self._opening[1]:
            from pointsman.model.refs import TraceRef

            self.router.open(TraceRef(self._opening[1]))

    furnished = False
    """Whether what follows is there."""
    desk: Desk
    router: Router
    operating: Operating
    standing: Standing
    alerting: Alerting

    def furnish(self) -> None:
        """Make everything that the first paint can do without."""
        from pointsman.clock import SystemClock
        from pointsman.console.alerting import Alerting
        from pointsman.console.desk import Desk
        from pointsman.console.operating import Operating
        from pointsman.console.present.glyphs import ASCII, glyphs_for
        from pointsman.console.present.zones import zone
        from pointsman.console.routing import Router
        from pointsman.console.standing import Standing
        from pointsman.console.troubles import Troubles

        clock = self._clock or SystemClock()
        only_ascii = self._settings is not None and self._settings.ascii is True
        glyphs = glyphs_for(self._encoding, ascii_only=only_ascii)
        where = zone(self._settings.time_zone if self._settings is not None else "")
        self.desk = Desk(clock, Troubles(clock), self._world_name, glyphs, where, self._own_keys)
        self.set_class(glyphs is ASCII, "ascii")
        if self._settings is not None:
            self.desk.protects = self._settings.is_protected_profile
        self.desk.begin(self.recalled if self.recalled is not None else self.recall())
        self.router = Router(self, self.desk)
        self.operating = Operating(self, self.desk, self._follow, self._stick)
        self.standing = Standing(self, self.desk, self._show_facts, self._show_nothing)
        wished = self._settings
        self.alerting = Alerting(
            self,
            self.desk,
            bell=wished is not None and wished.alarm_bell,
            title=wished is not None and wished.alarm_title,
        )
        for one in SCREENS:
            self.add_mode(one.name, self.router.maker(one.name))
        self.furnished = True

    def recall(self) -> Left:
        """Find what the last session left of the place looked at now; reads files."""
        from pointsman.console.connection import Left

        return self._keeping().recall() if self._keeping is not None else Left()

    tour: Tour | None = None
    """The demo's tour, once there has been one."""

    recalled: Left | None = None
    """What ``recall`` found, where that was done beside the loop."""

    @property
    def place(self) -> Place | None:
        """The topmost screen that is no dialog."""
        from pointsman.console.screens.base import Place

        return next((one for one in reversed(self.screen_stack) if isinstance(one, Place)), None)

    # --- the connection

    def on_mount(self) -> None:
        """Paint, then the rest."""
        self.open()

    def open(self) -> None:
        """Connect, once the screen has been painted."""
        self.say_theme_problems()
        self.call_after_refresh(self.reach, self._connect)

    def say_theme_problems(self) -> None:
        """Say what was wrong with a theme, now that there is a screen to say it on."""
        for problem in self.wardrobe.problems:
            self.warn(problem)

    def reach(self, connect: Connect) -> None:
        """Make a connection in the loader thread."""
        from pointsman.console.connection import connecting

        self.expect(connecting(connect))

    def expect(self, coming: Awaitable[Connection | Fault]) -> None:
        """Work with a connection once it has come."""
        begin(self, partial(self._reach, coming), name="connect", group="connect", exclusive=True)

    async def _reach(self, coming: Awaitable[Connection | Fault]) -> None:
        from pointsman.errors import Fault

        result = await coming
        if isinstance(result, Fault):
            self.desk.fault = result
            self.desk.troubles.note("connect", result)
        else:
            self.desk.connection, self.desk.fault = result, None
            self.desk.clock = result.services.clock
        self.standing.connected()
        self.alerting.connected()
        for place in self.places():
            place.reread()
            place.show_keys()
        if self._tour_due and not isinstance(result, Fault):
            self._tour_due = False
            self.desk.board_came = self._open_tour

    def _open_tour(self) -> None:
        """Load the tour once the first whole board has been painted."""
        self.desk.board_came = None
        begin(self, self._warm_tour, name="tour", group="tour")

    async def _warm_tour(self) -> None:
        if self.desk.connection is not None:
            await asyncio.to_thread(self.desk.connection.services.warm)
        self.call_after_refresh(self.begin_tour)

    def begin_tour(self) -> None:
        """The tour, from its beginning; only a demo has one."""
        if self._world_name != "demo":
            self.warn("the tour goes through the demo: pointsman demo")
            return
        if self.tour is None:
            from pointsman.console.touring import Tour

            self.tour = Tour(self, self.desk)
        self.tour.begin()

    def action_leave_tour(self) -> None:
        """No more of it."""
        if self.tour is not None:
            self.tour.leave()

    async def move(self, *, profile: str | None = None, region: str | None = None) -> None:
        """Look through another profile or at another region."""
        if self._elsewhere is None:
            self.warn("this world has one account and one region")
            return
        if self.operating.sending:
            self.warn("a write is on its way: wait for its outcome first")
            return
        self.keep_views()
        await asyncio.to_thread(self.desk.keep)
        old, self.desk.connection = self.desk.connection, None
        self.desk.identity, self.desk.fault = None, None
        self.standing.disconnected()
        self.alerting.disconnected()
        for place in self.places():
            place.disconnected()
        await self.router.home()
        if old is not None:
            await old.services.feeds.close()
            await old.services.insights.close()
            old.services.close()
        self.standing.refresh()
        connect = self._elsewhere(profile=profile, region=region)
        self.desk.begin(await asyncio.to_thread(self.recall))
        for place in self.places():
            place.disconnected()
        self.reach(connect)

    def places(self) -> list[Place]:
        """Every screen there is, shown or not."""
        from pointsman.console.screens.base import Place

        return [one for one in toolkit.every_screen(self) if isinstance(one, Place)]

    def _show_nothing(self) -> None:
        for place in self.places():
            place.wait_again()

    # --- the header, toasts, the clipboard

    def _show_facts(self, facts: HeaderFacts) -> None:
        self.set_class(facts.protected, "guarded")
        for place in self.places():
            place.show_facts(facts)

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """Say something for a few seconds: as text, whatever it says."""
        from pointsman.console.present.text import for_terminal

        del markup
        said = for_terminal(message, ascii_only=self.has_class("ascii"))
        said = said if len(said) <= TOAST else f"{said[:TOAST]} ..."
        super().notify(said, title=title, severity=severity, timeout=timeout, markup=False)

    def warn(self, sentence: str) -> None:
        """Say that something cannot be done."""
        self.notify(sentence, markup=False, severity="warning", timeout=6)

    def copy(self, text: str, what: str) -> None:
        """Send text to the terminal's clipboard; into a file what no terminal takes."""
        text = clean_block(text)
        wrapped = sequence(text, os.environ)
        if wrapped is None:
            begin(self, partial(self._save, text, what), name=f"save {what}", group="save", exclusive=False)
        else:
            toolkit.write(self, wrapped)
            self.notify(f"{what} sent to the clipboard", markup=False, timeout=3)

    async def _save(self, text: str, what: str) -> None:
        from pointsman.config.paths import state_folder
        from pointsman.console.saving import saved

        path = await asyncio.to_thread(saved, state_folder() / "copies", what, ".txt", text.split("\n"))
        self.notify(f"{what} is too long for a terminal's clipboard: it is in {path}", markup=False, timeout=10)

    # --- what screens ask for

    def on_place_opened(self, event: wishes.Opened) -> None:
        """Into it."""
        self.router.open(event.ref, event.at)

    def on_place_command_asked(self, event: wishes.CommandAsked) -> None:
        """What a word of the command line does."""
        self.router.obey(event.name, event.argument, event.at)

    def on_place_command_begun(self, event: wishes.CommandBegun) -> None:
        """The ``:`` line, half written."""
        self.router.command_line(event.text)

    def on_place_shown(self) -> None:
        """Remember where one has been."""
        self.router.arrived()
        if self.tour is not None:
            self.tour.look_soon()

    def on_log_view_error_reached(self) -> None:
        """Somebody reads a log where it matters: the tour may be waiting for that."""
        if self.tour is not None:
            self.tour.error_reached()

    def on_place_approval_asked(self, event: wishes.ApprovalAsked) -> None:
        """The inbox, at it."""
        self.router.approvals(event.ref)

    def on_place_reports_asked(self, event: wishes.ReportsAsked) -> None:
        """The reports of a build."""
        self.router.reports(event.build)

    def on_place_batches_asked(self, event: wishes.BatchesAsked) -> None:
        """The batches of a project."""
        self.router.obey("batches", event.project.name)

    def on_place_plot_asked(self, event: wishes.PlotAsked) -> None:
        """Several metrics on one pair of axes."""
        self.router.plot(event)

    def on_place_many_asked(self, event: wishes.ManyAsked) -> None:
        """One thing to several."""
        self.operating.offer_many(event.states)

    def on_place_left(self) -> None:
        """Back."""
        self.router.back()

    def on_place_actions_asked(self, event: wishes.ActionsAsked) -> None:
        """The menu."""
        self.operating.offer(event.targets, narrow=event.narrow)

    def on_place_operation_asked(self, event: wishes.OperationAsked) -> None:
        """Ask whether to do it."""
        self.operating.ask(event.operation, event.ref, dict(event.answers))

    def on_place_copied(self, event: wishes.Copied) -> None:
        """The clipboard."""
        self.copy(event.text, event.what)

    on_dialog_copied = on_place_copied

    def on_place_copy_asked(self, event: wishes.CopyAsked) -> None:
        """Choose, then the clipboard."""
        self.router.pick("Copy as", event.forms, lambda line: self.copy(line[1], line[0]))

    def on_place_pick_asked(self, event: wishes.PickAsked) -> None:
        """Choose one."""
        self.router.pick(event.heading, event.lines, event.picked)

    def on_place_names_asked(self, event: wishes.NamesAsked) -> None:
        """Choose some."""
        self.router.choose(event)

    def on_line_table_columns_asked(self, event: table_events.ColumnsAsked) -> None:
        """Which columns of a table show."""
        self.router.columns(event)

    def on_place_described(self, event: wishes.Described) -> None:
        """Something to read."""
        self.router.read(event.heading, event.content)

    def on_place_failed(self, event: wishes.Failed) -> None:
        """Work of a screen went wrong."""
        self.mishap(event.doing, event.error)

    # --- keys

    def action_go(self, name: str) -> None:
        """To a screen; to its beginning if it shows already."""
        self.router.go(name)

    def action_command_line(self, text: str = "") -> None:
        """The ``:`` line."""
        self.router.command_line(text)

    def action_obey(self, name: str) -> None:
        """A command that has a key."""
        self.router.obey(name, "")

    async def action_retrace(self, way: int) -> None:
        """Back, forward, or to the place before."""
        await self.router.retrace(way)

    def action_pace(self, what: str) -> None:
        """A key of a demo's clock."""
        {"hold": self.standing.hold_or_go, "step": self.standing.minute, "hurry": self.standing.faster}[what]()

    def action_repaint(self) -> None:
        """Draw everything anew, whatever the terminal may have made of it."""
        toolkit.distrust_screen(self)
        self.refresh(layout=True)

    def action_back_or_quit(self) -> None:
        """Back; at the root, ask whether to leave."""
        if not self.router.back():
            self.router.ask_to_quit()

    def action_interrupt(self) -> None:
        """Twice in a row: leave without asking."""
        if self._leaving:
            self.exit()
            return
        self._leaving = True
        self.notify("ctrl+c again to quit", markup=False, timeout=2)
        self.set_timer(2, self._stay)

    def _stay(self) -> None:
        self._leaving = False

    async def leave(self) -> None:
        """Wait for the writes on their way, then end."""
        if self.desk.connection is not None and self.operating.sending:
            self.notify("waiting for the outcome of a write", markup=False, timeout=60)
            await self.desk.connection.runner.drain()
        self.exit()

    def keep_views(self) -> None:
        """Remember how every screen is looked at, and which one shows."""
        for place in self.places():
            place.keep_view()
        self.desk.session = replace(self.desk.session, screen=self.current_mode)

    def exit(self, result: None = None, return_code: int = 0, message: Any | None = None) -> None:
        """End; how things are looked at is remembered first, as long as there are screens."""
        if self.furnished:
            self.keep_views()
        super().exit(result, return_code, message)

    async def on_unmount(self) -> None:
        """Nothing is read any more."""
        if not self.furnished:
            return
        self.standing.disconnected()
        self.alerting.end()
        self.desk.keep()
        if self.desk.connection is not None:
            await self.desk.connection.services.feeds.close()
            await self.desk.connection.services.insights.close()

    # --- outcomes

    def _follow(self, ref: Ref, asked_on: Any) -> None:
        """Show what a write has made, if the person still is where it was asked for."""
        self.standing.refresh()
        if asked_on is self.screen:
            self.router.follow(ref)

    def _stick(self, deed: Deed) -> None:
        """An unknown outcome stays in the header until somebody looks at the activity."""
        self.desk.unknown.append(deed)
        self.standing.refresh()

    # --- mistakes

    def mishap(self, doing: str, error: BaseException) -> None:
        """Something went wrong: into the error log, and, the first time in a row, a sentence on the screen."""
        from pointsman.console.troubles import fault_of

        fault = fault_of(error)
        if self.desk.troubles.note(doing, fault):
            words = f"{doing}: {fault.sentence}" + (f". {fault.hint}" if fault.hint else "")
            self.notify(words, markup=False, severity="error", timeout=8)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A worker of the app failed."""
        if event.state.name == "ERROR" and event.worker.error is not None:
            self.mishap(event.worker.name or "work", event.worker.error)

    def _handle_exception(self, error: Exception) -> None:
        # Once the screen stands, a mistake is an entry in the error log. Before that, and in a test, it ends the app
        # in Textual's way; the command line puts a sentence in place of the traceback.
        if self.is_headless or not self.furnished or not toolkit.survives(self):
            super()._handle_exception(error)
            return
        log.error("an exception nobody caught", exc_info=error)
        self.mishap("show the screen", error)
