"""CodeBuild, as a build and as a test action: starts a build with the input artifacts and waits for its end."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, Final

import msgspec

from pointsman.local.answers import AwsError
from pointsman.local.codepipeline import urls
from pointsman.local.codepipeline.artifacts import store
from pointsman.local.codepipeline.driver import finish
from pointsman.local.codepipeline.providers import CONFIGURATION_ERROR, JOB_FAILED, ActionCall, Outcome, failed
from pointsman.local.codepipeline.runs import call_of, progress, running
from pointsman.local.codepipeline.shapes import Ticket
from pointsman.local.s3.objects import Kept
from pointsman.local.world import Payload, Scope, World

ENDED_TOPIC: Final = "codebuild.ended"
BATCH_ENDED_TOPIC: Final = "codebuild.batch.ended"
MEASURED_TOPIC: Final = "codepipeline.codebuild.measured"


class Awaited(msgspec.Struct, frozen=True):
    """A build or deployment that an action waits for; key: its id, in its own region."""

    pipeline: str
    number: int
    id: str
    region: str
    """The pipeline's."""

    @property
    def ticket(self) -> Ticket:
        """The action execution's."""
        return Ticket(self.pipeline, self.number, self.id)


class _Variable(msgspec.Struct, frozen=True):
    name: str
    value: str
    type: str = "PLAINTEXT"


class CodeBuildAction:
    """Categories Build and Test, provider CodeBuild."""

    def install(self, world: World) -> None:
        """Hear of builds that end."""
        world.on(ENDED_TOPIC, _on_ended)
        world.on(BATCH_ENDED_TOPIC, _on_batch_ended)
        world.on(MEASURED_TOPIC, _on_measured)

    def start(self, scope: Scope, call: ActionCall) -> Outcome | None:
        """Start the build; its refusal is the action's failure."""
        from pointsman.local.codebuild import batches, builds

        configuration = call.configuration
        project = configuration["ProjectName"]
        progress(scope, call.ticket, entity_url=urls.project(call.region, scope.account, project))
        try:
            variables = _variables(configuration.get("EnvironmentVariables", ""))
        except msgspec.MsgspecError as problem:
            return failed(CONFIGURATION_ERROR, f"EnvironmentVariables is not a JSON list of variables: {problem}")
        primary = configuration.get("PrimarySource") or call.inputs[0].name
        request = builds.StartRequest(
            project=project,
            environment=[builds.EnvironmentVariable(one.name, one.value, one.type) for one in variables],
            initiator=f"codepipeline/{call.pipeline.name}",
            sources=[builds.PipelineSource(one.name, one.digest) for one in call.inputs],
            primary_source=primary,
            artifact_names=list(call.declaration.outputs),
            resolved_version=_version(call, primary),
        )
        place = scope.world.scope(scope.account, call.region)
        batched = _says(configuration, "BatchEnabled")
        try:
            if batched:
                build: Any = batches.start(place, request, combine=_says(configuration, "CombineArtifacts"))
            else:
                build = builds.start(place, request)
        except AwsError as error:
            call_name = "startBuildBatch" if batched else "startBuild"
            return failed(CONFIGURATION_ERROR, f"Error calling {call_name}: {error.message}")
        ticket = call.ticket
        place.put(build.id, Awaited(ticket.pipeline, ticket.number, ticket.id, scope.region))
        progress(
            scope,
            ticket,
            external_id=build.id,
            external_url=(urls.batch if batched else urls.build)(call.region, scope.account, build.id),
            log_stream_arn=_log_stream(place, build),
        )
        return None

    def resume(self, scope: Scope, call: ActionCall) -> Outcome | None:
        """CodeBuild has resumed already: look at what became of the build."""
        place = scope.world.scope(scope.account, call.region)
        build = _found(place, call.external_id) if call.external_id else None
        if build is None:
            return failed(JOB_FAILED, "The build was lost when the local backend stopped.")
        if build.complete:
            _conclude(scope, place, call, build)
        return None

    def abandon(self, scope: Scope, call: ActionCall) -> None:
        """As on AWS, the build goes on; its end is not heard."""


def _variables(text: str) -> list[_Variable]:
    return msgspec.json.decode(text, type=list[_Variable]) if text else []


