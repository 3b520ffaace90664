"""Versions and aliases of functions: what other engines call, and what the answers are made of.

A version keeps the command as it was when it was published; ``$LATEST`` is the world file's.
"""

from __future__ import annotations

import hashlib
import random
from datetime import datetime
from typing import Final

import msgspec

from pointsman.local.answers import AwsError
from pointsman.local.functions.functions import name_of
from pointsman.local.functions.records import LocalFunction
from pointsman.local.world import Scope

LATEST: Final = "$LATEST"


class FunctionVersion(msgspec.Struct, frozen=True):
    """A published version, kept under ``function/number``."""

    function: LocalFunction
    version: str
    published: datetime
    description: str = ""


class FunctionAlias(msgspec.Struct, frozen=True):
    """An alias, kept under ``function/alias``."""

    function: str
    name: str
    version: str
    revision_id: str
    description: str = ""
    weights: dict[str, float] = {}
    """``AdditionalVersionWeights``: one further version, and its share from 0 to 1."""


def missing(scope: Scope, what: str) -> AwsError:
    """The error about a function, version or alias that is not there."""
    return AwsError("ResourceNotFoundException", f"Function not found: {scope.arn('lambda', f'function:{what}')}", 404)


def function_of(scope: Scope, reference: str) -> LocalFunction:
    """The function of a name or ARN.

    Raises:
        AwsError: ResourceNotFoundException.
    """
    name = name_of(reference)
    found = scope.get(LocalFunction, name)
    if found is None:
        raise missing(scope, name)
    return found


def qualifier_of(reference: str) -> str:
    """The version or alias behind a name or ARN; empty when there is none."""
    rest = reference.split(":function:", 1)[-1] if reference.startswith("arn:") else reference
    return rest.partition(":")[2]


def version_key(name: str, version: str) -> str:
    """What a version is kept under."""
    return f"{name}/{int(version):09d}" if version.isdecimal() else f"{name}/{version}"


def version_of(scope: Scope, name: str, version: str) -> LocalFunction | None:
    """What a version runs; None when there is none."""
    if version == LATEST:
        return scope.get(LocalFunction, name)
    found = scope.get(FunctionVersion, version_key(name, version))
    return found.function if found else None


def alias_of(scope: Scope, name: str, alias: str) -> FunctionAlias | None:
    """An alias; None when there is none."""
    return scope.get(FunctionAlias, f"{name}/{alias}")


def publish(scope: Scope, function: LocalFunction, description: str = "") -> FunctionVersion:
    """Publish what a function is now; the last version again when nothing has changed since."""
    newest = next((one for _, one in scope.scan(FunctionVersion, f"{function.name}/", reverse=True, limit=1)), None)
    if newest is not None and newest.function == function:
        return newest
    number = scope.next_number(f"lambda.versions/{function.name}")
    made = FunctionVersion(function, str(number), scope.now, description)
    scope.put(version_key(function.name, made.version), made)
    return made


def point(scope: Scope, alias: FunctionAlias, version: str, weights: dict[str, float]) -> FunctionAlias:
    """Have an alias mean a version, and give a share of its calls to another."""
    changed = msgspec.structs.replace(
        alias, version=version, weights=weights, revision_id=revision_id(scope, alias.name)
    )
    scope.put(f"{alias.function}/{alias.name}", changed)
    return changed


def revision_id(scope: Scope, alias: str) -> str:
    """The id of an alias as it is now: from dice of its own, so that no other engine's ids change."""
    return scope.world.uuid_of(f"lambda/{scope.region}/{alias}/{scope.next_number('lambda.revisions')}")


def choose(alias: FunctionAlias, dice: random.Random) -> str:
    """The version that one call of an alias gets."""
    for version, share in alias.weights.items():
        if dice.random() < share:
            return version
    return alias.version


def digest(function: LocalFunction) -> str:
    """What stands for the code's SHA-256: the command's."""
    return hashlib.sha256(msgspec.json.encode(function)).hexdigest()
