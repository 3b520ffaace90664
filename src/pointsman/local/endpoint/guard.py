"""Who is turned away before anything else is looked at: pages in browsers, wrong hosts, other users."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from pointsman.local.answers import AwsError
from pointsman.local.endpoint.messages import Request
from pointsman.local.endpoint.peers import uid_of

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Turned(Exception):
    """A request that is turned away; the message says why."""

    def __init__(self, message: str, status: int = 403) -> None:
        super().__init__(message)
        self.message = message
        self.status = status

    def error(self) -> AwsError:
        """The error for the client."""
        return AwsError("AccessDenied", self.message, self.status)


def host_of(header: str) -> str:
    """The name in a Host header, without its port and brackets, in lower case."""
    text = header.strip().lower()
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0].rstrip(".")


def check_origin(request: Request, hosts: frozenset[str]) -> None:
    """Turn away what a page in a browser could have sent, and what is addressed to a name that is not ours.

    A page can reach a loopback port, directly or by pointing a name of its own at it; but its browser then says
    ``Origin``, or ``Sec-Fetch-Site``, or another ``Host``. No AWS client says the first two.

    Raises:
        Turned: It is one of these.
    """
    headers = request.headers
    host = headers.get("host")
    if host is None or "," in host:
        raise Turned("The request does not say which host it is for", 400)
    if host_of(host) not in hosts:
        raise Turned(f"This endpoint does not answer for the host {host_of(host)[:64]!r}")
    if "origin" in headers:
        raise Turned("This endpoint does not answer web pages")
    if headers.get("sec-fetch-site", "none").strip().lower() not in ("none", "same-origin"):
        raise Turned("This endpoint does not answer web pages")


def check_user(scope: Mapping[str, Any]) -> None:
    """Turn away processes of other users.

    Raises:
        Turned: It is another's, or the system does not tell whose it is.
    """
    client, server = scope.get("client"), scope.get("server")
    state = scope.get("state")
    if state is not None and "uid" in state:
        uid = state["uid"]
    else:
        uid = uid_of((client[0], client[1]), (server[0], server[1])) if client and server else None
    if uid != os.getuid():
        raise Turned(
            "Without signatures this endpoint answers processes of its own user only"
            if uid is not None
            else "The system does not tell whose process this is; sign the request"
        )
