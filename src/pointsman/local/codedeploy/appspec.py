"""The AppSpec of a revision, read and judged. Pure.

`server` reads what the agent reads on an instance, `shifted` what CodeDeploy itself reads for Lambda and ECS.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import yaml
from msgspec import Struct

from pointsman.semantics import deployments as rules

LONGEST: Final = 3600
"""Seconds that the scripts of one event may take together, and one script unless it says less."""
BEHAVIORS: Final = ("DISALLOW", "OVERWRITE", "RETAIN")
_LARGEST: Final = 1 << 20
_MODE: Final = re.compile(r"[0-7]{1,4}")


class AppSpecError(ValueError):
    """The AppSpec is not one; the message is a sentence."""


class Hook(Struct, frozen=True):
    """A script of an event."""

    location: str
    timeout: int = LONGEST
    runas: str = ""


class Mapping(Struct, frozen=True):
    """Files to install."""

    source: str
    destination: str


class Permission(Struct, frozen=True):
    """What is set on files after they are installed."""

    object: str
    pattern: str = "**"
    exceptions: tuple[str, ...] = ()
    types: tuple[str, ...] = ("file", "directory")
    mode: int | None = None
    owner: str = ""
    group: str = ""
    acls: tuple[str, ...] = ()
    context: bool = False


class AppSpec(Struct, frozen=True):
    """An AppSpec for servers."""

    files: tuple[Mapping, ...] = ()
    behavior: str = ""
    """``file_exists_behavior``; empty: the deployment decides."""
    permissions: tuple[Permission, ...] = ()
    hooks: dict[str, tuple[Hook, ...]] | None = None

    def scripts(self, event: str) -> tuple[Hook, ...]:
        """The scripts of an event."""
        return (self.hooks or {}).get(event, ())


def _read(text: str) -> dict[str, Any]:
    if len(text) > _LARGEST:
        raise AppSpecError(f"The AppSpec file is larger than {_LARGEST} bytes.")
    try:
        found = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1})" if mark is not None else ""
        problem = getattr(error, "problem", None) or "it cannot be read"
        raise AppSpecError(f"The AppSpec file is not valid YAML{where}: {problem}.") from None
    if not isinstance(found, dict):
        raise AppSpecError("The AppSpec file is empty, or not a mapping of names to values.")
    version = found.get("version")
    if version is None:
        raise AppSpecError("The AppSpec file has no version; it must say version: 0.0.")
    if isinstance(version, bool) or str(version) not in ("0.0", "0"):
        raise AppSpecError(f"The AppSpec file specifies an unsupported version: {version}. The only version is 0.0.")
    return found


# -- servers --------------------------------------------------------------------------------------------------------


def server(text: str) -> AppSpec:
    """Read the AppSpec of a revision for servers.

    Raises:
        AppSpecError: Says what is wrong.
    """
    found = _read(text)
    os = found.get("os")
    if os not in ("linux", "windows"):
        raise AppSpecError(f"The AppSpec file specifies the operating system {os}; it must be linux or windows.")
    if os != "linux":
        raise AppSpecError("The AppSpec file is for the operating system windows, and this instance is linux.")
    behavior = found.get("file_exists_behavior") or ""
    if behavior and behavior not in BEHAVIORS:
        raise AppSpecError(f"The AppSpec file's file_exists_behavior {behavior} is not one of {', '.join(BEHAVIORS)}.")
    return AppSpec(
        files=tuple(_mapping(one) for one in _list(found.get("files"), "files")),
        behavior=behavior,
        permissions=tuple(_permission(one) for one in _list(found.get("permissions"), "permissions")),
        hooks=dict(_hooks(found.get("hooks"))),
    )


def _list(value: Any, name: str) -> list[dict[str, Any]]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise AppSpecError(f"The AppSpec file's {name} must be a list of mappings.")
    return value


def _mapping(one: dict[str, Any]) -> Mapping:
    source, destination = one.get("source"), one.get("destination")
    if not isinstance(source, str) or not source:
        raise AppSpecError("The AppSpec file has an entry of files without a source.")
    if not isinstance(destination, str) or not destination:
        raise AppSpecError(f"The AppSpec file's files entry {source} has no destination.")
    if ".." in source.split("/"):
        raise AppSpecError(f"The AppSpec file's source {source} leads out of the revision.")
    if not destination.startswith("/"):
        raise AppSpecError(f"The AppSpec file's destination {destination} is not a fully qualified path.")
    if ".." in destination.split("/"):
        raise AppSpecError(f"The AppSpec file's destination {destination} leads out of the instance with '..'.")
    return Mapping(source, destination)


def _permission(one: dict[str, Any]) -> Permission:
    target = one.get("object")
    if not isinstance(target, str) or not target.startswith("/") or ".." in target.split("/"):
        raise AppSpecError(f"The AppSpec file has a permission whose object is {target}: it must be an absolute path.")
    types = one.get("type") or ["file", "directory"]
    types = [types] if isinstance(types, str) else types
    if not isinstance(types, list) or any(kind not in ("file", "directory") for kind in types):
        raise AppSpecError(f"The permission of {target} has a type that is neither file nor directory.")
    mode = one.get("mode")
    if mode is not None and not _MODE.fullmatch(str(mode)):
        raise AppSpecError(f"The permission of {target} has the mode {mode}: it must be 1 to 4 octal digits.")
    exceptions, acls = one.get("except") or [], one.get("acls") or []
    if not isinstance(exceptions, list) or not isinstance(acls, list):
        raise AppSpecError(f"The permission of {target}: except and acls must be lists.")
    return Permission(
        object=target,
        pattern=str(one.get("pattern") or "**"),
        exceptions=tuple(str(value) for value in exceptions),
        types=tuple(types),
        mode=int(str(mode), 8) if mode is not None else None,
        owner=str(one.get("owner") or ""),
        group=str(one.get("group") or ""),
        acls=tuple(str(value) for value in acls),
        context=bool(one.get("context")),
    )


def _hooks(value: Any) -> Iterator[tuple[str, tuple[Hook, ...]]]:
    if value is None:
        return
    if not isinstance(value, dict):
        raise AppSpecError("The AppSpec file's hooks must be a mapping of lifecycle events to scripts.")
    for event, scripts in value.items():
        if event not in rules.SERVER_HOOKS:
            why = "no script can be given for it" if event in rules.UNSCRIPTED else "it is not a lifecycle event"
            raise AppSpecError(f"The AppSpec file specifies the hook {event}: {why}.")
        hooks = tuple(_hook(event, one) for one in _list(scripts, f"hook {event}"))
        said = [hook.timeout for hook, one in zip(hooks, scripts or (), strict=True) if "timeout" in one]
        if sum(said) > LONGEST:
            raise AppSpecError(f"The time-outs of the scripts of {event} are more than {LONGEST} seconds together.")
        yield event, hooks


def _hook(event: str, one: dict[str, Any]) -> Hook:
    location, timeout = one.get("location"), one.get("timeout", LONGEST)
    if not isinstance(location, str) or not location:
        raise AppSpecError(f"The AppSpec file specifies a script of {event} without a location.")
    if location.startswith("/") or ".." in location.split("/"):
        raise AppSpecError(f"The script {location} of {event} leads out of the revision.")
    try:
        seconds = int(timeout)
    except (TypeError, ValueError):
        seconds = 0
    if seconds <= 0:
        raise AppSpecError(f"The script {location} of {event} has the timeout {timeout}: it must be 1 second or more.")
    return Hook(location, seconds, str(one.get("runas") or ""))


# -- Lambda and ECS -------------------------------------------------------------------------------------------------


class Shifted(Struct, frozen=True):
    """An AppSpec for Lambda or ECS: what is replaced by what, and a function per hook."""

    properties: dict[str, Any]
    hooks: dict[str, str]


_KINDS: Final = {rules.LAMBDA: "AWS::Lambda::Function", rules.ECS: "AWS::ECS::Service"}
_NEEDED: Final = {
    rules.LAMBDA: ("Name", "Alias", "CurrentVersion", "TargetVersion"),
    rules.ECS: ("TaskDefinition", "LoadBalancerInfo"),
}


def shifted(text: str, platform: str) -> Shifted:
    """Read the AppSpec (YAML or JSON) of a Lambda or ECS deployment.

    Raises:
        AppSpecError: Says what is wrong.
    """
    found = {str(key).lower(): value for key, value in _read(text).items()}
    resources = found.get("resources")
    if not isinstance(resources, list) or len(resources) != 1 or not isinstance(resources[0], dict):
        raise AppSpecError("The AppSpec's Resources must be a list of exactly one resource.")
    name, resource = next(iter(resources[0].items()), ("", None))
    if not isinstance(resource, dict) or {str(key).lower() for key in resource} < {"type", "properties"}:
        raise AppSpecError(f"The AppSpec's resource {name} needs a Type and Properties.")
    inner = {str(key).lower(): value for key, value in resource.items()}
    if inner["type"] != _KINDS[platform]:
        raise AppSpecError(f"The AppSpec's resource {name} is {inner['type']}, and {_KINDS[platform]} is needed.")
    properties = inner["properties"]
    missing = [key for key in _NEEDED[platform] if not isinstance(properties, dict) or not properties.get(key)]
    if missing:
        raise AppSpecError(f"The AppSpec's resource {name} lacks {', '.join(missing)}.")
    allowed = rules.LAMBDA_HOOKS if platform == rules.LAMBDA else rules.ECS_HOOKS
    hooks: dict[str, str] = {}
    for one in _list(found.get("hooks"), "Hooks"):
        for event, function in one.items():
            if event not in allowed:
                raise AppSpecError(f"The AppSpec's hook {event} is not one of {', '.join(sorted(allowed))}.")
            if not isinstance(function, str) or not function:
                raise AppSpecError(f"The AppSpec's hook {event} names no function.")
            hooks[event] = function
    return Shifted(properties, hooks)
