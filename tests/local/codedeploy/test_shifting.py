"""Lambda and ECS deployments: traffic that moves on the clock, hooks that answer, and the way back."""

from __future__ import annotations

import json
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pointsman.clock import ManualClock
from pointsman.local.codedeploy.balancing import TargetGroup
from pointsman.local.functions.records import LocalFunction
from pointsman.local.runners.commands import Ended
from pointsman.local.world import Scope
from support.backend import CheckedBackend
from support.deploying import ROLE

REGION = "us-east-1"
CANARY = "CodeDeployDefault.LambdaCanary10Percent5Minutes"
LINEAR = "CodeDeployDefault.ECSLinear10PercentEvery1Minutes"


class Commands:
    """Runs functions without processes: a call tells its version; a hook does what its command says."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Any]] = []

    def environment(self, scope: Scope, who: str) -> Mapping[str, str]:
        return {}

    def run(
        self, command: Sequence[str], folder: Path, given: bytes, environment: Mapping[str, str], seconds: float
    ) -> Ended:
        self.calls.append((command[0], json.loads(given)))
        if command[0] == "fail":
            return Ended(1, "", "it is not well\n")
        return Ended(0, json.dumps(environment.get("AWS_LAMBDA_FUNCTION_VERSION", "")), "")

    def close(self) -> None:
        return None


@pytest.fixture
def commands() -> Commands:
    return Commands()


@pytest.fixture
def cloud(clock: ManualClock, tmp_path: Path, commands: Commands) -> Iterator[CheckedBackend]:
    with CheckedBackend(state=tmp_path / "state", clock=clock, tools=[commands]) as made:
        yield made


def function(backend: CheckedBackend, name: str, *command: str) -> None:
    with backend.world.transaction():
        scope = backend.world.scope(backend.account, REGION)
        scope.put(name, LocalFunction(name, command or ("answer", name), str(backend.root)))


def create(client: Any, group: str, kind: str, properties: dict[str, Any], hooks: dict[str, str]) -> str:
    """Create a deployment of one resource, from an AppSpec in the call; its id."""
    spec = {
        "version": 0.0,
        "Resources": [{"resource": {"Type": kind, "Properties": properties}}],
        "Hooks": [{event: name} for event, name in hooks.items()],
    }
    revision = {"revisionType": "AppSpecContent", "appSpecContent": {"content": json.dumps(spec)}}
    made = client.create_deployment(applicationName="shop", deploymentGroupName=group, revision=revision)
    found: str = made["deploymentId"]
    return found


class Lambda:
    """A function with two versions behind an alias, and an application that moves it."""

    def __init__(self, backend: CheckedBackend) -> None:
        self.backend = backend
        self.client: Any = backend.session().client("codedeploy")
        self.lambda_: Any = backend.session().client("lambda")
        for number in (1, 2):
            function(backend, "shop", "answer", str(number))
            assert self.lambda_.publish_version(FunctionName="shop")["Version"] == str(number)
        self.lambda_.create_alias(FunctionName="shop", Name="live", FunctionVersion="1")
        self.client.create_application(applicationName="shop", computePlatform="Lambda")

    def group(self, config: str = CANARY, **settings: Any) -> None:
        names = {"applicationName": "shop", "deploymentGroupName": "live"}
        self.client.create_deployment_group(**names, serviceRoleArn=ROLE, deploymentConfigName=config, **settings)

    def start(self, current: str = "1", target: str = "2", **hooks: str) -> str:
        properties = {"Name": "shop", "Alias": "live", "CurrentVersion": current, "TargetVersion": target}
        made = create(self.client, "live", "AWS::Lambda::Function", properties, hooks)
        self.backend.settle()
        return made

    def get(self, made: str) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get_deployment(deploymentId=made)["deploymentInfo"]
        return found

    def target(self, made: str) -> dict[str, Any]:
        answer = self.client.get_deployment_target(deploymentId=made, targetId="shop")
        found: dict[str, Any] = answer["deploymentTarget"]["lambdaTarget"]
        return found

    def events(self, made: str) -> dict[str, str]:
        return {one["lifecycleEventName"]: one["status"] for one in self.target(made)["lifecycleEvents"]}

    def answers(self, times: int) -> Counter[str]:
        """Which version answered how many calls."""
        answers = (self.lambda_.invoke(FunctionName="shop", Qualifier="live") for _ in range(times))
        return Counter(json.loads(one["Payload"].read()) for one in answers)


@pytest.fixture
def moved(cloud: CheckedBackend) -> Lambda:
    return Lambda(cloud)


def test_of_a_thousand_calls_a_tenth_reach_the_new_version_and_then_all(moved: Lambda, clock: ManualClock) -> None:
    moved.group()
    made = moved.start()
    assert moved.get(made)["status"] == "InProgress"
    assert 60 <= moved.answers(1000)["2"] <= 140
    info = moved.target(made)["lambdaFunctionInfo"]
    assert (info["currentVersion"], info["targetVersion"], info["targetVersionWeight"]) == ("1", "2", 10.0)
    assert moved.events(made) == {
        "BeforeAllowTraffic": "Succeeded", "AllowTraffic": "InProgress", "AfterAllowTraffic": "Pending",
    }  # fmt: skip
    clock.advance(299)
    assert moved.get(made)["status"] == "InProgress"
    clock.advance(2)
    moved.backend.settle()
    assert moved.get(made)["status"] == "Succeeded"
    assert moved.answers(20) == {"2": 20}
    assert "RoutingConfig" not in moved.lambda_.get_alias(FunctionName="shop", Name="live")


def test_hooks_are_called_with_what_they_need_and_their_end_is_their_answer(moved: Lambda, commands: Commands) -> None:
    function(moved.backend, "check", "check")
    function(moved.backend, "after", "after")
    moved.group("CodeDeployDefault.LambdaAllAtOnce")
    made = moved.start(BeforeAllowTraffic="check", AfterAllowTraffic="after")
    assert moved.get(made)["status"] == "Succeeded"
    assert [name for name, _ in commands.calls] == ["check", "after"]
    event = commands.calls[0][1]
    assert event["DeploymentId"] == made
    with pytest.raises(ClientError, match="LifecycleEventAlreadyCompleted"):
        moved.client.put_lifecycle_event_hook_execution_status(
            deploymentId=made, lifecycleEventHookExecutionId=event["LifecycleEventHookExecutionId"], status="Failed"
        )
    with pytest.raises(ClientError, match="InvalidLifecycleEventHookExecutionId"):
        moved.client.put_lifecycle_event_hook_execution_status(
            deploymentId=made, lifecycleEventHookExecutionId="none", status="Failed"
        )


def test_a_hook_may_answer_itself_before_it_ends(moved: Lambda, commands: Commands) -> None:
    def answers(command: Sequence[str], folder: Path, given: bytes, environment: Mapping[str, str], _: float) -> Ended:
        event = json.loads(given)
        moved.client.put_lifecycle_event_hook_execution_status(
            deploymentId=event["DeploymentId"],
            lifecycleEventHookExecutionId=event["LifecycleEventHookExecutionId"],
            status="Failed",
        )
        return Ended(0, "", "")

    commands.run = answers  # type: ignore[assignment, method-assign]
    function(moved.backend, "check", "check")
    moved.group()
    made = moved.start(BeforeAllowTraffic="check")
    assert moved.get(made)["status"] == "Failed"
    assert moved.get(made)["errorInformation"]["code"] == "HOOK_EXECUTION_FAILURE"
    assert moved.events(made)["AllowTraffic"] == "Skipped"


def test_a_hook_that_fails_after_the_shift_has_the_traffic_taken_back(moved: Lambda) -> None:
    function(moved.backend, "check", "fail")
    rollback = {"enabled": True, "events": ["DEPLOYMENT_FAILURE"]}
    moved.group("CodeDeployDefault.LambdaAllAtOnce", autoRollbackConfiguration=rollback)
    made = moved.start(AfterAllowTraffic="check")
    moved.backend.settle()
    failed = moved.get(made)
    assert failed["status"] == "Failed"
    assert "exit status 1" in failed["errorInformation"]["message"]
    again = moved.get(failed["rollbackInfo"]["rollbackDeploymentId"])
    assert (again["status"], again["creator"]) == ("Succeeded", "codeDeployRollback")
    assert moved.lambda_.get_alias(FunctionName="shop", Name="live")["FunctionVersion"] == "1"


def test_a_stop_in_the_canarys_wait_with_rollback(moved: Lambda, clock: ManualClock) -> None:
    moved.group()
    made = moved.start()
    answer = moved.client.stop_deployment(deploymentId=made, autoRollbackEnabled=True)
    moved.backend.settle()
    assert answer["status"] == "Succeeded"
    assert moved.get(made)["status"] == "Stopped"
    assert moved.answers(20) == {"1": 20}
    clock.advance(600)
    moved.backend.settle()
    assert moved.answers(20) == {"1": 20}


@pytest.mark.parametrize(
    ("current", "target", "hooks", "code"),
    [
        ("1", "9", {}, "INVALID_LAMBDA_FUNCTION"),
        ("2", "1", {}, "INVALID_LAMBDA_CONFIGURATION"),
        ("1", "2", {"BeforeAllowTraffic": "none"}, "INVALID_REVISION"),
        ("1", "2", {"AfterInstall": "none"}, "INVALID_REVISION"),
    ],
)
def test_what_an_appspec_names_must_be_there(
    moved: Lambda, current: str, target: str, hooks: dict[str, str], code: str
) -> None:
    moved.group()
    made = moved.start(current, target, **hooks)
    assert moved.get(made)["errorInformation"]["code"] == code


# -- ECS ------------------------------------------------------------------------------------------------------------

SERVER = """
import http.server, os
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = os.environ["TASK_REVISION"].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *arguments):
        pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""
