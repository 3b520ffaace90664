"""The bundled backend as an AWS endpoint over HTTP: ``Endpoint``.

``Endpoint`` is loaded when it is asked for: keys are read without boto3 and a server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pointsman.local.endpoint.endpoint import Endpoint

__all__ = ["Endpoint"]


def __getattr__(name: str) -> Any:
    if name == "Endpoint":
        from pointsman.local.endpoint.endpoint import Endpoint

        return Endpoint
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
