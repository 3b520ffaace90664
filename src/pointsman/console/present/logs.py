"""What a build's log lines are: phases, commands, errors; and how a line is drawn."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from enum import IntEnum

from pointsman.console.present.cells import Cell
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

ERROR_HINTS = ("error", "fail", "fatal", "panic", "traceback", "exception", "exit status", "not found", "err!", "e   ")
"""Lower-case texts without which no line is an error."""
WARNING_HINTS = ("warn", "deprecat")
HINTS = ERROR_HINTS + WARNING_HINTS

_ERROR = re.compile(
    r"(?:^|[\s\[(|:>=*])(?i:error|fatal|panic|failure|failed)(?=$|[\s:\])!,.;(])"
    r"|\bTraceback \(most recent call last\)"
    r"|\b\w*(?:Error|Exception)(?=:|$|\s*\()"
    r"|(?:^|\s)FAIL(?:ED|URE|URES)?\b"
    r"|\bnpm ERR!|\bexit status [1-9]|\bcommand not found\b|^E   "
)
_NOT_ERROR = re.compile(
    r"(?i)\b(?:0|no|without|zero)\s+(?:\w+\s+)?(?:errors?|failures?|failed)\b|\b(?:errors?|failures?|failed)\s*[:=]\s*0\b"
)
_WARNING = re.compile(r"(?i)(?:^|[\s\[(|:])(?:warn(?:ing)?|deprecated|\w*warning)(?=$|[\s:\])!,.])")


def classify(text: str) -> Kind:
    """What a line is; ``text`` is clean."""
    if text.startswith(CONTAINER):
        return _classify_container(text)
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
    style = _STYLES[Kind(kind)] if kind else ""
    if kind and text.startswith(CONTAINER):
        match = _CONTAINER.match(text)
        if match and match.start("said") > 0:
            cut = match.start("said")
            if kind == Kind.COMMAND:
                cut += len(_RUNNING)
            return ((text[:cut], "log.container"), *(((text[cut:], style),) if text[cut:] else ()))
    return ((text, style),)


def stamp(at: int, zone: Zone = UTC_ZONE) -> str:
    """A line's time to the millisecond: ``14:02:07.123``; ``at`` is in milliseconds since the epoch."""
    return zone.milli(datetime.fromtimestamp(at // 1000, UTC).replace(microsecond=at % 1000 * 1000))


STAMP_WIDTH = 13
"""Cells of a time and the space after it."""
