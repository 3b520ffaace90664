"""Where a service of a map leads: its logs, its metrics, its traces, its alarms."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.message import Message

from pointsman.console.present.text import clean
from pointsman.console.screens.wishes import CommandAsked, Opened, PickAsked
from pointsman.model.alarms import Alarm
from pointsman.model.refs import LogGroupRef
from pointsman.semantics.traces.facts import Service

__all__ = ["alarms_of", "logs_of", "metrics_of"]

_FUNCTION = "AWS::Lambda::Function"


def logs_of(service: Service) -> Message:
    """A function's own log group, else the groups with the service's name."""
    if service.type == _FUNCTION:
        return Opened(LogGroupRef(f"/aws/lambda/{service.name}"))
    return CommandAsked("logs", service.name)


def metrics_of(service: Service) -> Message:
    """Metrics with its name."""
    return CommandAsked("metrics", service.name)


def alarms_of(service: Service, alarms: Sequence[Alarm], post: Callable[[Message], object]) -> None:
    """Into the one alarm that watches a service, or a choice of several.

    Args:
        service: The service.
        alarms: Those that watch it, worst first.
        post: Sends a message of the screen.
    """
    if len(alarms) == 1:
        post(Opened(alarms[0].ref))
        return
    lines = {(clean(one.ref.name), f"{one.state}  {clean(one.description or one.reason)}"): one for one in alarms}

    def picked(line: tuple[str, str]) -> None:
        post(Opened(lines[line].ref))

    post(PickAsked(f"Alarms of {clean(service.name)}", tuple(lines), picked))
