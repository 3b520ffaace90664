"""What a deployment costs: a thousand targets through every event, and how soon a script begins."""

from __future__ import annotations

import io
import os
import statistics
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, alternate, median, spread
from pointsman.clock import ManualClock
from pointsman.local import Backend
from pointsman.local.codedeploy.records import LocalInstance
from pointsman.local.scenarios.scripted_crew import Deed, NoTraffic, ScriptedCrew

REGION = "us-east-1"
NAMES = {"applicationName": "shop", "deploymentGroupName": "web"}
SPEC = "version: 0.0\nos: linux\nhooks:\n  BeforeInstall:\n    - {location: hook.sh}\n"


def measure(runs: int, *, small: bool = False) -> list[Figure]:
    """The figures."""
    targets = 20 if small else 1000
    taken = alternate(runs, {"cpu": lambda: _drive(targets), "late": _lateness})
    return [
        Figure(
            "deploy",
            f"{targets} targets through all events, scripted: CPU",
            median(taken["cpu"]),
            10,
            "s",
            spread(taken["cpu"], 1, "s"),
        ),
        Figure(
            "deploy",
            "a script begins after its event falls due, eight or fewer running: median",
            median(taken["late"]) * 1e3,
            50,
            "ms",
            spread(taken["late"], 1e3, "ms"),
        ),
    ]


def _furnish(backend: Backend, instances: int, bundle: bytes) -> Any:
    session = backend.session(REGION)
    s3, client = session.client("s3"), session.client("codedeploy")
    s3.create_bucket(Bucket="releases")
    s3.put_object(Bucket="releases", Key="app.zip", Body=bundle)
    with backend.world.transaction():
        scope = backend.world.scope(backend.account, REGION)
        for number in range(instances):
            name = f"i-{number:017x}"
            scope.put(name, LocalInstance(name, str(backend.root / "instances" / name), {"role": "web"}))
    client.create_application(applicationName="shop")
    client.create_deployment_group(
        **NAMES,
        serviceRoleArn="arn:aws:iam::123456789012:role/deploy",
        deploymentConfigName="CodeDeployDefault.HalfAtATime",
        ec2TagFilters=[{"Key": "role", "Value": "web", "Type": "KEY_AND_VALUE"}],
    )
    return client


def _bundle(script: str) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as bundle:
        bundle.writestr("appspec.yml", SPEC)
        bundle.writestr("hook.sh", script)
    return body.getvalue()


def _deploy(client: Any) -> str:
    location = {"bucket": "releases", "key": "app.zip", "bundleType": "zip"}
    made = client.create_deployment(**NAMES, revision={"revisionType": "S3", "s3Location": location})
    found: str = made["deploymentId"]
    return found


def _drive(targets: int) -> float:
    """CPU seconds of a whole deployment on a state folder."""
    clock = ManualClock()
    tools = [ScriptedCrew(lambda _: Deed(1.0)), NoTraffic()]
    with tempfile.TemporaryDirectory() as folder, Backend(Path(folder) / "state", clock, tools=tools) as backend:
        client = _furnish(backend, targets, _bundle(""))
        begun = time.process_time()
        made = _deploy(client)
        backend.settle()
        clock.advance(60)
        taken = time.process_time() - begun
        info = client.get_deployment(deploymentId=made)["deploymentInfo"]
        if info["status"] != "Succeeded" or info["deploymentOverview"]["Succeeded"] != targets:
            raise RuntimeError(f"the deployment came to {info['status']}")
        return taken


def _lateness() -> float:
    """Seconds between an event's becoming due (the one before it has ended) and the start of its script: median."""
    with tempfile.TemporaryDirectory() as folder, Backend(Path(folder) / "state") as backend:
        client = _furnish(backend, 8, _bundle("#!/bin/sh\n"))
        made = _deploy(client)
        deadline = time.monotonic() + 60
        while client.get_deployment(deploymentId=made)["deploymentInfo"]["status"] not in ("Succeeded", "Failed"):
            if time.monotonic() > deadline:
                raise TimeoutError("the deployment never ended")
            time.sleep(0.05)
        late = []
        for name in client.list_deployment_targets(deploymentId=made)["targetIds"]:
            target = client.get_deployment_target(deploymentId=made, targetId=name)["deploymentTarget"]
            events = {one["lifecycleEventName"]: one for one in target["instanceTarget"]["lifecycleEvents"]}
            folder_of = (backend.root / "instances" / name / "opt/codedeploy-agent/deployment-root").glob("*/d-*/runs")
            began = next(folder_of).joinpath("BeforeInstall-0.begun").stat().st_mtime
            late.append(began - events["DownloadBundle"]["endTime"].timestamp())
        return statistics.median(late)


if __name__ == "__main__":
    print(_drive(int(os.environ.get("TARGETS", "1000"))), _lateness())
