"""The git triggers of a definition: which source actions they are for, and whether they are sound."""

from __future__ import annotations

from typing import Any, Final

from msgspec import UNSET

from pointsman.local.answers import AwsError
from pointsman.local.codepipeline.declaration import PipelineDeclaration
from pointsman.semantics.globs import problem

CONNECTION: Final = "CodeStarSourceConnection"
GITHUB: Final = "GitHub"
"""The first version of GitHub's sources, of the owner ThirdParty: what webhooks are registered with."""


def of(pipeline: PipelineDeclaration, action: str) -> dict[str, Any] | None:
    """The git configuration of a source action's trigger; None when it has none."""
    for trigger in () if pipeline.triggers is UNSET else pipeline.triggers:
        given: dict[str, Any] = trigger["gitConfiguration"]
        if given["sourceActionName"] == action:
            return given
    return None


def check(pipeline: PipelineDeclaration) -> None:
    """Judge the triggers of a definition.

    Raises:
        AwsError: InvalidStructureException, with the first rule that is broken.
    """
    if pipeline.triggers is UNSET:
        return
    seen: set[str] = set()
    sources = {action.name: action for stage in pipeline.stages[:1] for action in stage.actions}
    for trigger in pipeline.triggers:
        given = trigger["gitConfiguration"]
        name = given["sourceActionName"]
        action = sources.get(name)
        if action is None or action.action_type_id.provider != CONNECTION:
            raise _wrong(f"The trigger for {name} does not name a source action of the provider {CONNECTION}")
        if name in seen:
            raise _wrong(f"The source action {name} has more than one trigger configuration")
        seen.add(name)
        for kind in ("push", "pullRequest"):
            for one in given.get(kind, []):
                _filter(name, one)


def _wrong(message: str) -> AwsError:
    return AwsError("InvalidStructureException", message)


def _filter(name: str, given: dict[str, Any]) -> None:
    if not any(kind in given for kind in ("tags", "branches", "filePaths", "events")):
        raise _wrong(f"A filter of the trigger for {name} is empty")
    for kind in ("tags", "branches", "filePaths"):
        criteria = given.get(kind, {})
        if kind in given and not (criteria.get("includes") or criteria.get("excludes")):
            raise _wrong(f"The {kind} filter of the trigger for {name} has neither includes nor excludes")
        for pattern in (*criteria.get("includes", []), *criteria.get("excludes", [])):
            if (said := problem(pattern)) is not None:
                raise _wrong(f"The {kind} filter of the trigger for {name} is not usable: {said}")
