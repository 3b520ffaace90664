"""What StartBuild and StartBuildBatch have in common: their parameters as a request, and idempotency tokens."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

import msgspec

from pointsman.local.answers import AwsError, Parameters
from pointsman.local.codebuild.projects import name_of
from pointsman.local.codebuild.records import EnvironmentVariable, StartRequest, StartToken
from pointsman.local.codebuild.settings import invalid
from pointsman.local.world import Scope

TOKEN_LIFE = timedelta(minutes=5)

_OWN = ("projectName", "sourceVersion", "environmentVariablesOverride", "buildspecOverride", "idempotencyToken")

T = TypeVar("T", bound=msgspec.Struct)


def request_of(parameters: Parameters) -> StartRequest:
    """A request out of a call's parameters.

    Raises:
        AwsError: A debug session is asked for, which is not built.
    """
    given = dict(parameters)
    if given.pop("debugSessionEnabled", False):
        raise AwsError("NotImplemented", "Pointsman's backend has no debug sessions (debugSessionEnabled)", 501)
    return StartRequest(
        project=name_of(given["projectName"]),
        source_version=given.get("sourceVersion"),
        environment=[
            EnvironmentVariable(one["name"], one["value"], one.get("type", "PLAINTEXT"))
            for one in given.get("environmentVariablesOverride", [])
        ],
        buildspec_override=given.get("buildspecOverride"),
        overrides={name: value for name, value in given.items() if name not in _OWN},
    )


def retry_of(batch_id: str, *, everything: bool) -> StartRequest:
    """What tells one retry of a batch from another."""
    return StartRequest(project=batch_id, buildspec_override="ALL" if everything else "FAILED")


def once(
    scope: Scope,
    token: str,
    call: str,
    request: StartRequest,
    make: Callable[[], T],
    find: Callable[[Scope, str], T | None],
) -> T:
    """Start something, or give back what the same token has started in the last five minutes.

    Args:
        scope: Where.
        token: The idempotency token; empty is none.
        call: The call's name: each has tokens of its own.
        request: What was asked.
        make: Starts it.
        find: Looks for it by its id.

    Raises:
        AwsError: As ``make`` does; InvalidInputException for a token that was used for another request.
    """
    if not token:
        return make()
    key = f"{call}/{token}"
    used = scope.get(StartToken, key)
    if used is not None and scope.now - used.used < TOKEN_LIFE:
        if used.request != request:
            raise invalid("The idempotency token was used for a build with other parameters")
        if (known := find(scope, used.build_id)) is not None:
            return known
    made = make()
    scope.put(key, StartToken(str(getattr(made, "id", "")), request, scope.now))
    return made
