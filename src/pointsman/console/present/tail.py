"""The words of a tail: its sources, ranges, moments, counters, and where a line leads. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from pointsman.console.present.cells import Cell, cell, join
from pointsman.console.present.logs import SOURCE_STYLES
from pointsman.console.present.look import Draw
from pointsman.console.present.zones import Zone
from pointsman.model.logs import LogSource, TailMode
from pointsman.model.refs import BuildRef, DeploymentRef, LogGroupRef, LogRef, Ref, TailRef, TraceRef

__all__ = [
    "HEAD",
    "RANGES",
    "Counts",
    "about_lines",
    "event_json",
    "moment_of",
    "ref_of",
    "refs_in",
    "sources_of",
]

RANGES: tuple[tuple[str, timedelta], ...] = (
    ("1m", timedelta(minutes=1)),
    ("5m", timedelta(minutes=5)),
    ("15m", timedelta(minutes=15)),
    ("30m", timedelta(minutes=30)),
    ("1h", timedelta(hours=1)),
    ("3h", timedelta(hours=3)),
    ("12h", timedelta(hours=12)),
    ("1d", timedelta(days=1)),
)
"""How far back a tail may begin."""
HEAD = "head"
"""From the oldest event on."""

_TRACE = re.compile(r"\b1-[0-9a-fA-F]{8}-[0-9a-fA-F]{24}\b")
_HEX_TRACE = re.compile(r"""(?i)trace[_.]?id["']?\s*[:=]\s*["']?([0-9a-f]{8})([0-9a-f]{24})\b""")
_DEPLOYMENT = re.compile(r"\bd-[A-Z0-9]{9}\b")
_BUILD = re.compile(r"\b([A-Za-z0-9][A-Za-z0-9_-]{1,254}:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b")


def refs_in(text: str) -> tuple[Ref, ...]:
    """What a line names: traces (``1-…``, ``Root=1-…``, OpenTelemetry's form), deployments, builds."""
    looked = text[:20_000]
    found: dict[Ref, None] = {}
    for match in _TRACE.finditer(looked):
        found[TraceRef(match[0].lower())] = None
    for match in _HEX_TRACE.finditer(looked):
        found[TraceRef(f"1-{match[1]}-{match[2]}".lower())] = None
    for match in _DEPLOYMENT.finditer(looked):
        found[DeploymentRef(match[0])] = None
    for match in _BUILD.finditer(looked):
        found[BuildRef(match[1])] = None
    return tuple(found)


def sources_of(words: Sequence[str]) -> tuple[LogSource, ...]:
    """``GROUP``, ``GROUP:STREAM`` and ``GROUP:PREFIX*`` as sources; what is said of one group comes together."""
    found: dict[tuple[str, str], list[str]] = {}
    for word in words:
        group, _, stream = word.partition(":")
        if stream.endswith("*"):
            found.setdefault((group, stream[:-1]), [])
        else:
            found.setdefault((group, ""), []).extend([stream] if stream else [])
    return tuple(LogSource(group, tuple(streams), prefix) for (group, prefix), streams in found.items() if group)


def words_of(sources: Sequence[LogSource]) -> tuple[str, ...]:
    """Sources as ``sources_of`` takes them."""
    words: list[str] = []
    for one in sources:
        if one.prefix:
            words.append(f"{one.group}:{one.prefix}*")
        elif one.streams:
            words += [f"{one.group}:{stream}" for stream in one.streams]
        else:
            words.append(one.group)
    return tuple(words)


def ref_of(sources: Sequence[LogSource]) -> TailRef:
    """What a tail of these is called."""
    return TailRef(words_of(sources))


def sources_from(ref: TailRef | LogGroupRef | LogRef) -> tuple[LogSource, ...]:
    """What a tail of a thing shows."""
    if isinstance(ref, LogRef):
        return (LogSource(ref.group, (ref.stream,)),)
    return (LogSource(ref.name),) if isinstance(ref, LogGroupRef) else sources_of(ref.sources)


_CLOCK = re.compile(r"(?:(\d{4})-(\d\d?)-(\d\d?)[T ]+)?(\d\d?):(\d\d)(?::(\d\d))?Z?")
_AGO = re.compile(r"-?(\d+(?:\.\d+)?)\s*([smhd])")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
MOMENT_HINT = "14:02, 14:02:07, 2026-11-25 14:02, -15m"


def moment_of(text: str, now: datetime, zone: Zone) -> datetime | str:
    """A moment as a person writes it, in the console's zone; or a sentence that says what is wrong with it.

    A time of day without a date is the last one that was.
    """
    words = text.strip()
    if (ago := _AGO.fullmatch(words)) is not None:
        try:
            return now - timedelta(seconds=float(ago[1]) * _UNITS[ago[2]])
        except OverflowError:
            return f"{words} is too long ago"
    match = _CLOCK.fullmatch(words)
    if match is None:
        return f"write a moment as {MOMENT_HINT}"
    here = datetime.now(UTC).replace(tzinfo=UTC) if now.tzinfo is None else now
    local = here.astimezone(UTC) if words.endswith("Z") else zone.of(here)
    try:
        found = local.replace(hour=int(match[4]), minute=int(match[5]), second=int(match[6] or 0), microsecond=0)
        if match[1]:
            return found.replace(year=int(match[1]), month=int(match[2]), day=int(match[3])).astimezone(UTC)
    except ValueError:
        return f"{words} is no time: write it as {MOMENT_HINT}"
    return (found if found <= local else found - timedelta(days=1)).astimezone(UTC)


def event_json(at: int, group: str, stream: str, message: str) -> str:
    """An event as one JSON object; a message that is JSON stays JSON in it."""
    from pointsman.console.present.log_json import parsed

    said = parsed(message)
    moment = datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")
    return json.dumps(
        {
            "timestamp": moment.replace("+00:00", "Z"),
            "logGroup": group,
            "logStream": stream,
            "message": message if said is None else said,
        },
        ensure_ascii=False,
    )


class Counts(Struct, frozen=True):
    """What a tail has to own up to."""

    lines: int = 0
    sampled: int = 0
    """Seconds of which live tail handed on a part."""
    dropped: int = 0
    """Lines the view let go of."""
    skipped: int = 0
    """Stretches that were not read."""
    repeated: int = 0
    late: int = 0
    """Events that came after newer ones."""
    errors: int = 0


_MODES = {
    TailMode.READING: "reading what there is",
    TailMode.LIVE: "live",
    TailMode.POLLING: "polling",
    TailMode.ENDED: "ended",
}


def about_lines(
    draw: Draw,
    width: int,
    *,
    sources: Sequence[tuple[str, str]],
    asked: Sequence[LogSource],
    mode: TailMode,
    why: str,
    range_words: str,
    pattern: str,
    counts: Counts,
) -> tuple[Cell, ...]:
    """Which groups, in their colours; how the tail gets on, and what it lacks.

    Args:
        draw: Glyphs.
        width: Terminal cells.
        sources: (name, group) of each source that lines came from, in the order of their colours.
        asked: What was asked for.
        mode: How events come.
        why: Why it polls.
        range_words: From when on.
        pattern: The filter pattern.
        counts: The counters.
    """
    del width
    named = [(label, SOURCE_STYLES[at % len(SOURCE_STYLES)]) for at, (label, _) in enumerate(sources[:12])]
    if not named:
        named = [(str(one), "title") for one in asked]
    shown: list[Cell] = [((f"{draw.glyphs.moving} ", style), *cell(label, style)) for label, style in named]
    if len(sources) > len(named):
        shown.append(cell(f"and {len(sources) - len(named)} more", "dim"))
    tone = {TailMode.LIVE: "tone.ok", TailMode.POLLING: "tone.waiting", TailMode.ENDED: "tone.idle"}
    parts: list[Cell] = [cell(_MODES[mode], tone.get(mode, "tone.moving")), cell(range_words, "dim")]
    if pattern:
        parts.append((("pattern ", "dim"), *cell(pattern, "match")))
    if counts.errors:
        parts.append(cell(f"{counts.errors:,} errors", "log.error"))
    if counts.sampled:
        seconds = "second" if counts.sampled == 1 else "seconds"
        parts.append(cell(f"sampled: 500 of more in {counts.sampled:,} {seconds}", "stale"))
    if counts.skipped:
        parts.append(cell("a stretch was too long and is not read: r nearer, p narrower", "stale"))
    if counts.dropped:
        parts.append(cell(f"{counts.dropped:,} oldest lines let go", "stale"))
    if counts.late:
        parts.append(cell(f"{counts.late:,} came late", "dim"))
    if mode is TailMode.POLLING and why:
        parts.append(cell(f"no live tail: {why}", "dim"))
    return (join(shown), join(parts))
