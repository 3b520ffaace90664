"""ECS services of this machine: a task set is a named command that serves on a port.

A task definition is a function of the world file: ``NAME:REVISION`` when there is one of that name, else ``NAME``,
which finds the revision in ``TASK_REVISION``. The port to serve on is in ``PORT``.
"""

from __future__ import annotations

import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol, runtime_checkable

import msgspec
from msgspec import Struct

from pointsman.local.codedeploy import ids
from pointsman.local.codedeploy.ports import port_for
from pointsman.local.commands import allowed, described, not_trusted
from pointsman.local.functions.records import LocalFunction
from pointsman.local.runners.process import Access, confined, no_access
from pointsman.local.runners.rooms import Ended, Room, Script
from pointsman.local.world import Payload, Scope

PATIENCE: Final = 30.0
"""Seconds until a task that does not serve counts as failed."""
SERVING: Final = "codedeploy.task.serving"
"""A task serves, or does not: the payload given, and ``error`` when it does not."""


class TaskSet(msgspec.Struct, frozen=True):
    """A task set of a service."""

    id: str
    definition: str
    """The task definition as the AppSpec names it."""
    port: int
    created: datetime
    target_group: str = ""


class LocalService(msgspec.Struct, frozen=True):
    """An ECS service, kept under ``cluster:service``: the task set that serves, and the one that is to replace it."""

    name: str
    primary: TaskSet | None = None
    replacement: TaskSet | None = None


class TaskOrder(Struct, frozen=True):
    """A task to run."""

    id: str
    command: Sequence[str]
    folder: Path
    environment: Mapping[str, str]
    port: int
    refusal: Callable[[], str]
    """Why it may not run; empty when it may. Called on the task's own thread: somebody may be asked."""


@runtime_checkable
class Tasks(Protocol):
    """Runs tasks. Every method returns at once."""

    def start(self, scope: Scope, order: TaskOrder, payload: Payload) -> None:
        """Start a task; posts ``SERVING`` once, with the payload, when it serves or cannot."""
        ...

    def stop(self, task: str) -> None:
        """End a task."""
        ...

    def close(self) -> None:
        """End every task, and wait until they have ended."""
        ...


class LocalTasks:
    """Tasks as processes in the machine room.

    Args:
        room: Where they run.
        folder: Where each has a folder for HOME and temporary files.
        access: What AWS variables a task gets.
    """

    def __init__(self, room: Room, folder: Path, *, access: Access = no_access) -> None:
        self._room = room
        self._folder = folder
        self._access = access
        self._running: dict[str, str] = {}
        self._lock = threading.Lock()

    def start(self, scope: Scope, order: TaskOrder, payload: Payload) -> None:
        """Start a task, and watch on another thread until it serves."""
        end = scope.world.begin()
        variables = {**self._access(scope, order.id), **order.environment, "PORT": str(order.port)}

        def work() -> None:
            try:
                error = order.refusal() or self._start(order, variables)
            except OSError as problem:
                error = f"its folder cannot be made: {problem.strerror}"
            scope.post(SERVING, {**payload, **({"error": error} if error else {})})
            end()

        threading.Thread(target=work, name="pointsman-task", daemon=True).start()

    def stop(self, task: str) -> None:
        """End a task and everything it has started."""
        with self._lock:
            name = self._running.pop(task, None)
        if name is not None:
            self._room.end(name)

    def close(self) -> None:
        """End every task, and the room with them."""
        self._room.close()

    def _start(self, order: TaskOrder, variables: Mapping[str, str]) -> str:
        home = self._folder / order.id
        for name in ("home", "tmp", "runs"):
            (home / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        script = Script(
            folder=home / "runs",
            name="task",
            command=order.command,
            environment=confined(home, variables, os.environ),
            directory=order.folder,
            timeout=None,
            log=home / "task.log",
        )
        over: list[Ended] = []
        name = self._room.start(script, over.append)
        with self._lock:
            self._running[order.id] = name
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if over:
                lines = over[0].tail.strip().splitlines()
                return f"its command ended with exit status {over[0].exit}{f': {lines[-1]}' if lines else ''}"
            if _answers(order.port):
                return ""
            time.sleep(0.02)
        return f"nothing serves on its port {order.port} after {PATIENCE:.0f} seconds"


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def definition_of(scope: Scope, reference: str) -> tuple[LocalFunction, str] | None:
    """What a task definition runs, and its revision; None when the world file has no such function."""
    name = reference.rpartition("task-definition/")[2]
    family, _, revision = name.partition(":")
    found = scope.get(LocalFunction, name) or scope.get(LocalFunction, family)
    return None if found is None else (found, revision)


def run(scope: Scope, task: TaskSet, payload: Payload) -> None:
    """Have a task set's command run, once this transaction stands."""
    found = definition_of(scope, task.definition)
    if found is None:
        scope.post(SERVING, {**payload, "error": f"there is no function {task.definition} in the world file"})
        return
    function, revision = found
    may, shown = allowed(scope.world), described(function.command, function.folder)

    def refusal() -> str:
        return "" if may(shown) else not_trusted(function.name, shown)

    variables = {**function.environment, "TASK_REVISION": revision, "TASK_SET_ID": task.id}
    command = _program(function)
    order = TaskOrder(task.id, command, Path(function.folder), variables, task.port, refusal)
    tool = scope.world.tool(Tasks)  # type: ignore[type-abstract]
    scope.world.after_commit(lambda: tool.start(scope, order, payload))


def _program(function: LocalFunction) -> list[str]:
    """The command with its program by a path, as a shell would find it."""
    program = function.command[0]
    if "/" in program:
        return [str(Path(function.folder) / program), *function.command[1:]]
    return [shutil.which(program) or program, *function.command[1:]]


def stop(scope: Scope, task: TaskSet) -> None:
    """Have a task set end, once this transaction stands."""
    tool = scope.world.tool(Tasks)  # type: ignore[type-abstract]
    scope.world.after_commit(lambda: tool.stop(task.id))


def fresh(scope: Scope, definition: str, target_group: str) -> TaskSet:
    """A new task set with a port of its own."""
    number = ids.digits(scope, 19)
    return TaskSet(f"ecs-svc-{number}", definition, port_for(scope, f"task/{number}"), scope.now, target_group)
