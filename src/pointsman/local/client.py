"""boto3 sessions for a backend that another process owns: at its address, with its folder's keys.

As with the plug, such a session has no eye for ``AWS_*``, a proxy or the user's AWS files, and its endpoint is on this
machine: nothing it sends can leave it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
import botocore.session
from botocore.config import Config

from pointsman.errors import CallFailed, Fault
from pointsman.local.botodata import QuickLoader
from pointsman.local.endpoint.keys import Key
from pointsman.local.plug import shut_out


class Session(boto3.session.Session):  # type: ignore[misc]
    """A boto3 session whose calls go to one address."""

    address = ""

    def client(self, service_name: str, *args: Any, **options: Any) -> Any:
        """A client as boto3 makes it, at the session's address and with a single attempt."""
        options["endpoint_url"] = self.address
        ours = Config(
            retries={"total_max_attempts": 1},
            s3={"addressing_style": "path"},
            inject_host_prefix=False,
            proxies={},
        )
        given = options.get("config")
        options["config"] = given.merge(ours) if given is not None else ours
        return super().client(service_name, *args, **options)


def client_session(address: str, key: Key, region: str, gone: Callable[[], Fault | None]) -> Session:
    """A session for one region.

    Args:
        address: Where the backend answers.
        key: The folder's keys.
        region: The region calls are for.
        gone: Is asked before each call leaves: the fault of every call once the owner has ended, None while it lives.
    """
    core = botocore.session.Session()
    core.register_component("data_loader", QuickLoader())
    shut_out(core, region)
    core.set_credentials(key.access_key_id, key.secret_access_key)
    session = Session(region_name=region, botocore_session=core)
    session.address = address

    def check(**_: Any) -> None:
        if (fault := gone()) is not None:
            raise CallFailed(fault)

    core.get_component("event_emitter").register_first("before-send.*.*", check)
    return session
