"""Answers that read parameters."""

from __future__ import annotations

import base64
from itertools import islice
from typing import Any

from pointsman.local.answers import AwsError, Parameters, answers
from pointsman.local.ssm.operations import not_found
from pointsman.local.ssm.parameters import Parameter, Version, bare, find
from pointsman.local.world import Scope

_SECURE = "SecureString"


def _arn(scope: Scope, name: str) -> str:
    return scope.arn("ssm", f"parameter/{name.removeprefix('/')}")


def _value(version: Version, *, decrypt: bool) -> str:
    """The value; a SecureString that is not decrypted looks like ciphertext and says nothing."""
    if version.kind != _SECURE or decrypt:
        return version.value
    return base64.b64encode(f"kms:{version.key_id}:{version.number:d}".encode()).decode()


def _shape(
    scope: Scope, parameter: Parameter, version: Version, *, decrypt: bool, selector: str = ""
) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "Name": parameter.name,
        "Type": version.kind,
        "Value": _value(version, decrypt=decrypt),
        "Version": version.number,
        "LastModifiedDate": version.modified,
        "ARN": _arn(scope, parameter.name),
        "DataType": version.data_type,
    }
    if selector:
        shape["Selector"] = selector
    return shape


@answers("ssm", "GetParameter")
def get_parameter(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """A parameter, or a version of it by ``name:number`` or ``name:label``."""
    name = parameters["Name"]
    found = find(scope, name)
    if found is None:
        plain, _, selector = bare(name).rpartition(":")
        if plain and scope.get(Parameter, plain) is not None:
            raise AwsError(
                "ParameterVersionNotFound",
                f"Systems Manager could not find version {selector} of {plain}. Verify the version and try again.",
            )
        raise not_found(name)
    parameter, version, selector = found
    decrypt = parameters.get("WithDecryption", False)
    return {"Parameter": _shape(scope, parameter, version, decrypt=decrypt, selector=selector)}


@answers("ssm", "GetParameters")
def get_parameters(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Several parameters, and which names were not found."""
    names = parameters["Names"]
    if len(set(names)) > 10:
        raise AwsError(
            "ValidationException",
            f"1 validation error detected: Value '[{', '.join(names)}]' at 'names' failed to satisfy constraint:"
            " Member must have length less than or equal to 10",
        )
    decrypt = parameters.get("WithDecryption", False)
    shapes: list[dict[str, Any]] = []
    unknown: list[str] = []
    for name in dict.fromkeys(names):
        found = find(scope, name)
        if found is None:
            unknown.append(name)
        else:
            shapes.append(_shape(scope, found[0], found[1], decrypt=decrypt, selector=found[2]))
    return {"Parameters": shapes, "InvalidParameters": unknown}


@answers("ssm", "GetParametersByPath")
def get_parameters_by_path(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """The parameters of a path, and below it when asked, in pages."""
    path = parameters["Path"]
    if not path.startswith("/"):
        raise AwsError(
            "ValidationException",
            "The parameter doesn't meet the parameter name requirements. The parameter name must begin with a forward"
            ' slash "/".',
        )
    if parameters.get("ParameterFilters"):
        raise AwsError("NotImplemented", "Pointsman's backend takes no filters in ssm:GetParametersByPath", 501)
    prefix = path if path.endswith("/") else f"{path}/"
    limit = min(parameters.get("MaxResults", 10), 10)
    decrypt = parameters.get("WithDecryption", False)
    deep = parameters.get("Recursive", False)
    found = (
        parameter
        for _, parameter in scope.scan(Parameter, "" if prefix == "/" else prefix, after=parameters.get("NextToken"))
        if deep or "/" not in parameter.name.removeprefix(prefix)
    )
    page = list(islice(found, limit + 1))
    answer: dict[str, Any] = {
        "Parameters": [_shape(scope, parameter, parameter.current, decrypt=decrypt) for parameter in page[:limit]]
    }
    if len(page) > limit:
        answer["NextToken"] = page[limit - 1].name
    return answer


@answers("ssm", "GetParameterHistory")
def get_parameter_history(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Every version, oldest first."""
    parameter = scope.get(Parameter, bare(parameters["Name"]))
    if parameter is None:
        raise not_found(parameters["Name"])
    limit = min(parameters.get("MaxResults", 50), 50)
    start = int(parameters.get("NextToken") or 0)
    decrypt = parameters.get("WithDecryption", False)
    later = [version for version in parameter.versions if version.number > start]
    answer: dict[str, Any] = {
        "Parameters": [
            {
                **_metadata(scope, parameter, version, arn=False),
                "Value": _value(version, decrypt=decrypt),
                **({"Labels": list(version.labels)} if version.labels else {}),
            }
            for version in later[:limit]
        ]
    }
    if len(later) > limit:
        answer["NextToken"] = str(later[limit - 1].number)
    return answer


def _metadata(scope: Scope, parameter: Parameter, version: Version, *, arn: bool = True) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "Name": parameter.name,
        "Type": version.kind,
        "LastModifiedDate": version.modified,
        "LastModifiedUser": f"arn:aws:iam::{scope.account}:user/local",
        "Version": version.number,
        "Tier": version.tier,
        "Policies": [],
        "DataType": version.data_type,
    }
    if arn:
        shape["ARN"] = _arn(scope, parameter.name)
    optional = {
        "Description": version.description,
        "AllowedPattern": version.allowed_pattern,
        "KeyId": version.key_id,
    }
    return {**shape, **{member: value for member, value in optional.items() if value}}


@answers("ssm", "DescribeParameters")
def describe_parameters(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """What parameters there are, without their values, in pages."""
    limit = min(parameters.get("MaxResults", 10), 50)
    old = [
        {"Key": item["Key"], "Option": "BeginsWith" if item["Key"] == "Name" else "Equals", "Values": item["Values"]}
        for item in parameters.get("Filters", [])
    ]
    filters = [*old, *parameters.get("ParameterFilters", [])]
    found = (
        parameter
        for _, parameter in scope.scan(Parameter, after=parameters.get("NextToken"))
        if all(_passes(parameter, item) for item in filters)
    )
    page = list(islice(found, limit + 1))
    answer: dict[str, Any] = {
        "Parameters": [_metadata(scope, parameter, parameter.current) for parameter in page[:limit]]
    }
    if len(page) > limit:
        answer["NextToken"] = page[limit - 1].name
    return answer


def _passes(parameter: Parameter, item: dict[str, Any]) -> bool:
    key, option, values = item["Key"], item.get("Option", "Equals"), item.get("Values", [])
    if key == "Path":
        return any(_below(parameter.name, path, deep=option == "Recursive") for path in values)
    if key.startswith("tag:"):
        found = parameter.tags.get(key[4:])
        return found is not None and (not values or found in values)
    members = {
        "Name": parameter.name,
        "Type": parameter.current.kind,
        "KeyId": parameter.current.key_id,
        "Tier": parameter.current.tier,
        "DataType": parameter.current.data_type,
    }
    if key not in members:
        raise AwsError("InvalidFilterKey", f"The following filter key is not valid: {key}.")
    match option:
        case "Equals":
            return members[key] in values
        case "BeginsWith":
            return any(members[key].startswith(value) for value in values)
        case "Contains":
            return any(value in members[key] for value in values)
    raise AwsError("InvalidFilterOption", f"The following filter option is not valid: {option}.")


def _below(name: str, path: str, *, deep: bool) -> bool:
    prefix = path if path.endswith("/") else f"{path}/"
    return name.startswith(prefix) and (deep or "/" not in name[len(prefix) :])
