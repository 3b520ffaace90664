"""Subscriptions: matching events handed to a function of the world file, as Lambda gets them."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Sequence
from typing import Any

import msgspec

from pointsman.local.logs import filters, table
from pointsman.local.logs.names import invalid
from pointsman.local.world import Scope

DELIVERED = "logs.delivered"


def check(scope: Scope, group: str, destination: str) -> None:
    """Refuse a destination that nothing here can be delivered to."""
    from pointsman.local.functions.functions import ready  # that module writes its output with this one

    if ":function:" not in destination or not destination.startswith("arn:"):
        raise invalid(f"{destination} is no function's ARN: events are delivered to functions that a world file names")
    function = ready(scope, destination)
    if function is None:
        raise invalid(
            "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute your"
            f" function. ({destination} is not under functions: in a world file)"
        )
    if group == f"/aws/lambda/{function.name}":
        raise invalid(f"the function {function.name} writes to {group}: it would be called by its own output for ever")


def deliver(
    scope: Scope, subscription: filters.SubscriptionFilter, stream: str, events: Sequence[tuple[int, str]]
) -> None:
    """Call the function with events that were just stored, the last ones of their stream."""
    from pointsman.local.functions.functions import invoke, ready

    function = ready(scope, subscription.destination)
    if function is None:
        return
    found = table.find(scope, subscription.group, stream)
    number = 0 if found is None else found.id
    message = {
        "messageType": "DATA_MESSAGE",
        "owner": scope.account,
        "logGroup": subscription.group,
        "logStream": stream,
        "subscriptionFilters": [subscription.name],
        "logEvents": [
            {"id": f"{time:024d}{number:016d}{index:016d}", "timestamp": time, "message": text}
            for index, (time, text) in enumerate(events)
        ],
    }
    packed = gzip.compress(msgspec.json.encode(message), mtime=0)
    event: dict[str, Any] = {"awslogs": {"data": base64.b64encode(packed).decode()}}
    invoke(scope, function, event, DELIVERED, {"function": function.name})
