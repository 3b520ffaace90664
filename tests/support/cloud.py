"""boto3 sessions that answer from a function, and fakes of what the services ask."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import boto3

from pointsman.errors import CallFailed, Fault, FaultKind

Answerer = Callable[[str, str, dict[str, Any]], dict[str, Any]]
"""(service, operation, parameters) -> the answer; raises a botocore exception, or ``Refusal``."""


class Refusal(Exception):
    """Have a scripted session answer with an error."""

    def __init__(self, code: str, message: str = "refused", status: int = 400) -> None:
        super().__init__(code)
        self.code, self.message, self.status = code, message, status


class _Response:
    def __init__(self, status: int) -> None:
        self.status_code = status
        self.headers: dict[str, str] = {}


def scripted(answer: Answerer, *, keys: bool = True, region: str = "eu-west-1") -> Any:
    """A boto3 session whose calls ``answer`` answers; nothing is sent.

    Args:
        answer: What answers.
        keys: Whether the session has credentials.
        region: Its region.
    """
    given = {"aws_access_key_id": "x", "aws_secret_access_key": "y"} if keys else {}
    session = boto3.session.Session(region_name=region, **given)

    def stash(params: Any, context: dict[str, Any], **_: Any) -> None:
        context["test.parameters"] = params

    def respond(model: Any, context: dict[str, Any], **_: Any) -> tuple[_Response, dict[str, Any]]:
        metadata = {"RequestId": "r-1", "HTTPHeaders": {}, "RetryAttempts": 0}
        try:
            parsed = answer(model.service_model.service_name, model.name, context["test.parameters"])
        except Refusal as error:
            return _Response(error.status), {
                "Error": {"Code": error.code, "Message": error.message},
                "ResponseMetadata": {**metadata, "HTTPStatusCode": error.status},
            }
        return _Response(200), {**parsed, "ResponseMetadata": {**metadata, "HTTPStatusCode": 200}}

    session.events.register("before-parameter-build.*.*", stash)
    session.events.register_first("before-call.*.*", respond)
    return session


def failed(kind: FaultKind, code: str = "") -> CallFailed:
    """A call without an answer."""
    return CallFailed(Fault(kind, f"{kind.value}: said by the test", code=code, request_id="r-1"))


class FakeCloud:
    """Answers reads from functions by operation; remembers what it was asked."""

    def __init__(self, **answers: Callable[..., dict[str, Any]]) -> None:
        self.answers = answers
        self.asked: list[tuple[str, dict[str, Any]]] = []

    async def read(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """The answer to one call."""
        await asyncio.sleep(0)
        self.asked.append((operation, parameters))
        if operation not in self.answers:
            raise failed(FaultKind.NOT_BUILT)
        return self.answers[operation](**parameters)

    def count(self, operation: str) -> int:
        """How often an operation was asked."""
        return sum(one == operation for one, _ in self.asked)
