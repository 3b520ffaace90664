"""How the program ends: exit codes, and the sentence on standard error that goes with a bad one."""

from __future__ import annotations

import sys

DONE, BROKEN, USAGE, INTERRUPTED = 0, 1, 2, 130


def say(sentence: str, hint: str = "") -> None:
    """Say what is wrong, and the way out."""
    print(f"pointsman: {sentence}", file=sys.stderr)
    if hint:
        print(f"  {hint}", file=sys.stderr)
