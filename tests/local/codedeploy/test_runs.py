"""Batches, failing in time, stopping, rolling back, alarms, and agents that do not answer: on the clock."""

from __future__ import annotations

import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pointsman.clock import ManualClock
from support.backend import CheckedBackend
from support.deploying import Deploying, appspec, traced

WAITS = "#!/bin/sh\nwhile [ ! -e $POINTSMAN_INSTANCE_ROOT/go ]; do sleep 0.02; done\n"
FAILS = "#!/bin/sh\nexit 1\n"
ONE = "CodeDeployDefault.OneAtATime"
ROLLBACK = {"enabled": True, "events": ["DEPLOYMENT_FAILURE"]}


def on(name: str, otherwise: str = "exit 0") -> str:
    """A script that fails on one instance."""
    return f'#!/bin/sh\ncase "$POINTSMAN_INSTANCE_ROOT" in */{name}) exit 1;; esac\n{otherwise}\n'


def test_one_at_a_time_stops_at_the_first_failure_and_leaves_the_rest_alone(shop: Deploying) -> None:
    shop.instances(4)
    shop.group(ONE)
    done = shop.run(traced(AfterInstall=on("web-2")))
    assert done["status"] == "Failed"
    assert done["errorInformation"]["code"] == "HEALTH_CONSTRAINTS"
    found = {name: shop.target(done["deploymentId"], name)["status"] for name in shop.ids(done["deploymentId"])}
    assert found == {"web-1": "Succeeded", "web-2": "Failed", "web-3": "Skipped", "web-4": "Skipped"}
    assert shop.trace("web-3") == []
    assert not (shop.root("web-3") / "srv").exists()


def test_the_last_one_may_fail(shop: Deploying) -> None:
    shop.instances(3)
    shop.group(ONE)
    done = shop.run(traced(AfterInstall=on("web-3")))
    assert done["status"] == "Succeeded"
    assert done["deploymentOverview"]["Failed"] == 1


def test_half_at_a_time_with_one_instance_cannot_begin(shop: Deploying) -> None:
    shop.instances(1)
    shop.group("CodeDeployDefault.HalfAtATime")
    done = shop.run(traced())
    assert done["errorInformation"]["code"] == "HEALTH_CONSTRAINTS_INVALID"
    assert shop.trace() == []


def test_no_instances_and_no_revision(shop: Deploying) -> None:
    shop.group()
    assert shop.run(traced())["errorInformation"]["code"] == "NO_INSTANCES"
    shop.instances(1)
    gone = {"revisionType": "S3", "s3Location": {"bucket": "releases", "key": "none.zip", "bundleType": "zip"}}
    assert shop.run(revision=gone)["errorInformation"]["code"] == "REVISION_MISSING"


def test_unhealthy_instances_come_first(shop: Deploying) -> None:
    shop.instances(3)
    shop.group()
    shop.run(traced("one", AfterInstall=on("web-3")))
    second = shop.run(traced("two"), deploymentConfigName=ONE)
    assert shop.ids(second["deploymentId"])[0] == "web-3"


def test_a_second_deployment_on_a_busy_group_is_refused(shop: Deploying) -> None:
    shop.instances(1)
    shop.group()
    made = shop.start(traced(AfterInstall=WAITS))
    with pytest.raises(ClientError) as caught:
        shop.start(traced())
    error = caught.value.response["Error"]
    assert error["Code"] == "DeploymentLimitExceededException"
    assert error["Message"] == f"The Deployment Group 'web' already has an active Deployment '{made}'"
    shop.root().mkdir(parents=True, exist_ok=True)
    (shop.root() / "go").touch()
    shop.backend.settle()
    assert shop.status(made) == "Succeeded"


