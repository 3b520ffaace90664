"""CodeDeploy's ids: from dice of their own, so that a deployment changes no id of another engine's."""

from __future__ import annotations

from typing import Final

from pointsman.local.world import Scope

_DEPLOYMENT: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def _letters(scope: Scope, alphabet: str, count: int) -> str:
    return "".join(scope.world.named(_name(scope)).choices(alphabet, k=count))


def _name(scope: Scope) -> str:
    """What no id had its dice from before."""
    return f"codedeploy/{scope.account}/{scope.region}/{scope.next_number('codedeploy.ids')}"


def uuid(scope: Scope) -> str:
    """A version 4 UUID."""
    return scope.world.uuid_of(_name(scope))


def deployment(scope: Scope) -> str:
    """``d-`` and nine letters or digits."""
    return f"d-{_letters(scope, _DEPLOYMENT, 9)}"


def letters(scope: Scope, count: int) -> str:
    """Letters and digits for the end of a name."""
    return _letters(scope, _DEPLOYMENT + _DEPLOYMENT.lower(), count)


def digits(scope: Scope, count: int) -> str:
    """Digits for the end of a name."""
    return _letters(scope, "0123456789", count)
