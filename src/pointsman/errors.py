"""What can go wrong, said once.

::

    PointsmanError                a sentence for a person, and a way out
    ├── UsageError                a wrong argument or a terminal that cannot carry a screen      exit 2
    ├── ConfigError               a mistake in a file: names file, line and key                  exit 2
    ├── StateError                a state folder that cannot be used                             exit 2
    │   └── FolderHeld            … because another process holds it
    ├── Refused                   an operation that may not run now: the reason is the message
    └── CallFailed                an AWS call that did not come back with an answer: carries a Fault

``Fault`` is a value, not an exception: what a screen shows beside the last good data.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class PointsmanError(Exception):
    """A sentence a person can act on.

    Args:
        message: One sentence, no traceback vocabulary, no trailing period needed.
        hint: The way out: what to type or change.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class UsageError(PointsmanError):
    """A wrong argument, or a terminal that cannot carry a screen."""


class ConfigError(PointsmanError):
    """A mistake in a configuration or world file; the message names file, line and key."""


class StateError(PointsmanError):
    """A state folder that cannot be used: not ours, on a network file system, owned by a running process."""


class FolderHeld(StateError):
    """A state folder that another process holds."""


class Refused(PointsmanError):
    """An operation that may not run now; the message is the reason."""


class FaultKind(StrEnum):
    """What class of trouble a call met, and so what a person can do about it."""

    NO_CREDENTIALS = "no credentials"
    EXPIRED = "credentials expired"
    DENIED = "access denied"
    THROTTLED = "throttled"
    NOT_FOUND = "not found"
    CONFLICT = "conflict"
    INVALID = "invalid request"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timed out"
    NOT_BUILT = "not built"
    READ_ONLY = "read-only"
    REMEMBERED = "last session"
    """Not read in this session yet: what shows is what the last one saw."""
    UNKNOWN = "failed"


class Fault(Struct, frozen=True):
    """Why an answer is missing."""

    kind: FaultKind
    sentence: str
    """What happened, for a person, with the service's own words in it."""
    hint: str = ""
    """What to do or run; may be empty."""
    code: str = ""
    """The service's error code, as it came."""
    request_id: str = ""
    call: str = ""
    """``service:Operation``."""
    sent: bool = False
    """True when the request had left this machine, so that a write's outcome may be unknown."""


class CallFailed(PointsmanError):
    """An AWS call without an answer."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.sentence, fault.hint)
        self.fault = fault