def _in_hook(shop: Deploying, made: str) -> None:
    """Let the world go on until the waiting script runs."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        shop.backend.world.run_due()
        try:
            events = shop.events(made)
        except ClientError:
            continue
        if events["AfterInstall"] == "InProgress":
            return
        shop.backend.world.wait(0.05)
    raise AssertionError("the script never began")


def test_a_stop_waits_for_the_script_that_runs_and_skips_the_rest(shop: Deploying) -> None:
    shop.instances(2)
    shop.group(ONE)
    made = shop.start(traced(AfterInstall=WAITS))
    _in_hook(shop, made)
    answer = shop.client.stop_deployment(deploymentId=made)
    assert answer["status"] == "Pending"
    assert shop.status(made) == "InProgress"
    (shop.root() / "go").touch()
    shop.backend.settle()
    done = shop.get(made)
    assert done["status"] == "Stopped"
    assert done["errorInformation"]["code"] == "MANUAL_STOP"
    assert shop.events(made)["AfterInstall"] == "Succeeded"
    assert shop.events(made)["ApplicationStart"] == "Skipped"
    assert shop.target(made, "web-2")["status"] == "Skipped"
    assert "rollbackInfo" not in done
    with pytest.raises(ClientError) as caught:
        shop.client.stop_deployment(deploymentId=made)
    assert caught.value.response["Error"]["Code"] == "DeploymentAlreadyCompletedException"


def test_a_failure_is_rolled_back_by_a_new_deployment_that_both_know_of(shop: Deploying) -> None:
    shop.instances(2)
    shop.group(autoRollbackConfiguration=ROLLBACK)
    good = shop.run(traced("good"))
    bad = shop.run(traced("bad", AfterInstall=FAILS))
    assert bad["status"] == "Failed"
    again = shop.get(bad["rollbackInfo"]["rollbackDeploymentId"])
    assert again["creator"] == "codeDeployRollback"
    assert again["status"] == "Succeeded"
    assert again["rollbackInfo"]["rollbackTriggeringDeploymentId"] == bad["deploymentId"]
    assert again["revision"] == good["revision"]
    assert again["deploymentId"] in shop.get(bad["deploymentId"])["rollbackInfo"]["rollbackMessage"]
    assert (shop.root() / "srv/app/app.txt").read_text() == "good"


def test_without_a_good_revision_or_after_a_failed_rollback_there_is_none(shop: Deploying) -> None:
    shop.instances(1)
    shop.group(autoRollbackConfiguration=ROLLBACK)
    first = shop.run(traced("bad", AfterInstall=FAILS))
    assert list(first["rollbackInfo"]) == ["rollbackMessage"]
    once = "#!/bin/sh\n[ ! -e $POINTSMAN_INSTANCE_ROOT/broken ]\n"
    assert shop.run(traced("good", AfterInstall=once))["status"] == "Succeeded"
    (shop.root() / "broken").touch()
    bad = shop.run(traced("worse", AfterInstall=FAILS))
    again = shop.get(bad["rollbackInfo"]["rollbackDeploymentId"])
    assert again["status"] == "Failed"
    assert "rollbackDeploymentId" not in again["rollbackInfo"]
    assert len(shop.client.list_deployments()["deployments"]) == 4


def test_a_stop_rolls_back_when_asked(shop: Deploying) -> None:
    shop.instances(1)
    shop.group()
    shop.run(traced("good"))
    made = shop.start(traced("new", AfterInstall=WAITS))
    _in_hook(shop, made)
    shop.client.stop_deployment(deploymentId=made, autoRollbackEnabled=True)
    (shop.root() / "go").touch()
    shop.backend.settle()
    done = shop.get(made)
    assert done["status"] == "Stopped"
    assert shop.status(done["rollbackInfo"]["rollbackDeploymentId"]) == "Succeeded"
    assert (shop.root() / "srv/app/app.txt").read_text() == "good"


def _alarm(backend: CheckedBackend) -> Any:
    cloudwatch = backend.session().client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="errors", MetricName="5xx", Namespace="Shop", Statistic="Sum", Period=60, EvaluationPeriods=1,
        Threshold=5.0, ComparisonOperator="GreaterThanThreshold",
    )  # fmt: skip
    return cloudwatch


def test_an_alarm_stops_a_deployment_and_has_it_rolled_back(shop: Deploying, backend: CheckedBackend) -> None:
    cloudwatch = _alarm(backend)
    shop.instances(1)
    shop.group(
        alarmConfiguration={"enabled": True, "alarms": [{"name": "errors"}]},
        autoRollbackConfiguration={"enabled": True, "events": ["DEPLOYMENT_STOP_ON_ALARM"]},
    )
    shop.run(traced("good"))
    made = shop.start(traced("new", AfterInstall=WAITS))
    _in_hook(shop, made)
    cloudwatch.set_alarm_state(AlarmName="errors", StateValue="ALARM", StateReason="a drill")
    (shop.root() / "go").touch()
    shop.backend.settle()
    done = shop.get(made)
    assert done["status"] == "Stopped"
    assert done["errorInformation"]["code"] == "ALARM_ACTIVE"
    assert done["errorInformation"]["message"].endswith("Activated alarms: <errors>")
    assert shop.status(done["rollbackInfo"]["rollbackDeploymentId"]) == "Succeeded", "no alarm stops a rollback"
    third = shop.run(traced("third"))
    assert (third["status"], third["errorInformation"]["code"]) == ("Stopped", "ALARM_ACTIVE")
    off = shop.run(traced("fourth"), overrideAlarmConfiguration={"enabled": False})
    assert off["status"] == "Succeeded"


def test_an_agent_that_is_stopped_lets_its_instance_fail_after_a_time(shop: Deploying, clock: ManualClock) -> None:
    names = shop.instances(2)
    shop.group(ONE)
    off = [{"Key": "pointsman:agent", "Value": "stopped"}]
    shop.client.add_tags_to_on_premises_instances(instanceNames=names[:1], tags=off)
    made = shop.start(traced())
    shop.backend.settle()
    assert shop.status(made) == "InProgress"
    assert shop.events(made)["ApplicationStop"] == "Pending"
    clock.advance(301)
    shop.backend.settle()
    done = shop.get(made)
    assert done["status"] == "Failed"
    assert "agent" in shop.diagnostics(made, "ApplicationStop")["message"]
    assert shop.target(made, "web-2")["status"] == "Skipped"


def test_an_agent_that_is_started_in_time_takes_what_was_left(shop: Deploying, clock: ManualClock) -> None:
    names = shop.instances(1)
    shop.group()
    off = [{"Key": "pointsman:agent", "Value": "stopped"}]
    shop.client.add_tags_to_on_premises_instances(instanceNames=names, tags=off)
    made = shop.start(traced())
    shop.backend.settle()
    clock.advance(200)
    shop.client.remove_tags_from_on_premises_instances(instanceNames=names, tags=off)
    shop.backend.settle()
    assert shop.status(made) == "Succeeded"


def test_application_stop_can_be_passed_over(shop: Deploying) -> None:
    shop.instances(1)
    shop.group()
    shop.run(traced("one", ApplicationStop=FAILS))
    stuck = shop.run(traced("two"))
    assert shop.events(stuck["deploymentId"])["ApplicationStop"] == "Failed"
    assert stuck["status"] == "Failed"
    freed = shop.run(traced("three"), ignoreApplicationStopFailures=True)
    assert freed["status"] == "Succeeded"
    assert shop.events(freed["deploymentId"])["ApplicationStop"] == "Failed"


def test_only_outdated_instances_are_deployed_to_when_that_is_asked(shop: Deploying) -> None:
    shop.instances(3)
    shop.group()
    first = shop.run(traced("one", AfterInstall=on("web-2")))
    again = shop.run(revision=first["revision"], updateOutdatedInstancesOnly=True)
    assert shop.ids(again["deploymentId"]) == ["web-2"]


def test_a_restart_downloads_nothing(shop: Deploying) -> None:
    shop.instances(1)
    shop.group()
    with pytest.raises(ClientError) as caught:
        shop.start(deploymentMode="RESTART")
    assert caught.value.response["Error"]["Code"] == "RevisionDoesNotExistException"
    shop.run(traced("one"))
    (shop.root() / "trace").unlink()
    done = shop.run(deploymentMode="RESTART")
    assert done["status"] == "Succeeded"
    assert done["deploymentMode"] == "RESTART"
    assert shop.trace() == ["ApplicationStop", "ApplicationStart", "ValidateService"]


def test_what_a_deployment_is_refused_for(shop: Deploying) -> None:
    shop.instances(1)
    shop.group()
    revision = shop.bundle(traced())

    def code(**more: Any) -> str:
        with pytest.raises(ClientError) as caught:
            shop.start(**{"revision": revision, **more})
        found: str = caught.value.response["Error"]["Code"]
        return found

    assert code(deploymentConfigName="none") == "DeploymentConfigDoesNotExistException"
    assert code(revision={}) == "RevisionRequiredException"
    assert code(fileExistsBehavior="SHRUG") == "InvalidFileExistsBehaviorException"
    assert code(description="x" * 257) == "DescriptionTooLongException"
    assert code(targetInstances={"tagFilters": []}) == "InvalidTargetInstancesException"
    assert code(autoRollbackConfiguration={"enabled": True}) == "InvalidAutoRollbackConfigException"


def test_deployments_are_listed_newest_first_by_what_is_asked(shop: Deploying) -> None:
    shop.instances(1)
    shop.group()
    good = shop.run(traced("one"))["deploymentId"]
    bad = shop.run(traced("two", AfterInstall=FAILS))["deploymentId"]
    listed = shop.client.list_deployments
    assert listed()["deployments"] == [bad, good]
    assert listed(includeOnlyStatuses=["Succeeded"])["deployments"] == [good]
    assert listed(applicationName="shop", deploymentGroupName="web")["deployments"] == [bad, good]
    with pytest.raises(ClientError, match="DeploymentGroupNameRequired"):
        listed(applicationName="shop")
    old = shop.client.list_deployment_instances(deploymentId=bad)["instancesList"]
    summary = shop.client.get_deployment_instance(deploymentId=bad, instanceId=old[0])["instanceSummary"]
    assert summary["status"] == "Failed"
    assert (
        shop.client.list_deployment_targets(deploymentId=bad, targetFilters={"TargetStatus": ["Failed"]})["targetIds"]
        == old
    )
    info = shop.client.get_deployment_group(applicationName="shop", deploymentGroupName="web")["deploymentGroupInfo"]
    assert info["lastSuccessfulDeployment"]["deploymentId"] == good
    assert info["lastAttemptedDeployment"]["deploymentId"] == bad


def test_state_changes_are_told_to_events_and_topics(shop: Deploying, backend: CheckedBackend) -> None:
    heard: list[dict[str, Any]] = []
    backend.world.on("events", lambda _, payload: heard.append(payload))
    published: list[dict[str, Any]] = []
    backend.world.on("sns.published", lambda _, payload: published.append(payload))
    topic = backend.session().client("sns").create_topic(Name="deploys")["TopicArn"]
    trigger = {"triggerName": "all", "triggerTargetArn": topic}
    shop.instances(1)
    shop.group(triggerConfigurations=[{**trigger, "triggerEvents": ["DeploymentFailure", "InstanceFailure"]}])
    done = shop.run({"appspec.yml": appspec({"AfterInstall": "none.sh"})})
    states = [
        (one["detail-type"].split()[1], one["detail"]["state"]) for one in heard if one["source"] == "aws.codedeploy"
    ]
    assert states == [
        ("Deployment", "START"),
        ("Instance", "START"),
        ("Instance", "FAILURE"),
        ("Deployment", "FAILURE"),
    ]
    assert heard[-1]["detail"]["deploymentId"] == done["deploymentId"]
    assert [one["subject"].split(":")[0] for one in published] == ["InstanceFailure", "DeploymentFailure"]
    assert '"ErrorCode": "HEALTH_CONSTRAINTS"' in published[-1]["message"]


def test_many_deployments_are_listed_page_by_page_and_those_under_way_at_once(
    shop: Deploying, backend: CheckedBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pointsman.local.codedeploy import operations_deployments

    shop.group()
    made = [shop.run(traced())["deploymentId"] for _ in range(7)]
    monkeypatch.setattr(operations_deployments, "PAGE", 3)
    monkeypatch.setattr(operations_deployments, "_LOOKED", 4)
    pages = shop.client.get_paginator("list_deployments")
    assert [one for page in pages.paginate() for one in page["deployments"]] == made[::-1]
    none = list(pages.paginate(includeOnlyStatuses=["Succeeded"]))
    assert [page["deployments"] for page in none] == [[], []]
    shop.instances(1)
    shop.client.add_tags_to_on_premises_instances(
        instanceNames=["web-1"], tags=[{"Key": "pointsman:agent", "Value": "stopped"}]
    )
    running = shop.run(traced())["deploymentId"]
    assert shop.client.list_deployments(includeOnlyStatuses=["InProgress", "Created"])["deployments"] == [running]
    names = {"applicationName": "shop", "deploymentGroupName": "web"}
    assert shop.client.list_deployments(**names, includeOnlyStatuses=["InProgress"])["deployments"] == [running]


def test_deployments_publish_their_metrics(shop: Deploying) -> None:
    shop.instances(1)
    shop.group(ONE)
    shop.run(traced())
    listed = shop.backend.session().client("cloudwatch").list_metrics(Namespace="AWS/CodeDeploy")["Metrics"]
    assert sorted((one["MetricName"], len(one["Dimensions"])) for one in listed) == [
        (name, many)
        for name in ("Deployments", "Duration", "FailedDeployments", "SucceededDeployments")
        for many in (0, 2)
    ]
