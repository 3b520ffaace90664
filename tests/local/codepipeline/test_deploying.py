"""Deploy actions: a pipeline's artifact onto a server and into an ECS service, and how each side knows the other."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
from botocore.exceptions import ClientError

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


def test_a_deploy_action_tells_its_targets(shop: Deploying, backend: CheckedBackend, codepipeline: Any) -> None:
    shop.instances(3)
    shop.group()
    broken = traced(AfterInstall='#!/bin/sh\ncase "$POINTSMAN_INSTANCE_ROOT" in *web-2*) exit 1;; esac\n')
    line(backend, codepipeline, broken, servers())
    runs = codepipeline.list_action_executions(pipelineName="web")["actionExecutionDetails"]
    run = next(one["actionExecutionId"] for one in runs if one["actionName"] == "Servers")
    targets = codepipeline.list_deploy_action_execution_targets(pipelineName="web", actionExecutionId=run)["targets"]
    assert {one["targetId"]: one["status"] for one in targets} == {
        "web-1": "Succeeded",
        "web-2": "Failed",
        "web-3": "Succeeded",
    }
    bad = next(one for one in targets if one["targetId"] == "web-2")
    event = next(one for one in bad["events"] if one["name"] == "AfterInstall")
    assert event["status"] == "Failed"
    assert event["context"]["message"]
    assert bad["targetType"] == "InstanceTarget"
    assert bad["startTime"] <= bad["endTime"]
    few = codepipeline.list_deploy_action_execution_targets(
        actionExecutionId=run, filters=[{"name": "TARGET_STATUS", "values": ["Failed"]}]
    )
    assert [one["targetId"] for one in few["targets"]] == ["web-2"]
    first = codepipeline.list_deploy_action_execution_targets(actionExecutionId=run, maxResults=2)
    rest = codepipeline.list_deploy_action_execution_targets(actionExecutionId=run, nextToken=first["nextToken"])
    assert [one["targetId"] for page in (first, rest) for one in page["targets"]] == ["web-1", "web-2", "web-3"]
    source = next(one["actionExecutionId"] for one in runs if one["actionName"] == "Source")
    for wanted, said in ((source, "ValidationException"), ("none", "ActionExecutionNotFoundException")):
        with pytest.raises(ClientError, match=said):
            codepipeline.list_deploy_action_execution_targets(actionExecutionId=wanted)


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
