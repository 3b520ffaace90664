"""Pinned metrics: those a configuration names, and those a person has pinned; one set for every screen."""

from __future__ import annotations

import json

from msgspec.structs import replace

from pointsman.console.desk import Desk
from pointsman.model.refs import MetricRef
from pointsman.model.views import PlaceView

__all__ = ["fixed", "pinned", "toggle"]

_BOARD = "metrics"
"""The view whose settings hold the pins: that of the board."""
_NAME = "pins"


def fixed(desk: Desk) -> tuple[MetricRef, ...]:
    """The pins of the configuration: they cannot be let go of here."""
    return desk.connection.services.metrics.pinned if desk.connection is not None else ()


def pinned(desk: Desk) -> tuple[MetricRef, ...]:
    """Every pin: the configuration's, then a person's own in the order in which they were pinned."""
    first = fixed(desk)
    return (*first, *(one for one in own(desk) if one not in first))


def own(desk: Desk) -> tuple[MetricRef, ...]:
    """A person's own pins, of this session and those before; what cannot be read is left out."""
    view = desk.session.places.get(_BOARD)
    text = view.settings.get(_NAME, "") if view is not None else ""
    try:
        kept = json.loads(text) if text else []
        return tuple(
            MetricRef(str(namespace), str(name), tuple((str(key), str(value)) for key, value in dimensions))
            for namespace, name, *dimensions in kept
        )
    except (ValueError, TypeError):
        return ()


def kept(desk: Desk) -> dict[str, str]:
    """A person's own pins as a setting of the board's view."""
    pins = own(desk)
    return {_NAME: json.dumps([[one.namespace, one.name, *map(list, one.dimensions)] for one in pins])} if pins else {}


def toggle(desk: Desk, ref: MetricRef) -> str | None:
    """Pin a metric, or let it go.

    Returns:
        Why that cannot be done; None when it has been.
    """
    if ref in fixed(desk):
        return "it is pinned in the configuration (watch.pins)"
    pins = own(desk)
    _keep(desk, tuple(one for one in pins if one != ref) if ref in pins else (*pins, ref))
    return None


def move(desk: Desk, ref: MetricRef, by: int) -> str | None:
    """Put a pin before the one before it, or behind the next.

    Returns:
        Why that cannot be done; None when it has been.
    """
    pins = list(own(desk))
    if ref not in pins:
        return "only what you have pinned can be moved"
    at = pins.index(ref)
    to = max(0, min(len(pins) - 1, at + by))
    pins.insert(to, pins.pop(at))
    _keep(desk, tuple(pins))
    return None


def _keep(desk: Desk, pins: tuple[MetricRef, ...]) -> None:
    view = desk.session.places.get(_BOARD) or PlaceView()
    settings = {name: value for name, value in view.settings.items() if name != _NAME}
    if pins:
        settings[_NAME] = json.dumps([[one.namespace, one.name, *map(list, one.dimensions)] for one in pins])
    desk.view(_BOARD, replace(view, settings=settings))
