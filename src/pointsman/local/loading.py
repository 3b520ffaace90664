"""Applying a world file to a backend; applying it twice changes nothing.

Every call goes through boto3, so that a world file can say only what AWS could be told. A call that was applied and
has not changed is skipped; one whose resource exists already becomes the matching update (``UPDATES``).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError, UnknownServiceError
from msgspec import Struct

from pointsman.local.answers import AwsError
from pointsman.local.codecommit.commits import folder_files
from pointsman.local.codecommit.git import GitFailed, plain_name
from pointsman.local.codecommit.operations import map_repository
from pointsman.local.codecommit.repositories import CodeCommitRepository, GitRepositories, Repositories, git_folder
from pointsman.local.codecommit.writing import seed
from pointsman.local.codeconnections.connections import map_connection
from pointsman.local.codedeploy import balancing
from pointsman.local.codedeploy.records import LocalInstance
from pointsman.local.events.routes import EventRoute, pattern_problem
from pointsman.local.events.routes import keep as keep_route
from pointsman.local.functions.records import LocalFunction
from pointsman.local.sns.outlets import LocalCommand, LocalOutlet
from pointsman.local.world_file import (
    Call,
    LocalFile,
    LocalFolder,
    LocalRepository,
    RouteEntry,
    TopicEntry,
    WorldFile,
    read,
)
from pointsman.local.world_nodes import Mark, Step, close
from pointsman.local.xray import sampling
from pointsman.semantics.traces import sampling_file

if TYPE_CHECKING:
    from pointsman.local.backend import Backend

_REGION = "us-east-1"


class AppliedCall(msgspec.Struct, frozen=True):
    """A call of a world file that was carried out: the last one for its target."""

    digest: str
    at: datetime


class Update(Struct, frozen=True):
    """What becomes of a call whose resource exists already."""

    error: str
    """The code that says so."""
    operation: str = ""
    """The call to make instead; empty: none, all is well."""
    parameters: Callable[[dict[str, Any]], dict[str, Any]] = dict
    """Its parameters, out of the first call's."""
    words: str = ""
    """What the error says, for services that have one error for everything."""


