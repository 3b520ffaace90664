"""Where calls go, and whether somebody answers there."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

__all__ = ["Endpoint"]


class Endpoint(Struct, frozen=True):
    """One service's endpoint, as it was found."""

    service: str
    """``codepipeline``."""
    url: str
    proxy: str = ""
    """The host that stands between; empty for none."""
    seconds: float | None = None
    """How long an answer took; None when there was none."""
    said_at: datetime | None = None
    """The time by its own clock, where it says it."""
    problem: str = ""
    """Why there is no answer; empty when there is one."""
    detail: str = ""
    """The same in the words of whoever met it."""
