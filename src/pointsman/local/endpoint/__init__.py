"""The bundled backend as an AWS endpoint over HTTP: ``Endpoint``."""

from pointsman.local.endpoint.endpoint import Endpoint

__all__ = ["Endpoint"]
