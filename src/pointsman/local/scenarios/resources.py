"""What a track of a scenario is made of, as CodeBuild and CodePipeline take it."""

from __future__ import annotations

from typing import Any, Final

from pointsman.local.backend import ACCOUNT
from pointsman.local.scenarios.plot import Track

BRANCH: Final = "main"
STORE: Final = "shop-artifacts"
SITE: Final = "shop-site"


def project(name: str) -> dict[str, Any]:
    """What ``CreateProject`` takes."""
    return {
        "name": name,
        "description": "Scripted for the demonstration",
        "source": {"type": "CODEPIPELINE"},
        "artifacts": {"type": "CODEPIPELINE"},
        "environment": {
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/standard:7.0",
            "computeType": "BUILD_GENERAL1_SMALL",
            "environmentVariables": [{"name": "NODE_ENV", "value": "production", "type": "PLAINTEXT"}],
        },
        "serviceRole": f"arn:aws:iam::{ACCOUNT}:role/codebuild",
        "timeoutInMinutes": 30,
    }


def pipeline(track: Track) -> dict[str, Any]:
    """What ``CreatePipeline`` takes."""
    source = _action(
        "Commit",
        ("Source", "CodeCommit"),
        {"RepositoryName": track.name, "BranchName": BRANCH, "PollForSourceChanges": "false"},
        outputs=("Source",),
    )
    source["namespace"] = "SourceVariables"
    stages = [{"name": "Source", "actions": [source]}]
    stages += [{"name": stage, "actions": _actions(track, stage)} for stage in track.stages]
    return {
        "name": track.name,
        "roleArn": f"arn:aws:iam::{ACCOUNT}:role/codepipeline",
        "artifactStore": {"type": "S3", "location": STORE},
        "stages": stages,
        "version": 1,
        "executionMode": "SUPERSEDED",
        "pipelineType": "V2",
    }


def _actions(track: Track, stage: str) -> list[dict[str, Any]]:
    match stage:
        case "Build":
            built = {"ProjectName": f"{track.name}-build"}
            return [_action("Compile", ("Build", "CodeBuild"), built, inputs=("Source",), outputs=("Bundle",))]
        case "Test":
            tested = {"ProjectName": f"{track.name}-test"}
            return [_action("Integration", ("Test", "CodeBuild"), tested, inputs=("Source",))]
        case "Approve":
            asked = {
                "CustomData": f"Release {track.name} #{{SourceVariables.CommitId}} to everyone?",
                "ExternalEntityLink": f"https://staging.example.com/{track.name}",
            }
            action = _action("Sign-off", ("Approval", "Manual"), asked)
            return [{**action, "timeoutInMinutes": track.approval_minutes}]
        case _ if track.servers:
            group = {"ApplicationName": track.name, "DeploymentGroupName": "production"}
            return [_action("Roll-out", ("Deploy", "CodeDeploy"), group, inputs=("Bundle",))]
        case _:
            target = {"BucketName": SITE, "Extract": "true", "ObjectKey": track.name}
            return [_action("Publish", ("Deploy", "S3"), target, inputs=("Bundle",))]


def _action(
    name: str,
    kind: tuple[str, str],
    configuration: dict[str, str],
    *,
    inputs: tuple[str, ...] = (),
    outputs: tuple[str, ...] = (),
) -> dict[str, Any]:
    category, provider = kind
    return {
        "name": name,
        "actionTypeId": {"category": category, "owner": "AWS", "provider": provider, "version": "1"},
        "runOrder": 1,
        "configuration": configuration,
        "inputArtifacts": [{"name": one} for one in inputs],
        "outputArtifacts": [{"name": one} for one in outputs],
    }
