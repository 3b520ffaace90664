"""Every operation there is, by id and by what it is done to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pointsman.model.pipelines import PipelineState
from pointsman.model.refs import ActionRef, ExecutionRef, PipelineRef, Ref, StageRef
from pointsman.operations.declare import Operation
from pointsman.operations.facts import moving_runs


class Registry:
    """A fixed set of operations; an id, or a key of one kind of target, that comes twice is refused.

    Args:
        operations: What is in it; or what gives that, and is called at the first question.
    """

    def __init__(self, operations: Iterable[Operation[Any]] | Callable[[], Iterable[Operation[Any]]]) -> None:
        self._by_id: dict[str, Operation[Any]] = {}
        self._by_target: dict[type[Ref], tuple[Operation[Any], ...]] = {}
        self._lock = threading.RLock()
        self._later: Callable[[], Iterable[Operation[Any]]] | None = None
        if callable(operations):
            self._later = operations
        else:
            self._take(operations)

    def _take(self, operations: Iterable[Operation[Any]]) -> None:
        for operation in operations:
            known = self._by_target.get(operation.target, ())
            if operation.id in self._by_id:
                raise ValueError(f"two operations are called {operation.id}")
            for other in known:
                if other.key == operation.key:
                    raise ValueError(f"{other.id} and {operation.id} share the key {operation.key}")
            self._by_id[operation.id] = operation
            self._by_target[operation.target] = (*known, operation)

    def _fill(self) -> None:
        if self._later is not None:
            with self._lock:
                if self._later is not None:
                    self._take(self._later())
                    self._later = None

    def of(self, target: type[Ref]) -> tuple[Operation[Any], ...]:
        """The operations on one kind of target, in menu order."""
        self._fill()
        return self._by_target.get(target, ())

    def get(self, operation_id: str) -> Operation[Any]:
        """The operation of this id; KeyError when there is none."""
        self._fill()
        return self._by_id[operation_id]

    def __iter__(self) -> Iterator[Operation[Any]]:
        self._fill()
        return iter(self._by_id.values())

    def __len__(self) -> int:
        self._fill()
        return len(self._by_id)

    @property
    def calls(self) -> tuple[str, ...]:
        """Every ``service:Operation`` that may be sent, once each, sorted."""
        return tuple(sorted({call for operation in self for call in operation.calls}))


def default_registry() -> Registry:
    """The operations this console offers; their modules are imported at the first question."""
    return Registry(_all)


def _all() -> Iterable[Operation[Any]]:
    from pointsman.operations import (
        alarms,
        approvals,
        builds,
        conditions,
        dashboards,
        deployments,
        logs,
        metrics,
        pipelines,
        queries,
        releases,
        sampling,
        stages,
    )

    return (
        *pipelines.OPERATIONS,
        *stages.OPERATIONS,
        *conditions.OPERATIONS,
        *approvals.OPERATIONS,
        *builds.OPERATIONS,
        *releases.OPERATIONS,
        *deployments.OPERATIONS,
        *queries.OPERATIONS,
        *alarms.OPERATIONS,
        *metrics.OPERATIONS,
        *dashboards.OPERATIONS,
        *sampling.OPERATIONS,
        *logs.OPERATIONS,
    )


def within_reach(state: PipelineState, ref: Ref) -> tuple[Ref, ...]:
    """The things whose operations are worth offering where ``ref`` is selected, itself first.

    On a pipeline: the approvals that wait, the stages that failed or whose gate is closed, the runs in progress. On a
    stage: its waiting approvals and the run in it. So a menu opened on a board's row can answer what the row is about.
    """
    found: list[Ref] = [ref]
    if isinstance(ref, PipelineRef):
        found += [waiting for _, _, waiting in state.approvals]
        found += [one.ref for one in state.stages if one.status.failed or not one.transition.enabled]
        found += [ExecutionRef(ref.name, one) for one in moving_runs(state)]
    elif isinstance(ref, StageRef | ActionRef):
        stage_found = state.stage(ref.stage)
        if stage_found is not None:
            found += [waiting for stage, _, waiting in state.approvals if stage.name == ref.stage]
            found.append(stage_found.ref)
            if stage_found.execution_id in moving_runs(state):
                found.append(ExecutionRef(ref.pipeline, stage_found.execution_id))
        found.append(PipelineRef(ref.pipeline))
    elif isinstance(ref, ExecutionRef):
        found.append(PipelineRef(ref.pipeline))
    return tuple(dict.fromkeys(found))
