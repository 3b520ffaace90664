"""The backend under boto3: a session whose every call is answered here, below botocore's own events.

Input validation, paginators, waiters and modelled exceptions are botocore's own. ``before-parameter-build`` keeps the
parameters (last, when idempotency tokens are in), ``before-call`` answers (first). Such a session has dummy keys, an
endpoint that leads nowhere and no eye for ``AWS_*`` or the user's AWS files: a call that slipped past the plug could
not leave the machine.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES, ConstantProvider
from botocore.exceptions import EventStreamError

from pointsman.local.answers import AwsError, Parameters
from pointsman.local.botodata import QuickLoader
from pointsman.local.flows import Event, Flow, failure

NOWHERE = "http://127.0.0.1:9"
"""The discard port of this machine: nothing listens there."""

Ask = Callable[[str, str, str, Parameters], tuple[dict[str, Any], str]]
"""(region, service, operation, parameters) -> (answer, request id); raises AwsError."""

_STASH = "pointsman.parameters"


class _Response:
    """What botocore looks at of an HTTP response."""

    def __init__(self, status: int, request_id: str) -> None:
        self.status_code = status
        self.headers = {"x-amzn-requestid": request_id}
        self.raw = None
        """There is no wire, so botocore's handlers that would parse one again leave the answer alone."""


class Session(boto3.session.Session):  # type: ignore[misc]
    """A boto3 session whose calls the backend answers."""

    def client(self, service_name: str, *args: Any, **options: Any) -> Any:
        """A client as boto3 makes it, with an endpoint that leads nowhere and a single attempt."""
        options["endpoint_url"] = NOWHERE
        ours = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
        given = options.get("config")
        options["config"] = given.merge(ours) if given is not None else ours
        return super().client(service_name, *args, **options)


def session(ask: Ask, region: str) -> Session:
    """A session for one region whose calls ``ask`` answers."""
    core = botocore.session.Session()
    core.register_component("data_loader", QuickLoader())
    shut_out(core, region)
    core.set_credentials("POINTSMANLOCAL", "local-only", "local-only")
    plugged = Session(region_name=region, botocore_session=core)

    def stash(params: Any, context: dict[str, Any], **_: Any) -> None:
        context[_STASH] = params

    def answer(model: Any, context: dict[str, Any], **_: Any) -> tuple[_Response, dict[str, Any]]:
        service = model.service_model.service_name
        asked_region = context.get("client_region") or region
        parameters = _own(context.get(_STASH) or {})
        try:
            parsed, request_id = ask(asked_region, service, model.name, parameters)
        except AwsError as error:
            return _failure(error, error.members.pop("request_id", "00000000-0000-0000-0000-000000000000"))
        for name, value in parsed.items():
            if isinstance(value, Flow):
                parsed[name] = EventStream(value, model.name)
        if (service, model.name) == ("s3", "GetBucketLocation"):
            parsed.setdefault("LocationConstraint", None)  # what boto3 makes of us-east-1's empty answer
        parsed["ResponseMetadata"] = {
            "RequestId": request_id,
            "HTTPStatusCode": 200,
            "HTTPHeaders": {},
            "RetryAttempts": 0,
        }
        return _Response(200, request_id), parsed

    events = core.get_component("event_emitter")
    events.register_last("before-parameter-build.*.*", stash)
    events.register_first("before-call.*.*", answer)
    return plugged


class EventStream:
    """A flow as botocore's event streams are used: iterated, which blocks, and closed from any thread."""

    def __init__(self, flow: Flow, operation: str) -> None:
        self._flow = flow
        self._operation = operation

    def __iter__(self) -> Iterator[Event]:
        while True:
            for event in self._flow.take():
                if (failed := failure(event)) is not None:
                    raise EventStreamError({"Error": {"Code": failed[0], "Message": failed[1]}}, self._operation)
                yield event
            if self._flow.over:
                return
            self._flow.wait(self._flow.pause())

    def close(self) -> None:
        """Take no more."""
        self._flow.close()


def shut_out(core: Any, region: str) -> None:
    """Give every configuration variable botocore's own default: neither ``AWS_*`` nor the user's files are read."""
    store = core.get_component("config_store")
    for name, (_, _, default, _) in BOTOCORE_DEFAUT_SESSION_VARIABLES.items():
        store.set_config_provider(name, ConstantProvider(default))
    for name in ("config_file", "credentials_file"):
        store.set_config_provider(name, ConstantProvider(os.devnull))
    for name in ("s3", "proxies_config"):
        store.set_config_provider(name, ConstantProvider({}))
    store.set_config_provider("region", ConstantProvider(region))
    store.set_config_provider("ignore_configured_endpoint_urls", ConstantProvider(True))


def _own(value: Any) -> Any:
    """The caller's parameters as values of ours: copied, and streams read to their end, outside the world's lock."""
    if isinstance(value, dict):
        return {key: _own(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_own(inner) for inner in value]
    if isinstance(value, bytearray):
        return bytes(value)
    if hasattr(value, "read"):
        if hasattr(value, "signal_transferring"):
            value.signal_transferring()  # boto3's transfers count bytes for their progress from here on
        content = value.read()
        return content.encode() if isinstance(content, str) else content
    return value


def _failure(error: AwsError, request_id: str) -> tuple[_Response, dict[str, Any]]:
    parsed = {
        **error.members,
        "Error": {"Code": error.code, "Message": error.message},
        "ResponseMetadata": {
            "RequestId": request_id,
            "HTTPStatusCode": error.status,
            "HTTPHeaders": {},
            "RetryAttempts": 0,
        },
    }
    if "message" not in error.members:
        parsed["message"] = error.message
    return _Response(error.status, request_id), parsed
