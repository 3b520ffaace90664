"""When something was: the moment at which one looks for what was going on beside it. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pointsman.model.pipelines import PipelineRow, PipelineState, Stage
from pointsman.model.status import Tone

__all__ = ["moment_of"]

_TIMES = ("ended", "completed", "at", "changed_at", "since", "started", "requested", "began", "created", "last_at")
"""What tells when something was, the best first: a thing that has ended is asked about because of how it ended."""
_WITHIN = ("deployment", "alarm", "build", "execution", "pending", "batch", "trace", "stats")
"""What a row of a list holds that has a moment of its own."""


def moment_of(thing: Any) -> datetime | None:
    """When a thing of the model, or a row that holds one, was; None where nothing tells.

    A pipeline was when the worst of its stages last changed, a build or a deployment when it ended or, unless it has,
    when it began; an alarm when it came into its state.
    """
    if isinstance(thing, PipelineRow):
        return moment_of(thing.state) if thing.state is not None else None
    if isinstance(thing, PipelineState):
        failed = [one for one in thing.stages if one.shown_status.tone is Tone.FAILED]
        changed = [at for one in failed or thing.stages if (at := moment_of(one)) is not None]
        return max(changed, default=thing.latest.updated if thing.latest is not None else None)
    if isinstance(thing, Stage):
        return max((one.changed_at for one in thing.actions if one.changed_at is not None), default=None)
    for name in _TIMES:
        found = getattr(thing, name, None)
        if isinstance(found, datetime):
            return found
    inner = (getattr(thing, name, None) for name in _WITHIN)
    return next((at for one in inner if one is not None and (at := moment_of(one)) is not None), None)
