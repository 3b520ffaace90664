"""What log lines are: phases and commands of a build, errors, severities; and how a line is drawn."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from enum import IntEnum, StrEnum

from pointsman.console.present.cells import Cell
from pointsman.console.present.text import clean
from pointsman.console.present.zones import UTC_ZONE, Zone


class Kind(IntEnum):
    """What a line is."""

    PLAIN = 0
    CONTAINER = 1
    """CodeBuild speaking."""
    PHASE = 2
    """A phase begins."""
    PHASE_DONE = 3
    COMMAND = 4
    """A command begins."""
    WARNING = 5
    ERROR = 6
    PHASE_FAILED = 7

    @property
    def bad(self) -> bool:
        """Whether ``e`` stops here."""
        return self in (Kind.ERROR, Kind.PHASE_FAILED)


CONTAINER = "[Container]"
_CONTAINER = re.compile(r"\[Container\] (?P<time>\d{4}/\d\d/\d\d \d\d:\d\d:\d\d(?:\.\d+)? )?(?P<said>.*)", re.DOTALL)
_ENTERING = re.compile(r"Entering phase (?P<phase>\w+)")
_COMPLETE = re.compile(r"Phase complete: (?P<phase>\w+) State: (?P<state>\w+)")
_CONTEXT = re.compile(r"Phase context status code: *(?P<code>\w+)")
_RUNNING = "Running command "
_FAILED_COMMAND = "Command did not exit successfully"

ERROR_HINTS = (
    *("error", "fail", "fatal", "panic", "traceback", "exception", "exit status", "not found", "err!", "e   "),
    *("critical", "severe", "emerg", "alert", '"level":5', '"level":6'),
)
"""Lower-case texts without which no line is an error."""
WARNING_HINTS = ("warn", "deprecat", '"level":4')
HINTS = ERROR_HINTS + WARNING_HINTS

_ERROR = re.compile(
    r"(?:^|[\s\[(|:>=*])(?i:error|fatal|panic|failure|failed)(?=$|[\s:\])!,.;(])"
    r"|\bTraceback \(most recent call last\)"
    r"|\b\w*(?:Error|Exception)(?=:|$|\s*\()"
    r"|(?:^|\s)FAIL(?:ED|URE|URES)?\b"
    r"|\bnpm ERR!|\bexit status [1-9]|\bcommand not found\b|^E   "
    r"|(?:^|[\s\[(|=])(?:CRITICAL|SEVERE|EMERG(?:ENCY)?|ALERT)(?=$|[\s:\])|,])"
)
_LEVEL = re.compile(
    r"(?i)[\"'](?:log[._]?)?(?:level|severity|lvl|levelname|loglevel)(?:name|_name)?[\"']\s*:\s*[\"']?(\w+)"
    r"|(?:^|\s)(?:level|lvl|severity)=[\"']?(\w+)"
)
"""A severity that a line says of itself, as JSON or as ``level=warn``."""
_LEVEL_HINTS = ("level", "severity", "lvl")
"""Lower-case texts without which no line says one: to look for them is a tenth of the work."""
_LEVELS = {
    **dict.fromkeys(("error", "err", "fatal", "critical", "crit", "severe", "emerg", "emergency", "alert", "panic"), 6),
    **dict.fromkeys(("50", "60"), 6),
    **dict.fromkeys(("warn", "warning", "40"), 5),
    **dict.fromkeys(("debug", "trace", "fine", "finer", "finest", "verbose", "10", "20"), -1),
}
_QUIET = re.compile(r"(?:^|[\s\[(|])(?:DEBUG|TRACE|FINEST?|VERBOSE)(?=$|[\s:\])|])")
_QUIET_HINTS = ("DEBUG", "TRACE", "FINE", "VERBOSE")
_NOT_ERROR = re.compile(
    r"(?i)\b(?:0|no|without|zero)\s+(?:\w+\s+)?(?:errors?|failures?|failed)\b|\b(?:errors?|failures?|failed)\s*[:=]\s*0\b"
)
_WARNING = re.compile(r"(?i)(?:^|[\s\[(|:])(?:warn(?:ing)?|deprecated|\w*warning)(?=$|[\s:\])!,.])")


def classify(text: str) -> Kind:
    """What a line is; ``text`` is clean."""
    if text.startswith(CONTAINER):
        return _classify_container(text)
    if (level := _LEVEL.search(text)) is not None:
        said = _LEVELS.get((level[1] or level[2]).lower(), 0)
        return Kind(said) if said > 0 else Kind.PLAIN
    if _ERROR.search(text) and not _NOT_ERROR.search(text):
        return Kind.ERROR
    return Kind.WARNING if _WARNING.search(text) else Kind.PLAIN


def _classify_container(text: str) -> Kind:
    match = _CONTAINER.match(text)
    said = match["said"] if match else text
    if _ENTERING.match(said):
        return Kind.PHASE
    if complete := _COMPLETE.match(said):
        return Kind.PHASE_FAILED if complete["state"] in ("FAILED", "FAULT", "TIMED_OUT") else Kind.PHASE_DONE
    if said.startswith(_RUNNING):
        return Kind.COMMAND
    context = _CONTEXT.match(said)
    if said.startswith(_FAILED_COMMAND) or (context and context["code"] != "Message"):
        return Kind.ERROR
    return Kind.CONTAINER


def quiet(text: str) -> bool:
    """Whether a plain line says that it is of interest to nobody but its author: debug, trace."""
    low = text.lower()
    if any(hint in low for hint in _LEVEL_HINTS) and (level := _LEVEL.search(text)) is not None:
        return _LEVELS.get((level[1] or level[2]).lower(), 0) < 0
    return any(hint in text for hint in _QUIET_HINTS) and _QUIET.search(text) is not None


def phase_entered(text: str) -> str:
    """The phase a line says begins; empty when it says no such thing."""
    match = _CONTAINER.match(text)
    entering = _ENTERING.match(match["said"]) if match else None
    return entering["phase"] if entering else ""


_STYLES = {
    Kind.PLAIN: "",
    Kind.CONTAINER: "log.container",
    Kind.PHASE: "log.phase",
    Kind.PHASE_DONE: "log.container",
    Kind.COMMAND: "log.command",
    Kind.WARNING: "log.warning",
    Kind.ERROR: "log.error",
    Kind.PHASE_FAILED: "log.error",
}


def line_cell(text: str, kind: int) -> Cell:
    """A line in its styles; its text is exactly ``text``."""
    if not text:
        return ()
    style = _STYLES[Kind(kind)] if kind else "dim" if quiet(text[:400]) else ""
    if kind and text.startswith(CONTAINER):
        match = _CONTAINER.match(text)
        if match and match.start("said") > 0:
            cut = match.start("said")
            if kind == Kind.COMMAND:
                cut += len(_RUNNING)
            return ((text[:cut], "log.container"), *(((text[cut:], style),) if text[cut:] else ()))
    return ((text, style),)


class Stamps(StrEnum):
    """How the time of a line is shown."""

    OFF = "off"
    ZONE = "zone"
    """In the console's own zone."""
    UTC = "UTC"
    LOCAL = "local"
    RELATIVE = "relative"
    """As the distance from the last marked line, or from the first one."""

    def after(self, zone: Zone) -> Stamps:
        """The next one round; a zone that another one is already is passed over."""
        order = list(Stamps)
        following = order[(order.index(self) + 1) % len(order)]
        if (following is Stamps.UTC and zone == UTC_ZONE) or (following is Stamps.LOCAL and zone.info is None):
            return following.after(zone)
        return following


