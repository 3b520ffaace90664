"""Answers about the tags of pipelines, webhooks and custom action types."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from pointsman.local.answers import AwsError, Parameters, answers
from pointsman.local.codepipeline.action_types import CustomActionType
from pointsman.local.codepipeline.constraints import check
from pointsman.local.codepipeline.lookup import paged, place_of, tag_list, tags_of
from pointsman.local.codepipeline.shapes import Pipeline
from pointsman.local.codepipeline.webhooks import PipelineWebhook
from pointsman.local.world import Scope

Tagged = Pipeline | PipelineWebhook | CustomActionType


@answers("codepipeline", "TagResource")
def tag_resource(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Add tags, or give them new values."""
    check("TagResource", parameters)
    key, found = _by_arn(scope, parameters["resourceArn"])
    scope.put(key, replace(found, tags=tags_of(found.tags, parameters["tags"])))
    return {}


@answers("codepipeline", "UntagResource")
def untag_resource(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Remove tags; keys that are not there are no error."""
    check("UntagResource", parameters)
    key, found = _by_arn(scope, parameters["resourceArn"])
    kept = {name: value for name, value in found.tags.items() if name not in parameters["tagKeys"]}
    scope.put(key, replace(found, tags=kept))
    return {}


@answers("codepipeline", "ListTagsForResource")
def list_tags_for_resource(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """A resource's tags, by key."""
    check("ListTagsForResource", parameters)
    _, resource = _by_arn(scope, parameters["resourceArn"])
    after, most = place_of(parameters) or "", parameters.get("maxResults", 100)
    found = [tag for tag in tag_list(resource.tags) if tag["key"] > after]
    return paged({"tags": found[:most]}, found[most - 1]["key"] if len(found) > most else None)


def _by_arn(scope: Scope, arn: str) -> tuple[str, Tagged]:
    """The resource of an ARN, with its record's key."""
    fields = arn.split(":", 5)
    if fields[2] != "codepipeline" or not fields[5]:
        raise AwsError("InvalidArnException", f"The ARN {arn} is not that of a CodePipeline resource")
    kind, _, name = fields[5].partition(":")
    key = fields[5]
    found: Tagged | None = None
    if kind == "webhook":
        key, found = name, scope.get(PipelineWebhook, name)
    elif kind == "actiontype":
        key = "/".join(name.split("/")[1:])
        custom = scope.get(CustomActionType, key)
        found = custom if custom is not None and not custom.deleted else None
    elif not name:
        found = scope.get(Pipeline, kind)
    if found is None or fields[3] != scope.region or fields[4] != scope.account:
        raise AwsError("ResourceNotFoundException", f"The resource {arn} was not found")
    return key, found
