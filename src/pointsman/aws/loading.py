"""Collect garbage later: for the one thread that imports boto3 and makes clients while somebody is typing.

Knows nothing of boto3, so that it can be imported before it.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Keep the collector out of the way of a burst of long-lived objects, and out of those objects afterwards.

    What exists at the end (modules, service models, client classes) stays for the life of the process: it is frozen,
    so that no later collection walks it.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was:
            gc.enable()
