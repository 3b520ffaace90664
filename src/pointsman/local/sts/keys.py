"""The short-lived keys STS has given out: what an endpoint holds signatures against."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from pointsman.local.world import Scope

GLOBAL = "aws-global"
_UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_SECRET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


class SessionKey(msgspec.Struct, frozen=True):
    """A key that runs out, kept under its id."""

    access_key_id: str
    secret_access_key: str
    session_token: str
    expires: datetime


def make(scope: Scope, seconds: float) -> SessionKey:
    """A key for so many seconds, as AWS's look, and kept."""
    key = SessionKey(
        "ASIA" + scope.world.letters(_UPPER, 16),
        scope.world.letters(_SECRET, 40),
        scope.world.letters(_SECRET, 128),
        scope.now + timedelta(seconds=seconds),
    )
    keep(scope, key)
    return key


def keep(scope: Scope, key: SessionKey) -> None:
    """Remember a key; those that have run out are forgotten."""
    place = scope.world.scope(scope.account, GLOBAL)
    gone = [name for name, other in place.scan(SessionKey) if other.expires <= scope.now]
    for name in gone:
        place.delete(SessionKey, name)
    place.put(key.access_key_id, key)


def find(scope: Scope, access_key_id: str) -> SessionKey | None:
    """The key of this id, run out or not."""
    return scope.world.scope(scope.account, GLOBAL).get(SessionKey, access_key_id)


def forget(scope: Scope, access_key_id: str) -> None:
    """Have a key open nothing any more."""
    scope.world.scope(scope.account, GLOBAL).delete(SessionKey, access_key_id)
