"""What a trace is copied as, what can be left out of it, what was logged of it. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import quote

from msgspec.structs import replace

from pointsman.console.dialogs.words import paragraph
from pointsman.console.present.cells import Cell, cell
from pointsman.console.present.look import Draw
from pointsman.console.present.text import clean
from pointsman.console.present.traces import seconds
from pointsman.console.screens.selection import Forms
from pointsman.model.opened_trace import OpenedTrace
from pointsman.model.refs import TraceRef
from pointsman.model.snapshot import Identity
from pointsman.model.trace_logs import TraceLines
from pointsman.model.trace_pruning import Pruning, services
from pointsman.model.traces import TraceSummary

__all__ = ["leaving_out", "log_lines", "moment", "trace_forms"]

_LATEST = 32_503_680_000
"""The year 3000."""
_LEAST = (0.001, 0.01, 0.1, 1.0)
"""Seconds that a span may have to take to be shown."""


def moment(seconds: float) -> datetime | None:
    """A time of a span as a moment; None where no calendar reaches: times in segments are anybody's."""
    return datetime.fromtimestamp(seconds, UTC) if 0 < seconds < _LATEST else None


def trace_forms(ref: TraceRef, identity: Identity | None, row: TraceSummary | None = None) -> Forms:
    """What can be copied of a trace."""
    forms = [("trace id", ref.id), ("CLI line", f"aws xray batch-get-traces --trace-ids {shlex.quote(ref.id)}")]
    if identity is not None:
        region = quote(identity.region)
        page = f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}"
        forms.append(("console URL", f"{page}#xray:traces/{quote(ref.id)}"))
    if row is not None and row.url:
        forms.append(("request URL", row.url))
    return tuple(forms)


def leaving_out(opened: OpenedTrace, now: Pruning) -> dict[tuple[str, str], Pruning]:
    """What can be left out of a trace, each as (what it is, what it says) with what is left out then."""
    found: dict[tuple[str, str], Pruning] = {}
    if now:
        found["nothing", "show every span"] = Pruning()
    for least in _LEAST:
        if least != now.least:
            found[f"under {seconds(least)}", "spans that took less; failures stay"] = replace(now, least=least)
    for name, count in services(opened.trace):
        spans = f"{count:,} span{'s' * (count != 1)}"
        if name in now.hidden:
            found[clean(name), f"{spans}, left out: show again"] = replace(now, hidden=now.hidden - {name})
        else:
            found[clean(name), spans] = replace(now, hidden=now.hidden | {name})
    return found


def log_lines(found: TraceLines, draw: Draw, width: int) -> Sequence[Cell]:
    """What was logged of a trace, in the order of time."""
    looked = f"looked into {', '.join(found.groups)}" if found.groups else "no log group was looked into"
    shown: list[Cell] = paragraph(looked, width, "dim")
    if found.missing:
        shown += paragraph(f"not there: {', '.join(found.missing)}", width, "tone.waiting")
    if found.more:
        shown += paragraph("there are more lines than were read", width, "tone.waiting")
    if not found.lines:
        return [*shown, (), cell("no line names this trace")]
    group = ""
    for line in found.lines:
        where = f"{line.group} {line.stream}"
        if where != group:
            group = where
            shown += [(), *paragraph(where, width, "strong")]
        when = draw.zone.second(line.at) if line.at is not None else ""
        said = clean(line.text) or " "
        shown += [
            (*(cell(f"{when:<8}  ", "dim") if at == 0 else cell(" " * 10)), *one)
            for at, one in enumerate(paragraph(said, width - 10) or [cell("")])
        ]
    return shown