def stamp(at: int, zone: Zone = UTC_ZONE) -> str:
    """A line's time to the millisecond: ``14:02:07.123``; ``at`` is in milliseconds since the epoch."""
    try:
        return zone.milli(datetime.fromtimestamp(at // 1000, UTC).replace(microsecond=at % 1000 * 1000))
    except (ValueError, OverflowError, OSError):
        return "??:??:??.???"


def distance(milliseconds: int) -> str:
    """A time's distance from another, twelve cells wide at most: ``+12.345s``, ``-3m04.5s``, ``+2h03m``."""
    sign, left = ("-", -milliseconds) if milliseconds < 0 else ("+", milliseconds)
    seconds = left / 1000
    if seconds < 60:
        return f"{sign}{seconds:.3f}s"
    if seconds < 3600:
        return f"{sign}{left // 60_000}m{left % 60_000 / 1000:04.1f}s"
    hours = left // 3_600_000
    return f"{sign}{hours}h{left // 60_000 % 60:02d}m" if hours < 100 else f"{sign}{hours // 24:,}d{hours % 24:02d}h"


def stamped(at: int, how: Stamps, zone: Zone, anchor: int) -> str:
    """A line's time in exactly the cells of a stamp."""
    if how is Stamps.RELATIVE:
        return f"{distance(at - anchor):>12} "
    where = {Stamps.UTC: UTC_ZONE, Stamps.LOCAL: Zone(None)}.get(how, zone)
    return f"{stamp(at, where)} "


STAMP_WIDTH = 13
"""Cells of a time and the space after it."""

SOURCE_STYLES = ("source.1", "source.2", "source.3", "source.4", "source.5", "source.6")


def source_labels(sources: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """Short names of (group, stream) pairs that still tell them apart: what all have in common is left out."""
    groups = list(dict.fromkeys(group for group, _ in sources))
    streams: dict[str, set[str]] = {}
    for group, stream in sources:
        streams.setdefault(group, set()).add(stream)
    cut = _common(groups) if len(groups) > 1 else 0
    short = {group: group[cut:].strip("/") or group for group in groups}
    labels = []
    ends = {group: _shortest({one.rpartition("/")[2] or one for one in named}) for group, named in streams.items()}
    for group, stream in sources:
        parts = [short[group]] if len(groups) > 1 else []
        if len(streams[group]) > 1 or not parts:
            parts.append((stream.rpartition("/")[2] or stream)[: ends[group]])
        labels.append(clean(" ".join(parts)))
    return tuple(labels)


_LONG, _SHORT = 16, 8


def _shortest(names: Collection[str]) -> int:
    """How many characters still tell some names apart, where one is too long to be shown whole."""
    if max(map(len, names)) <= _LONG:
        return _LONG
    return next((size for size in range(_SHORT, 200) if len({name[:size] for name in names}) == len(names)), 200)


def _common(names: Sequence[str]) -> int:
    """How much of some paths is the same, up to a slash."""
    first, last = min(names), max(names)
    same = next((at for at, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), len(first))
    return first.rfind("/", 0, same) + 1
