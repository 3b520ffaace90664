"""Lambda's answers: reading functions, publishing versions, keeping aliases, and Invoke."""

from __future__ import annotations

import io
import json
from base64 import b64encode
from pathlib import Path
from random import SystemRandom
from typing import Any

from botocore.response import StreamingBody

from pointsman.local.answers import AwsError, Later, Parameters, answers
from pointsman.local.awslambda import versions
from pointsman.local.awslambda.versions import LATEST, FunctionAlias, FunctionVersion
from pointsman.local.commands import allowed, described, not_trusted
from pointsman.local.functions.functions import NOT_RUN, name_of
from pointsman.local.functions.records import LocalFunction
from pointsman.local.runners.commands import CommandRunner, Ended
from pointsman.local.world import Scope

PAGE = 50
_DICE = SystemRandom()
_LARGEST = 6 << 20


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterValueException", message)


def _shape(scope: Scope, function: LocalFunction, version: str = LATEST, published: str = "") -> dict[str, Any]:
    arn = scope.arn("lambda", f"function:{function.name}")
    return {
        "FunctionName": function.name,
        "FunctionArn": f"{arn}:{version}" if version != LATEST else arn,
        "Runtime": "provided.al2023",
        "Handler": function.command[0],
        "Role": f"arn:aws:iam::{scope.account}:role/local",
        "CodeSize": len(" ".join(function.command)),
        "CodeSha256": b64encode(bytes.fromhex(versions.digest(function))).decode(),
        "Timeout": function.timeout,
        "Version": version,
        "Environment": {"Variables": dict(function.environment)},
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "PackageType": "Zip",
        **({"LastModified": published} if published else {}),
    }


def _version(scope: Scope, one: FunctionVersion) -> dict[str, Any]:
    when = one.published.strftime("%Y-%m-%dT%H:%M:%S.000+0000")
    return {**_shape(scope, one.function, one.version, when), "Description": one.description}


