"""Blue/green on servers with real traffic: what a client of the target group sees at every moment."""

from __future__ import annotations

import sys
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pointsman.clock import ManualClock
from pointsman.local.codedeploy.balancing import TargetGroup
from pointsman.local.codedeploy.records import LocalInstance
from support.backend import CheckedBackend
from support.deploying import ROLE, Deploying, appspec

CONNECT = "import socket, os; socket.create_connection(('127.0.0.1', int(os.environ['POINTSMAN_INSTANCE_PORT'])))"
SERVE = f"""#!/bin/sh
cd "$POINTSMAN_INSTANCE_ROOT/srv"
nohup {sys.executable} -m http.server --bind 127.0.0.1 "$POINTSMAN_INSTANCE_PORT" > /dev/null 2>&1 &
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  {sys.executable} -c "{CONNECT}" 2> /dev/null && exit 0
  sleep 0.2
done
exit 1
"""
PLAIN = {"name": "balanced"}


def serving(mark: str, **more: str) -> dict[str, str]:
    """A revision whose instances answer with a mark."""
    hooks = {"ApplicationStart": "scripts/serve.sh", **{event: f"scripts/{event}.sh" for event in more}}
    files = {f"scripts/{event}.sh": text for event, text in more.items()}
    return {
        "appspec.yml": appspec(hooks, "  - source: index.html\n    destination: /srv"),
        "index.html": mark,
        "scripts/serve.sh": SERVE,
        **files,
    }


class Fleet(Deploying):
    """Blue and green instances behind one target group."""

    def local(self, color: str, count: int = 2, **tags: str) -> None:
        scope = self.backend.world.scope(self.backend.account, "us-east-1")
        with self.backend.world.transaction():
            for number in range(1, count + 1):
                name = f"{color}-{number}"
                path = str(self.backend.root / "instances" / name)
                scope.put(name, LocalInstance(name, path, {"color": color, **tags}))

    def fleet_group(self, ready: dict[str, Any] | None = None, ends: dict[str, Any] | None = None, **more: Any) -> None:
        options: dict[str, Any] = {"terminateBlueInstancesOnDeploymentSuccess": ends or {"action": "KEEP_ALIVE"}}
        if ready:
            options["deploymentReadyOption"] = ready
        options.update(more.pop("options", {}))
        self.client.create_deployment_group(
            applicationName="shop",
            deploymentGroupName="web",
            serviceRoleArn=ROLE,
            deploymentConfigName="CodeDeployDefault.AllAtOnce",
            deploymentStyle={"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"},
            blueGreenDeploymentConfiguration=options,
            loadBalancerInfo={"targetGroupInfoList": [PLAIN]},
            **more,
        )

    def green(self, color: str = "green") -> dict[str, Any]:
        return {"targetInstances": {"tagFilters": [{"Key": "color", "Value": color, "Type": "KEY_AND_VALUE"}]}}

    def sees(self, times: int = 12) -> set[str]:
        """What clients of the target group are answered."""
        scope = self.backend.world.scope(self.backend.account, "us-east-1")
        group = scope.get(TargetGroup, "balanced")
        assert group is not None
        found = set()
        for _ in range(times):
            with urllib.request.urlopen(f"http://127.0.0.1:{group.port}/", timeout=5) as answer:
                found.add(answer.read().decode())
        return found


@pytest.fixture
def fleet(backend: CheckedBackend, clock: ManualClock) -> Iterator[Fleet]:
    made = Fleet(backend, clock)
    made.local("blue")
    made.local("green")
    yield made
    backend.close()


BLUE: dict[str, Any] = {"ec2TagFilters": [{"Key": "color", "Value": "blue", "Type": "KEY_AND_VALUE"}]}
STOP_IN_5 = {"actionOnTimeout": "STOP_DEPLOYMENT", "waitTimeInMinutes": 5}


def first(fleet: Fleet) -> None:
    """Version one on the blue instances: a blue/green deployment onto them, from none."""
    fleet.fleet_group(ec2TagFilters=[{"Key": "color", "Value": "none", "Type": "KEY_AND_VALUE"}])
    done = fleet.run(serving("one"), **fleet.green("blue"))
    assert done["status"] == "Succeeded", done
    assert fleet.sees() == {"one"}


