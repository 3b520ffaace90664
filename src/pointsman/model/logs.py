"""Log lines as the screens see them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from pointsman.errors import Fault


class LogLine(NamedTuple):
    """One log event; a tuple, because there are hundreds of thousands."""

    at: int
    """Milliseconds since the epoch."""
    text: str
    """Without its line end; as it came, control sequences included: ``present`` strips them."""


@dataclass(frozen=True, slots=True)
class LogChunk:
    """What one read of a stream brought."""

    lines: tuple[LogLine, ...]
    token: str
    """Where the next read goes on."""
    ended: bool = False
    """The stream will grow no more: what writes it has ended and two reads in a row were empty."""
    missing: bool = False
    """There is no such group or stream (yet)."""
    fault: Fault | None = None
    """Why this read brought nothing; the next one is tried by itself."""
