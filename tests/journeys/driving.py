"""A person at the console, in the person's words; under it boto3, and under that a backend.

Nothing here sleeps: after every key the person looks again once the console is at rest, which is when no message, no
worker, no feed and no call is under way.
"""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import Any

from textual import events
from textual.keys import _character_to_key
from textual.pilot import Pilot
from textual.widgets import Button

from pointsman import bootstrap
from pointsman.aws.cloud import Cloud
from pointsman.aws.guard import Guard
from pointsman.clock import ManualClock
from pointsman.config.launch import World
from pointsman.config.settings import Settings
from pointsman.console import toolkit
from pointsman.console.app import ConsoleApp
from pointsman.console.connection import Connection
from pointsman.console.dialogs.base import Dialog
from pointsman.console.widgets.stage_columns import StageColumns
from pointsman.local import plug
from pointsman.local.answers import AwsError, Parameters
from pointsman.local.backend import Backend
from pointsman.model.refs import ActionRef
from pointsman.operations.audit import MemoryAudit

NAMED = {"colon": ":", "slash": "/", "space": " ", "question_mark": "?", "exclamation_mark": "!"}
SCREENS = {"overview": "1", "pipelines": "2", "builds": "3", "activity": "8"}

Matches = Callable[[Parameters], bool]


class Weather:
    """What may go wrong on the way to a backend."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._faults: list[tuple[str, Matches, AwsError]] = []
        self._holds: list[tuple[str, threading.Event]] = []
        self.held = 0
        """How many calls wait for a hold to end."""
        self.asked: list[str] = []

    def ask(self, region: str, service: str, operation: str, parameters: Parameters) -> tuple[dict[str, Any], str]:
        """The backend's answer, unless something is wrong."""
        self.asked.append(operation)
        for name, event in list(self._holds):
            if name == operation and not event.is_set():
                self.held += 1
                event.wait(30)
                self.held -= 1
        for name, matches, error in list(self._faults):
            if name in (operation, "*") and matches(parameters):
                raise AwsError(error.code, error.message, error.status)
        return self._backend.ask(region, service, operation, parameters)

    @contextmanager
    def fails(
        self, operation: str, code: str, message: str, status: int = 400, when: Matches = lambda _: True
    ) -> Iterator[None]:
        """Have calls of an operation fail for a while; ``*`` is every operation."""
        fault = (operation, when, AwsError(code, message, status))
        self._faults.append(fault)
        try:
            yield
        finally:
            if fault in self._faults:
                self._faults.remove(fault)

    def clears_up(self) -> None:
        """Nothing fails any more."""
        self._faults.clear()

    @contextmanager
    def holds(self, operation: str) -> Iterator[Callable[[], None]]:
        """Have calls of an operation wait until what is given is called."""
        event = threading.Event()
        hold = (operation, event)
        self._holds.append(hold)

        def release() -> None:
            event.set()
            while self.held:
                time.sleep(0)

        try:
            yield release
        finally:
            release()
            self._holds.remove(hold)


