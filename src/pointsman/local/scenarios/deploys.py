"""The deployments of the floor: what CodeDeploy has done before second 0, is at, and goes on doing.

At second 0: one in place is going through its batches, a canary waits for its second step, a blue/green deployment
waits for somebody to continue, one has failed in a script and was rolled back, one was stopped by an alarm.
"""

from __future__ import annotations

import json
import random
import zlib
from collections.abc import Callable
from typing import Any, Final

from pointsman.clock import Clock
from pointsman.local.awslambda.versions import FunctionAlias, FunctionVersion, version_key
from pointsman.local.backend import ACCOUNT, Backend
from pointsman.local.codedeploy.machine import Outcome
from pointsman.local.codedeploy.protocol import EventOrder
from pointsman.local.codedeploy.records import LocalInstance
from pointsman.local.functions.records import LocalFunction
from pointsman.local.scenarios.scripted import empty_zip
from pointsman.local.scenarios.scripted_crew import Deed
from pointsman.local.world import Payload, Scope

BUCKET: Final = "shop-releases"
NEXT: Final = "deploys.next"
ROLE: Final = f"arn:aws:iam::{ACCOUNT}:role/codedeploy"
ALARM: Final = "checkout-api-5xx"
_SECONDS: Final = {
    "ApplicationStop": 5.0,
    "DownloadBundle": 3.0,
    "BeforeInstall": 4.0,
    "Install": 2.0,
    "AfterInstall": 8.0,
    "ApplicationStart": 7.0,
    "ValidateService": 14.0,
    "AfterBlockTraffic": 2.0,
    "BeforeAllowTraffic": 2.0,
}
_SCRIPTS: Final = {
    "ApplicationStop": "scripts/stop.sh",
    "BeforeInstall": "scripts/backup.sh",
    "AfterInstall": "scripts/migrate.sh",
    "ApplicationStart": "scripts/start.sh",
    "ValidateService": "scripts/smoke.sh",
}
_BROKEN: Final = (
    "[stdout]migrating accounts to 2026-11-24",
    "[stdout]  create index sessions_by_device",
    '[stderr]ERROR:  relation "sessions" does not exist',
    "[stderr]migration failed, rolled back",
)

At = Callable[..., None]


