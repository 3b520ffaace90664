"""Answers that write parameters."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from pointsman.local.answers import AwsError, Parameters, answers
from pointsman.local.ssm.parameters import KEPT, Parameter, Version, bare
from pointsman.local.world import Scope

_NAME = re.compile(r"[a-zA-Z0-9_.\-/]{1,1011}")
_RESERVED = re.compile(r"/?(aws|ssm)", re.IGNORECASE)
_LIMITS = {"Standard": 4096, "Advanced": 8192, "Intelligent-Tiering": 8192}


def not_found(name: str) -> AwsError:
    """ParameterNotFound."""
    return AwsError("ParameterNotFound", f"Parameter {name} not found.")


@answers("ssm", "PutParameter")
def put_parameter(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Write a parameter, or a further version of it."""
    name = bare(parameters["Name"])
    _check_name(name)
    former = scope.get(Parameter, name)
    if former is not None and not parameters.get("Overwrite", False):
        raise AwsError(
            "ParameterAlreadyExists",
            "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.",
        )
    kind = parameters.get("Type") or (former.current.kind if former else "")
    if not kind:
        raise AwsError("ValidationException", "A parameter type is required when you create a parameter.")
    if former is not None and parameters.get("Tags"):
        raise AwsError(
            "ValidationException",
            "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove"
            " overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or"
            " RemoveTagsFromResource.",
        )
    version = _version(scope, parameters, former, kind)
    kept = (*(former.versions if former else ()), version)[-KEPT:]
    tags = former.tags if former else {tag["Key"]: tag["Value"] for tag in parameters.get("Tags", [])}
    scope.put(name, Parameter(name, kept, tags))
    return {"Version": version.number, "Tier": version.tier}


def _check_name(name: str) -> None:
    if _RESERVED.match(name):
        raise AwsError("AccessDeniedException", f"No access to reserved parameter name: {name}.")
    if not _NAME.fullmatch(name) or name.count("/") > 15:
        raise AwsError(
            "ValidationException",
            'Parameter name: can\'t be prefixed with "ssm" (case-insensitive). If formed as a path, it can consist of'
            " sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the"
            " following 3 symbols .-_",
        )
    if "/" in name and not name.startswith("/"):
        raise AwsError("ValidationException", "Parameter name must be a fully qualified name.")


def _version(scope: Scope, parameters: Parameters, former: Parameter | None, kind: str) -> Version:
    last = former.current if former else None
    value = parameters["Value"]
    tier = parameters.get("Tier", "Standard")
    if len(value.encode()) > _LIMITS[tier]:
        raise AwsError(
            "ValidationException",
            "Standard tier parameters support a maximum parameter value of 4096 characters. To create a larger"
            " parameter value, upgrade the parameter to use the advanced-parameter tier.",
        )
    pattern = parameters.get("AllowedPattern", last.allowed_pattern if last else "")
    return Version(
        number=last.number + 1 if last else 1,
        value=value,
        modified=scope.now,
        kind=kind,
        data_type=parameters.get("DataType", "text"),
        key_id=parameters.get("KeyId", "alias/aws/ssm") if kind == "SecureString" else "",
        description=parameters.get("Description", last.description if last else ""),
        allowed_pattern=_allowed(pattern, value),
        tier="Advanced" if tier != "Standard" and len(value.encode()) > _LIMITS["Standard"] else "Standard",
    )


def _allowed(pattern: str, value: str) -> str:
    """The pattern, once the value has been found to match it."""
    if not pattern:
        return ""
    import regex  # a pattern from outside: run on the engine that can be given a time-out

    try:
        matched = regex.search(pattern, value, timeout=0.2) is not None
    except regex.error:
        raise AwsError("InvalidAllowedPatternException", f"{pattern} is not a valid regular expression") from None
    except TimeoutError:
        raise AwsError("InvalidAllowedPatternException", f"{pattern} takes too long to match") from None
    if not matched:
        raise AwsError(
            "ParameterPatternMismatchException",
            f"Parameter value, cannot be validated against allowedPattern: {pattern}",
        )
    return pattern


@answers("ssm", "DeleteParameter")
def delete_parameter(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Remove a parameter with its versions."""
    if not scope.delete(Parameter, bare(parameters["Name"])):
        raise not_found(parameters["Name"])
    return {}


@answers("ssm", "DeleteParameters")
def delete_parameters(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Remove several, and say which were not there."""
    deleted: list[str] = []
    unknown: list[str] = []
    for name in parameters["Names"]:
        (deleted if scope.delete(Parameter, bare(name)) else unknown).append(name)
    return {"DeletedParameters": deleted, "InvalidParameters": unknown}


@answers("ssm", "LabelParameterVersion")
def label_parameter_version(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Give a version labels; a label moves from the version that had it."""
    name = bare(parameters["Name"])
    parameter = scope.get(Parameter, name)
    if parameter is None:
        raise not_found(parameters["Name"])
    number = parameters.get("ParameterVersion", parameter.current.number)
    if number not in {version.number for version in parameter.versions}:
        raise AwsError(
            "ParameterVersionNotFound",
            f"Systems Manager could not find version {number} of {name}. Verify the version and try again.",
        )
    fit = [label for label in parameters["Labels"] if re.fullmatch(r"(?!aws|ssm|\d)[\w.\-]{1,100}", label, re.ASCII)]
    changed = tuple(
        msgspec.structs.replace(
            version,
            labels=tuple(dict.fromkeys((*version.labels, *fit)))
            if version.number == number
            else tuple(label for label in version.labels if label not in fit),
        )
        for version in parameter.versions
    )
    scope.put(name, msgspec.structs.replace(parameter, versions=changed))
    return {"InvalidLabels": [label for label in parameters["Labels"] if label not in fit], "ParameterVersion": number}


def _tagged(scope: Scope, parameters: Parameters) -> Parameter:
    if parameters["ResourceType"] != "Parameter":
        raise AwsError("InvalidResourceType", f"{parameters['ResourceType']} is not kept by Pointsman's backend")
    parameter = scope.get(Parameter, bare(parameters["ResourceId"]))
    if parameter is None:
        raise AwsError("InvalidResourceId", f"The resource ID {parameters['ResourceId']} is not valid.")
    return parameter


@answers("ssm", "AddTagsToResource")
def add_tags_to_resource(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Set tags on a parameter."""
    parameter = _tagged(scope, parameters)
    tags = {**parameter.tags, **{tag["Key"]: tag["Value"] for tag in parameters["Tags"]}}
    scope.put(parameter.name, msgspec.structs.replace(parameter, tags=tags))
    return {}


@answers("ssm", "RemoveTagsFromResource")
def remove_tags_from_resource(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Take tags off a parameter."""
    parameter = _tagged(scope, parameters)
    tags = {key: value for key, value in parameter.tags.items() if key not in parameters["TagKeys"]}
    scope.put(parameter.name, msgspec.structs.replace(parameter, tags=tags))
    return {}


@answers("ssm", "ListTagsForResource")
def list_tags_for_resource(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """A parameter's tags."""
    tags = _tagged(scope, parameters).tags
    return {"TagList": [{"Key": key, "Value": value} for key, value in tags.items()]}
