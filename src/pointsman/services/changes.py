"""What changed between two executions: their revisions, and the commits between where CodeCommit keeps them."""

from __future__ import annotations

import heapq
from datetime import UTC, datetime

from msgspec.structs import replace

from pointsman.errors import CallFailed, Fault, FaultKind
from pointsman.model.comparison import Commit, Comparison, RevisionChange, side_by_side
from pointsman.model.pipelines import Execution
from pointsman.model.refs import PipelineRef
from pointsman.services.ask import Meter
from pointsman.services.reads import commits, pipelines
from pointsman.services.reads.pipelines import Structure

MOST = 50
"""How many commits are read at most between two revisions."""
_DAWN = datetime.min.replace(tzinfo=UTC)


class Changes:
    """Compares executions.

    Args:
        codepipeline: Asks CodePipeline.
        codecommit: Asks CodeCommit.
    """

    def __init__(self, codepipeline: Meter, codecommit: Meter) -> None:
        self._pipeline = codepipeline
        self._commit = codecommit

    async def execution(
        self, ref: PipelineRef, execution_id: str, declared: Structure | None, *, urgent: bool = True
    ) -> Execution:
        """One execution.

        Raises:
            CallFailed: It cannot be read.
        """
        answer = await self._pipeline.ask(
            "GetPipelineExecution", urgent=urgent, pipelineName=ref.name, pipelineExecutionId=execution_id
        )
        found = pipelines.execution(answer, declared)
        if found is None:
            call = "codepipeline:GetPipelineExecution"
            raise CallFailed(Fault(FaultKind.UNKNOWN, f"the answer names no execution {execution_id}", call=call))
        return found

    async def between(
        self, ref: PipelineRef, older: Execution, newer: Execution, declared: Structure | None
    ) -> Comparison:
        """Two executions side by side, with the commits between; a history that cannot be read is said, not raised."""
        plain = side_by_side(ref, older, newer)
        changes = [await self._explained(change, declared) for change in plain.changes]
        return replace(plain, changes=tuple(changes))

    async def _explained(self, change: RevisionChange, declared: Structure | None) -> RevisionChange:
        source = declared.source(change.action) if declared is not None else None
        if not change.changed or source is None or source.provider != "CodeCommit":
            return change
        repository = source.option("RepositoryName")
        if change.older is None or change.newer is None or not repository or "#{" in repository:
            return change
        try:
            found, note = await self._walk(repository, change.older.id, change.newer.id)
        except CallFailed as error:
            return replace(change, note=f"the commits could not be read: {error.fault.sentence}")
        return replace(change, commits=found, note=note)

    async def _walk(self, repository: str, older: str, newer: str) -> tuple[tuple[Commit, ...], str]:
        """The ancestors of ``newer`` from it back to ``older``, newest first, and what is to be said of them.

        Commits older than ``older`` cannot have come after it: their line is not followed, so that a merged branch
        does not lead back to the beginning.
        """
        last = await self._one(repository, older)
        floor = (last.at if last is not None else None) or _DAWN
        first = await self._one(repository, newer)
        if first is None:
            return (), f"there is no commit {newer[:7]} in {repository}"
        waiting = [(-_age(first), 0, first)]
        seen = {first.id, older}
        met = False
        found: list[Commit] = []
        while waiting:
            if len(found) == MOST:
                return tuple(found), f"the newest {MOST}; there are more"
            _, _, commit = heapq.heappop(waiting)
            found.append(commit)
            for parent in commit.parents:
                met = met or parent == older
                if parent in seen:
                    continue
                seen.add(parent)
                one = await self._one(repository, parent)
                if one is not None and (one.at is None or one.at >= floor):
                    heapq.heappush(waiting, (-_age(one), len(seen), one))
        return tuple(found), "" if met else f"{older[:7]} is not among their ancestors"

    async def _one(self, repository: str, commit_id: str) -> Commit | None:
        try:
            answer = await self._commit.ask("GetCommit", urgent=True, repositoryName=repository, commitId=commit_id)
        except CallFailed as error:
            if error.fault.kind is FaultKind.NOT_FOUND or "CommitIdDoesNotExist" in error.fault.code:
                return None
            raise
        return commits.commit(answer)


def _age(commit: Commit) -> float:
    return commit.at.timestamp() if commit.at is not None else 0.0
