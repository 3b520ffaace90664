"""Datapoints that other engines tell of: what metric filters and embedded metrics find in log events."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Final

from pointsman.local.answers import AwsError
from pointsman.local.cloudwatch import intake
from pointsman.local.world import Payload, Scope

log = logging.getLogger("pointsman.local")

DATUM: Final = "cloudwatch.datum"
"""``namespace``, ``name``, ``value``, ``unit``, ``dimensions`` (name -> value), ``timestamp`` (milliseconds)."""


def came(scope: Scope, payload: Payload) -> None:
    """Keep it as PutMetricData would; what that would refuse is passed over, and the events it was found in stay."""
    datum = {
        "MetricName": payload["name"],
        "Value": payload["value"],
        "Unit": payload["unit"],
        "Timestamp": datetime.fromtimestamp(payload["timestamp"] / 1000, UTC),
        "Dimensions": [{"Name": name, "Value": value} for name, value in payload["dimensions"].items()],
    }
    try:
        intake.keep(scope, payload["namespace"], [datum])
    except AwsError as error:
        log.warning("a datapoint of %s %s was passed over: %s", payload["namespace"], payload["name"], error.message)
