"""The shortest way to a deployment: bundles of a few files, instances, and what became of them."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path
from typing import Any

from pointsman.clock import ManualClock
from pointsman.local import Backend

ROLE = "arn:aws:iam::123456789012:role/deploy"
BUCKET = "releases"
TAG = {"Key": "role", "Value": "web", "Type": "KEY_AND_VALUE"}
EVENTS = (
    "ApplicationStop", "BeforeInstall", "AfterInstall", "ApplicationStart", "ValidateService",
)  # fmt: skip
HOOK = """#!/bin/sh
echo "$LIFECYCLE_EVENT $DEPLOYMENT_ID" >> "$POINTSMAN_INSTANCE_ROOT/trace"
"""


def appspec(hooks: dict[str, Any] | None = None, files: str = "", more: str = "") -> str:
    """An AppSpec: hooks as event -> script, or event -> (script, timeout)."""
    lines = ["version: 0.0", "os: linux", more]
    if files:
        lines += ["files:", files]
    if hooks:
        lines.append("hooks:")
    for event, given in (hooks or {}).items():
        lines.append(f"  {event}:")
        for one in given if isinstance(given, list) else [given]:
            script, timeout = one if isinstance(one, tuple) else (one, 0)
            lines.append(f"    - location: {script}")
            if timeout:
                lines.append(f"      timeout: {timeout}")
    return "\n".join(lines) + "\n"


def traced(mark: str = "1", **scripts: str) -> dict[str, str]:
    """A bundle whose hooks write down that they ran; ``scripts`` replaces some by text of their own."""
    files = {f"scripts/{event}.sh": scripts.get(event, HOOK) for event in EVENTS}
    spec = appspec({event: f"scripts/{event}.sh" for event in EVENTS}, "  - source: app.txt\n    destination: /srv/app")
    return {"appspec.yml": spec, "app.txt": mark, **files}


def zipped(files: dict[str, str]) -> bytes:
    """A zip of texts; what lies under scripts/ is executable."""
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as bundle:
        for name, text in files.items():
            about = zipfile.ZipInfo(name)
            about.external_attr = (0o755 if name.startswith("scripts/") else 0o644) << 16
            bundle.writestr(about, text)
    return body.getvalue()


def tarred(files: dict[str, str], mode: str = "w:gz") -> bytes:
    """A tar of texts, packed or not."""
    body = io.BytesIO()
    with tarfile.open(fileobj=body, mode=mode) as bundle:  # type: ignore[call-overload]
        for name, text in files.items():
            about = tarfile.TarInfo(name)
            about.size = len(text.encode())
            about.mode = 0o755 if name.startswith("scripts/") else 0o644
            bundle.addfile(about, io.BytesIO(text.encode()))
    return body.getvalue()


class Deploying:
    """An application ``shop`` with a group ``web`` over some instances."""

    def __init__(self, backend: Backend, clock: ManualClock) -> None:
        self.backend = backend
        self.clock = clock
        session = backend.session()
        self.client: Any = session.client("codedeploy")
        self.s3: Any = session.client("s3")
        self.s3.create_bucket(Bucket=BUCKET)
        self.client.create_application(applicationName="shop")
        self._number = 0

    def instances(self, count: int, role: str = "web") -> list[str]:
        """Register instances ``web-1`` … and tag them."""
        names = [f"{role}-{number}" for number in range(1, count + 1)]
        for name in names:
            self.client.register_on_premises_instance(
                instanceName=name, iamUserArn=f"arn:aws:iam::123456789012:user/{name}"
            )
        for start in range(0, count, 100):
            self.client.add_tags_to_on_premises_instances(
                instanceNames=names[start : start + 100], tags=[{"Key": "role", "Value": role}]
            )
        return names

    def group(self, config: str = "CodeDeployDefault.AllAtOnce", **settings: Any) -> None:
        settings.setdefault("onPremisesInstanceTagFilters", [TAG])
        self.client.create_deployment_group(
            applicationName="shop",
            deploymentGroupName="web",
            serviceRoleArn=ROLE,
            deploymentConfigName=config,
            **settings,
        )

    def bundle(self, files: dict[str, str] | bytes, kind: str = "zip") -> dict[str, Any]:
        """Upload a bundle; its location."""
        self._number += 1
        key = f"bundle-{self._number}.{kind}"
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=files if isinstance(files, bytes) else zipped(files))
        return {"revisionType": "S3", "s3Location": {"bucket": BUCKET, "key": key, "bundleType": kind}}

    def start(self, files: dict[str, str] | bytes | None = None, kind: str = "zip", **more: Any) -> str:
        """Create a deployment; its id."""
        if files is not None:
            more["revision"] = self.bundle(files, kind)
        made = self.client.create_deployment(applicationName="shop", deploymentGroupName="web", **more)
        found: str = made["deploymentId"]
        return found

    def run(self, files: dict[str, str] | bytes | None = None, kind: str = "zip", **more: Any) -> dict[str, Any]:
        """Deploy to the end."""
        made = self.start(files, kind, **more)
        self.backend.settle()
        return self.get(made)

    def get(self, deployment: str) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get_deployment(deploymentId=deployment)["deploymentInfo"]
        return found

    def status(self, deployment: str) -> str:
        found: str = self.get(deployment)["status"]
        return found

    def ids(self, deployment: str) -> list[str]:
        pages = self.client.get_paginator("list_deployment_targets").paginate(deploymentId=deployment)
        return [one for page in pages for one in page["targetIds"]]

    def target(self, deployment: str, name: str = "web-1") -> dict[str, Any]:
        answer = self.client.get_deployment_target(deploymentId=deployment, targetId=name)
        found: dict[str, Any] = answer["deploymentTarget"]["instanceTarget"]
        return found

    def events(self, deployment: str, name: str = "web-1") -> dict[str, str]:
        """Event -> status."""
        events = self.target(deployment, name)["lifecycleEvents"]
        return {event["lifecycleEventName"]: event["status"] for event in events}

    def diagnostics(self, deployment: str, event: str, name: str = "web-1") -> dict[str, Any]:
        events = self.target(deployment, name)["lifecycleEvents"]
        found: dict[str, Any] = next(one for one in events if one["lifecycleEventName"] == event)["diagnostics"]
        return found

    def root(self, name: str = "web-1") -> Path:
        return self.backend.root / "instances" / name

    def trace(self, name: str = "web-1") -> list[str]:
        """The events whose scripts ran, in order."""
        file = self.root(name) / "trace"
        return [line.split()[0] for line in file.read_text().splitlines()] if file.exists() else []
