"""What a person may do to builds and to batches of builds: start one, stop one, run one again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final, Generic, TypeVar

from msgspec import Struct

from pointsman.model.batches import Batch, Member
from pointsman.model.builds import Build, Project
from pointsman.model.refs import BatchRef, BuildRef, ProjectRef, Ref
from pointsman.operations import overrides
from pointsman.operations.declare import Answers, Choice, Field, Operation, WriteCall
from pointsman.operations.ports import ServicesLike

R = TypeVar("R", BuildRef, BatchRef)
S = TypeVar("S", Build, Batch)


class Kind(Struct, Generic[R], frozen=True):
    """A build or a batch of them: what the calls and the feeds call it."""

    noun: str
    """``build``: in sentences, and before the dot of an operation's id."""
    ref: type[R]
    call: str
    """``Build`` as in StartBuild."""
    member: str
    """Where an answer has the one that was made."""
    feeds: Callable[[str], tuple[tuple[str, ...], ...]]
    """Project -> the feeds that list what it runs."""

    def named(self, ref: Ref) -> R:
        """A ref of this kind."""
        if not isinstance(ref, self.ref):
            raise TypeError(f"{ref!r} is not a {self.noun}")
        return ref

    def made(self, answer: dict[str, Any], _: Ref) -> Ref | None:
        """What a call has made."""
        made = answer.get(self.member, {}).get("id")
        return self.ref(made) if isinstance(made, str) and made else None

    def touched(self, ref: Ref) -> tuple[tuple[str, ...], ...]:
        """The feeds that a call on it, or on its project, changes."""
        if isinstance(ref, ProjectRef):
            return self.feeds(ref.name)
        run: BuildRef | BatchRef = self.named(ref)
        return (*self.feeds(run.project), (self.noun, run.id))

    def write(self, verb: str, ref: Ref, **more: Any) -> WriteCall:
        """A call on one of them."""
        return WriteCall("codebuild", f"{verb}{self.call}", {"id": self.named(ref).id, **more})


def _lists(project: str) -> tuple[tuple[str, ...], ...]:
    return (("builds", project), ("builds", ""), ("projects",))


BUILD: Final = Kind("build", BuildRef, "Build", "build", _lists)
BATCH: Final = Kind(
    "batch",
    BatchRef,
    "BuildBatch",
    "buildBatch",
    lambda project: (("batches", project), ("batches", ""), *_lists(project)),
)


def _project(ref: Ref) -> ProjectRef:
    if not isinstance(ref, ProjectRef):
        raise TypeError(f"{ref!r} is not a project")
    return ref


async def _read_project(services: ServicesLike, ref: Ref) -> Project:
    return await services.builds.fresh_project(_project(ref))


async def _read_build(services: ServicesLike, ref: Ref) -> Build:
    return await services.builds.fresh(BUILD.named(ref))


async def _read_batch(services: ServicesLike, ref: Ref) -> Batch:
    return await services.builds.batches.fresh(BATCH.named(ref))


# -- start ----------------------------------------------------------------------------------------------------------


def _no_start(state: Project, _ref: Ref) -> str | None:
    if state.source_type == "CODEPIPELINE":
        return f"{state.name} takes its source from a pipeline: start that pipeline instead."
    return None


def _no_batch(state: Project, ref: Ref) -> str | None:
    if not state.batches:
        return f"{state.name} is not set up for batches: it has no batch configuration."
    return _no_start(state, ref)


def _what(state: Project, answers: Answers, noun: str) -> str:
    version = answers.get("source_version", "").strip()
    where = f"{state.source_type} {state.source_location}".strip() or "the project's source"
    return f"A new {noun} of {where}, {f'at {version}' if version else 'at the version the project names'}."


def _start_consequences(state: Project, _ref: Ref, answers: Answers) -> tuple[str, ...]:
    lines = [_what(state, answers, "build"), *overrides.consequences(answers, noun="build")]
    if state.latest is not None and not state.latest.complete:
        if state.concurrent_limit == 1:
            lines.append(f"{state.latest.ref} still runs: this one waits, QUEUED, as the project runs one at a time.")
        else:
            lines.append(f"{state.latest.ref} still runs: both run side by side, if the project's limit allows it.")
    return tuple(lines)


