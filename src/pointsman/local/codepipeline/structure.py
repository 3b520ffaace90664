"""Whether a definition is one: AWS's rules for the structure of a pipeline, each with AWS's own error code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from msgspec import UNSET

from pointsman.local.answers import AwsError
from pointsman.local.codepipeline import conditions, triggers
from pointsman.local.codepipeline.declaration import (
    ActionDeclaration,
    ActionTypeId,
    PipelineDeclaration,
    StageDeclaration,
)
from pointsman.local.codepipeline.known import ActionType, find
from pointsman.semantics.variables import RESERVED

STAGES: Final = 50
ACTIONS: Final = 100
"""In one stage."""


Custom = Callable[[ActionTypeId], ActionType | None]
"""What the account's own action types ask for; None when it has none of this id."""


def check(pipeline: PipelineDeclaration, region: str, custom: Custom) -> None:
    """Judge a definition.

    Args:
        pipeline: The definition.
        region: Where the pipeline lives.
        custom: Finds an action type of the account's own.

    Raises:
        AwsError: The first rule it breaks.
    """
    _modes(pipeline)
    _stores(pipeline, region)
    _stages(pipeline)
    for stage in pipeline.stages:
        _stage(stage)
        for action in stage.actions:
            _action(action, region, custom)
    conditions.check(pipeline)
    triggers.check(pipeline)
    _sources(pipeline)
    _artifacts(pipeline)
    _namespaces(pipeline)
    _variables(pipeline)


def _structure(message: str) -> AwsError:
    return AwsError("InvalidStructureException", message)


def _wrong(message: str) -> AwsError:
    return AwsError("InvalidActionDeclarationException", message)


def _repeated(names: Sequence[str]) -> list[str]:
    return [name for name, times in Counter(names).items() if times > 1]


def _modes(pipeline: PipelineDeclaration) -> None:
    mode = pipeline.execution_mode
    if mode != "SUPERSEDED" and pipeline.pipeline_type != "V2":
        raise _structure(f"Execution mode {mode} is only supported for pipelines of type V2")
    if pipeline.pipeline_type != "V2":
        for stage in pipeline.stages:
            for name in ("on_failure", "on_success", "before_entry"):
                if getattr(stage, name) is not UNSET:
                    label = "".join(part.title() if at else part for at, part in enumerate(name.split("_")))
                    raise _structure(f"{label} (stage {stage.name}) is only supported for pipelines of type V2")
        for name in ("variables", "triggers"):
            if getattr(pipeline, name) is not UNSET and getattr(pipeline, name):
                raise _structure(f"Pipeline {name} are only supported for pipelines of type V2")


def _stores(pipeline: PipelineDeclaration, region: str) -> None:
    one, many = pipeline.artifact_store, pipeline.artifact_stores
    if (one is UNSET) == (many is UNSET):
        raise _structure("Exactly one of artifactStore and artifactStores must be specified")
    regions = {region}
    for stage in pipeline.stages:
        for action in stage.actions:
            if action.region is not UNSET:
                regions.add(action.region)
    if many is UNSET:
        if others := sorted(regions - {region}):
            raise _structure(
                f"Actions are configured in region {', '.join(others)}: a pipeline with cross-region actions needs"
                " artifactStores, with an artifact store for each region"
            )
    elif missing := sorted(regions - set(many)):
        raise _structure(f"No artifact store is configured in artifactStores for region {', '.join(missing)}")


def _stages(pipeline: PipelineDeclaration) -> None:
    count = len(pipeline.stages)
    if count < 2:
        raise _structure(f"Pipeline has only {count} stage(s). There should be a minimum of 2 stages in a pipeline")
    if count > STAGES:
        raise _structure(f"Pipeline has {count} stages. There should be a maximum of {STAGES} stages in a pipeline")
    if twice := _repeated([stage.name for stage in pipeline.stages]):
        raise _structure(f"Stage names must be unique within a pipeline. {twice[0]} has been used more than once")


def _stage(stage: StageDeclaration) -> None:
    def wrong(message: str) -> AwsError:
        return AwsError("InvalidStageDeclarationException", message)

    if not stage.actions:
        raise wrong(f"Stage {stage.name} has no actions. There should be a minimum of 1 action in a stage")
    if len(stage.actions) > ACTIONS:
        raise wrong(f"Stage {stage.name} has {len(stage.actions)} actions. There should be a maximum of {ACTIONS}")
    if twice := _repeated([action.name for action in stage.actions]):
        raise _wrong(
            f"Action names must be unique within a stage. {twice[0]} has been used more than once in stage {stage.name}"
        )


