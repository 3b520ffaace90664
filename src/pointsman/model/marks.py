"""What went out when: deployments, rollbacks and pipeline runs as marks on a time axis. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from pointsman.model.deployments import Deployment
from pointsman.model.metrics import Release
from pointsman.model.pipelines import PipelineRow
from pointsman.model.refs import ExecutionRef

__all__ = ["before", "marks"]


def marks(
    deployments: Iterable[Deployment], rows: Iterable[PipelineRow], start: datetime, end: datetime
) -> tuple[Release, ...]:
    """Everything that went out in a range, oldest first: a deployment when it ended, a run when it last moved."""
    found = []
    for one in deployments:
        at = one.completed or one.started or one.created
        if at is not None and start <= at <= end:
            kind = "rollback" if one.rolled_back_id else "deployment"
            found.append(Release(at, str(one.group), kind, one.status.failed, one.ref))
    for row in rows:
        for run in row.state.executions if row.state is not None else ():
            at = run.updated or run.started
            if at is not None and start <= at <= end and run.status.word == "Succeeded":
                kind = "rollback" if run.kind == "ROLLBACK" else "pipeline"
                found.append(Release(at, row.ref.name, kind, False, ExecutionRef(row.ref.name, run.id)))
    return tuple(sorted(found, key=lambda one: (one.at, one.name)))


def before(releases: Sequence[Release], moment: datetime) -> Release | None:
    """The last one that went out before a moment."""
    return next((one for one in reversed(releases) if one.at <= moment), None)