def _batch_consequences(state: Project, _ref: Ref, answers: Answers) -> tuple[str, ...]:
    lines = [
        _what(state, answers, "batch of builds"),
        "The batch section of its buildspec says which builds there are, and which wait for which.",
        *overrides.consequences(answers, noun="batch"),
    ]
    if state.concurrent_limit is not None:
        lines.append(f"At most {state.concurrent_limit} builds of the project run at a time; the others wait, QUEUED.")
    return tuple(lines)


def _start(kind: Kind[Any], *, batch: bool, **declared: Any) -> Operation[Project]:
    call = f"Start{kind.call}"

    def plan(_state: Project, ref: Ref, answers: Answers) -> WriteCall:
        given = overrides.parameters(answers, batch=batch)
        return WriteCall("codebuild", call, {"projectName": _project(ref).name, **given})

    return Operation(
        target=ProjectRef,
        calls=(f"codebuild:{call}",),
        read=_read_project,
        plan=plan,
        fields=lambda state, _ref: overrides.fields(state, batch=batch),
        touches=kind.touched,
        result=kind.made,
        **declared,
    )


START: Final = _start(
    BUILD,
    batch=False,
    id="project.start-build",
    title="Start build",
    past="started a build of",
    key="s",
    help="Builds a project by itself, with whatever a start can say otherwise than the project.",
    refuse=_no_start,
    consequences=_start_consequences,
)

START_BATCH: Final = _start(
    BATCH,
    batch=True,
    id="project.start-batch",
    title="Start batch",
    past="started a batch of",
    key="b",
    help="Runs the batch of builds that a project's buildspec describes.",
    refuse=_no_batch,
    consequences=_batch_consequences,
)


# -- stop -----------------------------------------------------------------------------------------------------------


def _over(state: Build | Batch, _ref: Ref) -> str | None:
    return f"{state.ref} has ended ({state.status.word}): there is nothing to stop." if state.complete else None


def _stop_build_consequences(state: Build, _ref: Ref, _answers: Answers) -> tuple[str, ...]:
    lines = [f"Its commands are ended in {state.phase or 'the phase it is in'}; no artifacts are uploaded after that."]
    if state.pipeline:
        lines.append(f"{state.pipeline} started it: its build action fails, and with it the stage.")
    return tuple(lines)


def _names(members: list[Member]) -> str:
    shown = ", ".join(one.identifier for one in members[:6])
    return f"{shown} and {len(members) - 6} more" if len(members) > 6 else shown


def _stop_batch_consequences(state: Batch, _ref: Ref, _answers: Answers) -> tuple[str, ...]:
    running = [one for one in state.members if one.status.moving]
    waiting = [one for one in state.members if not one.status.word]
    lines = [f"Ends {_names(running)}." if running else "No build of it runs: what is left does not begin."]
    if waiting:
        lines.append(f"Does not begin: {_names(waiting)}.")
    return tuple(lines)


def _stop(kind: Kind[Any], read: Callable[[Any, Ref], Awaitable[S]], **declared: Any) -> Operation[S]:
    return Operation(
        id=f"{kind.noun}.stop",
        title=f"Stop {kind.noun}",
        past="stopped",
        key="x",
        target=kind.ref,
        calls=(f"codebuild:Stop{kind.call}",),
        read=read,
        plan=lambda _state, ref, _answers: kind.write("Stop", ref),
        refuse=_over,
        touches=kind.touched,
        result=kind.made,
        danger=True,
        idempotency=True,
        **declared,
    )


STOP: Final[Operation[Build]] = _stop(
    BUILD,
    _read_build,
    help="Ends a running build; it keeps its log and ends as STOPPED.",
    consequences=_stop_build_consequences,
)

