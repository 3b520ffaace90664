"""From a commit to every pipeline, stage and build it is in: looked up in what has been read. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from pointsman.model.builds import Build
from pointsman.model.pipelines import Board, Execution, PipelineState, Revision
from pointsman.model.refs import BuildRef, CommitRef, ExecutionRef, Ref

LEAST = 4
"""A shorter beginning of a commit's id says nothing."""


class Sighting(Struct, frozen=True):
    """One place in which a commit is."""

    ref: ExecutionRef | BuildRef
    execution: Execution | None = None
    revision: Revision | None = None
    stages: tuple[str, ...] = ()
    """The stages the run is in, or was the last to be in."""
    gates: tuple[str, ...] = ()
    """The stages at whose entrance it waits."""
    build: Build | None = None
    """What is known of a build; None of one that only its pipeline names."""
    stage: str = ""
    """The pipeline, stage and action a build belongs to, where a pipeline names it."""

    @property
    def key(self) -> Ref:
        """Where it leads."""
        return self.ref


class Past(Struct, frozen=True):
    """Runs further back than the pipelines' own states reach, pipeline by pipeline, newest first."""

    runs: tuple[tuple[str, tuple[Execution, ...]], ...] = ()
    more: bool = False
    """Whether some pipeline has older runs still."""
    unread: tuple[str, ...] = ()
    """The pipelines whose history could not be read."""

    def of(self, name: str) -> tuple[Execution, ...]:
        """The runs of a pipeline."""
        return dict(self.runs).get(name, ())


NO_PAST = Past(more=True)
"""Nothing further back was read yet."""


class Sightings(Struct, frozen=True):
    """All places of a commit, and what was looked through."""

    commit: CommitRef
    found: tuple[Sighting, ...] = ()
    pipelines: int = 0
    """How many pipelines were looked through."""
    of: int = 0
    """How many there are."""
    builds: int = 0
    """How many builds were looked through."""
    runs: int = 0
    """How many runs were looked through."""
    oldest: datetime | None = None
    """When the oldest of them began."""
    more: bool = False
    """Whether there is more further back."""
    unread: int = 0
    """How many pipelines' histories could not be read."""
    ids: tuple[str, ...] = ()
    """The whole ids that begin as the commit does: more than one when the beginning is ambiguous."""

    def __len__(self) -> int:
        return len(self.found)


def sightings(
    commit: CommitRef, board: Board | None, builds: Iterable[Build], past: Past = NO_PAST, *, more: bool = False
) -> Sightings:
    """Where a commit is, newest run of each pipeline first, then builds.

    Args:
        commit: By the beginning of its id, at least four digits.
        board: The pipelines.
        builds: The builds that are known.
        past: Their runs further back.
        more: Whether there are older builds.
    """
    wanted = commit.id.lower()
    rows = board.rows if board is not None else ()
    states = [row.state for row in rows if row.state is not None]
    known = {build.ref: build for build in builds}
    found: list[Sighting] = []
    ids: dict[str, None] = {}
    told: dict[BuildRef, str] = {}
    looked: dict[tuple[str, str], Execution] = {}
    for state in states:
        for run in (*state.executions, *past.of(state.name)):
            if (state.name, run.id) in looked:
                continue
            looked[state.name, run.id] = run
            revision = next((one for one in run.revisions if one.id.lower().startswith(wanted)), None)
            if revision is None or not wanted:
                continue
            ids[revision.id] = None
            found.append(_run(state, run, revision))
            told.update(_builds_of(state, run.id))
    for ref, build in known.items():
        versions = [one for one in (build.resolved_version, build.source_version) if one.lower().startswith(wanted)]
        versions += [version for _, version in build.secondary if version.lower().startswith(wanted)]
        if versions and wanted:
            ids[versions[0]] = None
            told.setdefault(ref, "")
    order = sorted(told, key=lambda one: _newest_first(known.get(one), one))
    found += [Sighting(ref, build=known.get(ref), stage=told[ref]) for ref in order]
    began = [run.started for run in looked.values() if run.started is not None]
    return Sightings(
        commit,
        tuple(found),
        len(states),
        len(rows),
        len(known),
        len(looked),
        min(began, default=None),
        past.more or more,
        len(past.unread),
        tuple(ids),
    )


def _run(state: PipelineState, run: Execution, revision: Revision) -> Sighting:
    return Sighting(
        ExecutionRef(state.name, run.id),
        run,
        revision,
        tuple(stage.name for stage in state.stages if stage.execution_id == run.id),
        tuple(stage.name for stage in state.stages if run.id in (stage.queue or (stage.inbound_id,))),
    )


def _builds_of(state: PipelineState, execution_id: str) -> list[tuple[BuildRef, str]]:
    return [
        (BuildRef(action.external_id), str(action.ref))
        for stage in state.stages
        if stage.execution_id == execution_id
        for action in stage.actions
        if action.provider == "CodeBuild" and ":" in action.external_id
    ]


def _newest_first(build: Build | None, ref: BuildRef) -> tuple[float, str]:
    return -(build.started.timestamp() if build is not None and build.started else 0.0), ref.id
