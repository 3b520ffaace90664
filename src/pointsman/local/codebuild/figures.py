"""The metrics of builds: ``AWS/CodeBuild``, of each project and of all together, published when a build has ended."""

from __future__ import annotations

from typing import Final

from pointsman.local.cloudwatch import intake
from pointsman.local.codebuild.records import Build
from pointsman.local.world import Payload, Scope

NAMESPACE: Final = "AWS/CodeBuild"
_PHASES: Final = {
    "SUBMITTED": "SubmittedDuration",
    "QUEUED": "QueuedDuration",
    "PROVISIONING": "ProvisioningDuration",
    "DOWNLOAD_SOURCE": "DownloadSourceDuration",
    "INSTALL": "InstallDuration",
    "PRE_BUILD": "PreBuildDuration",
    "BUILD": "BuildDuration",
    "POST_BUILD": "PostBuildDuration",
    "UPLOAD_ARTIFACTS": "UploadArtifactsDuration",
    "FINALIZING": "FinalizingDuration",
}


def ended(scope: Scope, payload: Payload) -> None:
    """A build has ended."""
    build = scope.get(Build, payload["build_id"])
    if build is None:
        return
    figures: dict[str, tuple[float, str]] = {"Builds": (1.0, "Count")}
    # A build that somebody stopped has neither succeeded nor failed.
    figures["SucceededBuilds"] = (float(build.status == "SUCCEEDED"), "Count")
    figures["FailedBuilds"] = (float(build.status in ("FAILED", "FAULT", "TIMED_OUT")), "Count")
    figures["Duration"] = (((build.ended or scope.now) - build.started).total_seconds(), "Seconds")
    for phase in build.phases:
        if phase.end is not None and phase.type in _PHASES:
            figures[_PHASES[phase.type]] = ((phase.end - phase.start).total_seconds(), "Seconds")
    intake.publish(scope, NAMESPACE, figures, {"ProjectName": build.project}, {})
