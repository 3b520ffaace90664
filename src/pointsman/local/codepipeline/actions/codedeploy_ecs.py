"""CodeDeployToECS: fills in the AppSpec template of an artifact, and deploys it as a blue/green deployment to ECS.

The task definition's ``family`` takes the place of ``<TASK_DEFINITION>``; a function of the world file stands for it.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from typing import Any, Final

from pointsman.local.codepipeline.actions import codedeploy
from pointsman.local.codepipeline.driver import finish
from pointsman.local.codepipeline.providers import CONFIGURATION_ERROR, ActionCall, Outcome, failed
from pointsman.local.codepipeline.runs import call_of, running
from pointsman.local.codepipeline.shapes import Artifact, Ticket
from pointsman.local.world import Payload, Scope, World

FILLED_TOPIC: Final = "codepipeline.codedeploy-ecs.filled"
PLACEHOLDER: Final = "<TASK_DEFINITION>"
_LARGEST: Final = 1 << 20


class CodeDeployToEcsAction(codedeploy.CodeDeployAction):
    """Category Deploy, provider CodeDeployToECS."""

    def install(self, world: World) -> None:
        """Hear of templates that are filled in; the other action hears of deployments for both."""
        world.on(FILLED_TOPIC, _on_filled)

    def start(self, scope: Scope, call: ActionCall) -> Outcome | None:
        """Read the templates on another thread."""
        inputs = {artifact.name: artifact for artifact in call.inputs}
        wanted = []
        for kind, path in (("AppSpec", "appspec.yaml"), ("TaskDefinition", "taskdef.json")):
            name = call.configuration.get(f"{kind}TemplateArtifact", "")
            if name not in inputs:
                return failed(CONFIGURATION_ERROR, f"{kind}TemplateArtifact is {name}, which is no input artifact.")
            wanted.append((inputs[name], call.configuration.get(f"{kind}TemplatePath") or path))
        scope.job(FILLED_TOPIC, _filling(scope, call.ticket, wanted))
        return None

    def resume(self, scope: Scope, call: ActionCall) -> Outcome | None:
        """Begin again when no deployment was created yet."""
        return super().resume(scope, call) if call.external_id else self.start(scope, call)


def _filling(scope: Scope, ticket: Ticket, wanted: list[tuple[Artifact, str]]) -> Callable[[], Payload]:
    def work() -> Payload:
        try:
            template, definition = (_read(scope, artifact, path) for artifact, path in wanted)
            return {**ticket.payload(), "content": template.replace(PLACEHOLDER, _family(definition))}
        except (KeyError, ValueError, OSError, zipfile.BadZipFile) as problem:
            return {**ticket.payload(), "failed": str(problem).strip("'\"")}

    return work


def _read(scope: Scope, artifact: Artifact, path: str) -> str:
    with scope.world.blobs.open(artifact.digest) as body, zipfile.ZipFile(body) as bundle, bundle.open(path) as file:
        return file.read(_LARGEST).decode()


def _family(definition: str) -> str:
    found: Any = json.loads(definition)
    if not isinstance(found, dict) or not isinstance(found.get("family"), str):
        raise ValueError("The task definition file has no family.")
    return str(found["family"])


def _on_filled(scope: Scope, payload: Payload) -> None:
    ticket = Ticket.of(payload)
    run = running(scope, ticket)
    call = call_of(scope, run) if run is not None else None
    if call is None:
        return
    if "failed" in payload:
        finish(scope, ticket, failed(CONFIGURATION_ERROR, f"The templates cannot be read: {payload['failed']}"))
        return
    revision = {"revisionType": "AppSpecContent", "appSpecContent": {"content": payload["content"]}}
    outcome = codedeploy.begin(scope, call, revision)
    if outcome is not None:
        finish(scope, ticket, outcome)
