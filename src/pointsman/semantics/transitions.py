"""Stage transition rules that the service and the console share.

This module owns the rule for the reason given when a transition is disabled. botocore checks only the length;
the character set is enforced by the service, so it is spelled out once here for the dialog and for the engine.
"""

from __future__ import annotations

import re
from typing import Final

REASON_LIMIT: Final = 300
"""Characters ``DisableStageTransition`` accepts in its reason."""

REASON_PATTERN: Final = r"[a-zA-Z0-9!@ \(\)\.\*\?\-]+"
"""The service's own pattern for ``disabledReason``."""

_OUTSIDE: Final = re.compile(r"[^a-zA-Z0-9!@ ().*?\-]")


def reason_problem(text: str) -> str | None:
    """Why ``text`` cannot be the reason of a disabled transition, or ``None`` when it can."""
    if not text:
        return "A reason is required: it is shown to everyone who looks at the closed gate."
    if len(text) > REASON_LIMIT:
        return f"The reason is {len(text)} characters long; AWS accepts at most {REASON_LIMIT}."
    outside = sorted(set(_OUTSIDE.findall(text)))
    if outside:
        shown = " ".join(repr(character) for character in outside[:5])
        return f"AWS accepts only letters, digits, spaces and ! @ ( ) . * ? - in this reason; remove {shown}."
    return None
