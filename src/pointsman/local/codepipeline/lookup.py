"""What every answer needs: finding things or AWS's error for their absence, who asks, and paging."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from pointsman.local.answers import AwsError, Parameters
from pointsman.local.codepipeline.declaration import StageDeclaration
from pointsman.local.codepipeline.flow import ACTIVE
from pointsman.local.codepipeline.lanes import MOST, full
from pointsman.local.codepipeline.runs import find_execution
from pointsman.local.codepipeline.shapes import Execution, Line, Pipeline
from pointsman.local.world import Scope

TAGS = 50
"""The most tags a resource may have."""


def caller(scope: Scope) -> str:
    """The ARN of who asks: the backend has one user."""
    return f"arn:aws:iam::{scope.account}:user/local"


def pipeline_of(scope: Scope, name: str) -> Pipeline:
    """The pipeline, or PipelineNotFoundException."""
    pipeline = scope.get(Pipeline, name)
    if pipeline is None:
        raise AwsError(
            "PipelineNotFoundException", f"Account '{scope.account}' does not have a pipeline with name '{name}'"
        )
    return pipeline


def line_of(scope: Scope, name: str) -> Line:
    """The pipeline's live state, or PipelineNotFoundException."""
    line = scope.get(Line, name)
    if line is None:
        pipeline_of(scope, name)
        raise AwsError("PipelineNotFoundException", f"The state of pipeline '{name}' is gone")
    return line


def stage_of(scope: Scope, pipeline: Pipeline, name: str) -> StageDeclaration:
    """The stage, or StageNotFoundException."""
    stage = pipeline.declaration.stage(name)
    if stage is None:
        raise AwsError(
            "StageNotFoundException",
            f"Account '{scope.account}' does not have a stage with name '{name}' in pipeline '{pipeline.name}'",
        )
    return stage


def execution_of(scope: Scope, pipeline: Pipeline, execution_id: str) -> Execution:
    """The execution, or PipelineExecutionNotFoundException."""
    execution = find_execution(scope, pipeline.name, execution_id)
    if execution is None:
        raise AwsError(
            "PipelineExecutionNotFoundException",
            f"Account '{scope.account}' does not have a pipeline execution with id '{execution_id}' in pipeline"
            f" '{pipeline.name}'",
        )
    return execution


def newest_execution(scope: Scope, pipeline: Pipeline) -> Execution | None:
    """The execution that started last."""
    return next((one for _, one in scope.scan(Execution, f"{pipeline.name}/", reverse=True, limit=1)), None)


def room_for(scope: Scope, pipeline: Pipeline, execution_id: str = "") -> None:
    """See that one more execution may be under way.

    Args:
        scope: Where.
        pipeline: Whose.
        execution_id: The execution that is to go on; empty for one that starts.

    Raises:
        AwsError: ConcurrentPipelineExecutionsLimitExceededException.
    """
    known = find_execution(scope, pipeline.name, execution_id) if execution_id else None
    if known is not None and known.status in ACTIVE:
        return
    if full(scope, pipeline):
        mode = pipeline.declaration.execution_mode
        raise AwsError(
            "ConcurrentPipelineExecutionsLimitExceededException",
            f"The pipeline '{pipeline.name}' has reached the limit of {MOST} concurrent executions in {mode} mode",
        )


def token(place: str) -> str:
    """The token of the page that begins behind a place."""
    return base64.urlsafe_b64encode(place.encode()).decode()


def place_of(parameters: Parameters) -> str | None:
    """The place a request's ``nextToken`` stands for; None without one.

    Raises:
        AwsError: InvalidNextTokenException.
    """
    given = parameters.get("nextToken")
    if given is None:
        return None
    try:
        return base64.b64decode(given.encode(), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise AwsError("InvalidNextTokenException", "The next token is invalid") from None


def number_of(parameters: Parameters) -> int | None:
    """The number a request's ``nextToken`` stands for; None without one."""
    place = place_of(parameters)
    if place is None:
        return None
    if not place.isdecimal():
        raise AwsError("InvalidNextTokenException", "The next token is invalid")
    return int(place)


def paged(answer: dict[str, Any], more: str | int | None) -> dict[str, Any]:
    """An answer with the token of its next page, if there is more."""
    if more is not None:
        answer["nextToken"] = token(str(more))
    return answer


def tags_of(before: dict[str, str], given: list[dict[str, str]]) -> dict[str, str]:
    """Tags with those of a request added.

    Raises:
        AwsError: InvalidTagsException, TooManyTagsException.
    """
    tags = dict(before)
    for tag in given:
        if tag["key"].lower().startswith("aws:"):
            raise AwsError("InvalidTagsException", f"Tag keys cannot begin with aws: ({tag['key']})")
        tags[tag["key"]] = tag["value"]
    if len(tags) > TAGS:
        raise AwsError("TooManyTagsException", f"A resource cannot have more than {TAGS} tags")
    return tags


def tag_list(tags: dict[str, str]) -> list[dict[str, str]]:
    """Tags as AWS shows them, by key."""
    return [{"key": key, "value": tags[key]} for key in sorted(tags)]
