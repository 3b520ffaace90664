"""The header: where you are, as whom, and whether you may write."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import ClassVar

from pointsman.console.present.cells import EMPTY, Cell, cell, fit, join, spread, width
from pointsman.console.present.look import Draw
from pointsman.console.present.output import rate_word
from pointsman.values import Partly


class HeaderFacts(Partly, frozen=True, eq=False):
    """What the header says."""

    apart: ClassVar = frozenset({"share", "meter", "traffic"})
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
    protected: bool = False
    """Whether this profile is one that nobody may mistake for another."""
    crumbs: tuple[str, ...] = ()
    """The screens from the first of this digit to the one that shows, where there are several."""
    share: Callable[[datetime], float] | None = None
    """What says how much of the tightest service's budget the last minute took; None where nothing is limited."""
    calls_per_minute: int | None = None
    meter: Callable[[datetime], int] | None = None
    """What says the calls per minute at a moment, so that every drawing of the header says what is true then."""
    traffic: Callable[[], float] | None = None
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


NEARLY = 0.5
"""From which share of a budget on the header says so."""
CRUMB = 32
"""Cells of one screen's name at most."""


def _meter(facts: HeaderFacts, draw: Draw) -> Cell:
    calls = facts.calls_per_minute if facts.meter is None else facts.meter(draw.now)
    meter = cell(f"api {calls}/min", "dim") if calls is not None else EMPTY
    share = facts.share(draw.now) if facts.share is not None else 0.0
    if share >= NEARLY:
        meter = join((meter, cell(f"{share:.0%} of the budget", "stale")), gap=" ")
    if facts.traffic is not None:
        meter = join((cell(rate_word(facts.traffic()), "dim"), meter))
    return meter


def _trail(crumbs: tuple[str, ...], draw: Draw) -> Cell:
    """Where one is among the screens, the last one strongest."""
    if not crumbs:
        return EMPTY
    into, ellipsis = cell(f" {draw.glyphs.into} ", "dim"), draw.glyphs.ellipsis
    named = [cell(one, "dim") for one in crumbs[:-1]] + [cell(crumbs[-1], "strong")]
    shown = [fit(one, min(CRUMB, width(one)), ellipsis=ellipsis) for one in named]
    line: list[tuple[str, str]] = []
    for at, one in enumerate(shown):
        line += [*(into if at else ()), *one]
    return tuple(line)


def header_line(facts: HeaderFacts, draw: Draw, room: int) -> Cell:
    """One line; on a narrow screen the role, the meter, the account and the way here go before the mode does."""
    into = f" {draw.glyphs.into} "
    name = cell(" pointsman", "title")
    world = join((cell(facts.world, "tone.moving"), cell(facts.pace, "tone.waiting")), gap=" ")
    role = f"role {facts.role}" if facts.role else ""
    if role and facts.expires is not None:
        role += f" {draw.countdown(facts.expires)} left" if facts.expires > draw.now else " expired"
    mode = join((cell("PROTECTED", "header.protected") if facts.protected else EMPTY, mode_cell(facts, draw)), gap=" ")
    meter = _meter(facts, draw)
    clock = cell(draw.clock(), "dim") if facts.clock else EMPTY
    note = cell(facts.note, "stale")
    path = (facts.profile, facts.account, facts.region)
    short = (facts.profile or facts.account, facts.region)
    whole, last = _trail(facts.crumbs, draw), _trail(facts.crumbs[-1:], draw)
    tries = (
        (path, role, meter, whole),
        (path, "", meter, whole),
        (path, "", EMPTY, whole),
        (short, "", EMPTY, whole),
        (short, "", EMPTY, last),
        (("", facts.region), "", EMPTY, last),
        (("", facts.region), "", EMPTY, EMPTY),
    )
    left = right = EMPTY
    for places, who, metered, crumbs in tries:
        where = cell(into.join(place for place in places if place), "strong" if not facts.crumbs else "")
        left = join((name, world, where, cell(who, "stale" if who.endswith("expired") else "dim"), note, crumbs))
        right = (*join((mode, metered, clock)), (" ", ""))
        if width(left) + width(right) + 2 <= room:
            break
    return spread(left, right, room, draw.glyphs.ellipsis)
