"""The approvals inbox: what waits for a person over all pipelines, what an answer ships, what became of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from pointsman.model.comparison import Comparison
from pointsman.model.pipelines import Action, Board, Execution, PipelineState, Revision, Stage
from pointsman.model.refs import ActionRef
from pointsman.model.status import Tone

EXPIRED = "expired"
KEPT = 20
"""How many approvals that do not wait any more are shown."""


class Pending(Struct, frozen=True):
    """One approval that waits for an answer."""

    state: PipelineState
    stage: Stage
    action: Action
    ref: ActionRef
    """The approval; of a PARALLEL pipeline with the run that waits in it."""

    @property
    def execution_id(self) -> str:
        """The run that waits in it."""
        return self.stage.execution_id

    @property
    def execution(self) -> Execution | None:
        """The run, where history could be read."""
        return self.state.execution(self.stage.execution_id)

    @property
    def revision(self) -> Revision | None:
        """What the run carries: its first source revision."""
        return self.state.revision_in(self.stage)

    @property
    def since(self) -> datetime | None:
        """When it began to wait."""
        return self.action.changed_at

    @property
    def expires(self) -> datetime | None:
        """When it fails by itself."""
        return self.action.expires

    @property
    def asked(self) -> str:
        """What whoever answers is told."""
        return self.action.option("CustomData")

    @property
    def link(self) -> str:
        """What whoever answers is to look at."""
        return self.action.option("ExternalEntityLink")

    @property
    def key(self) -> tuple[ActionRef, str]:
        """What tells it from an earlier or later question of the same approval."""
        return self.ref, self.action.execution_id or self.action.token or self.execution_id


class Entry(Struct, frozen=True):
    """One line of the inbox: an approval that waits, or one that does not any more and what became of it."""

    pending: Pending
    fate: str = ""
    """Why it does not wait any more, in words; empty while it waits."""

    @property
    def key(self) -> tuple[ActionRef, str]:
        """As its approval's."""
        return self.pending.key


class Shipment(Struct, frozen=True):
    """What an answer would let through: the run that waits, against what runs behind the gate."""

    ref: ActionRef
    waiting: str
    """The id of the run that waits."""
    running: str = ""
    """The id of the run that went through last; empty when none did, or it could not be found."""
    comparison: Comparison | None = None
    """The two, side by side, with the commits between."""
    note: str = ""
    """What is not known of it, or why there is nothing to compare with."""

    @property
    def commits(self) -> int:
        """How many commits would ship, as far as they were read."""
        return sum(len(change.commits) for change in self.comparison.changes) if self.comparison is not None else 0


def pending(board: Board | None) -> tuple[Pending, ...]:
    """Every approval that waits, what expires first first."""
    found = [
        Pending(row.state, stage, action, ref)
        for row in (board.rows if board is not None else ())
        if row.state is not None
        for stage, action, ref in row.state.approvals
    ]
    return tuple(sorted(found, key=_order))


def _order(one: Pending) -> tuple[float, float, str]:
    expires = one.expires.timestamp() if one.expires is not None else float("inf")
    return expires, one.since.timestamp() if one.since is not None else 0.0, str(one.ref)


def inbox(board: Board | None, before: Iterable[Entry], now: datetime) -> tuple[Entry, ...]:
    """The inbox as it is now: what waits, then what was seen to wait before and does not any more, the newest first.

    Args:
        board: The pipelines; one whose state could not be read keeps what was known of it.
        before: The inbox as it was.
        now: The time: what has expired by then waits no more, whatever AWS still says.
    """
    waiting = {one.key: Entry(one, _expired(one, now)) for one in pending(board)}
    states = {row.ref.name: row.state for row in (board.rows if board is not None else ())}
    gone: list[Entry] = []
    for entry in before:
        name = entry.pending.ref.pipeline
        if entry.key in waiting:
            continue
        if entry.fate not in ("", EXPIRED) or board is None or (name in states and states[name] is None):
            gone.append(entry)
        else:
            gone.insert(0, Entry(entry.pending, fate(entry.pending, states.get(name))))
    return (*waiting.values(), *gone[:KEPT])


def _expired(one: Pending, now: datetime) -> str:
    return EXPIRED if one.expires is not None and one.expires <= now else ""


def fate(one: Pending, state: PipelineState | None) -> str:
    """What became of an approval that does not wait any more, in words.

    Args:
        one: The approval as it was.
        state: Its pipeline now; None when there is no such pipeline any more.
    """
    if state is None:
        return "its pipeline is gone"
    stage = state.at(one.ref) or state.stage(one.ref.stage)
    plain = one.ref.plain
    action = next((each for each in stage.actions if each.ref == plain), None) if stage is not None else None
    run = state.execution(one.execution_id)
    if stage is None or action is None:
        return "it is not in the pipeline any more"
    if stage.execution_id == one.execution_id and (
        not one.action.execution_id or action.execution_id == one.action.execution_id
    ):
        by = f" by {action.updated_by.rpartition('/')[2] or action.updated_by}" if action.updated_by else ""
        said = action.summary or action.error_message
        if action.status.tone is Tone.OK:
            return f"approved{by}{f': {said}' if said else ''}"
        if action.status.tone is Tone.FAILED:
            expired = one.expires is not None and action.changed_at is not None and action.changed_at >= one.expires
            word = EXPIRED if expired or "timed out" in said.lower() else f"rejected{by}"
            return f"{word}{f': {said}' if said else ''}"
        if action.status.word:
            return action.status.word.lower()
    if run is not None and not run.status.moving:
        return f"its run {run.status.word.lower()}"
    if stage.execution_id != one.execution_id and not one.ref.execution:
        return "a newer run is in its stage"
    return "it does not wait any more"


def behind(state: PipelineState, stage: Stage, action: Action) -> Stage | None:
    """The stage whose content an answer changes: the approval's own when work follows in it, else the next one."""
    if any(one.run_order > action.run_order and one.category != "Approval" for one in stage.actions):
        return stage
    names = [one.name for one in state.stages]
    at = names.index(stage.name) + 1
    return state.stages[at] if at < len(names) else None


def running(state: PipelineState, stage: Stage, action: Action) -> str:
    """The run that went through an approval last, where the state alone says so; empty where history must."""
    target = behind(state, stage, action)
    if target is None or target.name == stage.name or target.execution_id == stage.execution_id:
        return ""
    return target.execution_id if target.status.tone is Tone.OK else ""
