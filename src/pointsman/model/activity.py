"""What was done here, and every call that was made."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from pointsman.errors import Fault
from pointsman.model.refs import Ref


class Call(Struct, frozen=True):
    """One API call."""

    at: datetime
    service: str
    operation: str
    milliseconds: float
    outcome: str
    """``ok``, or the error code."""
    request_id: str = ""
    write: bool = False
    attempt: int = 1


class Deed(Struct, frozen=True):
    """One operation a person ran, as the audit log has it."""

    id: str
    """Ties the intent to its outcome."""
    at: datetime
    operation: str
    """The operation's id."""
    said: str
    """``approved checkout / Gate / Sign-off``: past tense and target once it is done, ``approve …`` before."""
    account: str = ""
    region: str = ""
    identity: str = ""
    cli: str = ""
    outcome: str = "running"
    """``running``, ``done``, ``refused``, ``failed`` or ``unknown``."""
    detail: str = ""
    request_id: str = ""
    ended: datetime | None = None
    fault: Fault | None = None
    target: Ref | None = None
    """What it was done to."""
    result: Ref | None = None
    """What it made, to be followed: an execution, a build."""
    hint: str = ""
    """What to look at or do next; may be empty."""