STOP_BATCH: Final[Operation[Batch]] = _stop(
    BATCH,
    _read_batch,
    help="Ends a running batch and every build of it that runs.",
    consequences=_stop_batch_consequences,
)


# -- retry ----------------------------------------------------------------------------------------------------------

FAILED_BUILDS: Final = "RETRY_FAILED_BUILDS"
ALL_BUILDS: Final = "RETRY_ALL_BUILDS"


def _runs_still(state: Build | Batch) -> str | None:
    return None if state.complete else f"{state.ref} still runs: it can be run again when it has ended."


def _no_build_retry(state: Build, _ref: Ref) -> str | None:
    if (said := _runs_still(state)) is not None:
        return said
    if state.pipeline:
        return f"{state.pipeline} started it: retry the stage of that pipeline instead, so that its run goes on."
    if state.source_type == "CODEPIPELINE":
        return f"{state.project} takes its source from a pipeline: retry the stage of that pipeline instead."
    return None


def _no_batch_retry(state: Batch, _ref: Ref) -> str | None:
    if (said := _runs_still(state)) is not None:
        return said
    if not state.status.failed:
        return f"{state.ref} is {state.status.word}: AWS retries only batches that have failed."
    return None


def _retry_build_consequences(state: Build, _ref: Ref, _answers: Answers) -> tuple[str, ...]:
    at = f", at {state.version[:12]}" if state.version else ""
    lines = [f"A new build of {state.project} with the settings of {state.ref}{at}."]
    if state.status.word == "SUCCEEDED":
        lines.append("It succeeded the first time: what it published is published again.")
    return tuple(lines)


def _retry_fields(_state: Batch, _ref: Ref) -> tuple[Field, ...]:
    choices = (
        Choice(FAILED_BUILDS, "what failed", "what succeeded stays"),
        Choice(ALL_BUILDS, "everything", "every build of the batch again"),
    )
    return (Field("which", "Run again", FAILED_BUILDS, required=True, choices=choices),)


def _retry_batch_consequences(state: Batch, _ref: Ref, answers: Answers) -> tuple[str, ...]:
    everything = answers.get("which") == ALL_BUILDS
    again = [one for one in state.members if everything or one.status.failed or not one.status.word]
    at = f" at {state.version[:12]}" if state.version else ""
    lines = [f"Runs again{at}: {_names(again) or 'nothing that is known'}."]
    repeated = [one for one in again if one.status.word == "SUCCEEDED"]
    if repeated:
        lines.append(f"That includes what had succeeded: {_names(repeated)}.")
    return tuple(lines)


def _retry(kind: Kind[Any], read: Callable[[Any, Ref], Awaitable[S]], **declared: Any) -> Operation[S]:
    return Operation(
        id=f"{kind.noun}.retry",
        title=f"Retry {kind.noun}",
        past="retried",
        key="t",
        target=kind.ref,
        calls=(f"codebuild:Retry{kind.call}",),
        read=read,
        touches=kind.touched,
        result=kind.made,
        **declared,
    )


RETRY: Final[Operation[Build]] = _retry(
    BUILD,
    _read_build,
    help="Runs an ended build again with the same settings, as a new build.",
    plan=lambda _state, ref, _answers: BUILD.write("Retry", ref),
    refuse=_no_build_retry,
    consequences=_retry_build_consequences,
)

RETRY_BATCH: Final[Operation[Batch]] = _retry(
    BATCH,
    _read_batch,
    help="Runs a failed batch again: what failed of it, or all of it.",
    plan=lambda _state, ref, answers: BATCH.write("Retry", ref, retryType=answers.get("which") or FAILED_BUILDS),
    refuse=_no_batch_retry,
    consequences=_retry_batch_consequences,
    basis=lambda state, _ref, _answers: {"the state of the batch": state.status.word},
    fields=_retry_fields,
)

OPERATIONS: tuple[Operation[Any], ...] = (START, START_BATCH, STOP, RETRY, STOP_BATCH, RETRY_BATCH)
