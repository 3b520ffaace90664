"""``ProcessRunner``: builds that really execute on this machine.

A build's processes get an environment made from nothing: PATH and a locale of the operator's, a scratch HOME, XDG and
TMPDIR in the build's own folder, dummy AWS keys with an endpoint that leads nowhere unless ``access`` gives another.
No agent sockets, no display, nothing else of the operator's. What is not confined: the file system and the network,
unless ``sandbox`` is ``"bwrap"``.
"""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pointsman.errors import UsageError
from pointsman.local.runners.lines import Mask
from pointsman.local.runners.protocol import (
    COLLECTED,
    COMMAND_ENDED,
    FETCHED,
    OUTPUT,
    RECOVERED,
    CommandOrder,
    ShellOrder,
    Work,
)
from pointsman.local.runners.shell import ShellSettings, SupervisedShell
from pointsman.local.runners.sweep import await_gone
from pointsman.local.world import Scope, World

NOWHERE = "http://127.0.0.1:9"
"""The discard port of this machine: nothing listens there."""

Access = Callable[[Scope, str], Mapping[str, str]]
"""(scope, build id) -> the AWS variables a build gets: keys of its own and this backend's endpoint."""


def no_access(_: Scope, __: str) -> Mapping[str, str]:
    """Keys that open nothing and an endpoint that leads nowhere: a call cannot leave the machine."""
    return {
        "AWS_ACCESS_KEY_ID": "POINTSMANLOCAL",
        "AWS_SECRET_ACCESS_KEY": "local-only",
        "AWS_ENDPOINT_URL": NOWHERE,
    }


