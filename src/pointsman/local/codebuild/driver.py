"""Carries the machine's effects out: the log, the runner, the timers, and the news for other engines.

A build moves by ``advance``: one event in, one step of the machine, its effects carried out in the same transaction;
what leaves the database (a process, a job) waits for the commit.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence

import msgspec

from pointsman.local.codebuild import access, caches, environment, narration, reports, sources
from pointsman.local.codebuild.buildspec import Buildspec, BuildspecError, parse
from pointsman.local.codebuild.machine import (
    USER_PHASES,
    Collect,
    CommandEnded,
    Context,
    Downloaded,
    Effect,
    End,
    Entered,
    Event,
    Failed,
    Fetch,
    Left,
    Lost,
    Provision,
    Provisioned,
    Retried,
    Run,
    Stopped,
    TimedOut,
    step,
)
from pointsman.local.codebuild.records import Build, BuildPlan, RunningBuild
from pointsman.local.logs import events as log_events
from pointsman.local.runners.lines import Mask
from pointsman.local.runners.protocol import BuildRunner, CommandOrder, ShellOrder, Work
from pointsman.local.world import Payload, Scope, World
from pointsman.local.xray import address

log = logging.getLogger("pointsman.local")

DISPATCH = "codebuild.dispatch"
TIMEOUT = "codebuild.timeout"
QUEUED_TIMEOUT = "codebuild.queued-timeout"
OPENED = "codebuild.opened"
BATCH_READ = "codebuild.batch.read"
COLLECT = "codebuild.collect"
STARTED = "codebuild.started"
ENDED = "codebuild.ended"
PHASE = "codebuild.phase"

DOWNLOAD_GROUP = "DOWNLOAD_SOURCE"
"""The identifier of the build that only fetches the source of a batch."""

LOST = Context("BUILD_LOST", "the backend was stopped while this build ran, and its processes with it")

_TAIL = 40
_TOLD = ("DOWNLOAD_SOURCE", *USER_PHASES, "UPLOAD_ARTIFACTS")


class LiveBuild:
    """What is known of a build only while its shell lives."""

    def __init__(self, mask: Mask, hidden: frozenset[str]) -> None:
        self.mask = mask
        self.hidden = hidden
        self.tail: deque[str] = deque(maxlen=_TAIL)
        self.command = ""
        self.number = 0


class LiveBuilds:
    """Every build whose shell this process holds: a tool of the world."""

    def __init__(self) -> None:
        self.by_id: dict[str, LiveBuild] = {}


def runner_of(world: World) -> BuildRunner:
    """Who carries builds out in this world."""
    return world.tool(BuildRunner)  # type: ignore[type-abstract]


def live_build(scope: Scope, build_id: str) -> LiveBuild | None:
    """What is known of a build while its shell lives."""
    return scope.world.tool(LiveBuilds).by_id.get(build_id)


def say(scope: Scope, build: Build, lines: Sequence[str]) -> None:
    """Write lines of the agent's into a build's log."""
    write(scope, build, [narration.container(scope.now, line) if line else "" for line in lines])


def write(scope: Scope, build: Build, lines: Sequence[str]) -> None:
    """Write lines into a build's log as they are; every event ends with a line's end, as CodeBuild's do."""
    if build.log_group and lines:
        now = int(scope.now.timestamp() * 1000)
        log_events.append(scope, build.log_group, build.log_stream, [(now, f"{line}\n") for line in lines])


# -- moving ---------------------------------------------------------------------------------------------------------


def advance(scope: Scope, build_id: str, event: Event) -> None:
    """Give one event to a build's machine and carry out what follows. An event that comes too late does nothing."""
    build = scope.get(Build, build_id)
    if build is None or build.complete:
        return
    plan = scope.get(BuildPlan, build_id)
    progress, effects = step(build.progress, event, scope.now, plan.spec if plan else None)
    if not effects:
        return
    build = msgspec.structs.replace(build, progress=progress, ended=scope.now if progress.complete else None)
    scope.put(build_id, build)
    if isinstance(event, Stopped | TimedOut | Lost):
        say(scope, build, [event.context.message.strip() or "Build stopped"])
    for effect in effects:
        _carry_out(scope, build, effect)


def _carry_out(scope: Scope, build: Build, effect: Effect) -> None:
    match effect:
        case Entered(phase):
            _entered(scope, build, phase)
        case Left(phase):
            if phase.type in _TOLD or phase.status not in ("SUCCEEDED", ""):
                say(scope, build, narration.phase_complete(phase))
            payload = {"build_id": build.id, "project": build.project, "phase": phase.type, "status": phase.status}
            scope.emit(PHASE, payload)
        case Retried(phase, retry, limit):
            say(scope, build, [f"Retrying phase {phase}, {retry} of {limit}"])
        case Run():
            _run(scope, build, effect)
        case Provision():
            say(scope, build, [*runner_of(scope.world).notices(), *narration.notices(build.settings)])
            advance(scope, build.id, Provisioned())
        case Fetch():
            fetch(scope, build)
        case Collect():
            scope.emit(COLLECT, {"build_id": build.id})
        case End():
            _end(scope, build)


