"""Answers about log streams."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from pointsman.local.answers import AwsError, Parameters, answers
from pointsman.local.logs import table
from pointsman.local.logs.names import check_stream, group_of, invalid, plain
from pointsman.local.world import Scope

_PAGE = 50


def stream_of(scope: Scope, group: str, name: str) -> table.Stream:
    """The stream of a group, or ResourceNotFoundException, which names the group first."""
    group_of(scope, group)
    stream = table.find(scope, group, name)
    if stream is None:
        raise AwsError("ResourceNotFoundException", "The specified log stream does not exist.")
    return stream


@answers("logs", "CreateLogStream")
def create_log_stream(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Make a stream."""
    group, name = group_of(scope, parameters["logGroupName"]), parameters["logStreamName"]
    check_stream(name)
    if table.find(scope, group.name, name) is not None:
        raise AwsError("ResourceAlreadyExistsException", "The specified log stream already exists")
    table.create(scope, group.name, name)
    return {}


@answers("logs", "DeleteLogStream")
def delete_log_stream(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Remove a stream and its events."""
    table.delete(scope, stream_of(scope, parameters["logGroupName"], parameters["logStreamName"]))
    return {}


@answers("logs", "DescribeLogStreams")
def describe_log_streams(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """A group's streams by name or by last event, in pages."""
    group = group_of(scope, plain(parameters.get("logGroupName") or parameters.get("logGroupIdentifier", "")))
    prefix = parameters.get("logStreamNamePrefix", "")
    by_time = parameters.get("orderBy", "LogStreamName") == "LastEventTime"
    if by_time and prefix:
        raise invalid("Cannot order by LastEventTime with a logStreamNamePrefix.")
    limit = min(parameters.get("limit", _PAGE), _PAGE)
    streams = table.list_streams(
        scope,
        group.name,
        prefix=prefix,
        by_time=by_time,
        descending=parameters.get("descending", False),
        after=_position(parameters.get("nextToken"), by_time=by_time),
        limit=limit + 1,
    )
    answer: dict[str, Any] = {"logStreams": [_shape(scope, group.name, stream) for stream in streams[:limit]]}
    if len(streams) > limit:
        last = streams[limit - 1]
        position = [last.last, last.name] if by_time else last.name
        answer["nextToken"] = base64.urlsafe_b64encode(json.dumps(position).encode()).decode()
    return answer


def _position(token: str | None, *, by_time: bool) -> Any:
    if token is None:
        return None
    try:
        position = json.loads(base64.urlsafe_b64decode(token))
    except (binascii.Error, ValueError):
        position = None
    if not isinstance(position, list if by_time else str):
        raise invalid("The specified nextToken is invalid.")
    return position


def _shape(scope: Scope, group: str, stream: table.Stream) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "logStreamName": stream.name,
        "creationTime": stream.created,
        "arn": scope.arn("logs", f"log-group:{group}:log-stream:{stream.name}"),
        "storedBytes": 0,  # what AWS has answered for a stream since June 2019, whatever it holds
    }
    if stream.first is not None and stream.ingested is not None:
        shape["firstEventTimestamp"] = stream.first
        shape["lastEventTimestamp"] = stream.last
        shape["lastIngestionTime"] = stream.ingested
        shape["uploadSequenceToken"] = f"{stream.id:024d}{stream.next:032d}"
    return shape