LISTENER = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/shop/1/2"
TEST = LISTENER.replace("/2", "/3")
TASK = "arn:aws:ecs:us-east-1:123456789012:task-definition/web"


class Service:
    """An ECS service of this machine, and an application that replaces its tasks."""

    def __init__(self, backend: CheckedBackend, config: str, *, test: bool = False, **options: Any) -> None:
        self.backend = backend
        self.client: Any = backend.session().client("codedeploy")
        function(backend, "web", sys.executable, "-c", SERVER)
        self.client.create_application(applicationName="shop", computePlatform="ECS")
        pair: dict[str, Any] = {
            "targetGroups": [{"name": "one"}, {"name": "two"}],
            "prodTrafficRoute": {"listenerArns": [LISTENER]},
        }
        if test:
            pair["testTrafficRoute"] = {"listenerArns": [TEST]}
        self.client.create_deployment_group(
            applicationName="shop",
            deploymentGroupName="web",
            serviceRoleArn=ROLE,
            deploymentConfigName=config,
            ecsServices=[{"clusterName": "main", "serviceName": "web"}],
            loadBalancerInfo={"targetGroupPairInfoList": [pair]},
            blueGreenDeploymentConfiguration=options,
        )

    def start(self, revision: int, **hooks: str) -> str:
        properties = {
            "TaskDefinition": f"{TASK}:{revision}",
            "LoadBalancerInfo": {"ContainerName": "web", "ContainerPort": 80},
        }
        made = create(self.client, "web", "AWS::ECS::Service", properties, hooks)
        self.backend.settle()
        return made

    def get(self, made: str) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get_deployment(deploymentId=made)["deploymentInfo"]
        return found

    def target(self, made: str) -> dict[str, Any]:
        answer = self.client.batch_get_deployment_targets(deploymentId=made, targetIds=["main:web"])
        found: dict[str, Any] = answer["deploymentTargets"][0]["ecsTarget"]
        return found

    def sees(self, times: int = 20, listener: str = LISTENER) -> Counter[str]:
        group = self.backend.world.scope(self.backend.account, REGION).get(TargetGroup, listener)
        assert group is not None
        found: Counter[str] = Counter()
        for _ in range(times):
            with urllib.request.urlopen(f"http://127.0.0.1:{group.port}/", timeout=5) as answer:
                found[answer.read().decode()] += 1
        return found


