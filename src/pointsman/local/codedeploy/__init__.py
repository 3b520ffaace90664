"""CodeDeploy, executing: applications, groups and revisions, and deployments that really reach their targets."""

from __future__ import annotations

from pointsman.local.codedeploy import (
    operations_applications,
    operations_configs,
    operations_groups,
    operations_instances,
    operations_revisions,
)
from pointsman.local.engines import Engine

ENGINE = Engine(
    name="codedeploy",
    answers=(
        operations_applications,
        operations_configs,
        operations_groups,
        operations_instances,
        operations_revisions,
    ),
)
