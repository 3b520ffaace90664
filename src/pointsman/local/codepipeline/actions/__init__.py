"""The providers this backend carries out, one file each."""

from __future__ import annotations

from pointsman.local.codepipeline.actions.approval import ManualApproval
from pointsman.local.codepipeline.actions.codebuild import CodeBuildAction
from pointsman.local.codepipeline.actions.codecommit_source import CodeCommitSource
from pointsman.local.codepipeline.actions.codedeploy import CodeDeployAction
from pointsman.local.codepipeline.actions.codedeploy_ecs import CodeDeployToEcsAction
from pointsman.local.codepipeline.actions.connection_source import ConnectionSource
from pointsman.local.codepipeline.actions.custom import CustomAction
from pointsman.local.codepipeline.actions.function import LambdaAction
from pointsman.local.codepipeline.actions.github_source import GitHubSource
from pointsman.local.codepipeline.actions.rules import CloudWatchAlarm, DeploymentWindow, VariableCheck
from pointsman.local.codepipeline.actions.s3_deploy import S3Deploy
from pointsman.local.codepipeline.actions.s3_source import S3Source
from pointsman.local.codepipeline.actions.third_party import ThirdPartyAction
from pointsman.local.codepipeline.providers import ANY, Providers


def built() -> Providers:
    """A registry with every provider that is built."""
    providers = Providers()
    providers.add("Source", "AWS", "CodeCommit", CodeCommitSource())
    providers.add("Source", "AWS", "S3", S3Source())
    providers.add("Approval", "AWS", "Manual", ManualApproval())
    providers.add("Deploy", "AWS", "S3", S3Deploy())
    providers.add("Deploy", "AWS", "CodeDeploy", CodeDeployAction())
    providers.add("Deploy", "AWS", "CodeDeployToECS", CodeDeployToEcsAction())
    codebuild = CodeBuildAction()
    providers.add("Build", "AWS", "CodeBuild", codebuild)
    providers.add("Test", "AWS", "CodeBuild", codebuild)
    function = LambdaAction()
    providers.add("Invoke", "AWS", "Lambda", function)
    providers.add(ANY, "Custom", ANY, CustomAction())
    providers.add("Source", "AWS", "CodeStarSourceConnection", ConnectionSource())
    providers.add(ANY, "ThirdParty", ANY, ThirdPartyAction())
    providers.add("Source", "ThirdParty", "GitHub", GitHubSource())
    providers.add("Rule", "AWS", "VariableCheck", VariableCheck())
    providers.add("Rule", "AWS", "DeploymentWindow", DeploymentWindow())
    providers.add("Rule", "AWS", "CloudWatchAlarm", CloudWatchAlarm())
    providers.add("Rule", "AWS", "LambdaInvoke", function)
    providers.add("Rule", "AWS", "CodeBuild", codebuild)
    return providers
