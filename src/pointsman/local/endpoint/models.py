"""botocore's service models, loaded when they are first asked for."""

from __future__ import annotations

from functools import cache
from typing import Any

from pointsman.local.botodata import loader, service_model

__all__ = ["error_shapes", "known_services", "operation_model", "protocols", "service_model"]


@cache
def operation_model(service: str, operation: str) -> Any:
    """The model of an operation; botocore's OperationNotFoundError when there is none."""
    return service_model(service).operation_model(operation)


@cache
def known_services() -> frozenset[str]:
    """Every service botocore has a model of."""
    return frozenset(loader().list_available_services("service-2"))


@cache
def protocols(service: str) -> tuple[str, ...]:
    """The wire protocols a service speaks."""
    metadata = service_model(service).metadata
    return tuple(metadata.get("protocols") or (metadata["protocol"],))


@cache
def error_shapes(service: str) -> dict[str, Any]:
    """The service's modelled errors by name and by code."""
    found: dict[str, Any] = {}
    for shape in service_model(service).error_shapes:
        found.setdefault(shape.error_code, shape)
        found[shape.name] = shape
    return found
