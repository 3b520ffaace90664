"""What every protocol's errors share: the modelled shape, the HTTP status, who is to blame."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from pointsman.local.answers import AwsError
from pointsman.local.endpoint.models import error_shapes, service_model


class Failure(Struct, frozen=True):
    """An error, seen with its service's model."""

    code: str
    """What the service calls it in query and XML, and in ``x-amzn-query-error``."""
    name: str
    """What ``__type`` says: the shape's name."""
    message: str
    status: int
    members: dict[str, Any]
    shape: Any
    """The modelled shape, or None."""

    @property
    def blame(self) -> str:
        """``Sender`` or ``Receiver``."""
        return "Receiver" if self.status >= 500 else "Sender"

    def parameters(self) -> dict[str, Any]:
        """The members of the modelled shape, the message among them."""
        found = dict(self.members)
        if self.shape is not None:
            for name in message_names(self.shape.members):
                found.setdefault(name, self.message)
        return found


def message_names(members: Iterable[str]) -> list[str]:
    """Which members carry the message: services spell it as they please."""
    return [name for name in members if name.lower() in ("message", "errormessage")]


def seen(service: str | None, error: AwsError) -> Failure:
    """An error with what its service's model says about it."""
    members = {name: value for name, value in error.members.items() if name != "request_id"}
    shape = error_shapes(service).get(error.code) if service else None
    status = error.status
    if shape is None:
        name = error.code
        if service and service_model(service).is_query_compatible and error.code == "ValidationError":
            name = "ValidationException"
        return Failure(error.code, name, error.message, status, members, None)
    if status == 400:
        status = int((shape.metadata.get("error") or {}).get("httpStatusCode", 400))
    return Failure(shape.error_code, shape.name, error.message, status, members, shape)
