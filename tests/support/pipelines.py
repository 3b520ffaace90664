"""Pipelines for the tests: small definitions, and a provider that ends when the test says so."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from pointsman.local.codepipeline.driver import finish
from pointsman.local.codepipeline.providers import ActionCall, Outcome, failed
from pointsman.local.codepipeline.shapes import Artifact, Revision
from pointsman.local.world import Scope, World

ROLE = "arn:aws:iam::123456789012:role/pipeline"


class Scripted:
    """A provider that waits for the test to end its actions."""

    def __init__(self) -> None:
        self.calls: list[ActionCall] = []
        self.waiting: dict[tuple[str, str], tuple[Scope, ActionCall]] = {}
        self.abandoned: list[str] = []
        self.resumed: list[str] = []
        self.immediate = False

    def install(self, world: World) -> None:
        self.world = world

    def start(self, scope: Scope, call: ActionCall) -> Outcome | None:
        self.calls.append(call)
        if self.immediate:
            return self.success(call)
        self.waiting[call.stage, call.action] = (scope, call)
        return None

    def resume(self, scope: Scope, call: ActionCall) -> Outcome | None:
        self.resumed.append(call.action)
        self.waiting[call.stage, call.action] = (scope, call)
        return None

    def abandon(self, scope: Scope, call: ActionCall) -> None:
        self.abandoned.append(call.action)

    def success(self, call: ActionCall, variables: dict[str, str] | None = None) -> Outcome:
        revision = None
        if call.declaration.action_type_id.category == "Source":
            revision = Revision(call.action, call.declaration.outputs[0], f"rev{len(self.calls)}", call.started)
        return Outcome(
            artifacts=tuple(Artifact(name, "store", f"k/{name}", "0") for name in call.declaration.outputs),
            variables=variables or {},
            revision=revision,
        )

    def end(self, stage: str, action: str, *, ok: bool = True, variables: dict[str, str] | None = None) -> bool:
        """End the action that waits, and say whether anybody still listened."""
        scope, call = self.waiting.pop((stage, action))
        outcome = self.success(call, variables) if ok else failed("JobFailed", "it broke")
        with self.world.transaction():
            return finish(scope, call.ticket, outcome)


def action(
    name: str,
    category: str = "Build",
    provider: str = "CodeBuild",
    *,
    order: int = 1,
    inputs: tuple[str, ...] = ("src",),
    outputs: tuple[str, ...] = (),
    configuration: dict[str, str] | None = None,
    **more: Any,
) -> dict[str, Any]:
    if provider == "Manual" or category == "Source":
        inputs = ()
    defaults = {
        "CodeBuild": {"ProjectName": "p"},
        "CodeCommit": {"RepositoryName": "r", "BranchName": "main", "PollForSourceChanges": "false"},
    }
    return {
        "name": name,
        "actionTypeId": {"category": category, "owner": "AWS", "provider": provider, "version": "1"},
        "runOrder": order,
        "configuration": {**defaults.get(provider, {}), **(configuration or {})},
        "inputArtifacts": [{"name": one} for one in inputs],
        "outputArtifacts": [{"name": one} for one in outputs],
        **more,
    }


def source(**more: Any) -> dict[str, Any]:
    return action("Source", "Source", "CodeCommit", outputs=("src",), **more)


def connected(branch: str = "main", **more: Any) -> dict[str, Any]:
    """A source behind the connection ``github`` of the world file."""
    made = action("Source", "Source", "CodeStarSourceConnection", outputs=("src",), **more)
    made["configuration"] = {
        "ConnectionArn": "arn:aws:codeconnections:us-east-1:123456789012:connection/github",
        "FullRepositoryId": "acme/web",
        "BranchName": branch,
    }
    return made


def rule(name: str, provider: str, configuration: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    """A rule of a condition."""
    kind = {"category": "Rule", "owner": "AWS", "provider": provider, "version": "1"}
    return {"name": name, "ruleTypeId": kind, "configuration": configuration or {}, **more}


def check(name: str, variable: str, value: str = "yes", operator: str = "EQ") -> dict[str, Any]:
    """A VariableCheck rule."""
    return rule(name, "VariableCheck", {"Variable": variable, "Value": value, "Operator": operator})


def condition(*rules: dict[str, Any], result: str = "FAIL") -> dict[str, Any]:
    """A condition as a stage declares it."""
    return {"conditions": [{"result": result, "rules": list(rules)}]}


def approval(name: str = "Approve", **more: Any) -> dict[str, Any]:
    return action(name, "Approval", "Manual", **more)


def pipeline(*stages: tuple[str, list[dict[str, Any]]], name: str = "web", **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "roleArn": ROLE,
        "artifactStore": {"type": "S3", "location": "store-bucket"},
        "stages": [{"name": label, "actions": actions} for label, actions in stages],
        **more,
    }


def simple(**more: Any) -> dict[str, Any]:
    """Source -> Build -> Deploy, an action each."""
    return pipeline(("Source", [source()]), ("Build", [action("Build")]), ("Deploy", [action("Deploy")]), **more)


def zipped(**files: str) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as bundle:
        for name, text in files.items():
            bundle.writestr(name.replace("__", "/").replace("_dot_", "."), text)
    return body.getvalue()


def stages_of(codepipeline: Any, name: str = "web") -> dict[str, dict[str, Any]]:
    return {stage["stageName"]: stage for stage in codepipeline.get_pipeline_state(name=name)["stageStates"]}


def status_of(codepipeline: Any, execution: str, name: str = "web") -> str:
    answer = codepipeline.get_pipeline_execution(pipelineName=name, pipelineExecutionId=execution)
    status: str = answer["pipelineExecution"]["status"]
    return status


def newest(codepipeline: Any, name: str = "web") -> dict[str, Any]:
    found: dict[str, Any] = codepipeline.list_pipeline_executions(pipelineName=name)["pipelineExecutionSummaries"][0]
    return found
