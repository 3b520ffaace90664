"""Settings of X-Ray in an account and region: encryption, where segments go, indexing; and tags by ARN."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from pointsman.local.answers import AwsError, Parameters, answers
from pointsman.local.world import Scope
from pointsman.local.xray import groups, sampling, tags
from pointsman.local.xray.names import invalid, missing, moment

_SETTLES: Final = 10.0
"""Seconds that a change of the encryption is under way."""
_KEY: Final = "xray"
_RULE: Final = "Default"


class Encryption(msgspec.Struct, frozen=True):
    """How traces are said to be encrypted; here they are not."""

    type: str = "NONE"
    key_id: str = ""
    changed: float = -_SETTLES


class Indexing(msgspec.Struct, frozen=True):
    """The share of spans that is indexed of what comes by way of CloudWatch Logs."""

    percentage: float = 1.0
    modified: float = 0.0


@answers("xray", "GetEncryptionConfig")
def get_encryption_config(scope: Scope, _: Parameters) -> dict[str, Any]:
    """How traces are said to be encrypted."""
    return {"EncryptionConfig": _encryption(scope)}


@answers("xray", "PutEncryptionConfig")
def put_encryption_config(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Say how traces are to be encrypted."""
    kind, key_id = parameters["Type"], parameters.get("KeyId", "")
    if kind not in ("NONE", "KMS"):
        raise invalid(f"The encryption type {kind} is not one of NONE, KMS.")
    if kind == "KMS" and not key_id:
        raise invalid("Encryption of type KMS requires a KeyId.")
    if kind == "NONE" and key_id:
        raise invalid("Encryption of type NONE takes no KeyId.")
    scope.put(_KEY, Encryption(kind, key_id, scope.now.timestamp()))
    return {"EncryptionConfig": _encryption(scope)}


def _encryption(scope: Scope) -> dict[str, Any]:
    found = scope.get(Encryption, _KEY) or Encryption()
    changing = scope.now.timestamp() - found.changed < _SETTLES
    shape = {"Type": found.type, "Status": "UPDATING" if changing else "ACTIVE"}
    return {**shape, "KeyId": found.key_id} if found.key_id else shape


@answers("xray", "GetIndexingRules")
def get_indexing_rules(scope: Scope, _: Parameters) -> dict[str, Any]:
    """The one indexing rule there is."""
    return {"IndexingRules": [_indexing(scope)]}


@answers("xray", "UpdateIndexingRule")
def update_indexing_rule(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Change the share of spans that is indexed."""
    if parameters["Name"] != _RULE:
        raise missing(f"Indexing rule not found: {parameters['Name']}")
    percentage = parameters["Rule"].get("Probabilistic", {}).get("DesiredSamplingPercentage")
    if percentage is None or not 0 <= percentage <= 100:
        raise invalid("DesiredSamplingPercentage must be between 0 and 100.")
    scope.put(_KEY, Indexing(float(percentage), scope.now.timestamp()))
    return {"IndexingRule": _indexing(scope)}


def _indexing(scope: Scope) -> dict[str, Any]:
    found = scope.get(Indexing, _KEY) or Indexing()
    share = {"DesiredSamplingPercentage": found.percentage, "ActualSamplingPercentage": found.percentage}
    return {"Name": _RULE, "ModifiedAt": moment(found.modified), "Rule": {"Probabilistic": share}}


@answers("xray", "GetTraceSegmentDestination")
def get_trace_segment_destination(_: Scope, __: Parameters) -> dict[str, Any]:
    """Where segments go: to X-Ray."""
    return {"Destination": "XRay", "Status": "ACTIVE"}


@answers("xray", "UpdateTraceSegmentDestination")
def update_trace_segment_destination(_: Scope, parameters: Parameters) -> dict[str, Any]:
    """Have segments go to X-Ray, where they go anyway."""
    if parameters.get("Destination", "XRay") != "XRay":
        raise AwsError("NotImplemented", "Pointsman's backend does not send segments to CloudWatch Logs", 501)
    return {"Destination": "XRay", "Status": "ACTIVE"}


# -- tags -------------------------------------------------------------------------------------------------------------


def _retag(scope: Scope, arn: str, change: tags.Change) -> dict[str, str]:
    owner = groups.retag if ":group/" in arn else sampling.retag
    return owner(scope, arn, change)


@answers("xray", "TagResource")
def tag_resource(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Set tags on a group or a sampling rule."""
    added = tags.given(parameters)
    _retag(scope, parameters["ResourceARN"], lambda former: tags.checked({**former, **added}))
    return {}


@answers("xray", "UntagResource")
def untag_resource(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Take tags off a group or a sampling rule."""
    gone = set(parameters["TagKeys"])
    _retag(
        scope,
        parameters["ResourceARN"],
        lambda former: {key: value for key, value in former.items() if key not in gone},
    )
    return {}


@answers("xray", "ListTagsForResource")
def list_tags_for_resource(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """The tags of a group or a sampling rule."""
    found = _retag(scope, parameters["ResourceARN"], dict)
    return {"Tags": [{"Key": key, "Value": value} for key, value in sorted(found.items())]}
