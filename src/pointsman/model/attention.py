"""What needs a person now, worst first: derived from the board and the builds, without I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from enum import IntEnum

from msgspec import Struct

from pointsman.model.builds import Build
from pointsman.model.pipelines import Board, PipelineRow, PipelineState, Stage
from pointsman.model.refs import Ref
from pointsman.model.status import Tone

STUCK_AFTER = timedelta(hours=2)
"""How long something may move before somebody should look."""
SOON = timedelta(hours=24)
"""An approval that expires within this is more urgent than other approvals."""


class Urgency(IntEnum):
    """Kinds of attention, worst first."""

    FAILED = 0
    """A stage failed."""
    EXPIRING = 1
    """An approval expires soon."""
    BUILD_FAILED = 2
    """A build failed that no failed stage already tells of."""
    APPROVAL = 3
    """An approval waits."""
    GATE = 4
    """A revision is queued behind a closed gate."""
    STUCK = 5
    """Something moves, and has done so for too long."""


class Attention(Struct, frozen=True):
    """One thing that needs a person."""

    urgency: Urgency
    ref: Ref
    """Where to go."""
    sentence: str
    """What is wrong, without its age."""
    tone: Tone
    since: datetime | None = None
    expires: datetime | None = None
    detail: str = ""
    """The service's own words, where there are any."""


def attention(board: Board | None, builds: Iterable[Build], now: datetime) -> tuple[Attention, ...]:
    """Everything that needs a person, worst first; of equals, what expires first, then what is newest.

    Args:
        board: The pipelines; None when nothing is known.
        builds: Builds, newest first: only the newest of a project counts.
        now: The time.
    """
    rows = board.rows if board is not None else ()
    found = [item for row in rows if row.state is not None for item in _pipeline(row.state, now)]
    told = _builds_of_failed_stages(rows)
    found.extend(item for item in _builds(builds, now) if str(getattr(item.ref, "id", "")) not in told)
    return tuple(sorted(found, key=_order))


def _order(item: Attention) -> tuple[int, float, float, str]:
    expires = item.expires.timestamp() if item.expires else float("inf")
    return item.urgency, expires, -(item.since.timestamp() if item.since else 0.0), str(item.ref)


def _approvals(state: PipelineState, now: datetime) -> Iterator[Attention]:
    for _, approval, ref in state.approvals:
        expires = approval.expires
        soon = expires is not None and expires - now <= SOON
        yield Attention(
            Urgency.EXPIRING if soon else Urgency.APPROVAL,
            ref,
            f"{ref} waits for approval",
            Tone.WAITING,
            since=approval.changed_at,
            expires=expires,
            detail=approval.option("CustomData"),
        )


def _pipeline(state: PipelineState, now: datetime) -> Iterator[Attention]:
    yield from _approvals(state, now)
    for stage in state.stages:
        if stage.status.failed:
            yield _failed(stage)
        approval = stage.waiting_approval
        if not stage.transition.enabled and stage.inbound_id:
            revision = next(iter(run.revisions), None) if (run := state.execution(stage.inbound_id)) else None
            queued = revision.short if revision is not None else f"execution {stage.inbound_id[:8]}"
            yield Attention(
                Urgency.GATE,
                stage.ref,
                f"{queued} is queued behind the closed gate of {stage.ref}",
                Tone.WAITING,
                since=stage.transition.changed_at,
                detail=stage.transition.reason,
            )
        if approval is None and stage.status.tone is Tone.MOVING:
            since = _moving_since(stage)
            if since is not None and now - since >= STUCK_AFTER:
                sentence = f"{stage.ref} has been {stage.status.word} for a long time"
                yield Attention(Urgency.STUCK, stage.ref, sentence, Tone.MOVING, since=since)


def _failed(stage: Stage) -> Attention:
    action = stage.failed_action
    if action is None:
        return Attention(Urgency.FAILED, stage.ref, f"{stage.ref} {stage.status.word}", Tone.FAILED)
    return Attention(
        Urgency.FAILED,
        action.ref,
        f"{action.ref} {action.status.word}",
        Tone.FAILED,
        since=action.changed_at,
        detail=action.error_message or action.summary or action.error_code,
    )


def _moving_since(stage: Stage) -> datetime | None:
    moving = [one.changed_at for one in stage.actions if one.status.tone is Tone.MOVING and one.changed_at]
    return min(moving, default=None)


def _builds_of_failed_stages(rows: Iterable[PipelineRow]) -> set[str]:
    """Ids of builds that a failed action already tells of."""
    return {
        action.external_id
        for row in rows
        if row.state is not None
        for stage in row.state.stages
        for action in stage.actions
        if action.status.failed and action.external_id
    }


def _builds(builds: Iterable[Build], now: datetime) -> Iterator[Attention]:
    seen: set[str] = set()
    for build in builds:
        if build.project in seen:
            continue
        seen.add(build.project)
        if build.status.failed:
            yield Attention(
                Urgency.BUILD_FAILED,
                build.ref,
                f"{build.ref} {build.status.word}",
                Tone.FAILED,
                since=build.ended or build.started,
                detail=build.failure,
            )
        elif build.status.tone is Tone.MOVING and build.started and now - build.started >= STUCK_AFTER:
            sentence = f"{build.ref} has been {build.status.word} for a long time"
            yield Attention(Urgency.STUCK, build.ref, sentence, Tone.MOVING, since=build.started)