def _entered(scope: Scope, build: Build, phase: str) -> None:
    if phase in USER_PHASES:
        say(scope, build, [f"Entering phase {phase}"])
    elif phase == "DOWNLOAD_SOURCE":
        say(scope, build, ["Waiting for DOWNLOAD_SOURCE", "Phase is DOWNLOAD_SOURCE"])


def clear(scope: Scope, build: Build | None) -> None:
    """Work was still under way when its build ended: remove what it has left."""
    if build is not None and build.complete:
        scope.world.after_commit(lambda: runner_of(scope.world).end_build(scope, build.id))


def timed_out(scope: Scope, payload: Payload) -> None:
    """A build has taken longer than it may, in the queue or running."""
    advance(scope, payload["build_id"], TimedOut())


def release(scope: Scope, build: Build) -> None:
    """What every build has while it has not ended is taken from it: its place, keys, time-outs, processes, folder."""
    for key, one in scope.scan(RunningBuild):
        if one.build_id == build.id:
            scope.delete(RunningBuild, key)
            break
    access.revoke(scope, build)
    for topic in (TIMEOUT, QUEUED_TIMEOUT):
        scope.cancel(f"{topic}/{build.id}")
    runner = runner_of(scope.world)
    scope.world.after_commit(lambda: runner.end_build(scope, build.id))
    scope.after(0, DISPATCH, key=DISPATCH)


def _end(scope: Scope, build: Build) -> None:
    scope.delete(BuildPlan, build.id)
    reports.abandon(scope, build)
    scope.world.tool(LiveBuilds).by_id.pop(build.id, None)
    release(scope, build)
    scope.emit(
        ENDED, {"build_id": build.id, "project": build.project, "status": build.status, "batch": build.request.batch}
    )


def guarded(build_id: str, work: Work) -> Work:
    """Work that tells of its own failure, with the build it belongs to."""

    def run() -> Payload:
        try:
            return work()
        except Exception as error:  # a thread boundary: whatever breaks must end this build, not strand it
            log.exception("work of %s broke", build_id)
            return {"build_id": build_id, "error": f"{type(error).__name__}: {error}", "code": "INTERNAL_ERROR"}

    return run


# -- DOWNLOAD_SOURCE ------------------------------------------------------------------------------------------------


def fetch(scope: Scope, build: Build) -> None:
    """Begin to fetch a build's sources."""
    runner = runner_of(scope.world)
    work = guarded(build.id, sources.plan_fetch(scope, build, runner.build_folder(build.id)))
    scope.world.after_commit(lambda: runner.fetch_sources(scope, build.id, build.project, work))


def fetched(scope: Scope, payload: Payload) -> None:
    """The sources are there, or are not."""
    build = scope.get(Build, payload.get("build_id", ""))
    if build is None or build.progress.phase != "DOWNLOAD_SOURCE":
        clear(scope, build)
        return
    if "error" in payload:
        advance(scope, build.id, Failed(Context(payload.get("code", "CLIENT_ERROR"), payload["error"])))
        return
    try:
        spec = payload["spec"] if "spec" in payload else parse(payload["buildspec"])
        if build.request.group == DOWNLOAD_GROUP:
            _downloaded(scope, build, spec, payload)
            return
        variables = environment.resolve(scope, environment.declared(spec, environment.variables_of(build.settings)))
    except BuildspecError as mistake:
        advance(scope, build.id, Failed(Context("YAML_FILE_ERROR", str(mistake))))
        return
    except environment.Unresolved as failure:
        advance(scope, build.id, Failed(failure.context))
        return
    runner = runner_of(scope.world)
    if spec.shell and (sentence := runner.missing_shell(spec.shell)):
        advance(scope, build.id, Failed(Context("CLIENT_ERROR", f"env.shell: {sentence}")))
        return
    if payload.get("resolved"):
        build = msgspec.structs.replace(build, resolved_version=payload["resolved"])
        scope.put(build.id, build)
    _open(scope, build, spec, variables, payload)
    scope.emit(OPENED, {"build_id": build.id})


def _downloaded(scope: Scope, build: Build, spec: Buildspec, payload: Payload) -> None:
    """A batch wanted to know its section of the buildspec: tell it, and end."""
    build = msgspec.structs.replace(build, resolved_version=payload.get("resolved") or build.resolved_version)
    scope.put(build.id, build)
    scope.emit(BATCH_READ, {"batch": build.request.batch, "spec": spec.batch, "resolved": build.resolved_version})
    advance(scope, build.id, Downloaded())


