"""CodeDeploy: deploys the input artifact as a revision, and waits for the deployment's end.

The deployment knows whose it is: its ``externalId`` is the pipeline execution, and its description names the action.
"""

from __future__ import annotations

from typing import Any, Final

from pointsman.local.answers import AwsError
from pointsman.local.codedeploy import deployments
from pointsman.local.codedeploy.notices import ENDED
from pointsman.local.codedeploy.records import Deployment
from pointsman.local.codepipeline import urls
from pointsman.local.codepipeline.actions.codebuild import Awaited
from pointsman.local.codepipeline.driver import finish
from pointsman.local.codepipeline.providers import CONFIGURATION_ERROR, JOB_FAILED, ActionCall, Outcome, failed
from pointsman.local.codepipeline.runs import call_of, progress, running
from pointsman.local.codepipeline.shapes import Artifact
from pointsman.local.world import Payload, Scope, World

SUCCEEDED: Final = "Succeeded"


class CodeDeployAction:
    """Category Deploy, provider CodeDeploy: onto servers."""

    def install(self, world: World) -> None:
        """Hear of deployments that end."""
        world.on(ENDED, _on_ended)

    def start(self, scope: Scope, call: ActionCall) -> Outcome | None:
        """Create the deployment; its refusal is the action's failure."""
        return begin(scope, call, _revision(call.inputs[0]))

    def resume(self, scope: Scope, call: ActionCall) -> Outcome | None:
        """CodeDeploy has resumed already: look at what became of the deployment."""
        place = scope.world.scope(scope.account, call.region)
        one = deployments.get(place, call.external_id) if call.external_id else None
        if one is None:
            return failed(JOB_FAILED, "The deployment was lost when the local backend stopped.")
        return _outcome(one) if one.over else None

    def abandon(self, scope: Scope, call: ActionCall) -> None:
        """As on AWS, the deployment goes on; its end is not heard."""


def begin(scope: Scope, call: ActionCall, revision: dict[str, Any]) -> Outcome | None:
    """Create a deployment of a revision for an action, and link the two."""
    application, group = call.configuration["ApplicationName"], call.configuration["DeploymentGroupName"]
    progress(scope, call.ticket, entity_url=urls.deployment_group(call.region, application, group))
    place = scope.world.scope(scope.account, call.region)
    parameters = {
        "applicationName": application,
        "deploymentGroupName": group,
        "revision": revision,
        "description": f"Pipeline {call.pipeline.name}, action {call.stage}/{call.action}"[:256],
    }
    try:
        one = deployments.create(place, parameters, external_id=call.execution.id)
    except AwsError as error:
        return failed(CONFIGURATION_ERROR, f"Error calling createDeployment: {error.message}")
    ticket = call.ticket
    place.put(one.id, Awaited(ticket.pipeline, ticket.number, ticket.id, scope.region))
    progress(
        scope,
        ticket,
        external_id=one.id,
        external_url=urls.deployment(call.region, one.id),
        summary=f"Deployment {one.id} is in progress",
    )
    return None


def _revision(artifact: Artifact) -> dict[str, Any]:
    location = {"bucket": artifact.bucket, "key": artifact.key, "bundleType": "zip"}
    if artifact.version_id not in ("", "null"):  # "null" is S3's word for an object of a bucket without versions
        location["version"] = artifact.version_id
    return {"revisionType": "S3", "s3Location": location}


def _outcome(one: Deployment) -> Outcome:
    if one.status == SUCCEEDED:
        return Outcome(summary="Deployment Succeeded", variables={"DeploymentId": one.id})
    why = f" ({one.error_code}): {one.error_message}" if one.error_code else "."
    back = f" It is rolled back by deployment {one.rolled_back_by}." if one.rolled_back_by else ""
    return failed(
        JOB_FAILED, f"Deployment {one.id} {one.status.lower()}{why}{back}", f"Deployment {one.id} {one.status}"
    )


def _on_ended(place: Scope, payload: Payload) -> None:
    awaited = place.get(Awaited, payload["id"])
    one = deployments.get(place, payload["id"])
    if awaited is None or one is None:
        return
    place.delete(Awaited, one.id)
    scope = place.world.scope(place.account, awaited.region)
    run = running(scope, awaited.ticket)
    if run is not None and call_of(scope, run) is not None:
        finish(scope, awaited.ticket, _outcome(one))
