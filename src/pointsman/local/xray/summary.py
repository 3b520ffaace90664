"""A trace's summary as ``GetTraceSummaries`` tells it, kept ready as JSON."""

from __future__ import annotations

from typing import Any

import msgspec

from pointsman.local.xray.names import moment
from pointsman.semantics.traces.assembly import ERROR, FAULT
from pointsman.semantics.traces.causes import Causes
from pointsman.semantics.traces.facts import Facts, Http, Service, Value
from pointsman.semantics.traces.filter_match import cause_shape


def encode(trace_id: str, about: Facts, found: Causes) -> bytes:
    """The summary of a trace; its times are seconds."""
    shape: dict[str, Any] = {
        "Id": trace_id,
        "StartTime": about.start,
        "Duration": about.duration,
        "HasFault": bool(about.flags & FAULT),
        "HasError": bool(about.flags & ERROR),
        "HasThrottle": about.throttled,
        "IsPartial": about.partial,
        "Http": _http(about.http),
        "Annotations": _annotations(about),
        "Users": [{"UserName": one.value, "ServiceIds": _services(one.services)} for one in about.users],
        "ServiceIds": _services(about.services),
        "ResourceARNs": [{"ARN": arn} for arn in about.arns],
        "InstanceIds": [{"Id": one} for one in about.instances],
        "AvailabilityZones": [{"Name": one} for one in about.zones],
        "FaultRootCauses": [cause_shape(one, "fault") for one in found.fault],
        "ErrorRootCauses": [cause_shape(one, "error") for one in found.error],
        "ResponseTimeRootCauses": [cause_shape(one, "responsetime") for one in found.response],
    }
    if about.response is not None:
        shape["ResponseTime"] = about.response
    if about.entry is not None:
        shape["EntryPoint"] = service_id(about.entry)
    return msgspec.json.encode(shape)


def decode(body: bytes, revision: int) -> dict[str, Any]:
    """A summary in botocore's shape."""
    shape: dict[str, Any] = msgspec.json.decode(body)
    shape["StartTime"] = moment(shape["StartTime"])
    shape["Revision"] = revision
    return shape


def service_id(service: Service) -> dict[str, Any]:
    """A service as summaries name it."""
    shape: dict[str, Any] = {"Name": service.name, "Names": [service.name]}
    if service.account:
        shape["AccountId"] = service.account
    if service.type:
        shape["Type"] = service.type
    return shape


def _services(services: tuple[Service, ...]) -> list[dict[str, Any]]:
    return [service_id(one) for one in services]


def _http(http: Http) -> dict[str, Any]:
    told = {
        "HttpURL": http.url,
        "HttpMethod": http.method,
        "UserAgent": http.agent,
        "ClientIp": http.client,
        "HttpStatus": http.status,
    }
    return {key: value for key, value in told.items() if value not in ("", None)}


def _annotations(about: Facts) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for one in about.annotations:
        found.setdefault(one.key, []).append(
            {"AnnotationValue": _value(one.value), "ServiceIds": _services(one.services)}
        )
    return found


def _value(value: Value) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"BooleanValue": value}
    return {"StringValue": value} if isinstance(value, str) else {"NumberValue": value}
