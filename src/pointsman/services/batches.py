"""CodeBuild's batches of builds for the screens."""

from __future__ import annotations

from pointsman.errors import CallFailed, Fault, FaultKind
from pointsman.model.batches import Batch, BatchList
from pointsman.model.refs import BatchRef, ProjectRef
from pointsman.services.ask import Meter
from pointsman.services.feeds import Report, Source
from pointsman.services.reads import batches as reader
from pointsman.services.reads import builds as builds_reader

SERVICE = "codebuild"
PAGE = 100


def cadence(batch: Batch) -> float | None:
    """Seconds a batch is good for; an ended one may still be retried."""
    return 20.0 if batch.complete else 2.0


def list_cadence(found: BatchList) -> float:
    """Seconds a list of batches is good for."""
    return 5.0 if any(not one.complete for one in found.batches) else 20.0


class Batches:
    """Use cases over batches.

    Args:
        meter: Asks CodeBuild.
    """

    def __init__(self, meter: Meter) -> None:
        self._meter = meter

    def recent(self, project: ProjectRef | None = None) -> Source[BatchList]:
        """The newest batches, at most a hundred, of a project or of all."""

        async def read(_: Report[BatchList]) -> BatchList:
            if project is None:
                page = await self._meter.ask("ListBuildBatches", sortOrder="DESCENDING", maxResults=PAGE)
            else:
                page = await self._meter.ask(
                    "ListBuildBatchesForProject", projectName=project.name, sortOrder="DESCENDING", maxResults=PAGE
                )
            ids = list(builds_reader.ids(page))
            found = reader.batches(await self._meter.ask("BatchGetBuildBatches", ids=ids)) if ids else ()
            dated = sorted(found, key=lambda one: -(one.started.timestamp() if one.started is not None else 0.0))
            return BatchList(tuple(dated), more=bool(page.get("nextToken")))

        return Source(("batches", project.name if project else ""), read, list_cadence, SERVICE, cost=0)

    def batch(self, ref: BatchRef) -> Source[Batch]:
        """One batch."""

        async def read(_: Report[Batch]) -> Batch:
            return await self._one(ref, urgent=False)

        return Source(("batch", ref.id), read, cadence, SERVICE, cost=0)

    async def fresh(self, ref: BatchRef) -> Batch:
        """A batch as it is now, past every cache and budget.

        Raises:
            CallFailed: It cannot be read, or there is none.
        """
        return await self._one(ref, urgent=True)

    async def _one(self, ref: BatchRef, *, urgent: bool) -> Batch:
        for batch in reader.batches(await self._meter.ask("BatchGetBuildBatches", urgent=urgent, ids=[ref.id])):
            if batch.ref == ref:
                return batch
        sentence = f"there is no batch {ref.id}"
        raise CallFailed(Fault(FaultKind.NOT_FOUND, sentence, call="codebuild:BatchGetBuildBatches"))
