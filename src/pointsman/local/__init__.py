"""The bundled backend: AWS's delivery services on this machine, executing for real.

``Backend`` is the library's door; see ``backend.py``. Nothing here imports the console, its services or its model.
``Backend`` is loaded when it is asked for: a state folder can be claimed before boto3 is imported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pointsman.local.backend import Backend

__all__ = ["Backend"]


def __getattr__(name: str) -> Any:
    if name == "Backend":
        from pointsman.local.backend import Backend

        return Backend
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
