"""What changed between two executions, and which revision is where."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from pointsman.model.forecast import StageTime
from pointsman.model.pipelines import Execution, PipelineState, Revision
from pointsman.model.refs import PipelineRef


class Commit(Struct, frozen=True):
    """A commit, as its repository has it."""

    id: str
    summary: str = ""
    author: str = ""
    at: datetime | None = None
    parents: tuple[str, ...] = ()
    message: str = ""

    @property
    def short(self) -> str:
        """As people write it: seven digits."""
        return self.id[:7]


class RevisionChange(Struct, frozen=True):
    """One source action's revision in two executions."""

    action: str
    older: Revision | None = None
    newer: Revision | None = None
    commits: tuple[Commit, ...] = ()
    """What the newer has and the older has not, newest first, where the source's history could be read."""
    note: str = ""
    """What the commits do not say: that there are more, or why there are none. Empty when they are all there."""

    @property
    def changed(self) -> bool:
        """Whether the two revisions differ."""
        return (self.older.id if self.older else "") != (self.newer.id if self.newer else "")


class Comparison(Struct, frozen=True):
    """Two executions of one pipeline, side by side."""

    ref: PipelineRef
    older: Execution
    newer: Execution
    changes: tuple[RevisionChange, ...] = ()
    older_times: tuple[StageTime, ...] = ()
    newer_times: tuple[StageTime, ...] = ()
    """What the stages took; empty where it was not read."""

    @property
    def variables(self) -> tuple[tuple[str, str, str], ...]:
        """(variable, its value in the older run, in the newer one) of the variables that differ."""
        before, after = dict(self.older.variables), dict(self.newer.variables)
        names = dict.fromkeys((*before, *after))
        return tuple(
            (name, before.get(name, ""), after.get(name, "")) for name in names if before.get(name) != after.get(name)
        )

    @property
    def times(self) -> tuple[tuple[StageTime | None, StageTime | None], ...]:
        """The stages of both runs side by side."""
        before = {one.name: one for one in self.older_times}
        after = {one.name: one for one in self.newer_times}
        return tuple((before.get(name), after.get(name)) for name in dict.fromkeys((*before, *after)))

    @property
    def changed(self) -> tuple[RevisionChange, ...]:
        """The sources that differ."""
        return tuple(change for change in self.changes if change.changed)


def side_by_side(ref: PipelineRef, older: Execution, newer: Execution) -> Comparison:
    """The revisions of two executions, paired by source action, in the newer one's order."""
    before = {revision.action: revision for revision in older.revisions}
    after = {revision.action: revision for revision in newer.revisions}
    actions = [*after, *(action for action in before if action not in after)]
    changes = tuple(RevisionChange(action, before.get(action), after.get(action)) for action in actions)
    return Comparison(ref, older, newer, changes)


class Whereabouts(Struct, frozen=True):
    """One execution and where its revision is now."""

    execution_id: str
    revisions: tuple[Revision, ...]
    """Empty where history could not be read."""
    stages: tuple[str, ...]
    """The stages it is in, or was the last to be in."""
    gates: tuple[str, ...] = ()
    """The stages at whose entrance it waits."""
    execution: Execution | None = None

    @property
    def revision(self) -> Revision | None:
        """Its first source revision."""
        return self.revisions[0] if self.revisions else None


def whereabouts(state: PipelineState) -> tuple[Whereabouts, ...]:
    """Which revision is where: an entry per execution that is in a stage or waits at a gate.

    The one that has come furthest is last: the order is that of the pipeline, from its source on.
    """
    stages: dict[str, list[str]] = {}
    gates: dict[str, list[str]] = {}
    order: list[str] = []
    for stage in state.stages:
        for execution_id, places in ((stage.inbound_id, gates), (stage.execution_id, stages)):
            if execution_id:
                places.setdefault(execution_id, []).append(stage.name)
                if execution_id not in order:
                    order.append(execution_id)
    return tuple(
        Whereabouts(
            execution_id=one,
            revisions=run.revisions if (run := state.execution(one)) else (),
            stages=tuple(stages.get(one, ())),
            gates=tuple(gates.get(one, ())),
            execution=run,
        )
        for one in order
    )
