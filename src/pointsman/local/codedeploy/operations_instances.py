"""CodeDeploy's answers about on-premises instances and their tags."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from pointsman.local.answers import AwsError, Parameters, answers
from pointsman.local.codedeploy import errors, ids, shapes
from pointsman.local.codedeploy.driver import agent_woke
from pointsman.local.codedeploy.errors import refused
from pointsman.local.codedeploy.instances import AGENT_TAG
from pointsman.local.codedeploy.lookup import PAGE
from pointsman.local.codedeploy.records import OnPremisesInstance, RegisteredArn
from pointsman.local.world import Scope
from pointsman.semantics.deployments import TagFilter

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_MOST_TAGS = 10


def _name(value: Any) -> str:
    if not value:
        raise refused("InstanceNameRequired", "An instance name is required")
    if not _NAME.fullmatch(value) or value.startswith("i-"):
        raise refused(
            "InvalidInstanceName",
            f"The instance name {value} is not valid: it begins with a letter or digit, has up to 100 letters, digits "
            "and . _ -, and is not like that of an EC2 instance (i-)",
        )
    return str(value)


def _missing(name: str) -> AwsError:
    return refused("InstanceNotRegistered", f"The on-premises instance is not registered: {name}")


@answers("codedeploy", "RegisterOnPremisesInstance")
def register_on_premises_instance(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Register an instance: a folder of this machine stands for it."""
    name = _name(parameters.get("instanceName"))
    user, session = parameters.get("iamUserArn", ""), parameters.get("iamSessionArn", "")
    if user and session:
        raise refused("MultipleIamArnsProvided", "Give iamUserArn or iamSessionArn, not both")
    if not user and not session:
        raise refused("IamArnRequired", "No IAM ARN was included in the request: give iamUserArn or iamSessionArn")
    if user and not re.fullmatch(r"arn:aws[\w-]*:iam::\d{12}:user/.+", user):
        raise refused("InvalidIamUserArn", f"{user} is not the ARN of an IAM user")
    if session and not re.fullmatch(r"arn:aws[\w-]*:sts::\d{12}:assumed-role/.+", session):
        raise refused("InvalidIamSessionArn", f"{session} is not the ARN of an IAM session")
    former = scope.get(OnPremisesInstance, name)
    if former is not None and former.deregistered is None:
        raise refused("InstanceNameAlreadyRegistered", f"The on-premises instance {name} is already registered")
    if (other := scope.get(RegisteredArn, user or session)) is not None:
        word = "User" if user else "Session"
        raise refused(f"Iam{word}ArnAlreadyRegistered", f"{user or session} is already registered to {other.instance}")
    scope.put(user or session, RegisteredArn(name))
    arn = scope.arn("codedeploy", f"instance/{name}_{ids.letters(scope, 10)}")
    tags = former.tags if former else {}
    scope.put(name, OnPremisesInstance(name, arn, scope.now, user, session, tags=tags))
    return {}


@answers("codedeploy", "DeregisterOnPremisesInstance")
def deregister_on_premises_instance(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Take an instance out; one that is out already stays so."""
    name = _name(parameters.get("instanceName"))
    found = scope.get(OnPremisesInstance, name)
    if found is not None and found.deregistered is None:
        scope.put(name, replace(found, deregistered=scope.now))
        scope.delete(RegisteredArn, found.user_arn or found.session_arn)
    return {}


@answers("codedeploy", "GetOnPremisesInstance")
def get_on_premises_instance(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """One instance."""
    name = _name(parameters.get("instanceName"))
    found = scope.get(OnPremisesInstance, name)
    if found is None:
        raise _missing(name)
    return {"instanceInfo": shapes.instance(found)}


@answers("codedeploy", "BatchGetOnPremisesInstances")
def batch_get_on_premises_instances(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Instances by name; those that are not there are left out."""
    names = errors.batch([_name(name) for name in parameters["instanceNames"]], "InstanceNameRequired")
    found = [one for name in names if (one := scope.get(OnPremisesInstance, name)) is not None]
    return {"instanceInfos": [shapes.instance(one) for one in found]}


@answers("codedeploy", "ListOnPremisesInstances")
def list_on_premises_instances(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Instance names, by registration and tags."""
    status = parameters.get("registrationStatus", "")
    if status not in ("", "Registered", "Deregistered"):
        raise refused("InvalidRegistrationStatus", f"The status is Registered or Deregistered, not {status}")
    filters = [
        TagFilter(one.get("Type", "KEY_AND_VALUE"), one.get("Key", ""), one.get("Value", ""))
        for one in parameters.get("tagFilters", [])
    ]
    after = errors.place(parameters.get("nextToken"))
    names: list[str] = []
    for name, one in scope.scan(OnPremisesInstance, after=after):
        if status and (one.deregistered is None) != (status == "Registered"):
            continue
        if all(wanted.matches(one.tags) for wanted in filters):
            names.append(name)
        if len(names) > PAGE:
            break
    return errors.page("instanceNames", names[:PAGE], len(names) > PAGE)


@answers("codedeploy", "AddTagsToOnPremisesInstances")
def add_tags(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Add or replace tags."""
    given = _tags(parameters)
    _change(scope, parameters, lambda tags: {**tags, **given})
    return {}


@answers("codedeploy", "RemoveTagsFromOnPremisesInstances")
def remove_tags(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Take tags away."""
    gone = _tags(parameters)
    _change(scope, parameters, lambda tags: {key: value for key, value in tags.items() if key not in gone})
    return {}


def _tags(parameters: Parameters) -> dict[str, str]:
    if not parameters["tags"]:
        raise refused("TagRequired", "A tag is required")
    found = {}
    for one in parameters["tags"]:
        key, value = one.get("Key", ""), one.get("Value", "")
        if not key or len(key) > 128 or len(value) > 256:
            raise refused("InvalidTag", f"The tag {key or '(without a key)'} is not valid")
        found[key] = value
    return found


def _change(scope: Scope, parameters: Parameters, change: Callable[[dict[str, str]], dict[str, str]]) -> None:
    if len(parameters["instanceNames"]) > errors.BATCH:
        raise refused("InstanceLimitExceeded", f"At most {errors.BATCH} instances can be tagged at a time")
    if not parameters["instanceNames"]:
        raise refused("InstanceNameRequired", "An instance name is required")
    for name in parameters["instanceNames"]:
        found = scope.get(OnPremisesInstance, _name(name))
        if found is None or found.deregistered is not None:
            raise _missing(name)
        tags = change(found.tags)
        if len(tags) > _MOST_TAGS:
            raise refused("TagLimitExceeded", f"An on-premises instance has at most {_MOST_TAGS} tags")
        scope.put(found.name, replace(found, tags=tags))
        if (AGENT_TAG in found.tags) and tags.get(AGENT_TAG) != "stopped":
            agent_woke(scope, found.name)
