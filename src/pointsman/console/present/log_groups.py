"""Log groups in a list, and one with its filters and streams. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from pointsman.console.present.cells import Cell, Column, Columns, cell, join
from pointsman.console.present.look import Draw
from pointsman.console.present.text import cells
from pointsman.model.logs import GroupDetail, LogGroup, MetricFilter, PatternMatch, SubscriptionFilter
from pointsman.model.refs import LogGroupRef, MetricFilterRef

__all__ = ["FILTERS", "LIST", "bytes_word", "detail_lines", "filter_key", "fits", "group_key", "match_lines", "totals"]

_UNITS = ("B", "KB", "MB", "GB", "TB", "PB")


def bytes_word(count: int | None) -> str:
    """``0 B``, ``812 KB``, ``4.2 GB``; empty when it is not known."""
    if count is None:
        return ""
    size, unit = float(max(0, count)), 0
    while size >= 999.5 and unit < len(_UNITS) - 1:
        size, unit = size / 1000, unit + 1
    return f"{size:.1f} {_UNITS[unit]}" if unit and size < 9.95 else f"{size:.0f} {_UNITS[unit]}"


def retention_words(group: LogGroup) -> str:
    """How long its events are kept."""
    if not group.retention:
        return "2 days, fixed" if group.group_class == "DELIVERY" else "never expires"
    days = group.retention
    years = round(days / 365.25)
    if years and abs(days - years * 365.25) < 2:
        return f"{years} year{'s' if years > 1 else ''}"
    return f"{days} day{'s' if days > 1 else ''}"


def _retention(group: LogGroup, draw: Draw) -> Cell:
    if group.never_expires:
        return ((f"{draw.glyphs.attention} ", "stale"), ("never expires", "stale"))
    return cell(retention_words(group))


def _class(group: LogGroup, _: Draw) -> Cell:
    word = {"STANDARD": "", "INFREQUENT_ACCESS": "infrequent", "DELIVERY": "delivery"}.get(
        group.group_class, group.group_class
    )
    return cell(word, "dim")


def group_key(group: LogGroup) -> object:
    """What keeps its place in the list."""
    return LogGroupRef(group.name)


LIST: Columns = (
    Column[LogGroup](
        "group",
        "GROUP",
        lambda one, _: cell(one.name, "strong"),
        least=20,
        share=3,
        measure=lambda one: cells(one.name),
    ),
    Column[LogGroup]("retention", "RETENTION", _retention, least=15, priority=1),
    Column[LogGroup](
        "stored", "STORED", lambda one, _: cell(bytes_word(one.stored)), least=7, align="right", priority=2
    ),
    Column[LogGroup](
        "filters", "FILTERS", lambda one, _: cell(str(one.filters) if one.filters else ""), align="right", priority=3
    ),
    Column[LogGroup]("class", "CLASS", _class, least=10, priority=4),
    Column[LogGroup](
        "created", "CREATED", lambda one, draw: cell(draw.age(one.created), "dim"), least=7, align="right", priority=5
    ),
)
"""The list of groups."""


def fits(group: LogGroup, words: str) -> bool:
    """Whether a group is asked for: each word is in its name, or is ``@never``, ``@filters``, ``@infrequent``."""
    states = {"@never": group.never_expires, "@filters": group.filters > 0}
    states["@infrequent"] = group.group_class == "INFREQUENT_ACCESS"
    return all(states.get(word, word in group.name.lower()) for word in words.lower().split())


def totals(groups: Iterable[LogGroup]) -> str:
    """What they hold together, and how many never expire."""
    listed = list(groups)
    never = sum(one.never_expires for one in listed)
    stored = sum(one.stored or 0 for one in listed)
    parts = [f"{bytes_word(stored)} stored"] if listed else []
    return "  ".join([*parts, *([f"{never:,} never expire"] if never else [])])


def filter_key(row: MetricFilter) -> object:
    """What keeps its place in the list of filters."""
    return MetricFilterRef(row.group, row.name)


def _metric(row: MetricFilter) -> str:
    return f"{row.namespace}/{row.metric}" if row.metric else ""


def _makes(row: MetricFilter) -> str:
    parts = [row.value]
    parts += [f"else {row.default:g}"] if row.default is not None else []
    parts += [row.unit] if row.unit not in ("", "None") else []
    parts += [f"by {name}={value}" for name, value in row.dimensions]
    return " ".join(part for part in parts if part)


FILTERS: Columns = (
    Column[MetricFilter](
        "name", "METRIC FILTER", lambda one, _: cell(one.name, "strong"), least=12, share=1,
        measure=lambda one: cells(one.name), most=30,
    ),
    Column[MetricFilter](
        "pattern", "PATTERN", lambda one, _: cell(one.pattern or "every event"), least=12, share=2,
        measure=lambda one: cells(one.pattern),
    ),
    Column[MetricFilter](
        "metric", "METRIC", lambda one, _: cell(_metric(one)), least=10, share=1, priority=1,
        measure=lambda one: cells(_metric(one)),
    ),
    Column[MetricFilter]("value", "VALUE", lambda one, _: cell(_makes(one), "dim"), least=6, most=28, priority=2,
                         measure=lambda one: cells(_makes(one))),
)  # fmt: skip
"""A group's metric filters."""