def _version(call: ActionCall, artifact: str) -> str:
    """The revision of an input artifact that comes straight from a source, as CODEBUILD_RESOLVED_SOURCE_VERSION."""
    for revision in call.execution.revisions:
        if revision.artifact == artifact:
            return revision.id
    return call.execution.revisions[0].id if call.execution.revisions else ""


def _log_stream(place: Scope, build: Any) -> str | None:
    if not getattr(build, "log_group", ""):  # a batch has no log: its builds have
        return None
    return place.arn("logs", f"log-group:{build.log_group}:log-stream:{build.log_stream}")


def _says(configuration: dict[str, str], name: str) -> bool:
    return configuration.get(name, "false").lower() == "true"


def _found(place: Scope, execution_id: str) -> Any:
    """The build or the batch of an id; None when there is neither."""
    from pointsman.local.codebuild import batches, builds

    return builds.get(place, execution_id) or batches.get(place, execution_id)


def _on_batch_ended(place: Scope, payload: Payload) -> None:
    _on_ended(place, {"build_id": payload["batch_id"]})


def _on_ended(place: Scope, payload: Payload) -> None:
    awaited = place.get(Awaited, payload["build_id"])
    if awaited is None:
        return
    scope = place.world.scope(place.account, awaited.region)
    run = running(scope, awaited.ticket)
    call = call_of(scope, run) if run is not None else None
    build = _found(place, payload["build_id"])
    if call is None or build is None:
        place.delete(Awaited, payload["build_id"])
        return
    _conclude(scope, place, call, build)


def _conclude(scope: Scope, place: Scope, call: ActionCall, build: Any) -> None:
    """End the action as its build has ended; where there are artifacts, a job takes their measure first."""
    place.delete(Awaited, build.id)
    if (link := _log_stream(place, build)) is not None:
        progress(scope, call.ticket, log_stream_arn=link)
    if build.status != "SUCCEEDED":
        message = f"Build terminated with state: {build.status}."
        if build.failure:
            message = f"{message} {build.failure}"
        finish(scope, call.ticket, failed(JOB_FAILED, message, f"Build terminated with state: {build.status}"))
        return
    missing = [name for name in call.declaration.outputs if name not in build.output_artifacts]
    if missing:
        finish(scope, call.ticket, failed(JOB_FAILED, f"The build did not produce the output artifact {missing[0]}."))
        return
    scope.job(MEASURED_TOPIC, _measuring(scope, call.ticket, build.id, dict(build.output_artifacts)))


def _measuring(scope: Scope, ticket: Ticket, build_id: str, digests: dict[str, str]) -> Callable[[], Payload]:
    blobs = scope.world.blobs

    def work() -> Payload:
        found: dict[str, Any] = {}
        for name, digest in digests.items():
            md5 = hashlib.md5(usedforsecurity=False)
            with blobs.open(digest) as body:
                while chunk := body.read(1 << 20):
                    md5.update(chunk)
            found[name] = {"digest": digest, "md5": md5.hexdigest(), "size": blobs.size(digest)}
        return {**ticket.payload(), "build_id": build_id, "artifacts": found}

    def report() -> Payload:
        try:
            return work()
        except Exception as problem:  # a thread boundary: whatever the disk says ends the action
            return {**ticket.payload(), "failed": str(problem)}

    return report


def _on_measured(scope: Scope, payload: Payload) -> None:
    from pointsman.local.codebuild import builds

    ticket = Ticket.of(payload)
    run = running(scope, ticket)
    call = call_of(scope, run) if run is not None else None
    if call is None:
        return
    if "failed" in payload:
        finish(scope, ticket, failed(JOB_FAILED, f"An output artifact cannot be read: {payload['failed']}"))
        return
    place = scope.world.scope(scope.account, call.region)
    build = builds.get(place, payload["build_id"])
    artifacts = tuple(
        store(scope, call.pipeline, call.region, name, Kept(**payload["artifacts"][name]))
        for name in call.declaration.outputs
    )
    exported = dict(build.exported) if build is not None else {}
    finish(
        scope,
        ticket,
        Outcome(summary="Build terminated with state: SUCCEEDED", artifacts=artifacts, variables=exported),
    )
