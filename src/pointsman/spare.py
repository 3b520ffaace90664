"""Memory that nobody uses any more, given back to the machine."""

from __future__ import annotations

import contextlib
import sys

__all__ = ["give_back"]


def give_back() -> None:
    """Return the pages that are free to the system, where the C library can: glibc keeps them between what is used.

    For a thread, once something large has been read and let go; takes a millisecond or two. Elsewhere it does nothing.
    """
    if sys.platform != "linux":
        return
    import ctypes  # late: only who opens something large needs it

    with contextlib.suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)
