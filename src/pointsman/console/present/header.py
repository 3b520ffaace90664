"""The header: where you are, as whom, and whether you may write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from pointsman.console.present.cells import EMPTY, Cell, cell, join, spread, width
from pointsman.console.present.look import Draw
from pointsman.console.present.output import rate_word


@dataclass(frozen=True, slots=True)
class HeaderFacts:
    """What the header says."""

    world: str = ""
    """``demo`` or ``local``; empty against AWS."""
    profile: str = ""
    account: str = ""
    region: str = ""
    role: str = ""
    expires: datetime | None = None
    """When the credentials end."""
    read_only: bool = True
    armed_until: datetime | None = None
    calls_per_minute: int | None = None
    meter: Callable[[datetime], int] | None = field(default=None, compare=False)
    """What says the calls per minute at a moment, so that every drawing of the header says what is true then."""
    traffic: Callable[[], float] | None = field(default=None, compare=False)
    """What says the bytes a second that go to the terminal; None where nobody asked for them."""
    pace: str = ""
    """How a demo's clock goes, where it does not go with the wall: ``paused``, ``x5``."""
    note: str = ""
    """A word of state: ``connecting``, ``no credentials``."""
    clock: bool = True
    """Whether the time of day shows."""


def mode_cell(facts: HeaderFacts, draw: Draw) -> Cell:
    """Whether writes may go out, and for how long."""
    if facts.armed_until is not None and facts.armed_until > draw.now:
        return cell(f" ARMED {draw.countdown(facts.armed_until)} ", "header.armed")
    return cell("READ-ONLY", "header.read-only") if facts.read_only else EMPTY


def header_line(facts: HeaderFacts, draw: Draw, room: int) -> Cell:
    """One line; on a narrow screen the role, the meter and the account go before the mode does."""
    into = f" {draw.glyphs.into} "
    name = cell(" pointsman", "title")
    world = join((cell(facts.world, "tone.moving"), cell(facts.pace, "tone.waiting")), gap=" ")
    role = f"role {facts.role}" if facts.role else ""
    if role and facts.expires is not None:
        role += f" {draw.countdown(facts.expires)} left" if facts.expires > draw.now else " expired"
    mode = mode_cell(facts, draw)
    calls = facts.calls_per_minute if facts.meter is None else facts.meter(draw.now)
    meter = cell(f"api {calls}/min", "dim") if calls is not None else EMPTY
    if facts.traffic is not None:
        meter = join((cell(rate_word(facts.traffic()), "dim"), meter))
    clock = cell(draw.clock(), "dim") if facts.clock else EMPTY
    note = cell(facts.note, "stale")
    path = (facts.profile, facts.account, facts.region)
    short = (facts.profile or facts.account, facts.region)
    tries = (
        (path, role, meter),
        (path, "", meter),
        (path, "", EMPTY),
        (short, "", EMPTY),
        (("", facts.region), "", EMPTY),
    )
    left = right = EMPTY
    for places, who, metered in tries:
        where = cell(into.join(place for place in places if place), "strong")
        left = join((name, world, where, cell(who, "stale" if who.endswith("expired") else "dim"), note))
        right = (*join((mode, metered, clock)), (" ", ""))
        if width(left) + width(right) + 2 <= room:
            break
    return spread(left, right, room, draw.glyphs.ellipsis)
