"""Where the flow of an execution is: the pipeline's common one, or a lane of its own in PARALLEL mode.

A lane is a flow with one execution in it, so that the same machine moves it: it finds no lock, meets nobody, and its
gates are open, for AWS does not hold PARALLEL executions at transitions. The numbers of action executions stay unique
in the pipeline, because every step of a lane counts on where the common flow has come to.
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from pointsman.local.codepipeline.flow import PARALLEL, Flow, StageRun
from pointsman.local.codepipeline.machine import new
from pointsman.local.codepipeline.shapes import Execution, Lane, Line, Pipeline, numbered
from pointsman.local.world import Scope

MOST = 50
"""AWS's quota of executions at a time in QUEUED and in PARALLEL mode."""


class Way(Struct, frozen=True):
    """The flow of some executions of a pipeline, and how it is read and written.

    Attributes:
        pipeline: The pipeline's name.
        number: The PARALLEL execution's number; None for the common flow.
    """

    pipeline: str
    number: int | None = None

    def load(self, scope: Scope) -> Flow | None:
        """The flow now; None when the pipeline or the lane is gone."""
        line = scope.get(Line, self.pipeline)
        if line is None or self.number is None:
            return None if line is None else line.flow
        lane = scope.get(Lane, numbered(self.pipeline, self.number))
        return None if lane is None else replace(lane.flow, started=line.flow.started)

    def save(self, scope: Scope, flow: Flow) -> None:
        """Write the flow."""
        line = scope.get(Line, self.pipeline)
        assert line is not None
        if self.number is None:
            scope.put(self.pipeline, replace(line, flow=flow))
            return
        scope.put(numbered(self.pipeline, self.number), Lane(flow))
        others = tuple(one for one in line.lanes if one != self.number)
        scope.put(
            self.pipeline,
            replace(
                line,
                flow=replace(line.flow, started=flow.started),
                lanes=(*others, self.number) if flow.active() else others,
                shown=_shown(line.shown, flow),
            ),
        )


def way_of(scope: Scope, pipeline: str, number: int) -> Way:
    """The way of an execution."""
    lane = scope.get(Lane, numbered(pipeline, number))
    return Way(pipeline) if lane is None else Way(pipeline, number)


def open_lane(scope: Scope, pipeline: Pipeline, execution: Execution) -> None:
    """Give a PARALLEL execution its own flow."""
    declaration = pipeline.declaration
    flow = new(pipeline.version, declaration.plan, declaration.policies)
    scope.put(numbered(pipeline.name, execution.number), Lane(flow))


def ways(scope: Scope, pipeline: str) -> list[Way]:
    """Every way on which something may be under way."""
    line = scope.get(Line, pipeline)
    return [] if line is None else [Way(pipeline), *(Way(pipeline, number) for number in line.lanes)]


def full(scope: Scope, pipeline: Pipeline) -> bool:
    """Whether one more execution would be more than AWS takes."""
    line = scope.get(Line, pipeline.name)
    if line is None or pipeline.declaration.execution_mode == "SUPERSEDED":
        return False
    if pipeline.declaration.execution_mode == PARALLEL:
        return len(line.lanes) >= MOST
    return len(line.flow.active()) >= MOST


def _shown(before: dict[str, StageRun], flow: Flow) -> dict[str, StageRun]:
    """What the pipeline's state shows of each stage: the run of the newest execution that came there."""
    shown = dict(before)
    for stage in flow.stages:
        run, there = stage.run, shown.get(stage.name)
        if run is not None and (there is None or run.visitor.number >= there.visitor.number):
            shown[stage.name] = run
    return shown
