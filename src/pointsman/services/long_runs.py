"""Runs of PARALLEL pipelines that still move behind the newest page of history.

Each run of such a pipeline waits for approvals of its own, and a gate stays open for days while newer runs come and go.
``ListPipelineExecutions`` cannot be asked for running ones only: its pages are looked through once, and after that
each run that was seen moving and has left the newest page is asked for by itself until it ends.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from pointsman.errors import CallFailed, FaultKind
from pointsman.model.pipelines import Execution
from pointsman.model.refs import PipelineRef
from pointsman.services.ask import Meter
from pointsman.services.reads import pipelines as reader
from pointsman.services.reads.pipelines import Structure

PAGES = 5
"""How many pages of 100 runs are looked through."""
APART = 25
"""How many runs are asked for one by one at most."""
_RAISED = (FaultKind.NO_CREDENTIALS, FaultKind.EXPIRED)


class Behind(Struct, frozen=True):
    """What moves behind the newest page."""

    runs: tuple[Execution, ...] = ()
    """Newest first."""
    whole: bool = True
    """Whether that is all of them."""


class _Seen(Struct):
    """What is known of one pipeline."""

    moving: dict[str, Execution]
    whole: bool


class LongRuns:
    """What is known of long runs, by pipeline.

    Args:
        meter: What asks CodePipeline.
    """

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._seen: dict[str, _Seen] = {}

    async def behind(
        self, ref: PipelineRef, newest: Sequence[Execution], declared: Structure | None, *, full: bool, urgent: bool
    ) -> Behind:
        """The runs that move and are not among the newest.

        Args:
            ref: The pipeline.
            newest: The newest page of its history.
            declared: Its definition, where it was read.
            full: Whether there is more history than that page.
            urgent: Whether a person waits for it.

        Raises:
            CallFailed: There are no credentials, or they have expired.
        """
        here = {one.id for one in newest}
        seen = self._seen.get(ref.name)
        try:
            if seen is None:
                seen = await self._looked_through(ref, urgent=urgent) if full else _Seen({}, True)
                self._seen[ref.name] = seen
            else:
                left = [one for one in seen.moving if one not in here]
                for one in left[:APART]:
                    await self._again(seen, ref, one, declared, urgent=urgent)
        except CallFailed as error:
            if error.fault.kind in _RAISED:
                raise
            return Behind(tuple(seen.moving.values()) if seen is not None else (), whole=False)
        for run in newest:
            if run.status.moving:
                seen.moving[run.id] = run
            else:
                seen.moving.pop(run.id, None)
        runs = tuple(run for run in seen.moving.values() if run.id not in here)
        return Behind(runs, seen.whole and len(runs) <= APART)

    async def _looked_through(self, ref: PipelineRef, *, urgent: bool) -> _Seen:
        found: dict[str, Execution] = {}
        more = False
        answers = self._meter.pages(
            "ListPipelineExecutions", most=PAGES, urgent=urgent, pipelineName=ref.name, maxResults=100
        )
        async for page in answers:
            found |= {run.id: run for run in reader.executions(page) if run.status.moving}
            more = bool(page.get("nextToken"))
        return _Seen(found, not more)

    async def _again(
        self, seen: _Seen, ref: PipelineRef, run_id: str, declared: Structure | None, *, urgent: bool
    ) -> None:
        answer = await self._meter.ask(
            "GetPipelineExecution", urgent=urgent, pipelineName=ref.name, pipelineExecutionId=run_id
        )
        run = reader.execution(answer, declared)
        if run is not None and run.status.moving:
            seen.moving[run_id] = run
        else:
            del seen.moving[run_id]
