"""Answers about log groups."""

from __future__ import annotations

import re
from itertools import islice
from typing import Any

import msgspec

from pointsman.local.answers import AwsError, Parameters, answers
from pointsman.local.logs import filters, retention, table
from pointsman.local.logs.names import RETENTION, LogGroup, group_of, invalid, make_group, plain
from pointsman.local.world import Scope

_PAGE = 50


@answers("logs", "CreateLogGroup")
def create_log_group(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Make a group."""
    name = parameters["logGroupName"]
    if scope.get(LogGroup, name) is not None:
        raise AwsError("ResourceAlreadyExistsException", "The specified log group already exists")
    make_group(
        scope,
        name,
        key_id=parameters.get("kmsKeyId", ""),
        group_class=parameters.get("logGroupClass", "STANDARD"),
        tags=parameters.get("tags", {}),
    )
    return {}


@answers("logs", "DeleteLogGroup")
def delete_log_group(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Remove a group with its streams and events."""
    group = group_of(scope, parameters["logGroupName"])
    for stream in table.list_streams(scope, group.name, after=None, limit=-1):
        table.delete(scope, stream)
    filters.forget(scope, group.name)
    scope.delete(LogGroup, group.name)
    return {}


@answers("logs", "PutRetentionPolicy")
def put_retention_policy(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Say for how many days a group keeps its events."""
    group = group_of(scope, parameters["logGroupName"])
    days = parameters["retentionInDays"]
    if days not in RETENTION:
        raise invalid(
            f"1 validation error detected: Value '{days}' at 'retentionInDays' failed to satisfy constraint:"
            f" Member must satisfy enum value set: {sorted(RETENTION)}"
        )
    scope.put(group.name, msgspec.structs.replace(group, retention=days))
    retention.arm(scope, 0.0)
    return {}


@answers("logs", "DeleteRetentionPolicy")
def delete_retention_policy(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Keep a group's events for ever."""
    group = group_of(scope, parameters["logGroupName"])
    scope.put(group.name, msgspec.structs.replace(group, retention=0))
    return {}


@answers("logs", "DescribeLogGroups")
def describe_log_groups(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Groups by name, in pages."""
    prefix, pattern = parameters.get("logGroupNamePrefix", ""), parameters.get("logGroupNamePattern", "")
    if prefix and pattern:
        raise invalid("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.")
    limit = min(parameters.get("limit", _PAGE), _PAGE)
    wanted_class = parameters.get("logGroupClass", "")
    only = set(parameters.get("logGroupIdentifiers", ()))
    found = (
        group
        for _, group in scope.scan(LogGroup, prefix, after=parameters.get("nextToken"))
        if pattern.lower() in group.name.lower()
        and wanted_class in ("", group.group_class)
        and (not only or group.name in {plain(name) for name in only})
    )
    page = list(islice(found, limit + 1))
    answer: dict[str, Any] = {"logGroups": [_shape(scope, group) for group in page[:limit]]}
    if len(page) > limit:
        answer["nextToken"] = page[limit - 1].name
    return answer


_NAMES = re.compile(r"\^?[.\-_/#A-Za-z0-9]{3,24}(?:\|\^?[.\-_/#A-Za-z0-9]{3,24}){0,4}")
_MOST_LISTED = 1000


@answers("logs", "ListLogGroups")
def list_log_groups(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Groups by name, in pages: of a class, and with one of some texts in their names (``^`` at the beginning)."""
    pattern, wanted_class = parameters.get("logGroupNamePattern", ""), parameters.get("logGroupClass", "")
    if pattern and not _NAMES.fullmatch(pattern):
        raise invalid(f"Value '{pattern}' at 'logGroupNamePattern' failed to satisfy constraint")
    texts = pattern.split("|") if pattern else []
    found = (
        group
        for _, group in scope.scan(LogGroup, after=parameters.get("nextToken"))
        if wanted_class in ("", group.group_class) and (not texts or any(_named(group.name, one) for one in texts))
    )
    limit = min(parameters.get("limit", _PAGE), _MOST_LISTED)
    page = list(islice(found, limit + 1))
    answer: dict[str, Any] = {
        "logGroups": [
            {
                "logGroupName": one.name,
                "logGroupArn": scope.arn("logs", f"log-group:{one.name}"),
                "logGroupClass": one.group_class,
            }
            for one in page[:limit]
        ]
    }
    if len(page) > limit:
        answer["nextToken"] = page[limit - 1].name
    return answer


def _named(name: str, text: str) -> bool:
    return name.startswith(text[1:]) if text.startswith("^") else text in name


def _shape(scope: Scope, group: LogGroup) -> dict[str, Any]:
    arn = scope.arn("logs", f"log-group:{group.name}")
    shape: dict[str, Any] = {
        "logGroupName": group.name,
        "creationTime": group.created,
        "metricFilterCount": filters.count(scope, group.name),
        "arn": f"{arn}:*",
        "logGroupArn": arn,
        "storedBytes": table.stored(scope, group.name),
        "logGroupClass": group.group_class,
    }
    if group.retention:
        shape["retentionInDays"] = group.retention
    if group.key_id:
        shape["kmsKeyId"] = group.key_id
    return shape


def _tagged(scope: Scope, arn: str) -> LogGroup:
    if ":log-group:" not in arn:
        raise invalid(f"{arn} is not the ARN of a log group")
    return group_of(scope, plain(arn))


@answers("logs", "TagResource")
def tag_resource(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Set tags on a group."""
    group = _tagged(scope, parameters["resourceArn"])
    scope.put(group.name, msgspec.structs.replace(group, tags={**group.tags, **parameters["tags"]}))
    return {}


@answers("logs", "UntagResource")
def untag_resource(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Take tags off a group."""
    group = _tagged(scope, parameters["resourceArn"])
    gone = set(parameters["tagKeys"])
    kept = {key: value for key, value in group.tags.items() if key not in gone}
    scope.put(group.name, msgspec.structs.replace(group, tags=kept))
    return {}


@answers("logs", "ListTagsForResource")
def list_tags_for_resource(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """A group's tags."""
    return {"tags": dict(_tagged(scope, parameters["resourceArn"]).tags)}


@answers("logs", "TagLogGroup")
def tag_log_group(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Set tags on a group, by its name."""
    group = group_of(scope, parameters["logGroupName"])
    scope.put(group.name, msgspec.structs.replace(group, tags={**group.tags, **parameters["tags"]}))
    return {}


@answers("logs", "UntagLogGroup")
def untag_log_group(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Take tags off a group, by its name."""
    group = group_of(scope, parameters["logGroupName"])
    kept = {key: value for key, value in group.tags.items() if key not in set(parameters["tags"])}
    scope.put(group.name, msgspec.structs.replace(group, tags=kept))
    return {}


@answers("logs", "ListTagsLogGroup")
def list_tags_log_group(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """A group's tags, by its name."""
    return {"tags": dict(group_of(scope, parameters["logGroupName"]).tags)}