def _action(action: ActionDeclaration, region: str, custom: Custom) -> None:
    kind = action.action_type_id
    rules = custom(kind) if kind.owner == "Custom" else find(kind)
    if rules is None:
        raise _wrong(
            f"ActionType (Category: '{kind.category}', Provider: '{kind.provider}', Owner: '{kind.owner}',"
            f" Version: '{kind.version}') in action '{action.name}' is not available in region {region}"
        )
    for label, names, (least, most) in (
        ("input", action.inputs, rules.inputs),
        ("output", action.outputs, rules.outputs),
    ):
        if len(names) < least:
            raise _wrong(
                f"Action {action.name} has {len(names)} {label} artifacts which is less than the minimum ({least})"
            )
        if len(names) > most:
            raise _wrong(
                f"Action {action.name} has {len(names)} {label} artifacts which is more than the maximum ({most})"
            )
        if twice := _repeated(names):
            raise _wrong(f"Artifact {twice[0]} has been used more than once as {label} of action {action.name}")
    _configuration(action, rules.required, rules.optional)
    if kind.category == "Source" and action.region is not UNSET and action.region != region:
        raise _wrong(f"Source action {action.name} cannot be a cross-region action")
    if action.timeout_in_minutes is not UNSET and kind.category != "Approval":
        raise _wrong(f"timeoutInMinutes is only supported for manual approval actions, not for action {action.name}")


def _configuration(action: ActionDeclaration, required: Sequence[str], optional: Sequence[str] | None) -> None:
    given = action.configuration
    for name in required:
        if not given.get(name):
            raise _wrong(f"Action configuration for action '{action.name}' is missing required configuration '{name}'")
    if optional is not None:
        for name in given:
            if name not in required and name not in optional:
                raise _wrong(f"Action configuration for action '{action.name}' contains unknown configuration '{name}'")
    provider = action.action_type_id.provider
    if provider == "CodeBuild" and len(action.inputs) > 1:
        primary = given.get("PrimarySource")
        if not primary:
            raise _wrong(
                f"Action {action.name} has more than one input artifact: the configuration PrimarySource is required"
            )
        if primary not in action.inputs:
            raise _wrong(f"PrimarySource {primary} of action {action.name} is not one of its input artifacts")
    if action.action_type_id.category == "Deploy" and provider == "S3":
        if given["Extract"] not in ("true", "false") and "#{" not in given["Extract"]:
            raise _wrong(f"Action configuration Extract for action '{action.name}' must be true or false")
        if given["Extract"] == "false" and not given.get("ObjectKey"):
            raise _wrong(
                f"Action configuration for action '{action.name}' is missing required configuration 'ObjectKey'"
            )


def _sources(pipeline: PipelineDeclaration) -> None:
    first, *others = pipeline.stages
    if any(action.action_type_id.category != "Source" for action in first.actions):
        raise _structure("Pipeline should start with a stage that only contains source actions")
    for stage in others:
        for action in stage.actions:
            if action.action_type_id.category == "Source":
                raise _structure(
                    f"Source action {action.name} is in stage {stage.name}: only the first stage may contain source"
                    " actions"
                )


def _ordered(pipeline: PipelineDeclaration) -> Iterator[tuple[int, int, ActionDeclaration]]:
    for at, stage in enumerate(pipeline.stages):
        for action in stage.actions:
            yield at, action.run_order, action


def _artifacts(pipeline: PipelineDeclaration) -> None:
    made: dict[str, tuple[int, int]] = {}
    for at, order, action in _ordered(pipeline):
        for name in action.outputs:
            if name in made:
                raise _structure(
                    f"Output Artifact Bundle name must be unique within the pipeline. {name} has been used more than"
                    " once"
                )
            made[name] = (at, order)
    for at, order, action in _ordered(pipeline):
        for name in action.inputs:
            if name not in made:
                raise _structure(
                    f"Input Artifact Bundle {name} in action {action.name} is not declared as the output of any action"
                )
            if made[name] >= (at, order):
                raise _structure(
                    f"Input Artifact Bundle {name} in action {action.name} is used before the action that declares it"
                    " as output runs"
                )


def _namespaces(pipeline: PipelineDeclaration) -> None:
    seen: set[str] = set()
    artifacts = {name for _, _, action in _ordered(pipeline) for name in action.outputs}
    for stage in pipeline.stages:
        for action in stage.actions:
            if action.namespace is UNSET:
                continue
            where = f"StageName=[{stage.name}], ActionName=[{action.name}], Namespace=[{action.namespace}]"
            if action.namespace in RESERVED:
                raise _wrong(f"Namespace {action.namespace} is reserved. {where}")
            if action.namespace in artifacts:
                raise _wrong(f"Namespaces cannot conflict with artifact names. {where}")
            if action.namespace in seen:
                raise _wrong(
                    "Namespaces must be unique across the pipeline definition. The following occur more than once in"
                    f" the pipeline. {where}"
                )
            seen.add(action.namespace)


def _variables(pipeline: PipelineDeclaration) -> None:
    if twice := _repeated([one.name for one in pipeline.declared_variables]):
        raise _structure(f"Pipeline variable names must be unique. {twice[0]} has been used more than once")
