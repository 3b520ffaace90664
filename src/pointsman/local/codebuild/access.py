"""``aws`` inside a build: keys of its own for this backend's endpoint, from its first command to its end."""

from __future__ import annotations

from pointsman.local import granting
from pointsman.local.codebuild.records import Build
from pointsman.local.granting import SECRETS
from pointsman.local.world import Scope

__all__ = ["SECRETS", "grant", "revoke"]


def grant(scope: Scope, build: Build) -> dict[str, str]:
    """The variables that bring a build's calls here; none while nobody serves this backend over HTTP.

    The key runs out with the build's time at the latest; ``revoke`` takes it back at its end.
    """
    revoke(scope, build)
    return granting.grant(scope, build.id, build.settings["timeoutInMinutes"] * 60 + 60)


def revoke(scope: Scope, build: Build) -> None:
    """Take a build's key back."""
    granting.revoke(scope, build.id)