def _without(*names: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda given: {name: value for name, value in given.items() if name not in names}


def _overwriting(given: dict[str, Any]) -> dict[str, Any]:
    return {**_without("Tags")(given), "Overwrite": True}


def _secret(given: dict[str, Any]) -> dict[str, Any]:
    kept = _without("Tags", "Name", "AddReplicaRegions", "ForceOverwriteReplicaSecret")(given)
    return {**kept, "SecretId": given["Name"]}


def _report_group(given: dict[str, Any]) -> dict[str, Any]:
    return {**_without("name", "type")(given), "arn": given["name"]}  # the backend takes a name for its ARN


def _deployment_group(given: dict[str, Any]) -> dict[str, Any]:
    kept = _without("tags", "deploymentGroupName")(given)
    return {**kept, "currentDeploymentGroupName": given["deploymentGroupName"]}


_EXISTS = "already exists"


def _sampling_rule(given: dict[str, Any]) -> dict[str, Any]:
    return {"SamplingRuleUpdate": _without("Version")(given["SamplingRule"])}


UPDATES: dict[tuple[str, str], Update] = {
    ("codebuild", "create_project"): Update("ResourceAlreadyExistsException", "update_project"),
    ("codebuild", "create_report_group"): Update(
        "ResourceAlreadyExistsException", "update_report_group", _report_group
    ),
    ("codebuild", "create_webhook"): Update(
        "ResourceAlreadyExistsException", "update_webhook", _without("manualCreation", "scopeConfiguration")
    ),
    ("codecommit", "create_branch"): Update("BranchNameExistsException"),
    ("codecommit", "create_repository"): Update("RepositoryNameExistsException"),
    ("codedeploy", "create_application"): Update("ApplicationAlreadyExistsException"),
    ("codedeploy", "create_deployment_config"): Update("DeploymentConfigAlreadyExistsException"),
    ("codedeploy", "create_deployment_group"): Update(
        "DeploymentGroupAlreadyExistsException", "update_deployment_group", _deployment_group
    ),
    ("codedeploy", "register_on_premises_instance"): Update("InstanceNameAlreadyRegisteredException"),
    ("codepipeline", "create_pipeline"): Update("PipelineNameInUseException", "update_pipeline", _without("tags")),
    ("logs", "create_log_group"): Update("ResourceAlreadyExistsException"),
    ("logs", "create_log_stream"): Update("ResourceAlreadyExistsException"),
    ("s3", "create_bucket"): Update("BucketAlreadyOwnedByYou"),
    ("secretsmanager", "create_secret"): Update("ResourceExistsException", "update_secret", _secret),
    ("xray", "create_group"): Update("InvalidRequestException", "update_group", _without("Tags"), _EXISTS),
    ("xray", "create_sampling_rule"): Update(
        "InvalidRequestException", "update_sampling_rule", _sampling_rule, _EXISTS
    ),
    ("ssm", "put_parameter"): Update("ParameterAlreadyExists", "put_parameter", _overwriting),
}
"""(service, call) -> what takes its place when the resource is there."""

_TARGETS = ("name", "bucket", "key", "arn", "id")
"""How the parameters end that say what a call is about."""


def load(backend: Backend, path: Path) -> tuple[str, ...]:
    """Apply a world file, or the ``world.yml`` of a folder, to a backend.

    Returns:
        What was applied and still cannot work as it stands: a sentence each, with file and line.

    Raises:
        ConfigError: Names file, line and key. What stands above the mistake has been applied.
    """
    world = read(path)
    if world.account and world.account != backend.account:
        raise world.wrong(
            world.account_mark,
            f"this world belongs to account {world.account}, the backend to {backend.account}",
            f"start with --account {world.account}",
        )
    return _Loading(backend, world).apply()


class _Loading:
    """One world file being applied."""

    def __init__(self, backend: Backend, file: WorldFile) -> None:
        self._backend = backend
        self._file = file
        self._region = file.region or _REGION
        self._scope = backend.world.scope(backend.account, self._region)
        self._session = backend.session(region_name=self._region)
        self._clients: dict[str, Any] = {}
        self._repeats: dict[str, int] = {}

    def apply(self) -> tuple[str, ...]:
        checked = [(call, *self._resolve(call)) for call in self._file.calls]
        for repository in self._file.repositories:
            self._repository(repository)
        for connection in self._file.connections:
            path = Path(self._real(connection))
            with self._backend.world.transaction():
                map_connection(self._scope, connection.name, path, connection.provider)
        for one in self._file.functions:
            self._keep(LocalFunction(one.name, one.command, str(one.folder), one.environment, one.timeout))
            self._keep(LocalCommand(one.name, one.command, str(one.folder), one.timeout, one.environment))
        for route in self._file.routes:
            self._route(route)
        for name, port in self._file.target_groups.items():
            with self._backend.world.transaction():
                balancing.listen(self._scope, name, port)
        for instance in self._file.instances:
            self._keep(LocalInstance(instance.name, str(instance.path), instance.tags))
        notes = self._sampling_rules(self._file.sampling_rules) if self._file.sampling_rules is not None else ()
        for topic in self._file.topics:
            self._topic(topic)
        for call, client, method in checked:
            self._apply(call, client, method)
        return notes

    # -- local ------------------------------------------------------------------------------------------------------

    def _route(self, route: RouteEntry) -> None:
        if (said := pattern_problem(route.pattern)) is not None:
            raise self._file.wrong(route.mark, said)
        with self._backend.world.transaction():
            if route.function and self._scope.get(LocalFunction, route.function) is None:
                raise self._file.wrong(
                    route.mark, f"there is no command {route.function} under local.functions or local.commands"
                )
            keep_route(self._scope, EventRoute(route.name, route.pattern, route.topic, route.function))

    def _keep(self, record: LocalFunction | LocalInstance | LocalCommand) -> None:
        with self._backend.world.transaction():
            self._scope.put(record.name, record)

    def _sampling_rules(self, file: LocalFile) -> tuple[str, ...]:
        try:
            content = sampling_file.read(file.path.read_bytes())
        except OSError as error:
            raise self._file.wrong(file.mark, f"{file.path} cannot be read: {error.strerror}") from None
        except sampling_file.SamplingFileError as error:
            raise self._file.wrong(file.mark, f"{file.path}: {error}") from None
        try:
            with self._backend.world.transaction():
                sampling.take_over(self._scope, content.rules)
        except AwsError as error:
            raise self._file.wrong(file.mark, error.message) from None
        return tuple(f"{self._file.path}:{file.mark.line}: {file.path.name}: {note}" for note in content.warnings)

    def _topic(self, topic: TopicEntry) -> None:
        try:
            made, _ = self._backend.ask(self._region, "sns", "CreateTopic", {"Name": topic.name})
            for protocol, endpoint in topic.outlets:
                if protocol == "file":
                    with self._backend.world.transaction():
                        self._scope.put(endpoint, LocalOutlet(endpoint))
                wish = {"TopicArn": made["TopicArn"], "Protocol": protocol, "Endpoint": endpoint}
                self._backend.ask(self._region, "sns", "Subscribe", wish)
        except AwsError as error:
            raise self._file.wrong(topic.mark, error.message) from None

    def _real(self, folder: LocalFolder) -> str:
        if not folder.path.is_dir():
            raise self._file.wrong(folder.mark, f"there is no folder {folder.path}")
        return str(folder.path)

    def _repository(self, wanted: LocalRepository) -> None:
        tool = self._backend.world.tool(Repositories)  # type: ignore[type-abstract]
        if not isinstance(tool, GitRepositories):
            raise self._file.wrong(wanted.mark, "this backend's repositories are scripted")
        try:
            if wanted.path is not None:
                self._map(wanted, wanted.path, tool)
            else:
                self._seed(wanted, tool)
        except GitFailed as failure:
            raise self._file.wrong(wanted.mark, str(failure)) from None
        except AwsError as error:
            raise self._file.wrong(wanted.mark, error.message) from None

    def _map(self, wanted: LocalRepository, path: Path, tool: GitRepositories) -> None:
        git_folder(path)
        world, scope = self._backend.world, self._scope
        with world.transaction():
            former = scope.get(CodeCommitRepository, wanted.name)
            if former is not None and not former.path:
                raise self._file.wrong(
                    wanted.mark,
                    f"a repository {wanted.name} of the backend's own is there already",
                    "delete it first, or use another name",
                )
            if former is None or former.path != str(path):
                map_repository(scope, wanted.name, str(path), wanted.description)
        tool.map(scope.account, scope.region, wanted.name, path)

    def _seed(self, wanted: LocalRepository, tool: GitRepositories) -> None:
        if not plain_name(wanted.branch):
            raise self._file.wrong(wanted.mark, f"{wanted.branch!r} is not a branch name")
        scope = self._scope
        with self._backend.world.transaction():
            there = scope.get(CodeCommitRepository, wanted.name)
        if there is None:
            parameters = {"repositoryName": wanted.name}
            if wanted.description:
                parameters["repositoryDescription"] = wanted.description
            self._backend.ask(self._region, "codecommit", "CreateRepository", parameters)
        if wanted.seed is None or tool.head(scope.account, scope.region, wanted.name, wanted.branch) is not None:
            return
        puts = folder_files(tool.git(scope.account, scope.region, wanted.name), wanted.seed)
        if not puts:
            raise self._file.wrong(wanted.mark, f"the folder {wanted.seed} has no files")
        with self._backend.world.transaction():
            seed(scope, wanted.name, puts, wanted.branch, f"The first commit, from {wanted.seed.name}")

    # -- calls ------------------------------------------------------------------------------------------------------

    def _resolve(self, call: Call) -> tuple[Any, str]:
        """The client and the method a call means; every mistake that can be seen before a call is made."""
        client = self._clients.get(call.service)
        if client is None:
            try:
                client = self._session.client(call.service)
            except UnknownServiceError:
                meant = close(call.service, self._session.get_available_services())
                raise self._file.wrong(call.service_mark, f"AWS has no service {call.service}{meant}") from None
            self._clients[call.service] = client
        operations = {xform_name(name): name for name in client.meta.service_model.operation_names}
        method = call.operation if call.operation in operations else xform_name(call.operation)
        if method not in operations:
            meant = close(method, operations)
            raise self._file.wrong(call.mark, f"{call.service} has no call {call.operation}{meant}")
        shape = client.meta.service_model.operation_model(operations[method]).input_shape
        for path, sentence in _unknown(call.parameters, shape, ()):
            line = call.lines.get(path, call.mark.line)
            raise self._file.wrong(Mark(line, f"{call.mark.key}.{_dotted(path)}"), sentence)
        return client, method

    def _apply(self, call: Call, client: Any, method: str) -> None:
        digest = _digest(call)
        key = self._slot(call, method, digest)
        world = self._backend.world
        with world.transaction():
            former = self._scope.get(AppliedCall, key)
        if former is not None and former.digest == digest:
            return
        try:
            self._send(call, client, method)
        except ClientError as error:
            words = error.response["Error"]
            raise self._file.wrong(call.mark, f"{words['Code']}: {words['Message']}") from None
        except BotoCoreError as error:
            raise self._file.wrong(call.mark, " ".join(str(error).split())) from None
        with world.transaction():
            self._scope.put(key, AppliedCall(digest, self._scope.now))

    def _slot(self, call: Call, method: str, digest: str) -> str:
        """What a call is remembered under: its target where it sets something up, else the call itself."""
        name = f"{call.service}.{method}"
        if (call.service, method) in UPDATES or method.startswith(("put_", "update_", "create_", "tag_")):
            targets = _targets(call.parameters)
            if targets and method not in ("create_commit", "put_file", "put_log_events"):
                return f"{name} {json.dumps(targets)}"
        # The same call listed twice is two calls.
        self._repeats[digest] = self._repeats.get(digest, 0) + 1
        return f"{name} {digest} {self._repeats[digest]}"

    @staticmethod
    def _send(call: Call, client: Any, method: str) -> None:
        try:
            getattr(client, method)(**call.parameters)
        except ClientError as error:
            update = UPDATES.get((call.service, method))
            told = error.response["Error"]
            if update is None or told["Code"] != update.error or update.words not in told["Message"]:
                raise
            if update.operation:
                getattr(client, update.operation)(**update.parameters(call.parameters))


def _digest(call: Call) -> str:
    def plain(value: bytes) -> str:
        return hashlib.sha256(value).hexdigest()

    text = json.dumps([call.service, xform_name(call.operation), call.parameters], sort_keys=True, default=plain)
    return hashlib.sha256(text.encode()).hexdigest()


def _targets(parameters: dict[str, Any]) -> list[tuple[str, Any]]:
    """The parameters that name what a call is about, also one level down (``pipeline.name``)."""
    found = [
        (name, value)
        for name, value in parameters.items()
        if isinstance(value, str) and name.lower().endswith(_TARGETS)
    ]
    for name, inner in parameters.items():
        if not found and isinstance(inner, dict):
            found += [
                (f"{name}.{key}", value) for key, value in inner.items() if key == "name" and isinstance(value, str)
            ]
    return sorted(found)


def _unknown(value: Any, shape: Any, path: tuple[Step, ...]) -> Iterator[tuple[tuple[Step, ...], str]]:
    """Parameters that the call does not have."""
    if shape is None:
        if value:
            yield (next(iter(value)),), "this call takes no parameters"
        return
    if shape.type_name == "structure" and isinstance(value, dict) and not getattr(shape, "is_document_type", False):
        for name, inner in value.items():
            if name not in shape.members:
                yield (*path, name), f"unknown parameter{close(name, shape.members)}"
            else:
                yield from _unknown(inner, shape.members[name], (*path, name))
    elif shape.type_name == "list" and isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _unknown(inner, shape.member, (*path, index))
    elif shape.type_name == "map" and isinstance(value, dict):
        for name, inner in value.items():
            yield from _unknown(inner, shape.value, (*path, name))


def _dotted(path: tuple[Step, ...]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")