def test_an_ecs_service_moves_by_steps_and_its_old_tasks_end_after_their_wait(
    backend: CheckedBackend, clock: ManualClock
) -> None:
    ends = {"action": "TERMINATE", "terminationWaitTimeInMinutes": 10}
    service = Service(backend, "CodeDeployDefault.ECSAllAtOnce", terminateBlueInstancesOnDeploymentSuccess=ends)
    first = service.start(1)
    clock.advance(601)
    backend.settle()
    assert service.get(first)["status"] == "Succeeded", service.get(first)
    assert service.sees() == {"1": 20}
    service.client.update_deployment_group(
        applicationName="shop", currentDeploymentGroupName="web", deploymentConfigName=LINEAR
    )
    second = service.start(2)
    assert 60 <= service.sees(1000)["2"] <= 140
    sets = {one["taskSetLabel"]: one for one in service.target(second)["taskSetsInfo"]}
    assert (sets["Blue"]["trafficWeight"], sets["Green"]["trafficWeight"]) == (90.0, 10.0)
    assert (sets["Blue"]["status"], sets["Green"]["status"]) == ("PRIMARY", "ACTIVE")
    assert {sets["Blue"]["targetGroup"]["name"], sets["Green"]["targetGroup"]["name"]} == {"one", "two"}
    clock.advance(60 * 9 + 1)
    backend.settle()
    done = service.get(second)
    assert (done["status"], done["instanceTerminationWaitTimeStarted"]) == ("InProgress", True)
    assert service.sees() == {"2": 20}
    service.client.continue_deployment(deploymentId=second, deploymentWaitType="TERMINATION_WAIT")
    backend.settle()
    assert service.get(second)["status"] == "Succeeded"
    assert service.sees() == {"2": 20}


