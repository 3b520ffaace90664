"""CodeBuild's answers about sandboxes and the commands that run in them."""

from __future__ import annotations

from typing import Any

from pointsman.local.answers import AwsError, Parameters, answers
from pointsman.local.codebuild import fleets, queueing, sandboxes
from pointsman.local.codebuild.builds import check_source, made
from pointsman.local.codebuild.driver import runner_of
from pointsman.local.codebuild.machine import STOPPED, Context
from pointsman.local.codebuild.paging import ordered, paged, some
from pointsman.local.codebuild.projects import project_of
from pointsman.local.codebuild.records import CommandExecution, RunningBuild, Sandbox, SandboxOrder, StartRequest
from pointsman.local.codebuild.settings import effective, invalid
from pointsman.local.codebuild.shapes import logs_shape, phase_shape
from pointsman.local.codebuild.starting import once
from pointsman.local.world import Scope

_FROM_SETTINGS = (
    "source",
    "sourceVersion",
    "secondarySources",
    "secondarySourceVersions",
    "environment",
    "fileSystemLocations",
    "timeoutInMinutes",
    "queuedTimeoutInMinutes",
    "vpcConfig",
    "encryptionKey",
    "serviceRole",
)


@answers("codebuild", "StartSandbox")
def start_sandbox(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Start a sandbox of a project: it is in the queue when this returns."""
    if not parameters.get("projectName"):
        raise invalid("The name of the project whose sandbox to start is missing")
    request = StartRequest(project=project_of(scope, parameters["projectName"]).name, initiator="sandbox")
    token = parameters.get("idempotencyToken", "")
    return {
        "sandbox": _shape(scope, once(scope, token, "StartSandbox", request, lambda: _start(scope, request), _find))
    }


@answers("codebuild", "StopSandbox")
def stop_sandbox(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Stop a sandbox and all that runs in it; one that has ended is given back unchanged."""
    sandbox = _sandbox_of(scope, parameters["id"])
    if not sandbox.complete:
        sandbox = sandboxes.end(scope, sandbox, STOPPED, Context("", "Sandbox stopped by user"))
    return {"sandbox": _shape(scope, sandbox)}


@answers("codebuild", "BatchGetSandboxes")
def batch_get_sandboxes(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Sandboxes by id or ARN."""
    ids = list(dict.fromkeys(some(parameters["ids"])))
    found = {one: sandbox for one in ids if (sandbox := _find(scope, one)) is not None}
    return {
        "sandboxes": [_shape(scope, one) for one in found.values()],
        "sandboxesNotFound": [one for one in ids if one not in found],
    }


@answers("codebuild", "ListSandboxes")
def list_sandboxes(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """The ids of all sandboxes, newest first unless told otherwise."""
    return ordered(scope, SandboxOrder, "*/", parameters, "ids", lambda one: one.sandbox_id)


@answers("codebuild", "ListSandboxesForProject")
def list_sandboxes_for_project(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """The ids of a project's sandboxes, newest first unless told otherwise."""
    project = project_of(scope, parameters["projectName"])
    return ordered(scope, SandboxOrder, f"{project.name}/", parameters, "ids", lambda one: one.sandbox_id)


@answers("codebuild", "StartSandboxConnection")
def start_sandbox_connection(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Refused: there is no Session Manager here."""
    sandbox = _sandbox_of(scope, parameters["sandboxId"])
    folder = runner_of(scope.world).build_folder(sandbox.id)
    message = (
        "Pointsman's backend has no Session Manager, so nobody connects to a sandbox: give it commands with"
        f" StartCommandExecution, or look into its folder, {folder}"
    )
    raise AwsError("NotImplemented", message, 501)


@answers("codebuild", "StartCommandExecution")
def start_command_execution(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Have a sandbox run a command, after those that it was given before."""
    sandbox = _sandbox_of(scope, parameters["sandboxId"])
    if sandbox.complete:
        raise invalid(f"The sandbox {sandbox.id} has ended ({sandbox.status}): start another one")
    if "\0" in parameters["command"]:
        raise invalid("Invalid command: it has a NUL character")
    return {"commandExecution": _command_shape(scope, sandbox, sandboxes.submit(scope, sandbox, parameters["command"]))}


@answers("codebuild", "BatchGetCommandExecutions")
def batch_get_command_executions(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Commands of a sandbox by their ids."""
    ids = list(dict.fromkeys(some(parameters["commandExecutionIds"])))
    sandbox = _find(scope, parameters["sandboxId"])
    if sandbox is None:
        raise invalid(f"Sandbox cannot be found: {parameters['sandboxId']}")
    known = {one.id: one for one in sandboxes.commands(scope, sandbox.id)}
    answer: dict[str, Any] = {
        "commandExecutions": [_command_shape(scope, sandbox, known[one]) for one in ids if one in known]
    }
    if missing := [one for one in ids if one not in known]:
        answer["commandExecutionsNotFound"] = missing
    return answer


@answers("codebuild", "ListCommandExecutionsForSandbox")
def list_command_executions_for_sandbox(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """The commands of a sandbox, newest first unless told otherwise."""
    sandbox = _sandbox_of(scope, parameters["sandboxId"])
    known = sandboxes.commands(scope, sandbox.id)
    if parameters.get("sortOrder", "DESCENDING") == "DESCENDING":
        known.reverse()
    page = paged(known, parameters, "commandExecutions")
    return {**page, "commandExecutions": [_command_shape(scope, sandbox, one) for one in page["commandExecutions"]]}


def _start(scope: Scope, request: StartRequest) -> Sandbox:
    project = project_of(scope, request.project)
    if not runner_of(scope.world).executes:
        message = "Pointsman's demonstration executes nothing, so it has no sandboxes: pointsman local has"
        raise AwsError("NotImplemented", message, 501)
    settings = effective(project.settings, request)
    check_source(settings, request)
    fleets.check(scope, settings)
    queueing.check(scope, project)
    number = scope.next_number("codebuild.sandboxes")
    sandbox = made(scope, Sandbox, "sandbox", request, settings, number=number)
    scope.put(sandbox.id, sandbox)
    for prefix in ("*", project.name):
        scope.put(f"{prefix}/{sandbox.number:012d}", SandboxOrder(sandbox.id))
    scope.put(f"{scope.next_number('codebuild.builds'):012d}", RunningBuild(sandbox.id))
    queueing.enqueue(scope, sandbox)
    return sandbox


def _find(scope: Scope, sandbox_id: str) -> Sandbox | None:
    return scope.get(Sandbox, sandbox_id.rpartition(":sandbox/")[2] if sandbox_id.startswith("arn:") else sandbox_id)


def _sandbox_of(scope: Scope, sandbox_id: str) -> Sandbox:
    sandbox = _find(scope, sandbox_id)
    if sandbox is None:
        raise AwsError("ResourceNotFoundException", f"Sandbox cannot be found: {sandbox_id}")
    return sandbox


def _shape(scope: Scope, sandbox: Sandbox) -> dict[str, Any]:
    status = sandbox.status if sandbox.complete else sandbox.progress.phase
    session: dict[str, Any] = {
        "id": sandbox.uuid,
        "status": status,
        "startTime": sandbox.started,
        "currentPhase": sandbox.progress.phase,
        "phases": [phase_shape(phase) for phase in sandbox.phases],
        "logs": logs_shape(scope, sandbox),
    }
    shape: dict[str, Any] = {
        "id": sandbox.id,
        "arn": sandbox.arn,
        "projectName": sandbox.project,
        "requestTime": sandbox.started,
        "status": status,
        "currentSession": session,
        **{name: sandbox.settings[name] for name in _FROM_SETTINGS if sandbox.settings.get(name)},
    }
    if config := sandbox.settings.get("logsConfig"):
        shape["logConfig"] = config
    if begun := next((one.start for one in sandbox.phases if one.type == sandboxes.RUN), None):
        shape["startTime"] = begun
    if sandbox.ended is not None:
        shape["endTime"] = session["endTime"] = sandbox.ended
    if sandbox.resolved_version:
        session["resolvedSourceVersion"] = sandbox.resolved_version
    return shape


def _command_shape(scope: Scope, sandbox: Sandbox, command: CommandExecution) -> dict[str, Any]:
    output, errors = command.output, command.errors
    live = sandboxes.live_of(scope, sandbox.id)
    if command.status == "IN_PROGRESS" and live is not None and live.number == command.number:
        output, errors = live.output.text(), live.errors.text()
    optional = {
        "startTime": command.started,
        "endTime": command.ended,
        "exitCode": str(command.exit) if command.exit is not None else None,
        "standardOutputContent": output or None,
        "standardErrContent": errors or None,
    }
    return {
        "id": command.id,
        "sandboxId": sandbox.id,
        "sandboxArn": sandbox.arn,
        "submitTime": command.submitted,
        "status": command.status,
        "command": command.command,
        "type": "SHELL",
        "logs": logs_shape(scope, sandbox),
        **{name: value for name, value in optional.items() if value is not None},
    }
