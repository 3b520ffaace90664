"""What is asked of Logs Insights, around its text: groups, time, name, mistakes, what a word could become. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from datetime import datetime

from pointsman.console.present.cells import Cell, cell, crop, fit, join, spread
from pointsman.console.present.insights import span_words
from pointsman.console.present.look import Draw
from pointsman.console.present.text import cells, clean, truncate
from pointsman.model.insights import Query, SavedQuery, SavedState
from pointsman.model.insights_words import Offers

__all__ = ["OFFERED", "ask_line", "cli_line", "offer_lines", "offers_width", "past_line"]

OFFERED = 7
"""Lines of what a word could become."""
_WIDE = 72
_KINDS = {
    "command": "log.phase",
    "function": "log.command",
    "aggregation": "log.command",
    "keyword": "key",
    "alias": "strong",
}


def ask_line(query: Query, saved: SavedQuery | None, draw: Draw, width: int) -> Cell:
    """Log groups at the left, the time and the saved query's name at the right."""
    if query.names_its_groups:
        groups = cell("log groups: as SOURCE in the query says", "dim")
    elif not query.groups:
        groups = cell("no log groups: ctrl+g chooses some", "tone.waiting")
    else:
        count = len(query.groups)
        groups = join(
            (cell(f"{count:,} log groups" if count > 1 else "log group", "dim"), cell(", ".join(query.groups)))
        )
    right = cell(span_words(query.span, draw), "strong")
    if saved is not None:
        changed = SavedState(saved, query).changed
        name = truncate(clean(saved.name), max(8, width // 4), draw.glyphs.ellipsis)
        right = join((cell(f"{name}{', changed' if changed else ''}", "tone.waiting" if changed else "link"), right))
    return spread(groups, right, width, draw.glyphs.ellipsis)


def offers_width(offers: Offers, room: int) -> int:
    """How wide the list of what a word could become is."""
    return min(room, _WIDE, max((cells(_line(one.text, one.help)) + 3 for one in offers.items), default=0))


def _line(text: str, help_: str) -> str:
    return f"{clean(text):<22}  {clean(help_)}".rstrip()


def offer_lines(offers: Offers, chosen: int, draw: Draw, width: int) -> Sequence[Cell]:
    """What a word could become, the chosen one marked, and how many more there are."""
    items = offers.items
    first = max(0, min(chosen - OFFERED + 2, len(items) - OFFERED + 1)) if len(items) > OFFERED else 0
    shown = items[first : first + (OFFERED if len(items) <= OFFERED else OFFERED - 1)]
    lines: list[Cell] = []
    for at, one in enumerate(shown, start=first):
        mark = draw.glyphs.cursor if at == chosen else " "
        style = _KINDS.get(one.kind, "")
        line: Cell = (
            (f"{mark} ", "cursor"),
            *fit(cell(one.text, style), 22, ellipsis=draw.glyphs.ellipsis),
            ("  ", ""),
            *cell(one.help, "dim"),
        )
        lines.append(crop(line, width, draw.glyphs.ellipsis))
    left = len(items) - first - len(shown)
    if len(items) > OFFERED:
        lines.append(cell(f"  {left:,} more" if left else "  tab takes it, esc puts this away", "dim"))
    return lines


def past_line(text: str, room: int = 200) -> str:
    """A query in one line."""
    return truncate(" ".join(clean(text).split()), room)


def cli_line(query: Query, bounds: tuple[datetime, datetime], region: str) -> str:
    """The ``aws`` command that starts a query."""
    start, end = (int(moment.timestamp()) for moment in bounds)
    groups = "" if query.names_its_groups else f" --log-group-names {shlex.join(query.groups)}"
    return (
        f"aws logs start-query --region {shlex.quote(region)}{groups} --start-time {start} --end-time {end}"
        f" --query-string {shlex.quote(query.text)}"
    )
