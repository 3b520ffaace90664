"""What the output stage tells of itself."""

from __future__ import annotations

from msgspec import Struct

__all__ = ["OutputReport"]


class OutputReport(Struct, frozen=True):
    """The output so far."""

    per_second: float
    """Bytes a second, over the last five."""
    total: int
    """Bytes since the start."""
    frames: int
    """Frames that went out."""
    merged: int
    """Frames that newer ones took the place of, because the link was busy."""
    passed: int
    """Writes that went through as they were, because something in them was not known."""
    trip: float | None
    """Seconds to the terminal and back; None where it does not answer."""
    rate: float | None
    """Bytes a second that the link takes; None before that is known."""
