"""CodeDeploy's ids: from dice of their own, so that a deployment changes no id of another engine's."""

from __future__ import annotations

from typing import Final

from pointsman.local.world import Scope

_DEPLOYMENT: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_HEX: Final = "0123456789abcdef"


def _letters(scope: Scope, alphabet: str, count: int) -> str:
    number = scope.next_number("codedeploy.ids")
    dice = scope.world.named(f"codedeploy/{scope.account}/{scope.region}/{number}")
    return "".join(dice.choices(alphabet, k=count))


def uuid(scope: Scope) -> str:
    """A version 4 UUID."""
    digits = _letters(scope, _HEX, 32)
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def deployment(scope: Scope) -> str:
    """``d-`` and nine letters or digits."""
    return f"d-{_letters(scope, _DEPLOYMENT, 9)}"


def letters(scope: Scope, count: int) -> str:
    """Letters and digits for the end of a name."""
    return _letters(scope, _DEPLOYMENT + _DEPLOYMENT.lower(), count)


def digits(scope: Scope, count: int) -> str:
    """Digits for the end of a name."""
    return _letters(scope, "0123456789", count)
