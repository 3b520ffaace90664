"""A pipeline's definition as its owner wrote it: frozen structs with AWS's member names.

Blockers, triggers and conditions are kept as they came, so that ``GetPipeline`` gives back what ``CreatePipeline``
took.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from pointsman.local.codepipeline.flow import (
    BEFORE_ENTRY,
    ON_FAILURE,
    ON_SUCCESS,
    PARALLEL,
    PLAIN,
    Condition,
    Plan,
    Policy,
)

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

    def conditions(self, kind: str) -> Json | None:
        """The declared condition of a kind (BEFORE_ENTRY, ON_SUCCESS, ON_FAILURE); AWS allows one of each."""
        given = {BEFORE_ENTRY: self.before_entry, ON_SUCCESS: self.on_success, ON_FAILURE: self.on_failure}[kind]
        found = [] if given is UNSET else given.get("conditions", [])
        return found[0] if found else None

    def rule(self, kind: str, name: str) -> Json | None:
        """A rule of a condition."""
        condition = self.conditions(kind)
        rules: list[Json] = condition.get("rules", []) if condition is not None else []
        return next((one for one in rules if one["name"] == name), None)

    def work(self, name: str, condition: str = "") -> ActionDeclaration | None:
        """The action of this name, or a condition's rule in the shape of one."""
        if not condition:
            return self.action(name)
        rule = self.rule(condition, name)
        return None if rule is None else _as_action(rule)

    @property
    def policy(self) -> Policy:
        """What the state machine must know beside the actions."""
        failure = {} if self.on_failure is UNSET else self.on_failure
        retry = failure.get("retryConfiguration", {}).get("retryMode", "ALL_ACTIONS")
        policy = Policy(
            before_entry=self._condition(BEFORE_ENTRY),
            on_success=self._condition(ON_SUCCESS),
            on_failure=self._condition(ON_FAILURE),
            retry=retry if self.failure_result == "RETRY" else "",
            rollback=self.failure_result == "ROLLBACK",
        )
        return PLAIN if policy == PLAIN else policy

    def _condition(self, kind: str) -> Condition | None:
        given = self.conditions(kind)
        if given is None:
            return None
        default = "ROLLBACK" if kind == ON_FAILURE else "FAIL"
        return Condition(tuple(rule["name"] for rule in given.get("rules", [])), given.get("result", default))


def _as_action(rule: Json) -> ActionDeclaration:
    kind = rule["ruleTypeId"]
    given: Json = {
        name: rule[name]
        for name in ("commands", "inputArtifacts", "roleArn", "region", "timeoutInMinutes")
        if name in rule
    }
    given |= {"name": rule["name"], "configuration": rule.get("configuration", {})}
    given["actionTypeId"] = {
        "category": kind["category"],
        "owner": kind.get("owner", "AWS"),
        "provider": kind["provider"],
        "version": kind.get("version", "1"),
    }
    return msgspec.convert(given, ActionDeclaration)


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
    def plan(self) -> Plan:
        """What the state machine needs of it: stages, their actions and run orders."""
        return tuple(
            (stage.name, tuple((action.name, action.run_order) for action in stage.actions)) for stage in self.stages
        )

    @property
    def policies(self) -> dict[str, Policy]:
        """What stages ask for beside their actions; a stage that asks for nothing is left out."""
        return {stage.name: policy for stage in self.stages if (policy := stage.policy) is not PLAIN}

    @property
    def flow_mode(self) -> str:
        """How arrivals treat each other in the pipeline's common flow; empty when its executions never meet."""
        return "" if self.execution_mode == PARALLEL else self.execution_mode

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
