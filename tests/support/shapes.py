"""Judge answers by botocore's own output shapes, and make valid answers up."""

from __future__ import annotations

import io
from functools import cache
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.response import StreamingBody
from botocore.validate import ParamValidator

from pointsman.local.flows import Flow

_TOLD = {"MinimumHealthyHostsType": ("MOST_CONCURRENCY",)}
"""Values that a model's words promise and its enum leaves out."""


@cache
def service_model(service: str) -> Any:
    """The botocore model of a service; no session, which would ask for the user's profile."""
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


def problems(service: str, operation: str, answer: dict[str, Any]) -> str:
    """What botocore's output shape has against an answer, wrong, missing and unknown members; empty when nothing."""
    shape = service_model(service).operation_model(operation).output_shape
    bare = {key: value for key, value in answer.items() if key != "ResponseMetadata"}
    if shape is None:
        return "" if not bare else f"no output is modelled, but {sorted(bare)} came"
    for name, member in shape.members.items():
        if isinstance(bare.get(name), StreamingBody | io.IOBase) and member.type_name == "blob":
            bare[name] = b""
        if isinstance(bare.get(name), Flow) and member.serialization.get("eventstream"):
            bare[name] = {}  # its events are judged as they are taken
    report = ParamValidator().validate(_without_empty(bare, shape), shape)
    return str(report.generate_report()) if report.has_errors() else _unknown(bare, shape, "")


def _without_empty(value: Any, shape: Any) -> Any:
    """A structure without its empty lists: services answer ``[]`` where their models ask for one member at least."""
    kept = {}
    for key, inner in value.items():
        member = shape.members.get(key)
        if inner == [] and member is not None and member.type_name == "list" and member.metadata.get("min"):
            continue
        kept[key] = inner
    return kept


def _unknown(value: Any, shape: Any, path: str) -> str:
    if shape.type_name == "structure" and isinstance(value, dict):
        for key, inner in value.items():
            if key not in shape.members:
                return f"unknown member {path}.{key}"
            if found := _unknown(inner, shape.members[key], f"{path}.{key}"):
                return found
    if shape.type_name == "list" and isinstance(value, list):
        for index, inner in enumerate(value):
            if found := _unknown(inner, shape.member, f"{path}[{index}]"):
                return found
    if shape.type_name == "map" and isinstance(value, dict):
        for key, inner in value.items():
            if found := _unknown(inner, shape.value, f"{path}.{key}"):
                return found
    known = [*getattr(shape, "enum", ()), *_TOLD.get(shape.name, ())]
    if shape.type_name == "string" and shape.enum and value not in known:
        return f"{path}: {value!r} is not one of {shape.enum}"
    return ""
