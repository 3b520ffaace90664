"""Tags of alarms, mute rules and dashboards."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from pointsman.local.answers import AwsError, Parameters, answers
from pointsman.local.cloudwatch import alarms, dashboards
from pointsman.local.cloudwatch.alarms import Alarm
from pointsman.local.cloudwatch.dashboards import Dashboard
from pointsman.local.cloudwatch.errors import check_tags, wrong_value
from pointsman.local.cloudwatch.mutes import MuteRule
from pointsman.local.world import Scope


def _find(scope: Scope, arn: str) -> Alarm | Dashboard | MuteRule:
    parts = arn.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn" or parts[2] != "cloudwatch":
        raise wrong_value(f"Invalid ARN: {arn}")
    found: Alarm | Dashboard | MuteRule | None = None
    if parts[4] == scope.account:
        if parts[5].startswith("alarm:") and parts[3] == scope.region:
            found = alarms.find(scope, arn)
        elif parts[5].startswith("alarm-mute-rule:") and parts[3] == scope.region:
            found = scope.get(MuteRule, parts[5].removeprefix("alarm-mute-rule:"))
        elif parts[5].startswith("dashboard/"):
            found = dashboards.home(scope).get(Dashboard, parts[5].removeprefix("dashboard/"))
    if found is None:
        kind, _, name = parts[5].replace("/", ":", 1).partition(":")
        raise AwsError(
            "ResourceNotFoundException", f"There is no {kind} {name}", 404, ResourceId=name, ResourceType=kind
        )
    return found


def _keep(scope: Scope, found: Alarm | Dashboard | MuteRule, tags: dict[str, str]) -> None:
    check_tags(tags)
    home = dashboards.home(scope) if isinstance(found, Dashboard) else scope
    home.put(found.name, replace(found, tags=tags))


@answers("cloudwatch", "ListTagsForResource")
def list_tags_for_resource(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """A resource's tags."""
    found = _find(scope, parameters["ResourceARN"])
    return {"Tags": [{"Key": key, "Value": value} for key, value in sorted(found.tags.items())]}


@answers("cloudwatch", "TagResource")
def tag_resource(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Add tags, or change them."""
    found = _find(scope, parameters["ResourceARN"])
    _keep(scope, found, {**found.tags, **{one["Key"]: one["Value"] for one in parameters["Tags"]}})
    return {}


@answers("cloudwatch", "UntagResource")
def untag_resource(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Remove tags."""
    found = _find(scope, parameters["ResourceARN"])
    _keep(scope, found, {key: value for key, value in found.tags.items() if key not in parameters["TagKeys"]})
    return {}
