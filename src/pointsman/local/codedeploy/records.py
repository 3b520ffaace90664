"""What CodeDeploy keeps: applications, groups, configurations, revisions, instances, deployments."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from pointsman.local.codedeploy.machine import Run
from pointsman.local.codedeploy.shifting import Shift

Shape = dict[str, Any]
"""A structure in AWS's own shape, kept as it was given."""


class DeployApplication(msgspec.Struct, frozen=True):
    """An application, kept under its name."""

    name: str
    id: str
    platform: str
    created: datetime
    tags: dict[str, str] = {}


class LastDeployment(msgspec.Struct, frozen=True):
    """The last deployment of a group, successful or not."""

    id: str
    status: str
    created: datetime
    ended: datetime | None = None


class DeploymentGroup(msgspec.Struct, frozen=True):
    """A deployment group, kept under ``application/name``; ``settings`` is what it was given, in AWS's shape."""

    application: str
    name: str
    id: str
    settings: Shape
    tags: dict[str, str] = {}
    revision: Shape | None = None
    """``targetRevision``: what was deployed, or tried, last."""
    last_successful: LastDeployment | None = None
    last_attempted: LastDeployment | None = None

    @property
    def key(self) -> str:
        """What it is kept under."""
        return f"{self.application}/{self.name}"


class CustomConfig(msgspec.Struct, frozen=True):
    """A deployment configuration of the user's own, kept under its name."""

    name: str
    id: str
    platform: str
    created: datetime
    minimum: Shape | None = None
    routing: Shape | None = None
    zonal: Shape | None = None


class Revision(msgspec.Struct, frozen=True):
    """A revision of an application, kept under ``application/digest of its location``."""

    application: str
    location: Shape
    registered: datetime
    description: str = ""
    groups: tuple[str, ...] = ()
    """Where it is the target revision."""
    first_used: datetime | None = None
    last_used: datetime | None = None


class OnPremisesInstance(msgspec.Struct, frozen=True):
    """A registered instance, kept under its name; a folder of this machine stands for it."""

    name: str
    arn: str
    registered: datetime
    user_arn: str = ""
    session_arn: str = ""
    deregistered: datetime | None = None
    tags: dict[str, str] = {}


class RegisteredArn(msgspec.Struct, frozen=True):
    """The instance that an IAM ARN is registered to, kept under the ARN."""

    instance: str


class LocalInstance(msgspec.Struct, frozen=True):
    """A folder that stands for an EC2 instance; made by the world file, or as a copy of a blue one."""

    name: str
    path: str
    tags: dict[str, str] = {}


class Standing(msgspec.Struct, frozen=True):
    """What a group knows of one of its instances, kept under ``group id/instance``."""

    healthy: bool
    """The last deployment to it succeeded."""
    deployment: str = ""
    """The last that succeeded on it."""
    revision: str = ""
    """The digest of what that deployed."""


class Order(msgspec.Struct, frozen=True):
    """The place of a deployment among others: kept under ``*/number``, ``app/group/number``, ``external//number``."""

    id: str


class Deployment(msgspec.Struct, frozen=True, kw_only=True):
    """A deployment, kept under its id."""

    id: str
    number: int
    application: str
    group: str
    group_id: str
    config: str
    platform: str
    creator: str = "user"
    created: datetime
    started: datetime | None = None
    completed: datetime | None = None
    revision: Shape | None = None
    previous_revision: Shape | None = None
    request: Shape = {}
    """What CreateDeployment was given beside: description, fileExistsBehavior, targetInstances …"""
    settings: Shape = {}
    """The group's settings as this deployment sees them."""
    status: str = "Created"
    error_code: str = ""
    error_message: str = ""
    overview: dict[str, int] = {}
    run: Run | None = None
    shift: Shift | None = None
    rolls_back: str = ""
    """The deployment that this one takes back."""
    rolled_back_by: str = ""
    rollback_message: str = ""
    stop_with_rollback: bool = False
    termination_wait_started: bool = False
    note: str = ""
    """``additionalDeploymentStatusInfo``."""
    external_id: str = ""
    """``externalId``: the pipeline execution it belongs to."""

    @property
    def over(self) -> bool:
        """Whether it has its final status."""
        return self.completed is not None

    @property
    def blue_green(self) -> bool:
        """Whether it replaces the instances rather than what they run."""
        return bool(self.settings.get("deploymentStyle", {}).get("deploymentType") == "BLUE_GREEN")


class Roster(msgspec.Struct, frozen=True):
    """The targets of a deployment in the order they are worked on, by label; kept under the deployment's id."""

    targets: dict[str, tuple[str, ...]]


class Busy(msgspec.Struct, frozen=True):
    """A deployment that is not over, or whose targets are still being worked on; kept under its id."""

    group: str
    """The key of its group."""