class CountingCloud(Cloud):
    """Knows how many calls are under way, and tries again without waiting."""

    def __init__(self, session_factory: Callable[[], Any], clock: ManualClock, guard: Guard) -> None:
        async def at_once(_: float) -> None:
            await asyncio.sleep(0)

        super().__init__(session_factory, clock, guard=guard, sleep=at_once)
        self.under_way = 0

    async def read(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        return await self._counted(super().read(service, operation, **parameters))

    async def write(self, service: str, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        return await self._counted(super().write(service, operation, parameters))

    async def _counted(self, call: Awaitable[dict[str, Any]]) -> dict[str, Any]:
        self.under_way += 1
        try:
            return await call
        finally:
            self.under_way -= 1


class Scene:
    """A backend as the console will see it."""

    def __init__(
        self, backend: Backend, clock: ManualClock, region: str, world: World = World.DEMO, *, read_only: bool = False
    ) -> None:
        self.backend = backend
        self.clock = clock
        self.weather = Weather(backend)
        self.world = world
        guard = Guard(read_only=read_only, clock=clock)
        self.cloud = CountingCloud(partial(plug.session, self.weather.ask, region), clock, guard)
        self.settings = Settings(ascii=False)

    def connect(self) -> Connection:
        """What the console's loader thread calls."""
        self.cloud.prepare()
        return bootstrap._connection(self.cloud, self.settings, self.world, MemoryAudit(), {})


class _App(ConsoleApp):
    """The console, with an ear for what it says in passing."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.said: list[str] = []

    def notify(self, message: str, **options: Any) -> None:
        self.said.append(message)
        super().notify(message, **options)


class User:
    """Somebody at the keyboard.

    Args:
        app: The console.
        pilot: The keyboard.
        scene: What the console looks at.
    """

    def __init__(self, app: _App, pilot: Pilot[Any], scene: Scene) -> None:
        self.app = app
        self.scene = scene
        self._pilot = pilot

    # --- eyes

    @property
    def lines(self) -> list[str]:
        """The screen."""
        return toolkit.screen_lines(self.app)

    @property
    def screen(self) -> str:
        """The screen, its line ends and the frames of its boxes made spaces: a sentence may go on in the next line."""
        return re.sub(r"[\s│╭╮╰╯─▁▔▎▊]+", " ", "\n".join(self.lines))

    def sees(self, *words: str) -> None:
        """All of this is on the screen."""
        for one in words:
            assert one in self.screen, f"{one!r} is not on the screen:\n" + "\n".join(self.lines)

    def misses(self, *words: str) -> None:
        """None of this is on the screen."""
        for one in words:
            assert one not in self.screen, f"{one!r} is on the screen:\n" + "\n".join(self.lines)

    def row(self, *words: str) -> str:
        """The first line below the header that has all of these words; the header names the way here."""
        found = next((line for line in self.lines[1:] if all(one in line for one in words)), None)
        assert found is not None, f"no line has {words}:\n" + "\n".join(self.lines)
        return found

    def hears(self, words: str) -> None:
        """A message that came and went said this."""
        assert any(words in one for one in self.app.said), f"{words!r} was not said: {self.app.said}"

    # --- hands

    async def presses(self, *keys: str) -> None:
        """Keys, one after the other, each when the console is at rest."""
        for key in keys:
            self._strike(key, key if len(key) == 1 else NAMED.get(key))
            await self.rests()

    async def types(self, text: str) -> None:
        """Text."""
        for character in text:
            self._strike(_character_to_key(character), character)
        await self.rests()

    def _strike(self, key: str, character: str | None) -> None:
        # The pilot's own ``press`` waits twice for an idle processor after every key; ``rests`` knows better.
        event = events.Key(key, character)
        event.set_sender(self.app)
        assert self.app._driver is not None
        self.app._driver.send_message(event)

    async def commands(self, line: str) -> None:
        """``:`` and a command."""
        await self.presses("colon")
        await self.types(line)
        await self.presses("enter")

    async def goes_to(self, screen: str) -> None:
        """To a screen by its digit, at its beginning."""
        await self.presses(SCREENS[screen])
        if len(self.app.screen_stack) > 1:
            await self.presses(SCREENS[screen])

    async def opens(self, pipeline: str) -> None:
        """A pipeline, from the board."""
        await self.goes_to("pipelines")
        await self.presses("slash")
        await self.types(pipeline)
        await self.presses("enter", "enter")

    async def points_at(self, name: str, part: str = "stage") -> None:
        """Move the cursor of a pipeline's sheet to a stage, to the gate before it, or to an action."""
        sheet = self.app.screen.query_one(StageColumns)
        downs = {"gate": 0, "stage": 1, "action": 2}[part]
        for down in range(downs, downs + 6):
            await self.presses("g", *["down"] * down)
            before = None
            while sheet.selection != before:
                before = sheet.selection
                if before is not None and before.part == part:
                    ref = before.ref
                    if name == (ref.action if isinstance(ref, ActionRef) else ref.stage):
                        return
                await self.presses("right")
        raise AssertionError(f"the cursor does not come to the {part} {name}:\n" + "\n".join(self.lines))

    async def chooses(self, title: str, on: str = "") -> None:
        """Open the menu of what can be done, and press the letter beside one of its lines."""
        await self.presses("a")
        await self.presses(self.offer(title, on)[1])

    def offer(self, title: str, on: str = "") -> re.Match[str]:
        """The line of the menu that offers something, its letter first."""
        line = re.compile(rf"│ (?:▌| ) (\S) {re.escape(title)} +{re.escape(on)}.*")
        found = next(filter(None, map(line.search, self.lines)), None)
        assert found, f"nobody offers {title} on {on}:\n" + "\n".join(self.lines)
        return found

    async def confirms(self) -> None:
        """Go to the button that does it, and press it."""
        for _ in range(12):
            focused = self.app.focused
            if isinstance(focused, Button) and focused.id == "go":
                await self.presses("enter")
                return
            await self.presses("tab")
        raise AssertionError("the button cannot be reached:\n" + "\n".join(self.lines))

    def can_confirm(self) -> bool:
        """Whether the button that does it can be pressed."""
        return not self.app.screen.query_one("#go", Button).disabled

    @property
    def asked(self) -> str:
        """The heading of the dialog that asks; empty when none does."""
        return self.app.screen.heading if isinstance(self.app.screen, Dialog) else ""

    async def approves(self, because: str) -> None:
        """Answer the approval the cursor is on with yes."""
        await self.chooses("Approve")
        await self.types(because)
        await self.confirms()

    async def rejects(self, because: str) -> None:
        """Answer the approval the cursor is on with no."""
        await self.chooses("Reject")
        await self.types(because)
        await self.confirms()

    # --- patience

    async def waits(self, seconds: float, step: float = 5.0) -> None:
        """Look on while so much time passes."""
        while seconds > 0:
            self.scene.clock.advance(min(step, seconds))
            seconds -= step
            toolkit.clock_moved(self.app)
            await self.rests()

    async def waits_for(self, words: str, most: float = 600, step: float = 5.0) -> None:
        """Look on until something is on the screen."""
        while words not in self.screen:
            assert most > 0, f"{words!r} never came:\n" + "\n".join(self.lines)
            await self.waits(step)
            most -= step

    async def rests(self) -> None:
        """Until nothing is under way any more."""
        quiet, deadline = 0, time.monotonic() + 60
        while time.monotonic() < deadline:
            await self._pilot._wait_for_screen()
            if not self.app.is_running or self.app._exit:
                return
            self.app.screen._on_timer_update()
            await asyncio.sleep(0)
            quiet = 0 if self._busy() else quiet + 1
            if quiet == 4:
                return
            if not quiet:
                await asyncio.sleep(0.001)
        raise AssertionError("the console does not come to rest:\n" + "\n".join(self.lines))

    def _busy(self) -> bool:
        connection = self.app.desk.connection
        screen = self.app.screen
        if screen._layout_required or screen._scroll_required or screen._dirty_widgets or screen._callbacks:
            return True
        for widget in screen.query("*"):
            if widget._layout_required or widget._repaint_required or getattr(widget, "working", False) is True:
                return True
        if not self.scene.weather.held and any(
            one.is_running and one.group not in ("log", "query") for one in self.app.workers
        ):
            return True
        if held := self.scene.weather.held:
            return self.scene.cloud.under_way > held
        return self.scene.cloud.under_way > 0 or (connection is not None and bool(connection.services.feeds.reading()))


@asynccontextmanager
async def at_the_console(
    scene: Scene,
    size: tuple[int, int] = (120, 40),
    *,
    tour: bool = False,
    keys: Mapping[str, str] | None = None,
) -> AsyncIterator[User]:
    """The console on a scene, opened and at rest."""
    app = _App(scene.connect, scene.settings, scene.world.value, clock=scene.clock, keys=keys, tour=tour)
    async with app.run_test(size=size, notifications=True) as pilot:
        user = User(app, pilot, scene)
        await user.rests()
        yield user
        if app.is_running and not app._exit:
            await user.rests()
