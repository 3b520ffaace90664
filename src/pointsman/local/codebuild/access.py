"""``aws`` inside a build: keys of its own for this backend's endpoint, from its first command to its end."""

from __future__ import annotations

import msgspec

from pointsman.local.codebuild.records import Build
from pointsman.local.reach import Reach
from pointsman.local.sts import keys as session_keys
from pointsman.local.world import Scope

SECRETS = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
"""What of it a build's log does not show."""


class BuildKey(msgspec.Struct, frozen=True):
    """The key a running build was given; key: the build's id."""

    access_key_id: str


def grant(scope: Scope, build: Build) -> dict[str, str]:
    """The variables that bring a build's calls here; none while nobody serves this backend over HTTP.

    The key runs out with the build's time at the latest; ``revoke`` takes it back at its end.
    """
    address = scope.world.tool(Reach).address
    if not address:
        return {}
    revoke(scope, build)
    key = session_keys.make(scope, build.settings["timeoutInMinutes"] * 60 + 60)
    scope.put(build.id, BuildKey(key.access_key_id))
    return {
        "AWS_ACCESS_KEY_ID": key.access_key_id,
        "AWS_SECRET_ACCESS_KEY": key.secret_access_key,
        "AWS_SESSION_TOKEN": key.session_token,
        "AWS_ENDPOINT_URL": address,
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
    }


def revoke(scope: Scope, build: Build) -> None:
    """Take a build's key back."""
    known = scope.get(BuildKey, build.id)
    if known is not None:
        session_keys.forget(scope, known.access_key_id)
        scope.delete(BuildKey, build.id)
