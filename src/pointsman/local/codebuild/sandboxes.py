"""The life of a sandbox: its source is fetched, a shell opened, and the commands that are given to it run one by one.

A sandbox waits in the builds' queue, takes a build's place, and has a build's shell, variables, keys and log. It ends
by being stopped, by its project's time-out, or with the backend.
"""

from __future__ import annotations

from collections import deque
from typing import Any

import msgspec

from pointsman.local.codebuild import access, environment, narration, sources
from pointsman.local.codebuild.driver import (
    LOST,
    clear,
    give,
    guarded,
    release,
    runner_of,
    say,
    write,
)
from pointsman.local.codebuild.machine import FAILED, FAULT, STOPPED, SUCCEEDED, TIMED_OUT, Context, Phase
from pointsman.local.codebuild.records import CommandExecution, Sandbox
from pointsman.local.logs import events as log_events
from pointsman.local.runners.lines import Mask
from pointsman.local.runners.protocol import CommandOrder, ShellOrder
from pointsman.local.world import Payload, Scope
from pointsman.local.xray import address

RUN = "RUN_SANDBOX"
"""The phase in which commands run."""
KEPT = 64 * 1024
"""Characters of each stream of a command that are kept: the last ones. The log has all."""


class _Stream:
    """The end of what a command prints."""

    def __init__(self) -> None:
        self._lines: deque[str] = deque()
        self._size = 0

    def add(self, line: str) -> None:
        self._lines.append(f"{line[-KEPT:]}\n")
        self._size += len(self._lines[-1])
        while self._size > KEPT and len(self._lines) > 1:
            self._size -= len(self._lines.popleft())

    def text(self) -> str:
        return "".join(self._lines)


class LiveSandbox:
    """What is known of a sandbox only while its shell lives."""

    def __init__(self, mask: Mask) -> None:
        self.mask = mask
        self.number = 0
        self.output, self.errors = _Stream(), _Stream()

    def begin(self, number: int) -> None:
        """A command begins."""
        self.number = number
        self.output, self.errors = _Stream(), _Stream()


class LiveSandboxes:
    """Every sandbox whose shell this process holds: a tool of the world."""

    def __init__(self) -> None:
        self.by_id: dict[str, LiveSandbox] = {}


def live_of(scope: Scope, sandbox_id: str) -> LiveSandbox | None:
    """What is known of a sandbox while its shell lives."""
    return scope.world.tool(LiveSandboxes).by_id.get(sandbox_id)


def commands(scope: Scope, sandbox_id: str) -> list[CommandExecution]:
    """The commands of a sandbox, in the order they were given."""
    return [one for _, one in scope.scan(CommandExecution, f"{sandbox_id}/")]


def _replace(scope: Scope, sandbox: Sandbox, **changes: Any) -> Sandbox:
    sandbox = msgspec.structs.replace(sandbox, **changes)
    scope.put(sandbox.id, sandbox)
    return sandbox


def _moved(
    scope: Scope, sandbox: Sandbox, *to: str, status: str = SUCCEEDED, context: Context | None = None
) -> Sandbox:
    """Leave the phase a sandbox is in and go through others; it stays in the last."""
    phases = list(sandbox.phases)
    for phase in to:
        phases[-1] = msgspec.structs.replace(phases[-1], end=scope.now, status=status, contexts=(context or Context(),))
        phases.append(Phase(phase, scope.now))
    return _replace(scope, sandbox, progress=msgspec.structs.replace(sandbox.progress, phases=tuple(phases)))


# -- its beginning --------------------------------------------------------------------------------------------------


def dequeued(scope: Scope, sandbox: Sandbox) -> None:
    """There is room for it: fetch its source."""
    sandbox = _moved(scope, sandbox, "PROVISIONING", "DOWNLOAD_SOURCE")
    say(scope, sandbox, [*runner_of(scope.world).notices(), *narration.notices(sandbox.settings)])
    say(scope, sandbox, ["Waiting for DOWNLOAD_SOURCE", "Phase is DOWNLOAD_SOURCE"])
    fetch(scope, sandbox)


def fetch(scope: Scope, sandbox: Sandbox) -> None:
    """Begin to fetch a sandbox's sources."""
    runner = runner_of(scope.world)
    plan = sources.plan_fetch(scope, sandbox, runner.build_folder(sandbox.id), buildspec=False)
    work = guarded(sandbox.id, plan)
    scope.world.after_commit(lambda: runner.fetch_sources(scope, sandbox.id, sandbox.project, work))


def fetched(scope: Scope, payload: Payload) -> None:
    """The sources are there, or are not."""
    sandbox = scope.get(Sandbox, payload.get("build_id", ""))
    if sandbox is None:
        return
    if sandbox.progress.phase != "DOWNLOAD_SOURCE":
        clear(scope, sandbox)
        return
    if "error" in payload:
        end(scope, sandbox, FAILED, Context(payload.get("code", "CLIENT_ERROR"), payload["error"]))
        return
    try:
        variables = environment.resolve(scope, environment.variables_of(sandbox.settings))
    except environment.Unresolved as failure:
        end(scope, sandbox, FAILED, failure.context)
        return
    if payload.get("resolved"):
        sandbox = _replace(scope, sandbox, resolved_version=payload["resolved"])
    _open(scope, sandbox, variables)
    _next(scope, _moved(scope, sandbox, RUN))


