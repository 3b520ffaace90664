"""How a person looks at things: sort, filter, selection and the like, kept from one session to the next."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

__all__ = ["PlaceView", "Session", "TableView"]


class TableView(Struct, frozen=True):
    """How one table is looked at."""

    sort: str = ""
    """The key of the column its rows are sorted by; empty: as they come."""
    reverse: bool = False
    cursor: str = ""
    """The selected row's key, as text."""
    hidden: tuple[str, ...] = ()
    """The keys of columns that do not show."""


class PlaceView(Struct, frozen=True):
    """How one screen is looked at."""

    filter: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    """What else the screen lets a person choose, by names of its own: ``problems``, ``range``."""
    tables: Mapping[str, TableView] = field(default_factory=dict)
    """By the table's id."""
    focus: str = ""
    """The id of what has the keys."""


class Session(Struct, frozen=True):
    """What a session leaves to the next one at the same place."""

    screen: str = ""
    """The screen that showed last, by the name of its digit."""
    places: Mapping[str, PlaceView] = field(default_factory=dict)
    """By the screen's name."""
