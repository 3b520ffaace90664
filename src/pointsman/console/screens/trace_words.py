"""What a trace is copied as. Pure."""

from __future__ import annotations

import shlex
from urllib.parse import quote

from pointsman.console.screens.selection import Forms
from pointsman.model.opened_trace import OpenedTrace
from pointsman.model.refs import TraceRef
from pointsman.model.snapshot import Identity
from pointsman.model.traces import TraceSummary

__all__ = ["log_groups", "trace_forms"]


def log_groups(opened: OpenedTrace) -> tuple[str, ...]:
    """The log groups that a trace's segments say they write to."""
    found: dict[str, None] = {}
    for piece in opened.trace.pieces:
        aws = piece.fields.get("aws")
        listed = aws.get("cloudwatch_logs") if isinstance(aws, dict) else None
        for one in listed if isinstance(listed, list) else ():
            name = one.get("log_group") if isinstance(one, dict) else None
            if isinstance(name, str) and name:
                found[name] = None
    return tuple(found)[:10]


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
