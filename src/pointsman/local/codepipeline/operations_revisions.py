"""The answer to sources that report their revisions themselves."""

from __future__ import annotations

from typing import Any

from pointsman.local.answers import AwsError, Parameters, answers
from pointsman.local.codepipeline.constraints import check
from pointsman.local.codepipeline.driver import begin
from pointsman.local.codepipeline.lookup import newest_execution, pipeline_of, room_for, stage_of
from pointsman.local.codepipeline.shapes import Watched
from pointsman.local.world import Scope


@answers("codepipeline", "PutActionRevision")
def put_action_revision(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """A source has a revision: one that was not seen before starts an execution."""
    check("PutActionRevision", parameters)
    pipeline = pipeline_of(scope, parameters["pipelineName"])
    stage = stage_of(scope, pipeline, parameters["stageName"])
    action = stage.action(parameters["actionName"])
    if action is None:
        raise AwsError(
            "ActionNotFoundException",
            f"Stage '{stage.name}' of pipeline '{pipeline.name}' does not have an action with name"
            f" '{parameters['actionName']}'",
        )
    if action.action_type_id.category != "Source":
        raise AwsError("ValidationException", f"Action '{action.name}' is not a source action")
    key = f"{pipeline.name}/{stage.name}/{action.name}"
    revision = parameters["actionRevision"]["revisionId"]
    known = scope.get(Watched, key)
    if known is not None and known.revision == revision:
        latest = newest_execution(scope, pipeline)
        return {"newRevision": False, **({"pipelineExecutionId": latest.id} if latest is not None else {})}
    room_for(scope, pipeline)
    if pipeline.declaration.undefaulted:
        missing = ", ".join(pipeline.declaration.undefaulted)
        raise AwsError("ValidationException", f"The variable(s) {missing} have no default value")
    scope.put(key, Watched(revision, scope.now))
    started = begin(scope, pipeline, "PutActionRevision", action.name)
    return {"newRevision": True, "pipelineExecutionId": started.id}
