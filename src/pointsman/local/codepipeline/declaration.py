"""A pipeline's definition as its owner wrote it: frozen structs with AWS's member names.

What this backend does not look into (blockers, triggers, conditions) is kept as it came, so that ``GetPipeline`` gives
back what ``CreatePipeline`` took.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

Json = dict[str, Any]


class ActionTypeId(msgspec.Struct, frozen=True):
    """What carries an action out."""

    category: str
    owner: str
    provider: str
    version: str


class InputArtifact(msgspec.Struct, frozen=True):
    """An artifact an action takes."""

    name: str


class OutputArtifact(msgspec.Struct, frozen=True):
    """An artifact an action makes."""

    name: str
    files: tuple[str, ...] | UnsetType = UNSET


class ActionDeclaration(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An action of a stage."""

    name: str
    action_type_id: ActionTypeId
    run_order: int = 1
    configuration: dict[str, str] = {}
    commands: tuple[str, ...] | UnsetType = UNSET
    output_artifacts: tuple[OutputArtifact, ...] = ()
    input_artifacts: tuple[InputArtifact, ...] = ()
    output_variables: tuple[str, ...] | UnsetType = UNSET
    role_arn: str | UnsetType = UNSET
    region: str | UnsetType = UNSET
    namespace: str | UnsetType = UNSET
    timeout_in_minutes: int | UnsetType = UNSET
    environment_variables: tuple[Json, ...] | UnsetType = UNSET

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of the artifacts it takes."""
        return tuple(one.name for one in self.input_artifacts)

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of the artifacts it makes."""
        return tuple(one.name for one in self.output_artifacts)


class StageDeclaration(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A stage."""

    name: str
    blockers: tuple[Json, ...] | UnsetType = UNSET
    actions: tuple[ActionDeclaration, ...]
    on_failure: Json | UnsetType = UNSET
    on_success: Json | UnsetType = UNSET
    before_entry: Json | UnsetType = UNSET

    def action(self, name: str) -> ActionDeclaration | None:
        """The action of this name."""
        return next((one for one in self.actions if one.name == name), None)

    @property
    def failure_result(self) -> str:
        """What a failure of the stage calls for: FAIL unless RETRY or ROLLBACK is declared."""
        return "FAIL" if self.on_failure is UNSET else str(self.on_failure.get("result", "FAIL"))


class ArtifactStore(msgspec.Struct, frozen=True, rename="camel"):
    """The bucket the artifacts are kept in."""

    type: str
    location: str
    encryption_key: Json | UnsetType = UNSET


class VariableDeclaration(msgspec.Struct, frozen=True, rename="camel"):
    """A pipeline-level variable."""

    name: str
    default_value: str | UnsetType = UNSET
    description: str | UnsetType = UNSET


class PipelineDeclaration(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A pipeline."""

    name: str
    role_arn: str
    artifact_store: ArtifactStore | UnsetType = UNSET
    artifact_stores: dict[str, ArtifactStore] | UnsetType = UNSET
    stages: tuple[StageDeclaration, ...]
    version: int = 1
    execution_mode: str = "SUPERSEDED"
    pipeline_type: str = "V1"
    variables: tuple[VariableDeclaration, ...] | UnsetType = UNSET
    triggers: tuple[Json, ...] | UnsetType = UNSET

    def stage(self, name: str) -> StageDeclaration | None:
        """The stage of this name."""
        return next((one for one in self.stages if one.name == name), None)

    def store(self, region: str) -> ArtifactStore:
        """The artifact store of a region."""
        if self.artifact_stores is not UNSET:
            return self.artifact_stores[region]
        assert self.artifact_store is not UNSET
        return self.artifact_store

    @property
    def plan(self) -> tuple[tuple[str, tuple[tuple[str, int], ...]], ...]:
        """What the state machine needs of it: stages, their actions and run orders."""
        return tuple(
            (stage.name, tuple((action.name, action.run_order) for action in stage.actions)) for stage in self.stages
        )

    @property
    def declared_variables(self) -> tuple[VariableDeclaration, ...]:
        """The pipeline-level variables."""
        return () if self.variables is UNSET else self.variables

    @property
    def undefaulted(self) -> tuple[str, ...]:
        """The pipeline-level variables that each start must give a value."""
        return tuple(one.name for one in self.declared_variables if one.default_value is UNSET)

    def to_wire(self) -> Json:
        """As AWS shows it."""
        wire: Json = msgspec.json.decode(msgspec.json.encode(self))
        return wire


def parse(pipeline: Json) -> PipelineDeclaration:
    """A definition from an API call's ``pipeline``, whose shape botocore has checked."""
    return msgspec.convert(pipeline, PipelineDeclaration)