def confined(home: Path, environment: Mapping[str, str], operator: Mapping[str, str]) -> dict[str, str]:
    """A build's whole environment, made from nothing.

    Args:
        home: The build's own folder.
        environment: The build's variables, which win.
        operator: The environment of this process; only PATH and the locale are taken from it.
    """
    locale = {name: operator[name] for name in ("LANG", "LC_ALL", "LC_CTYPE", "TZ") if operator.get(name)}
    return {
        "LANG": "C.UTF-8",
        **locale,
        "PATH": operator.get("PATH") or os.defpath,
        "TERM": "dumb",
        "SHELL": "/bin/sh",
        "HOME": str(home / "home"),
        "TMPDIR": str(home / "tmp"),
        "XDG_CONFIG_HOME": str(home / "home" / ".config"),
        "XDG_CACHE_HOME": str(home / "home" / ".cache"),
        "XDG_DATA_HOME": str(home / "home" / ".local" / "share"),
        "XDG_STATE_HOME": str(home / "home" / ".local" / "state"),
        "XDG_RUNTIME_DIR": str(home / "tmp"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "GIT_TERMINAL_PROMPT": "0",
        **environment,
    }


def sandboxed(
    program: str, command: Sequence[str], folder: Path, hidden: Path, writable: Sequence[Path] = ()
) -> list[str]:
    """A command in bubblewrap: the machine read-only, ``hidden`` (the operator's home) empty, ``folder`` writable.

    So are the folders in ``writable``.
    """
    binds = [word for path in writable for word in ("--bind", str(path), str(path))]
    return [
        program, "--die-with-parent", "--unshare-pid", "--unshare-ipc", "--unshare-uts",
        "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp", "--tmpfs", "/run",
        "--tmpfs", str(hidden), "--bind", str(folder), str(folder), *binds, "--", *command,
    ]  # fmt: skip


class ProcessRunner:
    """Carries builds out as processes.

    Args:
        root: Where builds have their folders.
        sandbox: Empty, or ``bwrap``.
        access: What AWS variables a build gets.
        slots: How many builds may run at a time; the others wait in QUEUED.
        grace: Seconds between asking a build's processes to end and making them.

    Raises:
        UsageError: The sandbox asked for is not installed.
    """

    def __init__(
        self, root: Path, *, sandbox: str = "", access: Access = no_access, slots: int = 8, grace: float = 1.0
    ) -> None:
        self.slots = slots
        self._root = root
        self._access = access
        self._grace = grace
        self._sandbox = ""
        if sandbox:
            found = shutil.which(sandbox) if sandbox == "bwrap" else None
            if found is None:
                raise UsageError(
                    f"builds cannot be confined: {sandbox} is not installed on this machine",
                    "install bubblewrap, or leave --sandbox out",
                )
            self._sandbox = found
        self._shells: dict[str, SupervisedShell] = {}
        self._endings: list[threading.Thread] = []

    executes = True

    def build_folder(self, build_id: str) -> Path:
        """Where this build's files are; it need not exist."""
        return self._root / build_id.rpartition(":")[2]

    def missing_shell(self, shell: str) -> str:
        """A sentence when this machine lacks the shell a buildspec asks for; empty when it is there."""
        return "" if _program(shell) else f"the buildspec asks for the shell {shell}, and this machine has none"

    def notices(self) -> Sequence[str]:
        """Lines that open every build's log: what is different here from a build container."""
        lines = ["Running on this machine, not in a container"]
        if self._sandbox:
            lines.append("Confined by bwrap: only the build's own folder is writable")
        if os.getuid() == 0:
            lines.append("Warning: the backend runs as root, and so do the commands of this build")
        return lines

    def fetch_sources(self, scope: Scope, build_id: str, project: str, work: Work) -> None:  # noqa: ARG002
        """Carry out ``work`` on another thread and post ``FETCHED``."""
        scope.world.job(scope, FETCHED, work)

    def collect_artifacts(
        self,
        scope: Scope,
        build_id: str,  # noqa: ARG002
        project: str,  # noqa: ARG002
        outputs: Sequence[str],  # noqa: ARG002
        work: Work,
    ) -> None:
        """Carry out ``work`` on another thread and post ``COLLECTED``."""
        scope.world.job(scope, COLLECTED, work)

    def open_shell(self, scope: Scope, order: ShellOrder) -> None:
        """Make the build's shell ready; what goes wrong shows as the first command's end."""
        folder = order.folder
        for name in ("home", "tmp"):
            (folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        command = [_program(order.shell) or order.shell]
        if self._sandbox:
            for path in order.writable:
                path.mkdir(mode=0o700, parents=True, exist_ok=True)
            command = sandboxed(self._sandbox, command, folder, Path.home(), order.writable)
        given = {**self._access(scope, order.build_id), **order.environment}
        if order.tools is not None:
            path_variable = given.get("PATH") or os.environ.get("PATH") or os.defpath
            given["PATH"] = f"{path_variable}{os.pathsep}{order.tools}"
        settings = ShellSettings(
            folder=folder / "runner",
            directory=order.directory,
            command=command,
            environment=confined(folder, given, os.environ),
            grace=self._grace,
        )
        listener = _Facts(scope.world, scope.account, scope.region, order.build_id)
        self._shells[order.build_id] = SupervisedShell(settings, listener, Mask(order.secrets))

    def run_command(self, scope: Scope, order: CommandOrder) -> None:
        """Have the shell carry out one command; posts ``OUTPUT`` and one ``COMMAND_ENDED``."""
        shell = self._shells.get(order.build_id)
        if shell is None:
            lost = {"build_id": order.build_id, "number": order.number, "exit": None, "note": "", "values": []}
            scope.post(COMMAND_ENDED, lost)
            return
        listener = shell.listener
        assert isinstance(listener, _Facts)
        listener.begin()
        shell.run(
            order.number, order.text, order.environment, fresh=order.fresh, apart=order.apart, inquire=order.inquire
        )

    def recover_build(self, scope: Scope, build_id: str) -> None:
        """After a restart: wait for the old supervisor to be gone and post ``RECOVERED``."""
        folder = self.build_folder(build_id) / "runner"
        scope.world.job(scope, RECOVERED, lambda: {"build_id": build_id, **_outcome(folder)})

    def end_build(self, scope: Scope, build_id: str) -> None:
        """Kill what still runs of a build and remove its folder; it has ended, was stopped or timed out."""
        shell = self._shells.pop(build_id, None)
        end = scope.world.begin()
        if shell is not None:
            shell.stop(0.0 if scope.world.abrupt else None)

        def finish() -> None:
            try:
                if shell is not None:
                    shell.join(30)
                shutil.rmtree(self.build_folder(build_id), ignore_errors=True)
            finally:
                end()

        ending = threading.Thread(target=finish, name="pointsman-build-end", daemon=True)
        self._endings = [thread for thread in self._endings if thread.is_alive()] + [ending]
        ending.start()

    def close(self) -> None:
        """Wait, a few seconds at most, for what ``end_build`` has begun."""
        deadline = time.monotonic() + 10
        for thread in self._endings:
            thread.join(max(0.0, deadline - time.monotonic()))


class _Facts:
    """Turns what one shell does into facts of its build."""

    def __init__(self, world: World, account: str, region: str, build_id: str) -> None:
        self._world = world
        self._account = account
        self._region = region
        self._build_id = build_id
        self._end: Callable[[], None] | None = None

    def begin(self) -> None:
        """A command begins: the world is not at rest until it has ended."""
        self._end = self._world.begin()

    def printed(self, lines: list[str], taken: Callable[[], None]) -> None:
        """Lines came."""
        self._lines(lines, taken, {})

    def complained(self, lines: list[str], taken: Callable[[], None]) -> None:
        """Lines came on the standard error of a command that runs apart."""
        self._lines(lines, taken, {"errors": True})

    def _lines(self, lines: list[str], taken: Callable[[], None], more: dict[str, Any]) -> None:
        now = int(self._world.clock.now().timestamp() * 1000)
        self._post(OUTPUT, {"events": [(now, line) for line in lines], "taken": taken, **more})

    def ended(self, number: int, status: int | None, note: str, values: Sequence[str]) -> None:
        """A command is over."""
        self._post(COMMAND_ENDED, {"number": number, "exit": status, "note": note, "values": list(values)})
        if (end := self._end) is not None:
            end()

    def _post(self, topic: str, payload: dict[str, Any]) -> None:
        self._world.post(self._account, self._region, topic, {"build_id": self._build_id, **payload})


def _program(shell: str) -> str | None:
    return shutil.which(shell or "/bin/sh")


def _outcome(folder: Path) -> dict[str, Any]:
    """What the last supervisor of a folder wrote, once it is gone."""
    try:
        await_gone(folder)
        outcome: dict[str, Any] = json.loads((folder / "outcome").read_bytes())
    except (OSError, ValueError):
        return {"number": 0, "exit": None, "note": "", "values": []}
    return outcome
