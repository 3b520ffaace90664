"""Ways out for messages that a world file opens: files of this machine, and commands of this machine.

A call subscribes to one by its name or path only where the world file has said it; nothing that a call says becomes a
path or a command. A command gets the message, the JSON that AWS would post, on its standard input; what it says goes
to the log group ``/pointsman/sns``, under its name.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec

from pointsman.local.commands import allowed, described, not_trusted
from pointsman.local.logs import events
from pointsman.local.runners.lines import Mask
from pointsman.local.runners.process import confined, no_access
from pointsman.local.runners.shell import ShellSettings, SupervisedShell
from pointsman.local.world import JobFailed, Payload, Scope, World

DELIVERED: Final = "sns.delivered"
FOLDER: Final = "notices"
"""In the state folder: what running commands are given."""
GROUP: Final = "/pointsman/sns"
_MOST_LINES = 1000


class LocalCommand(msgspec.Struct, frozen=True):
    """A command that messages may be given to, kept under its name."""

    name: str
    command: tuple[str, ...]
    folder: str
    """Where it runs."""
    timeout: int = 60
    """Seconds it may take."""
    environment: dict[str, str] = {}


class LocalOutlet(msgspec.Struct, frozen=True):
    """A file that messages may be written to, kept under its path."""

    path: str


class FileOutlet:
    """Appends messages to a file, a line of JSON each, in the order they were published."""

    sns_protocol = "file"

    def __init__(self) -> None:
        self._waiting: dict[str, deque[str]] = {}
        self._lock = threading.Lock()

    def accepts(self, scope: Scope, endpoint: str) -> str | None:
        """A path that the world file has named."""
        known = scope.get(LocalOutlet, endpoint) is not None
        return None if known else "files that messages are written to are named by the world file, under local.topics"

    def deliver(self, scope: Scope, endpoint: str, envelope: dict[str, Any]) -> None:
        """Once the transaction stands, on a thread: a file may be slow."""
        line = json.dumps(envelope, ensure_ascii=False) + "\n"
        queue = self._waiting.setdefault(endpoint, deque())
        scope.world.after_commit(lambda: queue.append(line))
        scope.job(DELIVERED, partial(self._write, endpoint, queue))

    def _write(self, path: str, queue: deque[str]) -> Payload:
        with self._lock:
            try:
                flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
                with os.fdopen(os.open(path, flags, 0o600), "a", encoding="utf-8") as file:
                    while queue:
                        file.write(queue[0])
                        file.flush()
                        queue.popleft()
            except OSError as error:
                raise JobFailed(f"a message could not be written to {path}: {error.strerror}") from error
        return {}


class CommandOutlet:
    """Gives messages to commands.

    Args:
        root: Where running commands keep what they are given.
    """

    sns_protocol = "command"

    def __init__(self, root: Path) -> None:
        self._root = root
        self._running: set[SupervisedShell] = set()
        self._lock = threading.Lock()

    def accepts(self, scope: Scope, endpoint: str) -> str | None:
        """The name of a command that the world file has given."""
        known = scope.get(LocalCommand, endpoint) is not None
        where = "local.commands or local.functions"
        return None if known else f"commands that messages are given to are named by the world file, in {where}"

    def deliver(self, scope: Scope, endpoint: str, envelope: dict[str, Any]) -> None:
        """Once the transaction stands, on a thread."""
        command = scope.get(LocalCommand, endpoint)
        if command is None:
            return
        scope.job(DELIVERED, partial(self._run, command, envelope, allowed(scope.world)))

    def clear(self) -> None:
        """Remove what commands were given that nobody runs any more."""
        shutil.rmtree(self._root, ignore_errors=True)

    def stop(self, world: World) -> None:
        """End every command that runs."""
        with self._lock:
            running = list(self._running)
        for shell in running:
            shell.stop(0.0 if world.abrupt else None)
        for shell in running:
            shell.join(10)

    def _run(self, command: LocalCommand, envelope: dict[str, Any], may: Callable[[str], bool]) -> Payload:
        shown = described(command.command, command.folder)
        if not may(shown):
            raise JobFailed(not_trusted(command.name, shown))
        self._root.mkdir(mode=0o700, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=self._root))
        for name in ("home", "tmp"):
            (folder / name).mkdir(mode=0o700)
        message = folder / "message.json"
        message.write_text(json.dumps(envelope, ensure_ascii=False), encoding="utf-8")
        heard = _Heard()
        given = {**no_access(_NOBODY, ""), **command.environment, "POINTSMAN_TOPIC": str(envelope["TopicArn"])}
        settings = ShellSettings(
            folder / "runner", Path(command.folder), ["/bin/sh"], confined(folder, given, os.environ)
        )
        shell = SupervisedShell(settings, heard, Mask(()))
        with self._lock:
            self._running.add(shell)
        try:
            shell.run(1, f"{shlex.join(command.command)} < {shlex.quote(str(message))}", {})
            in_time = heard.over.wait(command.timeout)
            shell.stop()
            shell.join(15)
        finally:
            with self._lock:
                self._running.discard(shell)
            shutil.rmtree(folder, ignore_errors=True)
        end = heard.note or ("" if heard.status == 0 else f"it ended with code {heard.status}")
        end = end if in_time else f"it took longer than {command.timeout} seconds"
        return {"name": command.name, "lines": [*heard.lines, *([f"{command.name}: {end}"] if end else [])]}


_NOBODY: Any = None
"""Who ``no_access`` gives its dummy keys to."""


class _Heard:
    """What one command says, and how it ends."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.status: int | None = None
        self.note = ""
        self.over = threading.Event()

    def printed(self, lines: list[str], taken: Callable[[], None]) -> None:
        self.lines += lines[: _MOST_LINES - len(self.lines)]
        taken()

    def complained(self, lines: list[str], taken: Callable[[], None]) -> None:
        self.printed(lines, taken)

    def ended(self, number: int, status: int | None, note: str, values: Sequence[str]) -> None:  # noqa: ARG002
        self.status, self.note = status, note
        self.over.set()


def install(world: World, root: Path) -> tuple[FileOutlet, CommandOutlet]:
    """Hear what deliveries have come to; the two ways out."""
    world.on(DELIVERED, _delivered)
    command = CommandOutlet(root / FOLDER)
    world.provide(command)
    return FileOutlet(), command


def stop(world: World) -> None:
    """Before the backend closes."""
    world.tool(CommandOutlet).stop(world)


def resume(world: World) -> None:
    """After a (re)start: what a killed process had given to commands is removed."""
    world.tool(CommandOutlet).clear()


def _delivered(scope: Scope, payload: Payload) -> None:
    lines = [payload["error"]] if "error" in payload else payload.get("lines", [])
    if lines:
        now = int(scope.now.timestamp() * 1000)
        events.append(scope, GROUP, payload.get("name", "failures"), [(now, line) for line in lines])
