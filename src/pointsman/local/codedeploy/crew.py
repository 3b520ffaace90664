"""``LocalCrew``: lifecycle events really carried out on this machine, eight at a time, an instance's one by one."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from pointsman.local.codedeploy.agent import INSTANCE, UNKNOWN, Agent
from pointsman.local.codedeploy.machine import Outcome
from pointsman.local.codedeploy.protocol import EVENT_ENDED, EVENT_STARTED, EventOrder
from pointsman.local.runners.process import Access, no_access
from pointsman.local.runners.rooms import Room
from pointsman.local.runners.sweep import await_gone
from pointsman.local.world import Payload, Scope

log = logging.getLogger("pointsman.local")

SLOTS: Final = 8


class _Task:
    """An event that queues."""

    def __init__(self, scope: Scope, order: EventOrder, end: Callable[[], None], *, again: bool) -> None:
        self.scope = scope
        self.order = order
        self.end = end
        self.again = again


class LocalCrew:
    """Carries events out as processes and files.

    Args:
        room: Where scripts run.
        folder: The room's folder, to wait for an earlier backend's.
        access: What AWS variables a script gets.
        slots: How many events may be carried out at a time.
    """

    def __init__(self, room: Room, folder: Path, *, access: Access = no_access, slots: int = SLOTS) -> None:
        self.room = room
        self.slots = slots
        self._folder = folder
        self._access = access
        self._tasks: deque[_Task] = deque()
        self._busy: set[Path] = set()
        self._running = 0
        self._closed = False
        self._changed = threading.Condition()
        self._alone = threading.Event()
        """Set once nothing of an earlier backend's room is left."""
        if (folder / "alive").exists():
            threading.Thread(target=self._await_earlier, name="pointsman-room-before", daemon=True).start()
        else:
            self._alone.set()

    def carry(self, scope: Scope, order: EventOrder, *, again: bool = False) -> None:
        """Queue an event; a worker takes it as soon as there is room."""
        with self._changed:
            self._tasks.append(_Task(scope, order, scope.world.begin(), again=again))
            self._start()

    def cancel(self, key: tuple[str, str]) -> None:
        """Take an event off the queue."""
        with self._changed:
            for task in [one for one in self._tasks if one.order.key == key]:
                self._tasks.remove(task)
                task.end()

    def queue(self) -> Sequence[tuple[str, str]]:
        """The targets whose events queue."""
        with self._changed:
            return [task.order.key for task in self._tasks]

    def switch_off(self, scope: Scope, root: Path) -> None:
        """End what an instance runs, on a thread of its own."""
        end = scope.world.begin()

        def work() -> None:
            try:
                self.room.sweep(f"{INSTANCE}={root}")
            finally:
                end()

        threading.Thread(target=work, name="pointsman-instance-off", daemon=True).start()

    def close(self) -> None:
        """Give up what queues, and end what runs."""
        with self._changed:
            self._closed = True
            tasks = list(self._tasks)
            self._tasks.clear()
        for task in tasks:
            task.end()
        self.room.close()

    # -- inside -----------------------------------------------------------------------------------------------------

    def _await_earlier(self) -> None:
        with contextlib.suppress(OSError):
            await_gone(self._folder)
        self._alone.set()

    def _start(self) -> None:
        """With the lock held: give every task that may begin a thread."""
        for task in list(self._tasks):
            if self._running >= self.slots or self._closed:
                return
            if task.order.root in self._busy:
                continue
            self._tasks.remove(task)
            self._busy.add(task.order.root)
            self._running += 1
            threading.Thread(target=self._carry, args=(task,), name="pointsman-agent", daemon=True).start()

    def _carry(self, task: _Task) -> None:
        order = task.order
        about: Payload = {"deployment": order.deployment, "target": order.target, "event": order.event}
        task.scope.post(EVENT_STARTED, about)
        outcome: Outcome | None
        try:
            outcome = self._do(task)
        except Exception as error:  # a thread boundary: whatever breaks must end this event, not strand it
            log.exception("%s of %s broke", order.event, order.target)
            outcome = Outcome(True, UNKNOWN, "", f"The event could not be carried out: {error}")
        if outcome is not None:
            task.scope.post(EVENT_ENDED, {**about, "outcome": msgspec.structs.asdict(outcome)})
        with self._changed:
            self._busy.discard(order.root)
            self._running -= 1
            self._start()
        task.end()

    def _do(self, task: _Task) -> Outcome | None:
        """The event's outcome; None when the backend closes over it, so that the next one takes it up."""
        self._alone.wait()
        access = dict(self._access(task.scope, task.order.deployment))
        agent = Agent(task.order, task.scope.world.blobs, self.room, access, again=task.again)
        outcome = agent.carry_out()
        return None if self._closed and outcome.failed else outcome
