"""What the header says: where one is, as whom, whether writes may go out, how many calls are made.

It listens to the trail and the runner, asks who one is, and has the header drawn only when a fact has changed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace
from textual.app import App

from pointsman.console import toolkit
from pointsman.console.codes import CodeQuestion
from pointsman.console.desk import Desk
from pointsman.console.present.header import HeaderFacts
from pointsman.console.working import begin
from pointsman.errors import CallFailed, Fault, FaultKind

if TYPE_CHECKING:
    from datetime import datetime

    from textual.timer import Timer

    from pointsman.console.connection import TimeControl
    from pointsman.model.activity import Call
    from pointsman.model.snapshot import Identity

__all__ = ["Standing"]

PACE = 5.0
"""Seconds in which calls are gathered into one look at the meter."""
TRAFFIC = 1.0
"""Seconds between two readings of the bytes that go to the terminal, while they show."""
FASTEST = 32
"""How fast the key that doubles a demo's speed makes it at most."""
_GONE = (FaultKind.NO_CREDENTIALS, FaultKind.EXPIRED)
AGAIN = 15.0
"""Seconds until a caller who could not be named is asked for again."""


class Standing:
    """Keeps the header's facts.

    Args:
        app: Where workers and timers run.
        desk: The connection.
        show: Draws the facts.
        forget: Has every screen show that nothing has come yet.
    """

    def __init__(
        self, app: App[Any], desk: Desk, show: Callable[[HeaderFacts], None], forget: Callable[[], None]
    ) -> None:
        self._app = app
        self._desk = desk
        self._show = show
        self._forget = forget
        self._released: list[Callable[[], None]] = []
        self._due = False
        self._asking = False
        self._traffic: Timer | None = None
        """What draws the header while the bytes a second show in it."""
        self.fault: Fault | None = None
        """Why it is not known who one is."""
        self.codes = CodeQuestion(app, desk, self._code_given)
        desk.facts = self._now()

    def connected(self) -> None:
        """The world answers: listen to it, and ask who one is."""
        self.disconnected()
        connection = self._desk.connection
        if connection is not None:
            self._released = [
                connection.services.cloud.trail.listen(self._called),
                connection.runner.listen(lambda _: self.refresh()),
            ]
            self.ask()
        self.refresh()

    def disconnected(self) -> None:
        """Listen to nothing."""
        for release in self._released:
            release()
        self._released = []
        self.fault = None
        self.codes.forget()

    def ask(self) -> None:
        """Ask who one is, unless that is being asked."""
        if self._desk.connection is not None and not self._asking:
            self._asking = True
            begin(self._app, self._ask, name="ask who you are", group="identity")

    async def _ask(self) -> None:
        connection = self._desk.connection
        try:
            if connection is not None:
                identity = await connection.services.cloud.whoami()
                if connection is self._desk.connection:
                    self._desk.identity, self.fault = identity, None
                    self._whose(identity)
        except CallFailed as error:
            self.fault = error.fault
            self._app.set_timer(AGAIN, self.ask)
            self.codes.ask(error.fault.sentence)
        finally:
            self._asking = False
        self.refresh()

    def _code_given(self) -> None:
        """Ask again at once, and have what is shown read with it."""
        self.ask()
        if (refresh := getattr(self._app.screen, "action_refresh", None)) is not None:
            self._app.call_later(refresh)

    def _whose(self, identity: Identity) -> None:
        """The last session's board is shown to its own account only."""
        memory = self._desk.memory
        if self._desk.remembered is not None and memory is not None and memory.account != identity.account:
            self._desk.remembered = None
            self._forget()

    def _called(self, call: Call) -> None:
        # The trail speaks outside the app's context, in which alone a timer can be set.
        if self.fault is not None and self.fault.kind in _GONE and call.outcome == "ok":
            self._app.call_later(self.ask)  # credentials are back: say at once whose
        if not self._due:
            self._due = True
            self._app.call_later(self._meter)

    def _meter(self) -> None:
        self._app.set_timer(PACE, self._metered)

    def _metered(self) -> None:
        self._due = False
        # The header counts when it is drawn; it compares lines, and paints nothing when the count is the same.
        self._desk.facts = self._now()
        self._show(self._desk.facts)

    def meter(self) -> None:
        """Show or hide the bytes a second that go to the terminal."""
        if self._traffic is not None:
            self._traffic.stop()
            self._traffic = None
        elif toolkit.output_report(self._app) is None:
            self._app.notify("output is plain: nothing counts its bytes", markup=False, severity="warning", timeout=6)
        else:
            self._traffic = self._app.set_interval(TRAFFIC, self._metered)
        self._metered()

    def _bytes(self) -> float:
        report = toolkit.output_report(self._app)
        return report.per_second if report is not None else 0.0

    # --- the clock of a demo

    def _time(self) -> TimeControl | None:
        time = self._desk.connection.time if self._desk.connection is not None else None
        if time is None:
            words = "only a demo's clock can be held and moved" if self._desk.connection else "not connected yet"
            self._app.notify(words, markup=False, severity="warning", timeout=6)
        return time

    def hold(self, on: bool) -> None:
        """Stop a demo's clock, or let it go on."""
        if (time := self._time()) is not None:
            time.pause(on)
            toolkit.clock_moved(self._app)
            self.refresh()

    def hurry(self, speed: float) -> None:
        """How fast a demo's clock goes; a clock that stands goes on."""
        if (time := self._time()) is not None:
            time.set_speed(speed)
            time.pause(False)
            toolkit.clock_moved(self._app)
            self.refresh()

    def step(self, seconds: float) -> None:
        """Let so many seconds of a demo pass at once."""
        if (time := self._time()) is not None:
            begin(self._app, partial(self._step, time, seconds), name="step", group="step")

    def hold_or_go(self) -> None:
        """Stop a demo's clock, or let it go on."""
        if (time := self._time()) is not None:
            self.hold(not time.paused)

    def minute(self) -> None:
        """Let a minute of a demo pass."""
        self.step(60.0)

    def faster(self) -> None:
        """Twice as fast; beyond ``FASTEST`` as fast as the wall again."""
        if (time := self._time()) is not None:
            self.hurry(time.speed * 2 if time.speed * 2 <= FASTEST else 1)

    async def _step(self, time: TimeControl, seconds: float) -> None:
        await asyncio.to_thread(time.step, seconds)
        toolkit.clock_moved(self._app)
        self._app.notify(f"{seconds:g} seconds passed", markup=False, timeout=3)
        self.refresh()

    def refresh(self) -> None:
        """Draw the header if a fact has changed."""
        facts = self._now()
        if facts != self._desk.facts:
            self._desk.facts = facts
            self._show(facts)

    def _now(self) -> HeaderFacts:
        connection, identity = self._desk.connection, self._desk.identity
        facts = HeaderFacts(
            world=world_word(self._desk.world),
            read_only=self._desk.world == "aws",
            traffic=self._bytes if self._traffic is not None else None,
        )
        if connection is None:
            note = "connecting" if self._desk.fault is None else "not connected"
            return replace(facts, note=note)
        cloud = connection.services.cloud
        facts = replace(
            facts,
            profile=cloud.profile,
            region=cloud.region,
            read_only=cloud.guard.read_only,
            armed_until=cloud.guard.armed_until,
            protected=self._desk.protects(cloud.profile),
            share=self._share if self._desk.world == "aws" else None,
            calls_per_minute=cloud.trail.per_minute(self._desk.now()),
            meter=cloud.trail.per_minute,
            pace=pace_word(connection.time),
        )
        if identity is not None:
            facts = replace(facts, account=identity.account, role=identity.role, expires=identity.expires)
        return replace(facts, note=self._note())

    def _share(self, now: datetime) -> float:
        """How much of the tightest budget the last minute took."""
        from pointsman.services.pace import share_of  # the connection has loaded it

        connection = self._desk.connection
        return share_of(connection.services.cloud.trail.minute(now)) if connection is not None else 0.0

    def _note(self) -> str:
        if self._desk.unknown:
            return "OUTCOME UNKNOWN (8)"
        if self.fault is not None:
            return self.fault.kind.value
        return ""


def pace_word(time: TimeControl | None) -> str:
    """How a world's clock goes, where it does not go with the wall."""
    if time is None:
        return ""
    if time.paused:
        return "paused"
    return "" if time.speed == 1 else f"x{time.speed:g}"


def world_word(world: str) -> str:
    """The world as the header says it; AWS goes without saying."""
    return "" if world == "aws" else world