def settings(
    fleet: Fleet, ready: dict[str, Any] | None = None, ends: dict[str, Any] | None = None, **more: Any
) -> None:
    options: dict[str, Any] = {"terminateBlueInstancesOnDeploymentSuccess": ends or {"action": "KEEP_ALIVE"}}
    if ready:
        options["deploymentReadyOption"] = ready
    fleet.client.update_deployment_group(
        applicationName="shop", currentDeploymentGroupName="web", blueGreenDeploymentConfiguration=options, **more
    )


def labels(fleet: Fleet, made: str) -> dict[str, tuple[str, str]]:
    targets = {name: fleet.target(made, name) for name in fleet.ids(made)}
    return {name: (one["instanceLabel"], one["status"]) for name, one in targets.items()}


def test_green_is_installed_waits_for_somebody_and_takes_the_traffic(fleet: Fleet, clock: ManualClock) -> None:
    first(fleet)
    settings(fleet, STOP_IN_5, {"action": "TERMINATE", "terminationWaitTimeInMinutes": 30})
    made = fleet.start(serving("two"), **fleet.green())
    fleet.backend.settle()
    assert fleet.status(made) == "Ready"
    assert fleet.sees() == {"one"}
    assert labels(fleet, made) == {
        "green-1": ("Green", "Ready"),
        "green-2": ("Green", "Ready"),
        "blue-1": ("Blue", "Pending"),
        "blue-2": ("Blue", "Pending"),
    }
    with pytest.raises(ClientError, match="InvalidDeploymentStatus"):
        fleet.client.continue_deployment(deploymentId=made, deploymentWaitType="TERMINATION_WAIT")
    fleet.client.continue_deployment(deploymentId=made, deploymentWaitType="READY_WAIT")
    fleet.backend.settle()
    assert fleet.sees() == {"two"}
    done = fleet.get(made)
    assert (done["status"], done["instanceTerminationWaitTimeStarted"]) == ("InProgress", True)
    assert {status for _, status in labels(fleet, made).values()} == {"Succeeded"}
    with pytest.raises(ClientError, match="DeploymentIsNotInReadyState"):
        fleet.client.continue_deployment(deploymentId=made, deploymentWaitType="READY_WAIT")
    clock.advance(30 * 60 + 1)
    fleet.backend.settle()
    assert fleet.status(made) == "Succeeded"
    assert fleet.sees() == {"two"}
    group = fleet.client.get_deployment_group(applicationName="shop", deploymentGroupName="web")["deploymentGroupInfo"]
    assert group["ec2TagFilters"][0]["Value"] == "green"
    scope = fleet.backend.world.scope(fleet.backend.account, "us-east-1")
    assert [name for name, _ in scope.scan(LocalInstance)] == ["green-1", "green-2"]


def test_nobody_continues_and_it_is_stopped(fleet: Fleet, clock: ManualClock) -> None:
    first(fleet)
    settings(fleet, STOP_IN_5)
    made = fleet.start(serving("two"), **fleet.green())
    fleet.backend.settle()
    clock.advance(301)
    fleet.backend.settle()
    assert fleet.status(made) == "Stopped"
    assert fleet.sees() == {"one"}
    assert {status for _, status in labels(fleet, made).values()} == {"Skipped"}


def test_the_termination_wait_can_be_skipped(fleet: Fleet) -> None:
    first(fleet)
    settings(fleet, None, {"action": "TERMINATE", "terminationWaitTimeInMinutes": 30})
    made = fleet.start(serving("two"), **fleet.green())
    fleet.backend.settle()
    assert fleet.status(made) == "InProgress"
    fleet.client.skip_wait_time_for_instance_termination(deploymentId=made)
    fleet.backend.settle()
    assert fleet.status(made) == "Succeeded"


