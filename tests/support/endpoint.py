"""Signed requests to an endpoint, below any SDK."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from pointsman.clock import ManualClock
from pointsman.local.endpoint import Endpoint
from pointsman.local.endpoint.keys import Key

KEY = Key("AKIAPOINTSMANTEST000", "a-secret/that+is=long")
Answered = tuple[int, dict[str, str], bytes]


@contextmanager
def freeze(clock: ManualClock) -> Iterator[None]:
    """Have botocore sign at the clock's time."""
    with mock.patch("botocore.auth.get_current_datetime", return_value=clock.now()):
        yield


def signed(
    endpoint: Endpoint,
    method: str,
    path: str,
    service: str,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
    key: Key = KEY,
    who: Credentials | None = None,
) -> dict[str, str]:
    """The headers of a request, signed."""
    request = AWSRequest(method, endpoint.address + path, dict(headers or {}), body)
    if "x-amz-trailer" in request.headers:
        request.context["checksum"] = {"request_algorithm": {"in": "trailer"}}
    signer = S3SigV4Auth if service == "s3" else SigV4Auth
    who = who or Credentials(key.access_key_id, key.secret_access_key)
    signer(who, service, "eu-west-1").add_auth(request)
    return {name: value.decode() if isinstance(value, bytes) else str(value) for name, value in request.headers.items()}


def ask(
    endpoint: Endpoint, method: str, path: str, headers: dict[str, str], body: bytes | Iterator[bytes] = b""
) -> Answered:
    """One request over a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", endpoint.port, timeout=20)
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
    finally:
        connection.close()


def call(endpoint: Endpoint, target: str, body: bytes = b"{}", **more: str) -> Answered:
    """One signed JSON call of CodePipeline."""
    headers = {
        "X-Amz-Target": f"CodePipeline_20150709.{target}",
        "Content-Type": "application/x-amz-json-1.1",
        **more,
    }
    return ask(endpoint, "POST", "/", signed(endpoint, "POST", "/", "codepipeline", body, headers), body)
