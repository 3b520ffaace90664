"""One vocabulary of states over AWS's many: a tone to colour by, AWS's own word to show."""

from __future__ import annotations

from enum import Enum
from functools import lru_cache

from msgspec import Struct


class Tone(Enum):
    """What a state means to the person looking: decides glyph, colour and order."""

    FAILED = "failed"
    WAITING = "waiting"
    MOVING = "moving"
    STOPPED = "stopped"
    """Ended without a verdict: stopped, superseded, cancelled, skipped. Neither red nor green."""
    OK = "ok"
    IDLE = "idle"
    """Nothing has happened yet."""
    UNKNOWN = "unknown"
    """A word AWS added after us, or an answer that is missing."""


class Status(Struct, frozen=True, gc=False):
    """A state: AWS's word, and what it means."""

    word: str
    """As AWS spells it: ``InProgress``, ``SUCCEEDED``. Empty when there is none yet."""
    tone: Tone

    @property
    def moving(self) -> bool:
        """Whether it will change by itself."""
        return self.tone in (Tone.MOVING, Tone.WAITING)

    @property
    def failed(self) -> bool:
        """Whether it ended badly."""
        return self.tone is Tone.FAILED


_TONES = {
    "succeeded": Tone.OK,
    "failed": Tone.FAILED,
    "fault": Tone.FAILED,
    "errored": Tone.FAILED,
    "error": Tone.FAILED,
    "timed_out": Tone.FAILED,
    "timedout": Tone.FAILED,
    "inprogress": Tone.MOVING,
    "in_progress": Tone.MOVING,
    "queued": Tone.MOVING,
    "stopping": Tone.MOVING,
    "generating": Tone.MOVING,
    "deleting": Tone.MOVING,
    "created": Tone.MOVING,
    "baking": Tone.MOVING,
    "ready": Tone.WAITING,
    "pending": Tone.IDLE,
    "stopped": Tone.STOPPED,
    "superseded": Tone.STOPPED,
    "cancelled": Tone.STOPPED,
    "abandoned": Tone.STOPPED,
    "skipped": Tone.STOPPED,
    "overridden": Tone.STOPPED,
    "incomplete": Tone.STOPPED,
}

NOT_RUN = Status("", Tone.IDLE)
WAITING = Status("Waiting", Tone.WAITING)


def status(word: str | None) -> Status:
    """The status for AWS's word; an unknown word is kept, in the unknown tone."""
    if not word:
        return NOT_RUN
    return _known(word) if len(word) <= _LONGEST else _made(word)


def _made(word: str) -> Status:
    return Status(word, _TONES.get(word.lower(), Tone.UNKNOWN))


_LONGEST = 64
_known = lru_cache(256)(_made)
"""One for all that say the same: a list of builds has thousands."""