def test_a_stop_with_rollback_in_the_termination_wait_gives_blue_its_traffic_back(fleet: Fleet) -> None:
    first(fleet)
    settings(fleet, None, {"action": "TERMINATE", "terminationWaitTimeInMinutes": 30})
    made = fleet.start(serving("two"), **fleet.green())
    fleet.backend.settle()
    assert fleet.sees() == {"two"}
    fleet.client.stop_deployment(deploymentId=made, autoRollbackEnabled=True)
    fleet.backend.settle()
    again = fleet.get(made)["rollbackInfo"]["rollbackDeploymentId"]
    assert fleet.status(again) == "Succeeded"
    assert fleet.sees() == {"one"}
    assert list(fleet.events(again, "blue-1")) == ["BeforeAllowTraffic", "AllowTraffic", "AfterAllowTraffic"]
    assert list(fleet.events(again, "green-1")) == ["BeforeBlockTraffic", "BlockTraffic", "AfterBlockTraffic"]


def test_a_stop_without_rollback_leaves_green_serving(fleet: Fleet) -> None:
    first(fleet)
    settings(fleet, None, {"action": "TERMINATE", "terminationWaitTimeInMinutes": 30})
    made = fleet.start(serving("two"), **fleet.green())
    fleet.backend.settle()
    fleet.client.stop_deployment(deploymentId=made)
    assert fleet.status(made) == "Stopped"
    assert fleet.sees() == {"two"}


def test_green_that_fails_leaves_blue_serving(fleet: Fleet) -> None:
    first(fleet)
    settings(fleet, autoRollbackConfiguration={"enabled": True, "events": ["DEPLOYMENT_FAILURE"]})
    done = fleet.run(serving("two", ValidateService="#!/bin/sh\nexit 1\n"), **fleet.green())
    assert done["status"] == "Failed"
    assert "nothing was rolled back" in done["rollbackInfo"]["rollbackMessage"]
    assert fleet.sees() == {"one"}


def test_a_fleet_is_copied(fleet: Fleet) -> None:
    fleet.local("pool", 2, **{"aws:autoscaling:groupName": "asg"})
    fleet.fleet_group(
        autoScalingGroups=["asg"], options={"greenFleetProvisioningOption": {"action": "COPY_AUTO_SCALING_GROUP"}}
    )
    done = fleet.run(serving("two"))
    assert done["status"] == "Succeeded", done
    names = labels(fleet, done["deploymentId"])
    assert [label for label, _ in names.values()] == ["Green", "Green", "Blue", "Blue"]
    group = fleet.client.get_deployment_group(applicationName="shop", deploymentGroupName="web")["deploymentGroupInfo"]
    assert group["autoScalingGroups"] == [{"name": f"CodeDeploy_web_{done['deploymentId']}"}]
    assert fleet.sees() == {"two"}


def test_without_a_load_balancer_or_without_green_instances_it_fails_in_words(fleet: Fleet) -> None:
    fleet.fleet_group(**BLUE)
    assert fleet.run(serving("x"), **fleet.green("none"))["errorInformation"]["code"] == "NO_INSTANCES"
    fleet.client.update_deployment_group(
        applicationName="shop", currentDeploymentGroupName="web", loadBalancerInfo={"targetGroupInfoList": []}
    )
    done = fleet.run(serving("x"), **fleet.green())
    assert done["errorInformation"]["code"] == "MISSING_ELB_INFORMATION"


def test_in_place_behind_a_target_group_takes_each_instance_out_and_back(shop: Deploying) -> None:
    shop.instances(1)
    shop.group(
        deploymentStyle={"deploymentType": "IN_PLACE", "deploymentOption": "WITH_TRAFFIC_CONTROL"},
        loadBalancerInfo={"targetGroupInfoList": [PLAIN]},
    )
    done = shop.run(serving("one"))
    assert done["status"] == "Succeeded", shop.target(done["deploymentId"])
    events = list(shop.events(done["deploymentId"]))
    assert events[:3] == ["BeforeBlockTraffic", "BlockTraffic", "AfterBlockTraffic"]
    assert events[-3:] == ["BeforeAllowTraffic", "AllowTraffic", "AfterAllowTraffic"]
    assert "http://127.0.0.1:" in shop.diagnostics(done["deploymentId"], "AllowTraffic")["message"]
    assert Fleet.sees(shop) == {"one"}  # type: ignore[arg-type]
