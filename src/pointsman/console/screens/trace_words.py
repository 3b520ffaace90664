"""What a trace is copied as. Pure."""

from __future__ import annotations

import shlex
from urllib.parse import quote

from pointsman.console.screens.selection import Forms
from pointsman.model.refs import TraceRef
from pointsman.model.snapshot import Identity
from pointsman.model.traces import TraceSummary

__all__ = ["trace_forms"]


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
