"""Lambda: a function of the world file gets the job's event, and its end is the job's.

A function may answer as Lambda's do, with PutJobSuccessResult or PutJobFailureResult, or leave it to its exit: 0 is
success, anything else failure. What it prints on its standard output, when that is a JSON object, may have
``outputVariables``, ``summary``, ``externalExecutionId``, ``percentComplete`` and ``continuationToken``.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any, Final

from pointsman.local.codepipeline import jobs
from pointsman.local.codepipeline.driver import finish
from pointsman.local.codepipeline.jobs import PipelineJob
from pointsman.local.codepipeline.known import timeout
from pointsman.local.codepipeline.providers import CONFIGURATION_ERROR, JOB_FAILED, ActionCall, Outcome, failed
from pointsman.local.codepipeline.runs import call_of, running
from pointsman.local.codepipeline.times import give_time
from pointsman.local.functions import functions
from pointsman.local.world import Payload, Scope, World

ENDED_TOPIC: Final = "codepipeline.function.ended"
AGAIN_TOPIC: Final = "codepipeline.function.again"
AGAIN: Final = 30
"""Seconds until a function that gave a continuation token is called again; our choice."""
DAY: Final = timedelta(days=1)
"""How long a function may go on in all."""


class LambdaAction:
    """Category Invoke, provider Lambda; and the rule provider LambdaInvoke."""

    def install(self, world: World) -> None:
        """Hear of functions that end."""
        world.on(ENDED_TOPIC, _on_ended)
        world.on(AGAIN_TOPIC, _on_again)

    def start(self, scope: Scope, call: ActionCall) -> Outcome | None:
        """Make the job and call the function."""
        name = call.configuration["FunctionName"]
        if functions.ready(scope, name) is None:
            said = f"There is no function {name}: a world file names functions under local.functions."
            return failed(CONFIGURATION_ERROR, said)
        _invoke(scope, jobs.create(scope, call), call)
        return None

    def resume(self, scope: Scope, call: ActionCall) -> Outcome | None:
        """The process is gone with the backend: a function that waits to be called again will be, any other is now."""
        job = jobs.of_run(scope, call.ticket)
        if job is None or job.status != jobs.IN_PROGRESS:
            return failed(JOB_FAILED, "The function was lost when the local backend stopped.")
        if not job.continuation:
            _invoke(scope, job, call)
        return None

    def abandon(self, scope: Scope, call: ActionCall) -> None:
        """As on AWS, the function goes on; what it says is not heard."""
        jobs.drop(scope, call.ticket, jobs.FAILED)


def invoke_again(scope: Scope, job: PipelineJob) -> None:
    """Have a function called again with its continuation token, in a while."""
    run = running(scope, job.ticket)
    call = call_of(scope, run) if run is not None else None
    if call is None:
        return
    if call.timeout_minutes is None:
        # Each word gives a function 20 minutes more, up to a day in all.
        minutes = timeout(call.declaration.action_type_id)
        left = int((call.started + DAY - scope.now).total_seconds()) // 60
        if left > minutes:
            give_time(scope, job.ticket, minutes)
        else:
            give_time(scope, job.ticket, max(0, left), "The function did not end within 24 hours.")
    scope.after(AGAIN, AGAIN_TOPIC, {"job": job.id}, key=f"codepipeline/function/{job.id}")


def _invoke(scope: Scope, job: PipelineJob, call: ActionCall) -> None:
    function = functions.ready(scope, call.configuration["FunctionName"])
    if function is None:
        finish(scope, job.ticket, failed(CONFIGURATION_ERROR, "The function is not there any more."))
        return
    data = {name: value for name, value in jobs.data(scope, job, call).items() if name != "actionTypeId"}
    event = {"CodePipeline.job": {"id": job.id, "accountId": scope.account, "data": data}}
    functions.invoke(scope, function, event, ENDED_TOPIC, {"job": job.id})


def _on_again(scope: Scope, payload: Payload) -> None:
    job = scope.get(PipelineJob, payload["job"])
    run = running(scope, job.ticket) if job is not None else None
    call = call_of(scope, run) if run is not None else None
    if job is None or call is None or job.status != jobs.IN_PROGRESS:
        return
    _invoke(scope, job, call)


def _on_ended(scope: Scope, payload: Payload) -> None:
    job = scope.get(PipelineJob, payload.get("job", ""))
    if job is None or job.status != jobs.IN_PROGRESS:
        return  # it has answered by itself
    said = _object(payload["output"])
    if payload["status"] is None:
        jobs.fail(scope, job, {"type": JOB_FAILED, "message": "The function took longer than its time-out."})
    elif payload["status"] != 0:
        told = said.get("errorMessage") or _last(payload["errors"]) or _last(payload["output"])
        message = f"The function failed with exit status {payload['status']}" + (f": {told}" if told else ".")
        jobs.fail(scope, job, {"type": JOB_FAILED, "message": message[:5000]})
    elif token := _text(said.get("continuationToken"))[:2048]:
        invoke_again(scope, jobs.go_on(scope, job, token, _details(said)))
    else:
        given = said.get("outputVariables")
        variables = {str(name): _text(value) for name, value in given.items()} if isinstance(given, dict) else {}
        jobs.succeed(scope, job, details=_details(said), variables=variables)


def _object(text: str) -> dict[str, Any]:
    """The JSON object a function printed, all of it or its last line; empty when there is none."""
    for candidate in (text, _last(text)):
        try:
            found = json.loads(candidate)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict):
            return found
    return {}


def _details(said: dict[str, Any]) -> dict[str, Any]:
    details: dict[str, Any] = {}
    for name, most in (("summary", 2048), ("externalExecutionId", 1500)):
        if name in said:
            details[name] = _text(said[name])[:most]
    percent = said.get("percentComplete")
    if isinstance(percent, int) and 0 <= percent <= 100:
        details["percentComplete"] = percent
    return details


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _last(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip() if lines else ""