class Deploys:
    """The people and machines that deploy.

    Args:
        backend: The scenario's.
        region: Where.
        seed: Decides what is left to chance.
    """

    def __init__(self, backend: Backend, region: str, seed: int) -> None:
        self._backend = backend
        self._region = region
        self._seed = seed
        self._scope = backend.world.scope(ACCOUNT, region)
        backend.world.on(NEXT, self._on_next)

    @property
    def clock(self) -> Clock:
        """The scenario's time."""
        return self._backend.clock

    def tell(self, at: At) -> None:
        """Put this story into the floor's; ``at(minutes, act, …)``."""
        at(-172.0, self._furnish)
        for minutes, app in ((-158.0, "storefront"), (-141.0, "accounts"), (-131.0, "checkout-api")):
            at(minutes, self.release, app, 118)
        at(-150.0, self._release_green, 31, "blue")
        at(-41.0, self.release, "accounts", 119)
        at(-22.0, self.release, "checkout-api", 119)
        at(-21.2, self._errors, 37.0)
        at(-21.2, self._alarm, "ALARM", "Threshold Crossed: 1 datapoint [37.0] was greater than the threshold (5.0).")
        at(-14.0, self._release_green, 32, "green")
        at(-4.0, self._shift)
        at(-2.0, self.release, "storefront", 119)
        at(-0.1, self._plan)

    def _call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        answer, _ = self._backend.ask(self._region, service, operation, parameters)
        return answer

    # -- what is there ----------------------------------------------------------------------------------------------

    def _furnish(self) -> None:
        place = {"LocationConstraint": self._region}
        self._call("s3", "CreateBucket", Bucket=BUCKET, CreateBucketConfiguration=place)
        minimum = {"type": "HOST_COUNT", "value": 9}
        self._call(
            "codedeploy", "CreateDeploymentConfig", deploymentConfigName="three-at-a-time", minimumHealthyHosts=minimum
        )
        self._servers("storefront", 12, "three-at-a-time")
        self._servers("accounts", 4, "CodeDeployDefault.OneAtATime", _rollback("DEPLOYMENT_FAILURE"))
        self._call(
            "cloudwatch",
            "PutMetricAlarm",
            AlarmName=ALARM,
            AlarmDescription="More than five errors a minute",
            Namespace="Shop",
            MetricName="5xx",
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=5.0,
            ComparisonOperator="GreaterThanThreshold",
            TreatMissingData="notBreaching",
        )
        self._alarm("OK", "Threshold Crossed: 1 datapoint [0.0] was not greater than the threshold (5.0).")
        watched = {"alarmConfiguration": {"enabled": True, "alarms": [{"name": ALARM}]}}
        back = _rollback("DEPLOYMENT_STOP_ON_ALARM")
        self._servers("checkout-api", 6, "CodeDeployDefault.HalfAtATime", {**watched, **back})
        self._blue_green()
        self._function()

    def servers(self, app: str, count: int) -> None:
        """An application with servers of its own, half of them at a time, back to what was there if that fails."""
        self._servers(app, count, "CodeDeployDefault.HalfAtATime", _rollback("DEPLOYMENT_FAILURE"))

    def _servers(self, app: str, count: int, config: str, more: dict[str, Any] | None = None) -> None:
        self._instances(app, count)
        self._call("codedeploy", "CreateApplication", applicationName=app, computePlatform="Server")
        self._call(
            "codedeploy",
            "CreateDeploymentGroup",
            applicationName=app,
            deploymentGroupName="production",
            serviceRoleArn=ROLE,
            deploymentConfigName=config,
            ec2TagFilters=[{"Key": "app", "Value": app, "Type": "KEY_AND_VALUE"}],
            **(more or {}),
        )

    def _instances(self, tag: str, count: int) -> None:
        with self._backend.world.transaction():
            for number in range(count):
                name = f"i-0{zlib.crc32(f'{tag}/{number}'.encode()):08x}{number:02x}{zlib.crc32(tag.encode()):06x}"[:19]
                self._scope.put(name, LocalInstance(name, f"/instances/{name}", {"app": tag}))

    def _blue_green(self) -> None:
        for color in ("blue", "green"):
            self._instances(f"accounts-web-{color}", 3)
        self._call("codedeploy", "CreateApplication", applicationName="accounts-web", computePlatform="Server")
        self._call(
            "codedeploy",
            "CreateDeploymentGroup",
            applicationName="accounts-web",
            deploymentGroupName="production",
            serviceRoleArn=ROLE,
            deploymentConfigName="CodeDeployDefault.AllAtOnce",
            ec2TagFilters=[{"Key": "app", "Value": "accounts-web", "Type": "KEY_AND_VALUE"}],
            deploymentStyle={"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"},
            loadBalancerInfo={"targetGroupInfoList": [{"name": "accounts-web"}]},
            blueGreenDeploymentConfiguration={
                "deploymentReadyOption": {"actionOnTimeout": "CONTINUE_DEPLOYMENT"},
                "terminateBlueInstancesOnDeploymentSuccess": {"action": "KEEP_ALIVE"},
            },
        )

    def _function(self) -> None:
        with self._backend.world.transaction():
            for number in (41, 42):
                code = LocalFunction("pricing", ("./pricing", f"--release={number}"), "/functions")
                self._scope.put(
                    version_key("pricing", str(number)), FunctionVersion(code, str(number), self.clock.now())
                )
                self._scope.put("pricing", code)
            self._scope.put(
                "pricing/live", FunctionAlias("pricing", "live", "41", "8f2a6c1e-5b7d-4e0a-9c3f-1d2e3f4a5b6c")
            )
        self._call("codedeploy", "CreateApplication", applicationName="pricing", computePlatform="Lambda")
        self._call(
            "codedeploy",
            "CreateDeploymentGroup",
            applicationName="pricing",
            deploymentGroupName="live",
            serviceRoleArn=ROLE,
            deploymentConfigName="CodeDeployDefault.LambdaCanary10Percent10Minutes",
        )

    def _errors(self, count: float) -> None:
        data = [{"MetricName": "5xx", "Value": count, "Unit": "Count"}]
        self._call("cloudwatch", "PutMetricData", Namespace="Shop", MetricData=data)

    def _alarm(self, state: str, reason: str) -> None:
        self._call("cloudwatch", "SetAlarmState", AlarmName=ALARM, StateValue=state, StateReason=reason)

    # -- what happens -----------------------------------------------------------------------------------------------

    def release(self, app: str, number: int) -> None:
        """Somebody deploys a release of an application onto its servers."""
        self._deploy(app, f"release {number}", self._revision(app, number))

    def _revision(self, app: str, number: int) -> dict[str, Any]:
        key = f"{app}/{app}-{number}.zip"
        self._call("s3", "PutObject", Bucket=BUCKET, Key=key, Body=empty_zip())
        return {"revisionType": "S3", "s3Location": {"bucket": BUCKET, "key": key, "bundleType": "zip"}}

    def _deploy(self, app: str, description: str, revision: dict[str, Any], **more: Any) -> None:
        group = more.pop("group", "production")
        self._call(
            "codedeploy",
            "CreateDeployment",
            applicationName=app,
            deploymentGroupName=group,
            description=description,
            revision=revision,
            **more,
        )

    def _release_green(self, number: int, color: str) -> None:
        """Blue first, at once; then green, which waits for somebody to reroute the traffic."""
        if color == "green":
            ready = {"actionOnTimeout": "STOP_DEPLOYMENT", "waitTimeInMinutes": 60}
            ends = {"action": "TERMINATE", "terminationWaitTimeInMinutes": 60}
            options = {"deploymentReadyOption": ready, "terminateBlueInstancesOnDeploymentSuccess": ends}
            self._call(
                "codedeploy",
                "UpdateDeploymentGroup",
                applicationName="accounts-web",
                currentDeploymentGroupName="production",
                blueGreenDeploymentConfiguration=options,
            )
        tag = {"Key": "app", "Value": f"accounts-web-{color}", "Type": "KEY_AND_VALUE"}
        revision = self._revision("accounts-web", number)
        self._deploy("accounts-web", f"release {number}", revision, targetInstances={"tagFilters": [tag]})

    def _shift(self) -> None:
        properties = {"Name": "pricing", "Alias": "live", "CurrentVersion": "41", "TargetVersion": "42"}
        resource = {"pricing": {"Type": "AWS::Lambda::Function", "Properties": properties}}
        spec = json.dumps({"version": 0.0, "Resources": [resource]})
        content = {"revisionType": "AppSpecContent", "appSpecContent": {"content": spec}}
        self._deploy("pricing", "version 42, a tenth of the calls first", content, group="live")

    def _plan(self) -> None:
        number = self._scope.next_number("deploys.releases")
        dice = random.Random(f"{self._seed}/deploys/{number}")
        self._scope.after(dice.uniform(540, 840), NEXT, {"number": 119 + number}, key=NEXT)

    def _on_next(self, _: Scope, payload: Payload) -> None:
        self.release("storefront", payload["number"])
        self._plan()

    # -- the script -------------------------------------------------------------------------------------------------

    def deed(self, order: EventOrder, *, broken: bool = False) -> Deed:
        """What a lifecycle event of an instance is; ``broken`` when the migration of what is deployed fails."""
        dice = random.Random(f"{self._seed}/{order.deployment}/{order.target}/{order.event}")
        seconds = round(_SECONDS.get(order.event, 1.0) * dice.uniform(0.8, 1.3), 1)
        script = _SCRIPTS.get(order.event, "")
        key = order.bundle.variables.get("BUNDLE_KEY", "") if order.bundle else ""
        broken = broken or key == "accounts/accounts-119.zip"
        if broken and order.event == "AfterInstall":
            head = (f"LifecycleEvent - {order.event}", f"Script - {script}")
            sentence = f"Script at specified location: {script} failed with exit code 1"
            return Deed(seconds, Outcome(True, "ScriptFailed", script, sentence, "\n".join((*head, *_BROKEN))))
        tail = f"LifecycleEvent - {order.event}\nScript - {script}\n[stdout]{order.application}: done" if script else ""
        return Deed(seconds, Outcome(script=script, message="Succeeded", tail=tail))


def _rollback(event: str) -> dict[str, Any]:
    return {"autoRollbackConfiguration": {"enabled": True, "events": [event]}}
