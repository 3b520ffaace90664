"""From anything to its neighbours at the same moment: one list of links, the same on every screen."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from pointsman.console.present.ages import duration
from pointsman.console.present.zones import Zone
from pointsman.model.neighbours import Neighbours
from pointsman.model.refs import Ref

if TYPE_CHECKING:
    from pointsman.console.screens.base import Place

__all__ = ["SCREENS", "Link", "links", "look_beside"]

SCREENS = (
    ("logs", "log groups, read from five minutes before"),
    ("insights", "a query over the half hour around it"),
    ("traces", "what X-Ray took around it"),
    ("metrics", "the board, its cursor at that moment"),
)
"""Screens that begin at a moment, by the names of their commands, with what they show of it."""


class Link(Struct, frozen=True):
    """One way on."""

    line: tuple[str, str]
    """What it is, and what is known of it."""
    command: str = ""
    """The command of a screen, …"""
    ref: Ref | None = None
    """… or the thing it leads into."""


def links(found: Neighbours, zone: Zone) -> tuple[Link, ...]:
    """Where one can go from a moment."""
    out = []
    for release in found.released:
        how = f"{'failed ' if release.failed else ''}{release.kind}"
        out.append(
            Link((f"went out {release.name}", f"{how} {duration(found.at - release.at)} before"), ref=release.ref)
        )
    for change in found.changes:
        when = zone.second(change.at) if change.at is not None else ""
        out.append(Link((f"alarm {change.ref.name}", f"{change.before} to {change.after} at {when}"), ref=change.ref))
    for what, why in found.unread:
        out.append(Link((f"({what})", f"not read: {why}")))
    return (*(Link((name, said), command=name) for name, said in SCREENS), *out)


async def look_beside(place: Place, at: datetime | None) -> None:
    """Find the neighbours of a moment and let a person choose one."""
    from pointsman.console.screens.wishes import CommandAsked, Opened, PickAsked

    connection = place.connection
    if connection is None:
        return
    moment = at or place.desk.now()
    found = links(await connection.services.beside(moment), place.look.zone)
    choices = {one.line: one for one in found}

    def picked(line: tuple[str, str]) -> None:
        link = choices[line]
        if link.ref is not None:
            place.post_message(Opened(link.ref, moment))
        elif link.command:
            place.post_message(CommandAsked(link.command, "", moment))

    heading = f"At {place.look.zone.second(moment)}" if at is not None else "Now: what is selected has no time"
    place.post_message(PickAsked(heading, tuple(choices), picked))
