"""Ways to a rule's targets: each service that can be one says how it is reached.

What is here knows topics, log groups and functions; engines that nothing beneath them may know add themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from pointsman.local.answers import AwsError
from pointsman.local.botodata import service_model
from pointsman.local.world import Scope


class Given(Struct, frozen=True):
    """What a target gets."""

    rule: str
    """The rule's name."""
    rule_arn: str
    target: str
    """The target's id."""
    event: Mapping[str, Any]
    """The event, whole."""
    text: str
    """What the target is given of it."""
    chosen: bool
    """Whether that is a constant, a part or a transformed text, and not the event itself."""


Way = Callable[[Scope, str, Given], None]
"""Reaches a target by its ARN; raises AwsError when it cannot."""


class Ways:
    """Every way of a world, by the service in a target's ARN."""

    def __init__(self) -> None:
        self._ways: dict[str, Way] = {}

    def add(self, service: str, way: Way) -> None:
        """Have a service's resources be targets."""
        self._ways[service] = way

    def find(self, arn: str) -> Way | None:
        """The way to an ARN's service."""
        return self._ways.get(arn.split(":", 3)[2])

    def services(self) -> list[str]:
        """The services that can be targets."""
        return sorted(self._ways)


def parameters(given: Given, service: str, operation: str, **fixed: Any) -> dict[str, Any]:
    """The parameters of a call that a target's text asks for: an event itself asks for nothing.

    Args:
        given: What the target got.
        service: botocore's name.
        operation: The call.
        fixed: What the text has no say in.

    Raises:
        AwsError: ValidationException: the text is no JSON object, or does not fit the call.
    """
    from botocore.validate import ParamValidator

    if not given.chosen:
        return dict(fixed)
    try:
        wanted = msgspec.json.decode(given.text)
    except (msgspec.MsgspecError, RecursionError):
        wanted = None
    if not isinstance(wanted, dict):
        raise AwsError("ValidationException", f"{operation} takes a JSON object from a rule, not {given.text[:100]!r}")
    shape = service_model(service).operation_model(operation).input_shape
    found = {name: value for name, value in wanted.items() if name in shape.members} | fixed
    report = ParamValidator().validate(found, shape)
    if report.has_errors():
        raise AwsError("ValidationException", " ".join(report.generate_report().split()))
    return found
