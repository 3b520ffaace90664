"""Metrics embedded in events: the embedded metric format, as CloudWatch's specification has it."""

from __future__ import annotations

from typing import Any, Final

from pointsman.local.world import Payload
from pointsman.semantics.logs.filter_patterns import json_object, text_of

MARK: Final = '"_aws"'
"""What an event has that carries metrics."""
_MOST_METRICS = 100
_MOST_VALUES = 100
_MOST_DIMENSIONS = 30


def metrics(message: str, time: int) -> list[Payload]:
    """The data that an event carries; what is not as the specification has it carries none.

    Args:
        message: The event.
        time: Its time in milliseconds, for a carrier that names none.
    """
    event = json_object(message)
    carrier = event.get("_aws") if event is not None else None
    if event is None or not isinstance(carrier, dict):
        return []
    stamp = carrier.get("Timestamp", time)
    directives = carrier.get("CloudWatchMetrics")
    if not isinstance(directives, list) or isinstance(stamp, bool) or not isinstance(stamp, int):
        return []
    return [datum for directive in directives if isinstance(directive, dict) for datum in _of(directive, event, stamp)]


def _of(directive: dict[str, Any], event: dict[str, Any], stamp: int) -> list[Payload]:
    namespace, listed, sets = directive.get("Namespace"), directive.get("Metrics"), directive.get("Dimensions", [[]])
    if not isinstance(namespace, str) or not namespace or not isinstance(listed, list) or not isinstance(sets, list):
        return []
    found: list[Payload] = []
    for one in listed[:_MOST_METRICS]:
        name = one.get("Name") if isinstance(one, dict) else None
        if not isinstance(name, str):
            continue
        for dimensions in filter(None, (_dimensions(keys, event) for keys in sets or [[]])):
            found += [
                {
                    "namespace": namespace,
                    "name": name,
                    "value": value,
                    "unit": one.get("Unit") or "None",
                    "dimensions": dimensions[0],
                    "timestamp": stamp,
                }
                for value in _values(event.get(name))
            ]
    return found


def _values(target: Any) -> list[float]:
    values = target if isinstance(target, list) else [target]
    return [float(one) for one in values[:_MOST_VALUES] if isinstance(one, int | float) and not isinstance(one, bool)]


def _dimensions(keys: Any, event: dict[str, Any]) -> tuple[dict[str, str]] | None:
    """The dimensions of a set, in a tuple; None when one of them has no value."""
    if not isinstance(keys, list) or len(keys) > _MOST_DIMENSIONS:
        return None
    found = {str(key): text_of(event.get(key)) for key in keys}
    texts = {key: value for key, value in found.items() if value is not None}
    return (texts,) if len(texts) == len(found) else None
