"""Invoking: the command as a job on another thread, its output into the function's log group, its end as a fact."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pointsman.local.commands import allowed, described, not_trusted
from pointsman.local.functions.records import LocalFunction
from pointsman.local.logs import events
from pointsman.local.reach import Reach
from pointsman.local.runners.commands import CommandRunner
from pointsman.local.sts import keys
from pointsman.local.world import Payload, Scope

NOT_RUN = 126
"""The status of a command that may not run, as a shell has it."""


def name_of(reference: str) -> str:
    """A function's name, from its name or ARN; a version or an alias behind it makes no difference here."""
    if reference.startswith("arn:"):
        return reference.split(":function:", 1)[-1].partition(":")[0]
    return reference.partition(":")[0]


def ready(scope: Scope, reference: str) -> LocalFunction | None:
    """The function of a name or ARN; None when no world file names it."""
    return scope.get(LocalFunction, name_of(reference))


def invoke(scope: Scope, function: LocalFunction, event: Any, topic: str, payload: Payload) -> None:
    """Have a function called once this transaction stands.

    Args:
        scope: Where.
        function: Which.
        event: What it gets on its standard input, as JSON.
        topic: What the fact of its end is posted under: the payload and ``status`` (None: its time was over),
            ``output``, ``errors``. Empty when the backend closed meanwhile.
        payload: Comes back with the fact.
    """
    runner = scope.world.tool(CommandRunner)  # type: ignore[type-abstract]
    given = json.dumps(event, ensure_ascii=False, default=str).encode()
    identity = scope.world.uuid()
    granted, key = _access(scope, function)
    variables = {
        **runner.environment(scope, f"function/{function.name}"),
        **granted,
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_REQUEST_ID": identity,
        **function.environment,
    }
    may, shown = allowed(scope.world), described(function.command, function.folder)
    stream = f"{scope.now:%Y/%m/%d}/[$LATEST]{identity.replace('-', '')}"

    def work() -> Payload:
        if not may(shown):
            return {**payload, "status": NOT_RUN, "output": "", "errors": not_trusted(function.name, shown)}
        ended = runner.run(function.command, Path(function.folder), given, variables, function.timeout)
        if ended.lost:
            return {}
        lines = [line for text in (ended.errors, ended.output) for line in text.splitlines() if line]
        lines.append(f"END RequestId: {identity} status: {'timed out' if ended.status is None else ended.status}")
        with scope.world.transaction():
            if key:
                keys.forget(scope, key)
            now = int(scope.now.timestamp() * 1000)
            events.append(scope, f"/aws/lambda/{function.name}", stream, [(now, line) for line in lines])
        return {**payload, "status": ended.status, "output": ended.output, "errors": ended.errors}

    scope.job(topic, work)


def _access(scope: Scope, function: LocalFunction) -> tuple[dict[str, str], str]:
    """The variables that bring a function's calls here, and its key; nothing while nobody serves this backend."""
    address = scope.world.tool(Reach).address
    if not address:
        return {}, ""
    key = keys.make(scope, function.timeout + 60)
    variables = {
        "AWS_ACCESS_KEY_ID": key.access_key_id,
        "AWS_SECRET_ACCESS_KEY": key.secret_access_key,
        "AWS_SESSION_TOKEN": key.session_token,
        "AWS_ENDPOINT_URL": address,
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
    }
    return variables, key.access_key_id