def _open(scope: Scope, build: Build, spec: Buildspec, variables: environment.Variables, payload: Payload) -> None:
    """Say what was found, and make the build's shell ready."""
    runner = runner_of(scope.world)
    folder = runner.build_folder(build.id)
    directory = sources.directory_of(folder)
    secondary = sources.secondary_of(folder, sources.identifiers_of(build))
    scope.put(build.id, BuildPlan(spec, str(directory)))
    granted = access.grant(scope, build)
    secrets = (*variables.secrets, *(granted[name] for name in access.SECRETS if name in granted))
    live = LiveBuild(Mask(secrets), variables.hidden)
    scope.world.tool(LiveBuilds).by_id[build.id] = live
    say(
        scope,
        build,
        [
            f"CODEBUILD_SRC_DIR={directory}",
            f"YAML location is {payload.get('place', 'buildspec')}",
            "Processing environment variables",
            *payload.get("notes", ()),
            *narration.not_carried_out(spec),
            *caches.notices(build, spec),
            f"Phases found in YAML: {len(spec.phases)}",
            *(f" {name.upper()}: {len(phase.commands)} commands" for name, phase in spec.phases.items()),
        ],
    )
    own = environment.own_variables(scope, build, directory, secondary)
    order = ShellOrder(
        build_id=build.id,
        folder=folder,
        directory=directory,
        shell=spec.shell,
        environment={**address.variables(scope.world), **granted, **own, **variables.values},
        secrets=secrets,
        writable=[caches.folder_of(scope, build)] if caches.custom(build, spec) else [],
        tools=folder / "tools" if build.request.shard or (spec.cache is not None and spec.cache.key) else None,
    )
    scope.world.after_commit(lambda: runner.open_shell(scope, order))


# -- commands -------------------------------------------------------------------------------------------------------


def _run(scope: Scope, build: Build, effect: Run) -> None:
    live = live_build(scope, build.id)
    if live is None:
        advance(scope, build.id, Lost(LOST))
        return
    live.tail.clear()
    live.command, live.number = live.mask(effect.command), effect.number
    say(scope, build, [f"Running command {live.command}"])
    plan = scope.get(BuildPlan, build.id)
    order = CommandOrder(
        build_id=build.id,
        project=build.project,
        phase=effect.phase,
        number=effect.number,
        text=effect.command,
        environment={"CODEBUILD_BUILD_SUCCEEDING": "1" if effect.succeeding else "0"},
        fresh=plan is not None and plan.spec.version == "0.1" and effect.number > 1,
    )
    give(scope, order)


def give(scope: Scope, order: CommandOrder) -> None:
    """Hand a command to the runner once the transaction stands."""
    runner = runner_of(scope.world)
    scope.world.after_commit(lambda: runner.run_command(scope, order))


def printed(scope: Scope, payload: Payload) -> None:
    """Lines of the running command came: one transaction for all of them."""
    try:
        build = scope.get(Build, payload["build_id"])
        if build is None or build.complete:
            return
        lines = payload["events"]
        live = live_build(scope, build.id)
        if live is not None:
            live.tail.extend(text for _, text in lines[-_TAIL:])
        if build.log_group:
            log_events.append(scope, build.log_group, build.log_stream, [(when, f"{text}\n") for when, text in lines])
    finally:
        taken: Callable[[], None] | None = payload.pop("taken", None)  # once, however often this is tried
        if taken is not None:
            taken()


def command_ended(scope: Scope, payload: Payload) -> None:
    """A command is over."""
    build = scope.get(Build, payload["build_id"])
    if build is None or build.progress.phase not in USER_PHASES or payload["number"] != build.progress.number:
        return
    live = live_build(scope, build.id)
    tail = list(live.tail) if live is not None else []
    command = live.command if live is not None else _command_of(scope, build)
    status, note = payload["exit"], payload.get("note", "")
    if status == 0:
        write(scope, build, [""])
        advance(scope, build.id, CommandEnded(payload["number"], failed=False))
        return
    if status is None:
        why, lacking = f"its shell was lost ({note or 'it ended'})", ""
    else:
        why, lacking = narration.reason(status, note), narration.missing(status, tail)
    context = narration.command_error(command, why, lacking)
    write(scope, build, [""])
    say(scope, build, [f"Command did not exit successfully {command} {why}", *([lacking] if lacking else [])])
    advance(scope, build.id, CommandEnded(payload["number"], failed=True, context=context, output="\n".join(tail)))


def _command_of(scope: Scope, build: Build) -> str:
    """The command a build was at, when the process that gave it out is gone."""
    plan = scope.get(BuildPlan, build.id)
    if plan is None:
        return ""
    phase = plan.spec.phase(build.progress.phase)
    block = phase.finally_ if build.progress.block == "finally" else phase.commands
    return block[build.progress.index] if build.progress.index < len(block) else ""