def test_the_five_hooks_and_the_test_listener(clock: ManualClock, cloud: CheckedBackend, commands: Commands) -> None:
    hooks = ("BeforeInstall", "AfterInstall", "AfterAllowTestTraffic", "BeforeAllowTraffic", "AfterAllowTraffic")
    for name in hooks:
        function(cloud, name, name)
    service = Service(cloud, "CodeDeployDefault.ECSAllAtOnce", test=True)
    made = service.start(1, **{name: name for name in hooks})
    assert service.get(made)["status"] == "Succeeded", service.target(made)
    assert [name for name, _ in commands.calls] == list(hooks)
    assert service.sees(3, TEST) == {"1": 3}
    assert [one["lifecycleEventName"] for one in service.target(made)["lifecycleEvents"]] == [
        "BeforeInstall", "Install", "AfterInstall", "AllowTestTraffic", "AfterAllowTestTraffic", "BeforeAllowTraffic",
        "AllowTraffic", "AfterAllowTraffic",
    ]  # fmt: skip


def test_a_task_that_does_not_start_fails_and_the_old_one_goes_on(backend: CheckedBackend) -> None:
    service = Service(backend, "CodeDeployDefault.ECSAllAtOnce")
    service.start(1)
    function(backend, "web:2", sys.executable, "-c", "raise SystemExit('no such table')")
    made = service.start(2)
    failed = service.get(made)
    assert failed["status"] == "Failed"
    assert "no such table" in failed["errorInformation"]["message"]
    assert service.sees() == {"1": 20}


def test_an_ecs_deployment_waits_for_somebody_and_can_be_taken_back(backend: CheckedBackend) -> None:
    service = Service(backend, "CodeDeployDefault.ECSAllAtOnce")
    service.start(1)
    options = {
        "deploymentReadyOption": {"actionOnTimeout": "STOP_DEPLOYMENT", "waitTimeInMinutes": 5},
        "terminateBlueInstancesOnDeploymentSuccess": {"action": "TERMINATE", "terminationWaitTimeInMinutes": 60},
    }
    service.client.update_deployment_group(
        applicationName="shop", currentDeploymentGroupName="web", blueGreenDeploymentConfiguration=options
    )
    made = service.start(2)
    assert service.get(made)["status"] == "Ready"
    assert service.sees() == {"1": 20}
    service.client.continue_deployment(deploymentId=made, deploymentWaitType="READY_WAIT")
    backend.settle()
    assert service.sees() == {"2": 20}
    service.client.stop_deployment(deploymentId=made, autoRollbackEnabled=True)
    backend.settle()
    assert service.get(service.get(made)["rollbackInfo"]["rollbackDeploymentId"])["status"] == "Succeeded"
    assert service.sees() == {"1": 20}


def test_a_restart_in_the_middle_of_a_shift_goes_on_and_the_tasks_serve_again(
    clock: ManualClock, tmp_path: Path
) -> None:
    with CheckedBackend(state=tmp_path / "state", clock=clock) as before:
        service = Service(before, LINEAR)
        first = service.start(1)
        clock.advance(60 * 10)
        before.settle()
        assert service.get(first)["status"] == "Succeeded"
        second = service.start(2)
        clock.advance(60 * 3)
    with CheckedBackend(state=tmp_path / "state", clock=clock) as after:
        service.backend = after
        service.client = after.session().client("codedeploy")
        after.settle()
        sets = {one["taskSetLabel"]: one["trafficWeight"] for one in service.target(second)["taskSetsInfo"]}
        assert sets == {"Blue": 60.0, "Green": 40.0}
        seen = service.sees(100)
        assert seen["1"] > 20
        assert seen["2"] > 10
        clock.advance(60 * 10)
        after.settle()
        assert service.get(second)["status"] == "Succeeded"
        assert service.sees() == {"2": 20}


def test_a_hook_that_was_cut_off_by_a_restart_fails_in_words(clock: ManualClock, tmp_path: Path) -> None:
    class Never(Commands):
        def run(self, *arguments: Any, **more: Any) -> Ended:
            return Ended(None, "", "", lost=True)

    with CheckedBackend(state=tmp_path / "state", clock=clock, tools=[Never()]) as before:
        moved = Lambda(before)
        function(before, "check", "check")
        moved.group()
        made = moved.start(BeforeAllowTraffic="check")
        assert moved.get(made)["status"] == "InProgress"
    with CheckedBackend(state=tmp_path / "state", clock=clock, tools=[Commands()]) as after:
        client: Any = after.session().client("codedeploy")
        after.settle()
        done = client.get_deployment(deploymentId=made)["deploymentInfo"]
    assert done["status"] == "Failed"
    assert "backend was stopped while the hook function check" in done["errorInformation"]["message"]
