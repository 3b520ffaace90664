"""The action types AWS offers: how many artifacts each takes and makes, and what its configuration may say.

All of them are accepted in a definition. Which of them this backend carries out is ``providers.py``'s knowledge.
"""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct

from pointsman.local.codepipeline.declaration import ActionTypeId


class ActionType(Struct, frozen=True):
    """What AWS asks of a declaration of this type."""

    inputs: tuple[int, int]
    """Fewest and most input artifacts."""
    outputs: tuple[int, int]
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] | None = None
    """Further configuration keys; None where this backend does not judge the keys."""


_ONE: Final = (1, 1)
_NONE: Final = (0, 0)
_SOURCE: Final = ActionType(_NONE, _ONE)
_DEPLOY: Final = ActionType(_ONE, _NONE)
_IMAGES: Final = tuple(f"Image{number}{word}" for number in range(1, 5) for word in ("ArtifactName", "ContainerName"))
_CODEBUILD: Final = ActionType(
    (1, 5),
    (0, 5),
    ("ProjectName",),
    ("PrimarySource", "BatchEnabled", "CombineArtifacts", "EnvironmentVariables"),
)

_TYPES: Final[dict[tuple[str, str, str], ActionType]] = {
    ("Source", "AWS", "CodeCommit"): ActionType(
        _NONE, _ONE, ("RepositoryName", "BranchName"), ("PollForSourceChanges", "OutputArtifactFormat")
    ),
    ("Source", "AWS", "S3"): ActionType(
        _NONE, _ONE, ("S3Bucket", "S3ObjectKey"), ("PollForSourceChanges", "AllowOverrideForS3ObjectKey")
    ),
    ("Source", "AWS", "ECR"): _SOURCE,
    ("Source", "AWS", "CodeStarSourceConnection"): ActionType(
        _NONE,
        _ONE,
        ("ConnectionArn", "FullRepositoryId", "BranchName"),
        ("OutputArtifactFormat", "DetectChanges"),
    ),
    ("Source", "ThirdParty", "GitHub"): ActionType(
        _NONE, _ONE, ("Owner", "Repo", "Branch", "OAuthToken"), ("PollForSourceChanges",)
    ),
    ("Build", "AWS", "CodeBuild"): _CODEBUILD,
    ("Build", "AWS", "ECRBuildAndPublish"): ActionType(_ONE, (0, 1)),
    ("Test", "AWS", "CodeBuild"): _CODEBUILD,
    ("Test", "AWS", "DeviceFarm"): ActionType(_ONE, _NONE),
    ("Test", "ThirdParty", "BlazeMeter"): ActionType((0, 5), (0, 5)),
    ("Test", "ThirdParty", "GhostInspector"): ActionType((0, 5), (0, 5)),
    ("Test", "ThirdParty", "Runscope"): ActionType((0, 5), (0, 5)),
    ("Approval", "AWS", "Manual"): ActionType(
        _NONE, _NONE, (), ("CustomData", "ExternalEntityLink", "NotificationArn")
    ),
    ("Deploy", "AWS", "S3"): ActionType(
        _ONE, _NONE, ("BucketName", "Extract"), ("ObjectKey", "KMSEncryptionKeyARN", "CannedACL", "CacheControl")
    ),
    ("Deploy", "AWS", "AppConfig"): _DEPLOY,
    ("Deploy", "AWS", "CloudFormation"): ActionType((0, 10), (0, 1)),
    ("Deploy", "AWS", "CloudFormationStackInstances"): ActionType((0, 10), _NONE),
    ("Deploy", "AWS", "CloudFormationStackSet"): ActionType((0, 10), _NONE),
    ("Deploy", "AWS", "CodeDeploy"): ActionType(_ONE, _NONE, ("ApplicationName", "DeploymentGroupName"), ()),
    ("Deploy", "AWS", "CodeDeployToECS"): ActionType(
        (1, 5),
        _NONE,
        ("ApplicationName", "DeploymentGroupName", "TaskDefinitionTemplateArtifact", "AppSpecTemplateArtifact"),
        ("AppSpecTemplatePath", "TaskDefinitionTemplatePath", *_IMAGES),
    ),
    ("Deploy", "AWS", "EC2"): _DEPLOY,
    ("Deploy", "AWS", "ECS"): _DEPLOY,
    ("Deploy", "AWS", "EKS"): _DEPLOY,
    ("Deploy", "AWS", "ElasticBeanstalk"): _DEPLOY,
    ("Deploy", "AWS", "Lambda"): ActionType((0, 1), _NONE),
    ("Deploy", "AWS", "OpsWorks"): _DEPLOY,
    ("Deploy", "AWS", "ServiceCatalog"): _DEPLOY,
    ("Deploy", "ThirdParty", "AlexaSkillsKit"): ActionType((1, 2), _NONE),
    ("Invoke", "AWS", "CodePipeline"): ActionType(_NONE, _NONE),
    ("Invoke", "AWS", "InspectorScan"): ActionType((0, 1), (0, 1)),
    ("Invoke", "AWS", "Lambda"): ActionType((0, 5), (0, 5), ("FunctionName",), ("UserParameters",)),
    ("Invoke", "AWS", "StepFunctions"): ActionType((0, 1), (0, 1)),
    ("Invoke", "ThirdParty", "Snyk"): ActionType(_ONE, (0, 1)),
    ("Compute", "AWS", "Commands"): ActionType((1, 10), (0, 1)),
}

_HOUR: Final = 60
_DAY: Final = 24 * _HOUR
_TIMEOUTS: Final = {
    "CodeBuild": 36 * _HOUR,
    "CodeDeploy": 5 * _DAY,
    "CodeDeployToECS": 5 * _DAY,
    "CloudFormation": 3 * _DAY,
    "CloudFormationStackInstances": 3 * _DAY,
    "CloudFormationStackSet": 3 * _DAY,
    "StepFunctions": 7 * _DAY,
    "DeploymentWindow": 7 * _DAY,
    "CloudWatchAlarm": 7 * _DAY,
}


def timeout(kind: ActionTypeId) -> int:
    """The minutes AWS gives an action of a type, a function those until its first word; a manual approval has its own.

    Ours are those of CodeBuild, the most that a build itself may take, and those of the rules that wait.
    """
    if kind.owner == "Custom":
        return _DAY
    if kind.provider in ("Lambda", "LambdaInvoke"):
        return 20
    if (kind.category, kind.provider) == ("Deploy", "S3"):
        return 90
    return _TIMEOUTS.get(kind.provider, _HOUR)


def find(kind: ActionTypeId) -> ActionType | None:
    """What AWS asks of this type; None when AWS has no such type."""
    return _TYPES.get((kind.category, kind.owner, kind.provider)) if kind.version == "1" else None


def listed() -> list[dict[str, Any]]:
    """Every one of them as ListActionTypes shows it, with the configuration that this backend judges."""
    shown = []
    for (category, owner, provider), kind in _TYPES.items():
        keys = (*kind.required, *(kind.optional or ()))
        properties = [
            {"name": name, "required": name in kind.required, "key": True, "secret": False, "queryable": False}
            for name in keys
        ]
        shown.append(
            {
                "id": {"category": category, "owner": owner, "provider": provider, "version": "1"},
                "actionConfigurationProperties": properties[:10],
                "inputArtifactDetails": _details(kind.inputs),
                "outputArtifactDetails": _details(kind.outputs),
            }
        )
    return shown


def _details(counts: tuple[int, int]) -> dict[str, int]:
    """AWS's model knows no more than five artifacts here."""
    return {"minimumCount": min(counts[0], 5), "maximumCount": min(counts[1], 5)}
