"""Whether a service's endpoint answers at all, on the very way that calls take: their proxy, their certificates.

What is sent is ``GET /`` without a signature, which every service refuses with some status: any answer is an answer.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import botocore.exceptions as wrong
from botocore.awsrequest import AWSRequest
from botocore.utils import get_environ_proxies

from pointsman.model.endpoints import Endpoint

__all__ = ["probe"]

_WORDS: tuple[tuple[type[Exception], str], ...] = (
    (wrong.ProxyConnectionError, "the proxy does not answer"),
    (wrong.SSLError, "its certificate is not trusted here"),
    (wrong.ConnectTimeoutError, "nothing answers there in time"),
    (wrong.ReadTimeoutError, "it takes the connection and does not answer"),
    (wrong.EndpointConnectionError, "nothing can be reached there"),
    (wrong.ConnectionClosedError, "it closes the connection"),
)


def probe(service: str, client: Any) -> Endpoint:
    """Knock at the endpoint of a client; blocking, a few seconds at most.

    Args:
        service: Its name.
        client: A client as calls use it.
    """
    url = str(client.meta.endpoint_url)
    sender = client._endpoint.http_session  # noqa: SLF001 - botocore has no other way to what sends its calls
    proxies = client.meta.config.proxies or get_environ_proxies(url)
    proxy = str(proxies.get(urlsplit(url).scheme, ""))
    found = Endpoint(service, url, urlsplit(proxy).hostname or "" if proxy else "")
    begun = time.monotonic()
    try:
        answer = sender.send(AWSRequest(method="GET", url=f"{url.rstrip('/')}/").prepare())
    except Exception as error:  # whatever a connection can come to is what is asked for here
        words = next((said for kind, said in _WORDS if isinstance(error, kind)), type(error).__name__)
        return Endpoint(service, url, found.proxy, problem=words, detail=str(error))
    return Endpoint(service, url, found.proxy, seconds=time.monotonic() - begun, said_at=_date(answer.headers))


def _date(headers: Any) -> datetime | None:
    try:
        return parsedate_to_datetime(headers.get("date", "")).astimezone(UTC)
    except (ValueError, TypeError):
        return None
