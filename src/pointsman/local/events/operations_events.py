"""Answers about events themselves, patterns to try, and the one bus there is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from pointsman.local.answers import AwsError, Parameters, answers
from pointsman.local.events import bus
from pointsman.local.events.operations_rules import check_bus, invalid, read_pattern
from pointsman.local.events.rules import BUS
from pointsman.local.world import Scope

LARGEST: Final = 256 * 1024
"""Bytes that the entries of one PutEvents may have together."""
MOST_ENTRIES: Final = 10
_NEEDED: Final = ("Source", "DetailType", "Detail")
_EVENT: Final = ("id", "account", "source", "time", "region", "resources", "detail-type")
"""What an event to try a pattern on must have."""


@answers("events", "PutEvents")
def put_events(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Take events of the caller's own; an entry that cannot be fails alone."""
    entries = parameters["Entries"]
    if "EndpointId" in parameters:
        raise AwsError("NotImplemented", "Pointsman's backend has no global endpoints (EndpointId)", 501)
    if not 1 <= len(entries) <= MOST_ENTRIES:
        raise invalid(
            f"1 validation error detected: Value at 'entries' failed to satisfy constraint: "
            f"Member must have length less than or equal to {MOST_ENTRIES}"
        )
    if sum(_size(one) for one in entries) > LARGEST:
        raise invalid("Total size of the entries in the request is over the limit.")
    answered = [_take(scope, one) for one in entries]
    return {"FailedEntryCount": sum("ErrorCode" in one for one in answered), "Entries": answered}


def _size(entry: Parameters) -> int:
    said = (*(entry.get(key, "") for key in _NEEDED), *entry.get("Resources", ()))
    return (14 if "Time" in entry else 0) + sum(len(one.encode("utf-8", "replace")) for one in said)


def _take(scope: Scope, entry: Parameters) -> dict[str, str]:
    for key in _NEEDED:
        if not entry.get(key):
            return _failed("InvalidArgument", f"Parameter {key} is not valid. Reason: {key} is a required argument.")
    if entry["Source"].startswith("aws."):
        return _failed("NotAuthorizedForSourceException", "Not authorized for the source.")
    try:
        check_bus(scope, entry)
        detail = msgspec.json.decode(entry["Detail"])
    except AwsError as error:
        return _failed("InvalidArgument", error.message)
    except (msgspec.MsgspecError, RecursionError):
        detail = None
    if not isinstance(detail, dict):
        return _failed("MalformedDetail", "Detail is malformed.")
    when: datetime = entry.get("Time", scope.now)
    when = when if when.tzinfo is not None else when.replace(tzinfo=UTC)
    said = {
        "id": scope.world.uuid(),
        "detail-type": entry["DetailType"],
        "source": entry["Source"],
        "time": f"{when.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "resources": entry.get("Resources", []),
        "detail": detail,
    }
    scope.emit(bus.TOPIC, said)
    return {"EventId": said["id"]}


def _failed(code: str, message: str) -> dict[str, str]:
    return {"ErrorCode": code, "ErrorMessage": message}


@answers("events", "TestEventPattern")
def test_event_pattern(scope: Scope, parameters: Parameters) -> dict[str, Any]:  # noqa: ARG001 - needs no state
    """Whether a pattern matches an event."""
    pattern = read_pattern(parameters["EventPattern"])
    try:
        event = msgspec.json.decode(parameters["Event"])
    except (msgspec.MsgspecError, RecursionError):
        event = None
    if not isinstance(event, dict):
        raise invalid("Parameter Event is not valid. Reason: it is not a JSON object.")
    missing = [key for key in _EVENT if key not in event]
    if missing:
        raise invalid(f"Parameter Event is not valid. Reason: it has no {', '.join(missing)}.")
    return {"Result": pattern.matches(event)}


def _bus(scope: Scope) -> dict[str, Any]:
    return {"Name": BUS, "Arn": scope.arn("events", f"event-bus/{BUS}")}


@answers("events", "DescribeEventBus")
def describe_event_bus(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """The default bus."""
    check_bus(scope, parameters, "Name")
    return _bus(scope)


@answers("events", "ListEventBuses")
def list_event_buses(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """The default bus, where a prefix does not leave it out."""
    return {"EventBuses": [_bus(scope)] if BUS.startswith(parameters.get("NamePrefix", "")) else []}
