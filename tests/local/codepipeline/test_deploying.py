"""Deploy actions: a pipeline's artifact onto a server and into an ECS service, and how each side knows the other."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from pointsman.local.functions.records import LocalFunction
from support.backend import CheckedBackend
from support.deploying import ROLE, Deploying, traced, zipped
from support.pipelines import action, pipeline, stages_of


@pytest.fixture
def codepipeline(backend: CheckedBackend) -> Any:
    return backend.session().client("codepipeline")


def line(backend: CheckedBackend, codepipeline: Any, files: dict[str, str], deploy: dict[str, Any]) -> dict[str, Any]:
    """Run source -> deploy, and say what became of the deploy action."""
    s3 = backend.session().client("s3")
    s3.create_bucket(Bucket="source")
    s3.put_bucket_versioning(Bucket="source", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="source", Key="app.zip", Body=zipped(files))
    places = {"S3Bucket": "source", "S3ObjectKey": "app.zip", "PollForSourceChanges": "false"}
    source = action("Source", "Source", "S3", outputs=("src",), configuration=places)
    codepipeline.create_pipeline(pipeline=pipeline(("Source", [source]), ("Deploy", [deploy])))
    backend.settle()
    found: dict[str, Any] = stages_of(codepipeline)["Deploy"]["actionStates"][0]["latestExecution"]
    return found


def servers() -> dict[str, Any]:
    names = {"ApplicationName": "shop", "DeploymentGroupName": "web"}
    return action("Servers", "Deploy", "CodeDeploy", configuration=names)


def test_an_artifact_is_deployed_onto_servers(shop: Deploying, backend: CheckedBackend, codepipeline: Any) -> None:
    shop.instances(1)
    shop.group()
    latest = line(backend, codepipeline, traced("from the line"), servers())
    assert latest["status"] == "Succeeded", latest
    info = shop.get(latest["externalExecutionId"])
    assert info["description"] == "Pipeline web, action Deploy/Servers"
    assert info["revision"]["s3Location"]["bucket"] == "store-bucket"
    assert (shop.root() / "srv/app/app.txt").read_text() == "from the line"


def test_a_deployment_that_fails_fails_its_action(shop: Deploying, backend: CheckedBackend, codepipeline: Any) -> None:
    shop.instances(1)
    shop.group()
    latest = line(backend, codepipeline, traced(AfterInstall="#!/bin/sh\nexit 1\n"), servers())
    assert latest["status"] == "Failed"
    assert latest["errorDetails"]["code"] == "JobFailed"
    assert "HEALTH_CONSTRAINTS" in latest["errorDetails"]["message"]


def test_what_codedeploy_refuses_is_the_actions_failure(backend: CheckedBackend, codepipeline: Any) -> None:
    latest = line(backend, codepipeline, traced(), servers())
    assert latest["errorDetails"]["code"] == "ConfigurationError"
    assert "No application found for name: shop" in latest["errorDetails"]["message"]


SPEC = """
version: 0.0
Resources:
  - web:
      Type: AWS::ECS::Service
      Properties:
        TaskDefinition: <TASK_DEFINITION>
        LoadBalancerInfo: {ContainerName: web, ContainerPort: 80}
"""


def test_templates_are_filled_in_and_deployed_to_ecs(backend: CheckedBackend, codepipeline: Any) -> None:
    with backend.world.transaction():
        serve = (sys.executable, "-c", "import http.server, os; http.server.test(port=int(os.environ['PORT']))")
        backend.world.scope(backend.account, "us-east-1").put("web", LocalFunction("web", serve, str(backend.root)))
    client = backend.session().client("codedeploy")
    client.create_application(applicationName="shop", computePlatform="ECS")
    pair = {"targetGroups": [{"name": "one"}, {"name": "two"}], "prodTrafficRoute": {"listenerArns": ["prod"]}}
    client.create_deployment_group(
        applicationName="shop",
        deploymentGroupName="web",
        serviceRoleArn=ROLE,
        ecsServices=[{"clusterName": "main", "serviceName": "web"}],
        loadBalancerInfo={"targetGroupPairInfoList": [pair]},
    )
    names = {
        "ApplicationName": "shop",
        "DeploymentGroupName": "web",
        "TaskDefinitionTemplateArtifact": "src",
        "AppSpecTemplateArtifact": "src",
    }
    deploy = action("Tasks", "Deploy", "CodeDeployToECS", configuration=names)
    files = {"appspec.yaml": SPEC, "taskdef.json": json.dumps({"family": "web"})}
    latest = line(backend, codepipeline, files, deploy)
    assert latest["status"] == "Succeeded", latest
    made = latest["externalExecutionId"]
    revision = client.get_deployment(deploymentId=made)["deploymentInfo"]["revision"]["appSpecContent"]
    assert "TaskDefinition: web\n" in revision["content"]
