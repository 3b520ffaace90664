"""Keys for what this backend runs: with them its ``aws`` calls come back here, while it is served over HTTP."""

from __future__ import annotations

import msgspec

from pointsman.local.reach import Reach
from pointsman.local.sts import keys as session_keys
from pointsman.local.world import Scope

SECRETS = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
"""What of it no log shows."""


class GrantedKey(msgspec.Struct, frozen=True):
    """The key that somebody was given, kept under its owner: a build's or a deployment's id."""

    access_key_id: str


def grant(scope: Scope, owner: str, seconds: float) -> dict[str, str]:
    """The variables of the owner's key, which is made when there is none; none while nobody serves this backend.

    Args:
        scope: Where.
        owner: Whose key.
        seconds: How long it opens anything at most; ``revoke`` takes it back before.
    """
    address = scope.world.tool(Reach).address
    if not address:
        return {}
    known = scope.get(GrantedKey, owner)
    key = session_keys.find(scope, known.access_key_id) if known else None
    if key is None:
        key = session_keys.make(scope, seconds)
        scope.put(owner, GrantedKey(key.access_key_id))
    return {
        "AWS_ACCESS_KEY_ID": key.access_key_id,
        "AWS_SECRET_ACCESS_KEY": key.secret_access_key,
        "AWS_SESSION_TOKEN": key.session_token,
        "AWS_ENDPOINT_URL": address,
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
    }


def revoke(scope: Scope, owner: str) -> None:
    """Take an owner's key back."""
    known = scope.get(GrantedKey, owner)
    if known is not None:
        session_keys.forget(scope, known.access_key_id)
        scope.delete(GrantedKey, owner)
