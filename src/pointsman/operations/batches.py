"""What a person may do to a batch of builds: stop it, run it or what failed of it again."""

from __future__ import annotations

from typing import Any

from pointsman.model.batches import Batch, Member
from pointsman.model.refs import BatchRef, Ref
from pointsman.operations.declare import Answers, Choice, Field, Operation, WriteCall
from pointsman.operations.ports import ServicesLike

FAILED_BUILDS = "RETRY_FAILED_BUILDS"
ALL_BUILDS = "RETRY_ALL_BUILDS"


def _batch(ref: Ref) -> BatchRef:
    if not isinstance(ref, BatchRef):
        raise TypeError(f"{ref!r} is not a batch")
    return ref


async def _read(services: ServicesLike, ref: Ref) -> Batch:
    return await services.builds.batches.fresh(_batch(ref))


def _touched(ref: Ref) -> tuple[tuple[str, ...], ...]:
    batch = _batch(ref)
    return (
        ("batch", batch.id),
        ("batches", batch.project),
        ("batches", ""),
        ("builds", batch.project),
        ("builds", ""),
        ("projects",),
    )


def _made(answer: dict[str, Any], _ref: Ref) -> Ref | None:
    made = answer.get("buildBatch", {}).get("id")
    return BatchRef(made) if isinstance(made, str) and made else None


def _names(members: list[Member]) -> str:
    shown = ", ".join(one.identifier for one in members[:6])
    return f"{shown} and {len(members) - 6} more" if len(members) > 6 else shown


# -- stop


def _stop_refuse(state: Batch, _ref: Ref) -> str | None:
    return f"{state.ref} has ended ({state.status.word}): there is nothing to stop." if state.complete else None


def _stop_consequences(state: Batch, _ref: Ref, _answers: Answers) -> tuple[str, ...]:
    running = [one for one in state.members if one.status.moving]
    waiting = [one for one in state.members if not one.status.word]
    lines = [f"Ends {_names(running)}." if running else "No build of it runs: what is left does not begin."]
    if waiting:
        lines.append(f"Does not begin: {_names(waiting)}.")
    return tuple(lines)


STOP: Operation[Batch] = Operation(
    id="batch.stop",
    title="Stop batch",
    past="stopped",
    key="x",
    target=BatchRef,
    help="Ends a running batch and every build of it that runs.",
    calls=("codebuild:StopBuildBatch",),
    read=_read,
    plan=lambda _state, ref, _answers: WriteCall("codebuild", "StopBuildBatch", {"id": _batch(ref).id}),
    refuse=_stop_refuse,
    consequences=_stop_consequences,
    touches=_touched,
    result=_made,
    danger=True,
    idempotency=True,
)


# -- retry


def _retry_refuse(state: Batch, _ref: Ref) -> str | None:
    if not state.complete:
        return f"{state.ref} still runs: it can be run again when it has ended."
    if not state.status.failed:
        return f"{state.ref} is {state.status.word}: AWS retries only batches that have failed."
    return None


def _retry_fields(_state: Batch, _ref: Ref) -> tuple[Field, ...]:
    choices = (
        Choice(FAILED_BUILDS, "what failed", "what succeeded stays"),
        Choice(ALL_BUILDS, "everything", "every build of the batch again"),
    )
    return (Field("which", "Run again", FAILED_BUILDS, required=True, choices=choices),)


def _retry_plan(_state: Batch, ref: Ref, answers: Answers) -> WriteCall:
    parameters = {"id": _batch(ref).id, "retryType": answers.get("which") or FAILED_BUILDS}
    return WriteCall("codebuild", "RetryBuildBatch", parameters)


def _retry_consequences(state: Batch, _ref: Ref, answers: Answers) -> tuple[str, ...]:
    everything = answers.get("which") == ALL_BUILDS
    again = [one for one in state.members if everything or one.status.failed or not one.status.word]
    version = state.resolved_version or state.source_version
    lines = [f"Runs again{f' at {version[:12]}' if version else ''}: {_names(again) or 'nothing that is known'}."]
    repeated = [one for one in again if one.status.word == "SUCCEEDED"]
    if repeated:
        lines.append(f"That includes what had succeeded: {_names(repeated)}.")
    return tuple(lines)


RETRY: Operation[Batch] = Operation(
    id="batch.retry",
    title="Retry batch",
    past="retried",
    key="t",
    target=BatchRef,
    help="Runs a failed batch again: what failed of it, or all of it.",
    calls=("codebuild:RetryBuildBatch",),
    read=_read,
    plan=_retry_plan,
    refuse=_retry_refuse,
    consequences=_retry_consequences,
    basis=lambda state, _ref, _answers: {"the state of the batch": state.status.word},
    fields=_retry_fields,
    touches=_touched,
    result=_made,
)

OPERATIONS: tuple[Operation[Any], ...] = (STOP, RETRY)
