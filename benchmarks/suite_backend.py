"""What a call costs in the process: reads and writes of the bundled backend on a state folder."""

from __future__ import annotations

import itertools
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, alternate, median, spread
from pointsman.local import Backend

REGION = "us-east-1"
NAME = "checkout"


def measure(runs: int, *, small: bool = False) -> list[Figure]:
    """The figures."""
    times = 20 if small else 1000
    with tempfile.TemporaryDirectory() as folder, Backend(state=Path(folder) / "state") as backend:
        _furnish(backend)
        client = backend.session(REGION).client("codepipeline")
        parameters = backend.session(REGION).client("ssm")
        turn = itertools.cycle(("DisableStageTransition", "EnableStageTransition"))
        number = itertools.count()

        def transition() -> None:
            operation = next(turn)
            reason = {"reason": "measuring"} if operation.startswith("Dis") else {}
            _ask(backend, operation, pipelineName=NAME, stageName="Prod", transitionType="Inbound", **reason)

        def parameter() -> None:
            parameters.put_parameter(Name="/app/mode", Value=str(next(number)), Type="String", Overwrite=True)

        taken = alternate(
            runs,
            {
                "ask": lambda: _median_of(times, lambda: _ask(backend, "GetPipelineState", name=NAME)),
                "boto3": lambda: _median_of(times, lambda: client.get_pipeline_state(name=NAME)),
                "transition": lambda: _median_of(times, transition),
                "parameter": lambda: _median_of(times, parameter),
            },
        )
    return [
        _figure("GetPipelineState of four stages, from the store", taken["ask"], 200, 1e6, "us"),
        _figure("GetPipelineState of four stages, through boto3", taken["boto3"], None, 1e6, "us"),
        _figure("a write: Disable and EnableStageTransition, from the store", taken["transition"], 1, 1e3, "ms"),
        _figure("a write: PutParameter, through boto3", taken["parameter"], 1, 1e3, "ms"),
    ]


def _figure(what: str, values: list[float], target: float | None, scale: float, unit: str) -> Figure:
    return Figure("backend", what, median(values) * scale, target, unit, spread(values, scale, unit))


def _median_of(times: int, call: Callable[[], Any]) -> float:
    taken: list[float] = []
    for _ in range(times):
        begun = time.perf_counter()
        call()
        taken.append(time.perf_counter() - begun)
    return median(taken)


def _ask(backend: Backend, operation: str, **parameters: Any) -> dict[str, Any]:
    answer, _ = backend.ask(REGION, "codepipeline", operation, parameters)
    return answer


def _furnish(backend: Backend) -> None:
    """A pipeline of four stages that has run as far as its approval."""
    session = backend.session(REGION)
    s3 = session.client("s3")
    for bucket in ("store", "site"):
        s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket="store", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="store", Key="source.zip", Body=b"PK\x05\x06" + bytes(18))
    client = session.client("codepipeline")
    client.create_pipeline(pipeline=_pipeline())
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        stages = client.get_pipeline_state(name=NAME)["stageStates"]
        if stages[1].get("latestExecution", {}).get("status") == "InProgress":
            return
        time.sleep(0.02)
    raise TimeoutError("the pipeline never came to its approval")


def _pipeline() -> dict[str, Any]:
    source = _action("Bundle", ("Source", "S3"), S3Bucket="store", S3ObjectKey="source.zip")
    source["configuration"]["PollForSourceChanges"] = "false"
    source["outputArtifacts"] = [{"name": "Source"}]
    prod = _action("Publish", ("Deploy", "S3"), BucketName="site", Extract="true")
    prod["inputArtifacts"] = [{"name": "Source"}]
    stages = [("Source", source), ("Approve", _action("Sign-off", ("Approval", "Manual")))]
    stages += [("Staging", {**prod, "name": "Stage"}), ("Prod", prod)]
    return {
        "name": NAME,
        "roleArn": "arn:aws:iam::123456789012:role/pipeline",
        "artifactStore": {"type": "S3", "location": "store"},
        "stages": [{"name": name, "actions": [action]} for name, action in stages],
        "pipelineType": "V2",
    }


def _action(name: str, kind: tuple[str, str], **configuration: str) -> dict[str, Any]:
    category, provider = kind
    return {
        "name": name,
        "actionTypeId": {"category": category, "owner": "AWS", "provider": provider, "version": "1"},
        "configuration": configuration,
    }