def detail_lines(detail: GroupDetail, draw: Draw, width: int) -> tuple[Cell, ...]:
    """What a group is, its subscription filters and its newest streams."""
    del width
    group = detail.group
    facts = join(
        (
            ((f"{draw.glyphs.attention} ", "stale"), ("never expires", "stale"))
            if group.never_expires
            else cell(f"keeps {retention_words(group)}"),
            cell(f"{bytes_word(group.stored)} stored" if group.stored is not None else "", "dim"),
            cell(group.group_class.lower().replace("_", " "), "dim"),
            cell(f"key {group.key.rpartition('/')[2]}" if group.key else "", "dim"),
            cell(f"made {draw.age(group.created)} ago" if group.created else "", "dim"),
        )
    )
    lines: list[Cell] = [facts]
    lines += [_subscription(one, draw) for one in detail.subscriptions]
    if detail.streams:
        newest = detail.streams[0]
        seen = f"newest event {draw.age(_moment(newest.last))} ago in {newest.name}" if newest.last else newest.name
        count = f"{len(detail.streams)}{'+' if detail.more_streams else ''}"
        lines.append(join((cell(f"{count} streams", "dim"), cell(seen, "dim"))))
    else:
        lines.append(cell("no streams", "dim"))
    return tuple(lines)


def _subscription(one: SubscriptionFilter, draw: Draw) -> Cell:
    words = cell(one.pattern or "every event")
    name = cell(one.name, "strong")
    return join((cell("subscription", "dim"), name, words, cell(f"{draw.glyphs.arrow} {one.destination}", "dim")))


def _moment(milliseconds: int) -> datetime | None:
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def match_lines(
    samples: Sequence[str], matches: Sequence[PatternMatch], draw: Draw, width: int, *, tried: bool
) -> tuple[Cell, ...]:
    """The test bench: each sample line, whether the pattern takes it, and what it finds there."""
    del width
    found = {one.number: one for one in matches}
    lines: list[Cell] = []
    for number, text in enumerate(samples, 1):
        match = found.get(number)
        mark = (f"{draw.glyphs.ok} ", "tone.ok") if match is not None else (f"{draw.glyphs.idle} ", "tone.idle")
        lines.append((mark if tried else ("  ", ""), *cell(text, "" if match is not None or not tried else "dim")))
        if match is not None:
            lines += [
                (("    ", ""), *cell(name, "log.command"), (" = ", "dim"), *cell(value)) for name, value in match.values
            ]
    return tuple(lines)