@answers("lambda", "GetFunction")
def get_function(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """A function, or a version of it."""
    function = versions.function_of(scope, parameters["FunctionName"])
    version = parameters.get("Qualifier") or versions.qualifier_of(parameters["FunctionName"]) or LATEST
    if (alias := versions.alias_of(scope, function.name, version)) is not None:
        version = alias.version
    if version == LATEST:
        return {"Configuration": _shape(scope, function)}
    found = scope.get(FunctionVersion, versions.version_key(function.name, version))
    if found is None:
        raise versions.missing(scope, f"{function.name}:{version}")
    return {"Configuration": _version(scope, found)}


@answers("lambda", "ListFunctions")
def list_functions(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """The world file's functions."""
    limit = parameters.get("MaxItems", PAGE)
    rows = list(scope.scan(LocalFunction, after=parameters.get("Marker"), limit=limit + 1))
    answer: dict[str, Any] = {"Functions": [_shape(scope, one) for _, one in rows[:limit]]}
    if len(rows) > limit:
        answer["NextMarker"] = rows[limit - 1][0]
    return answer


@answers("lambda", "PublishVersion")
def publish_version(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Keep a function as it is now under a number."""
    function = versions.function_of(scope, parameters["FunctionName"])
    return _version(scope, versions.publish(scope, function, parameters.get("Description", "")))


@answers("lambda", "ListVersionsByFunction")
def list_versions(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """``$LATEST`` and the published versions, oldest first."""
    function = versions.function_of(scope, parameters["FunctionName"])
    marker, limit = parameters.get("Marker"), parameters.get("MaxItems", PAGE)
    prefix = f"{function.name}/"
    rows = list(scope.scan(FunctionVersion, prefix, after=prefix + marker if marker else None, limit=limit + 1))
    found = [_version(scope, one) for _, one in rows[:limit]]
    if not marker:
        found.insert(0, _shape(scope, function))
    answer: dict[str, Any] = {"Versions": found}
    if len(rows) > limit:
        answer["NextMarker"] = rows[limit - 1][0].removeprefix(prefix)
    return answer


# -- aliases --------------------------------------------------------------------------------------------------------


def _alias(scope: Scope, one: FunctionAlias) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "AliasArn": scope.arn("lambda", f"function:{one.function}:{one.name}"),
        "Name": one.name,
        "FunctionVersion": one.version,
        "Description": one.description,
        "RevisionId": one.revision_id,
    }
    if one.weights:
        shape["RoutingConfig"] = {"AdditionalVersionWeights": dict(one.weights)}
    return shape


def _found(scope: Scope, parameters: Parameters) -> FunctionAlias:
    function = versions.function_of(scope, parameters["FunctionName"])
    found = versions.alias_of(scope, function.name, parameters["Name"])
    if found is None:
        arn = scope.arn("lambda", f"function:{function.name}:{parameters['Name']}")
        raise AwsError("ResourceNotFoundException", f"Cannot find alias arn: {arn}", 404)
    return found


def _routing(scope: Scope, name: str, version: str, given: dict[str, Any] | None) -> dict[str, float]:
    weights = {str(key): float(value) for key, value in (given or {}).get("AdditionalVersionWeights", {}).items()}
    if len(weights) > 1:
        raise _invalid("An alias sends calls to one further version at most")
    for other, share in weights.items():
        if not 0 <= share <= 1 or other in (version, LATEST) or version == LATEST:
            raise _invalid(
                f"The weight {share} of version {other} is not valid: it is from 0 to 1, between two versions"
            )
        _exists(scope, name, other)
    return weights


def _exists(scope: Scope, name: str, version: str) -> None:
    if versions.version_of(scope, name, version) is None:
        raise versions.missing(scope, f"{name}:{version}")


@answers("lambda", "CreateAlias")
def create_alias(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Make an alias."""
    function, name = versions.function_of(scope, parameters["FunctionName"]), parameters["Name"]
    if name.isdecimal():
        raise _invalid(f"The alias {name} looks like a version")
    if versions.alias_of(scope, function.name, name) is not None:
        arn = scope.arn("lambda", f"function:{function.name}:{name}")
        raise AwsError("ResourceConflictException", f"Alias already exists: {arn}", 409)
    version = parameters["FunctionVersion"]
    _exists(scope, function.name, version)
    weights = _routing(scope, function.name, version, parameters.get("RoutingConfig"))
    description = parameters.get("Description", "")
    made = FunctionAlias(function.name, name, version, versions.revision_id(scope, name), description, weights)
    scope.put(f"{function.name}/{name}", made)
    return _alias(scope, made)


@answers("lambda", "GetAlias")
def get_alias(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """One alias."""
    return _alias(scope, _found(scope, parameters))


@answers("lambda", "UpdateAlias")
def update_alias(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Change where an alias points, and how much of it goes elsewhere."""
    former = _found(scope, parameters)
    if parameters.get("RevisionId", former.revision_id) != former.revision_id:
        raise AwsError("PreconditionFailedException", "The RevisionId provided does not match the latest one", 412)
    version = parameters.get("FunctionVersion", former.version)
    _exists(scope, former.function, version)
    weights = dict(former.weights)
    if "RoutingConfig" in parameters:
        weights = _routing(scope, former.function, version, parameters["RoutingConfig"])
    return _alias(scope, versions.point(scope, former, version, weights))


@answers("lambda", "DeleteAlias")
def delete_alias(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Remove an alias; one that is not there is removed already."""
    function = versions.function_of(scope, parameters["FunctionName"])
    scope.delete(FunctionAlias, f"{function.name}/{parameters['Name']}")
    return {}


@answers("lambda", "ListAliases")
def list_aliases(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """A function's aliases."""
    function = versions.function_of(scope, parameters["FunctionName"])
    prefix, limit = f"{function.name}/", parameters.get("MaxItems", PAGE)
    marker = parameters.get("Marker")
    rows = list(scope.scan(FunctionAlias, prefix, after=prefix + marker if marker else None, limit=limit + 1))
    version = parameters.get("FunctionVersion")
    answer: dict[str, Any] = {
        "Aliases": [_alias(scope, one) for _, one in rows[:limit] if version in (None, one.version)]
    }
    if len(rows) > limit:
        answer["NextMarker"] = rows[limit - 1][0].removeprefix(prefix)
    return answer


# -- Invoke ---------------------------------------------------------------------------------------------------------


@answers("lambda", "Invoke")
def invoke(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Call a function: its command gets the payload on standard input, and what it prints is the answer.

    The command runs outside the world's lock; an alias picks the version by its weights, call by call.
    """
    kind = parameters.get("InvocationType", "RequestResponse")
    reference = parameters["FunctionName"]
    name = name_of(reference)
    versions.function_of(scope, name)
    version = parameters.get("Qualifier") or versions.qualifier_of(reference) or LATEST
    if (alias := versions.alias_of(scope, name, version)) is not None:
        version = versions.choose(alias, _DICE)
    function = versions.version_of(scope, name, version)
    if function is None:
        raise versions.missing(scope, f"{name}:{version}")
    payload = parameters.get("Payload") or b"null"
    payload = payload.encode() if isinstance(payload, str) else payload
    _json(payload)
    if kind == "DryRun":
        return {"StatusCode": 204, "ExecutedVersion": version, "Payload": _body(b"")}
    runner = scope.world.tool(CommandRunner)  # type: ignore[type-abstract]
    variables = {
        **runner.environment(scope, f"function/{name}"),
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_VERSION": version,
        "AWS_REQUEST_ID": scope.world.uuid(),
        **function.environment,
    }

    may, shown = allowed(scope.world), described(function.command, function.folder)

    def run() -> Ended:
        if not may(shown):
            return Ended(NOT_RUN, "", not_trusted(name, shown))
        return runner.run(function.command, Path(function.folder), payload, variables, function.timeout)

    if kind == "Event":
        scope.job("lambda.event.ended", lambda: {"status": run().status})
        return {"StatusCode": 202, "Payload": _body(b"")}
    return Later(lambda: _answer(run(), version, log=parameters.get("LogType") == "Tail"))  # type: ignore[return-value]


def _json(payload: bytes) -> None:
    if len(payload) > _LARGEST:
        raise AwsError("RequestTooLargeException", f"A payload has at most {_LARGEST} bytes", 413)
    try:
        json.loads(payload)
    except ValueError:
        raise AwsError("InvalidRequestContentException", "Could not parse request body into json") from None


def _answer(ended: Ended, version: str, *, log: bool) -> dict[str, Any]:
    output = ended.output.rstrip("\n")
    answer: dict[str, Any] = {"StatusCode": 200, "ExecutedVersion": version}
    if log:
        answer["LogResult"] = b64encode(ended.errors[-4096:].encode()).decode()
    if ended.status == 0:
        try:
            body = json.dumps(json.loads(output or "null")).encode()
        except ValueError:
            body = json.dumps(output).encode()
        return {**answer, "Payload": _body(body)}
    why = "its time was over" if ended.status is None else f"exit status {ended.status}"
    lines = (ended.errors or output).strip().splitlines()
    problem = {"errorType": "Runtime.ExitError", "errorMessage": f"{why}{f': {lines[-1]}' if lines else ''}"}
    return {**answer, "FunctionError": "Unhandled", "Payload": _body(json.dumps(problem).encode())}


def _body(content: bytes) -> StreamingBody:
    return StreamingBody(io.BytesIO(content), len(content))
