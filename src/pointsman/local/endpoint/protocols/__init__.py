"""AWS's wire protocols, generic over botocore's service models: requests in, answers and errors out.

A service needs nothing here to be reached over HTTP: its model says what its members are called and where they go.
"""

from __future__ import annotations

from typing import Any, Protocol

from pointsman.local.answers import AwsError, Parameters
from pointsman.local.endpoint.messages import Request, Response
from pointsman.local.endpoint.protocols.cbor import Cbor
from pointsman.local.endpoint.protocols.jsonrpc import JsonRpc
from pointsman.local.endpoint.protocols.query import Query
from pointsman.local.endpoint.protocols.restjson import RestJson
from pointsman.local.endpoint.protocols.restxml import RestXml


class Codec(Protocol):
    """One wire protocol."""

    name: str
    """botocore's name of it."""
    malformed: str
    """The code of the error that says a request cannot be read."""

    def decode(self, operation: Any, request: Request, labels: dict[str, str], /) -> Parameters:
        """A request's parameters, of the right types; not yet held against the model's constraints.

        Args:
            operation: botocore's model of the operation.
            request: The request, its body whole and unpacked.
            labels: What the path's labels stand for.

        Raises:
            Undecodable: It cannot be read.
        """
        ...

    def encode(self, operation: Any, answer: dict[str, Any], request_id: str, /) -> Response:
        """An answer."""
        ...

    def fail(self, service: str | None, error: AwsError, request_id: str, /) -> Response:
        """An error; ``service`` is None when the request did not say which it is for."""
        ...


CODECS: dict[str, Codec] = {codec.name: codec for codec in (JsonRpc(), Cbor(), Query(), RestJson(), RestXml())}
"""By botocore's name. ``ec2`` is EC2's alone, and not spoken here."""

__all__ = ["CODECS", "Codec"]