def _open(scope: Scope, sandbox: Sandbox, variables: environment.Variables) -> None:
    runner = runner_of(scope.world)
    folder = runner.build_folder(sandbox.id)
    directory = sources.directory_of(folder)
    secondary = sources.secondary_of(folder, sources.identifiers_of(sandbox))
    granted = access.grant(scope, sandbox)
    secrets = (*variables.secrets, *(granted[name] for name in access.SECRETS if name in granted))
    scope.world.tool(LiveSandboxes).by_id[sandbox.id] = LiveSandbox(Mask(secrets))
    say(scope, sandbox, [f"CODEBUILD_SRC_DIR={directory}", f"Phase is {RUN}"])
    own = environment.own_variables(scope, sandbox, directory, secondary)
    order = ShellOrder(
        build_id=sandbox.id,
        folder=folder,
        directory=directory,
        shell="",
        environment={**address.variables(scope.world), **granted, **own, **variables.values},
        secrets=secrets,
    )
    scope.world.after_commit(lambda: runner.open_shell(scope, order))


# -- commands -------------------------------------------------------------------------------------------------------


def submit(scope: Scope, sandbox: Sandbox, text: str) -> CommandExecution:
    """Give a command to a sandbox that has not ended: it runs when those before it have."""
    number = scope.next_number(f"codebuild.sandbox/{sandbox.id}")
    made = CommandExecution(scope.world.uuid(), sandbox.id, number, text, scope.now)
    scope.put(made.key, made)
    _next(scope, sandbox)
    return scope.get(CommandExecution, made.key) or made


def _next(scope: Scope, sandbox: Sandbox) -> None:
    """Run the command that waits longest, unless one runs."""
    standing = [one for one in commands(scope, sandbox.id) if one.ended is None]
    live = live_of(scope, sandbox.id)
    if not standing or standing[0].started is not None or sandbox.progress.phase != RUN or live is None:
        return
    command = msgspec.structs.replace(standing[0], status="IN_PROGRESS", started=scope.now)
    scope.put(command.key, command)
    live.begin(command.number)
    say(scope, sandbox, [f"Running command {live.mask(command.command)}"])
    order = CommandOrder(
        build_id=sandbox.id,
        project=sandbox.project,
        phase=RUN,
        number=command.number,
        text=command.command,
        environment={},
        apart=True,
    )
    give(scope, order)


def printed(scope: Scope, payload: Payload) -> None:
    """Lines of the running command came."""
    sandbox = scope.get(Sandbox, payload["build_id"])
    if sandbox is None or sandbox.complete:
        return
    lines = payload["events"]
    if (live := live_of(scope, sandbox.id)) is not None:
        stream = live.errors if payload.get("errors") else live.output
        for _, text in lines:
            stream.add(text)
    if sandbox.log_group:
        log_events.append(scope, sandbox.log_group, sandbox.log_stream, [(when, f"{text}\n") for when, text in lines])


def command_ended(scope: Scope, payload: Payload) -> None:
    """A command is over; without its shell the sandbox is, too."""
    sandbox = scope.get(Sandbox, payload["build_id"])
    if sandbox is None or sandbox.complete:
        return
    command = scope.get(CommandExecution, f"{sandbox.id}/{payload['number']:06d}")
    if command is None or command.ended is not None:
        return
    if payload["exit"] is None:
        why = f"the sandbox's shell was lost ({payload.get('note') or 'it ended'})"
        end(scope, sandbox, FAULT, Context("SANDBOX_LOST", why))
        return
    _finish(scope, command, SUCCEEDED if payload["exit"] == 0 else FAILED, payload["exit"])
    write(scope, sandbox, [""])
    if payload["exit"]:
        why = narration.reason(payload["exit"], payload.get("note", ""))
        say(scope, sandbox, [f"Command did not exit successfully: {why}"])
    _next(scope, sandbox)


def _finish(scope: Scope, command: CommandExecution, status: str, code: int | None = None) -> None:
    live = live_of(scope, command.sandbox_id)
    mine = live is not None and live.number == command.number
    told = {"output": live.output.text(), "errors": live.errors.text()} if live is not None and mine else {}
    scope.put(command.key, msgspec.structs.replace(command, status=status, exit=code, ended=scope.now, **told))


# -- its end --------------------------------------------------------------------------------------------------------


def end(scope: Scope, sandbox: Sandbox, status: str, context: Context) -> Sandbox:
    """End a sandbox: its commands, its processes, its folder, its keys.

    Args:
        scope: Where.
        sandbox: What has not ended.
        status: What the phase it is in ends with: STOPPED, FAILED, FAULT or TIMED_OUT.
        context: Why.
    """
    say(scope, sandbox, [context.message.strip() or "Sandbox stopped"])
    for command in commands(scope, sandbox.id):
        if command.ended is None:
            _finish(scope, command, status)
    sandbox = _moved(scope, sandbox, "COMPLETED", status=status, context=context)
    stopped = STOPPED if status == TIMED_OUT else status  # a sandbox whose time is over is stopped; its phase says why
    progress = msgspec.structs.replace(sandbox.progress, status=stopped)
    sandbox = _replace(scope, sandbox, progress=progress, ended=scope.now)
    scope.world.tool(LiveSandboxes).by_id.pop(sandbox.id, None)
    release(scope, sandbox)
    return sandbox


def timed_out(scope: Scope, payload: Payload) -> None:
    """A sandbox has taken longer than it may, in the queue or running."""
    sandbox = scope.get(Sandbox, payload["build_id"])
    if sandbox is not None and not sandbox.complete:
        end(scope, sandbox, TIMED_OUT, Context("BUILD_TIMED_OUT", "Build has timed out. "))


def recovered(scope: Scope, payload: Payload) -> None:
    """A sandbox ran when the backend died; what it ran is gone now."""
    sandbox = scope.get(Sandbox, payload.get("build_id", ""))
    if sandbox is not None and not sandbox.complete:
        end(scope, sandbox, FAULT, Context("SANDBOX_LOST", LOST.message.replace("this build", "this sandbox")))
