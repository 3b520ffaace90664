"""What a person may do to builds: start one, stop one, run one again."""

from __future__ import annotations

import re
from typing import Any, Final

from pointsman.model.builds import Build, Project
from pointsman.model.refs import BuildRef, ProjectRef, Ref
from pointsman.operations.declare import Answers, Field, Operation, WriteCall
from pointsman.operations.entries import environment_entries, environment_problem
from pointsman.operations.ports import ServicesLike
from pointsman.operations.redaction import sensitive


def _project(ref: Ref) -> ProjectRef:
    if not isinstance(ref, ProjectRef):
        raise TypeError(f"{ref!r} is not a project")
    return ref


def _build(ref: Ref) -> BuildRef:
    if not isinstance(ref, BuildRef):
        raise TypeError(f"{ref!r} is not a build")
    return ref


async def _read_project(services: ServicesLike, ref: Ref) -> Project:
    return await services.builds.fresh_project(_project(ref))


async def _read_build(services: ServicesLike, ref: Ref) -> Build:
    return await services.builds.fresh(_build(ref))


def _touched(ref: Ref) -> tuple[tuple[str, ...], ...]:
    project = ref.name if isinstance(ref, ProjectRef) else _build(ref).project
    keys: tuple[tuple[str, ...], ...] = (("builds", project), ("builds", ""), ("projects",))
    return (*keys, ("build", ref.id)) if isinstance(ref, BuildRef) else keys


def _made(answer: dict[str, Any], _ref: Ref) -> Ref | None:
    made = answer.get("build", {}).get("id")
    return BuildRef(made) if isinstance(made, str) and made else None


# -- start


_COMPUTE: Final = re.compile(r"BUILD_(?:GENERAL1|LAMBDA)_[0-9A-Z]+|ATTRIBUTE_BASED_COMPUTE|CUSTOM_INSTANCE_TYPE")


def compute_problem(text: str) -> str | None:
    """What is wrong with a compute type; None when nothing is. What an account may use, AWS says."""
    if not text or _COMPUTE.fullmatch(text):
        return None
    return "That is no compute type of CodeBuild: BUILD_GENERAL1_SMALL, _MEDIUM, _LARGE and the like."


def minutes_problem(text: str) -> str | None:
    """What is wrong with a build's time-out; None when nothing is."""
    if not text or (text.isascii() and text.isdigit() and 5 <= int(text[:6]) <= 2160):
        return None
    return "AWS takes whole minutes, 5 to 2160."


def _start_refuse(state: Project, _ref: Ref) -> str | None:
    if state.source_type == "CODEPIPELINE":
        return f"{state.name} takes its source from a pipeline: start that pipeline instead."
    return None


def _start_fields(state: Project, _ref: Ref) -> tuple[Field, ...]:
    known = ", ".join(variable.name for variable in state.variables[:4])
    return (
        Field(
            name="source_version",
            label="Source version",
            placeholder="a branch, tag or commit; an object version for S3; the project's own when empty",
        ),
        Field(
            name="environment",
            label="Environment",
            check=environment_problem,
            multiline=True,
            placeholder="NAME=value, parameter-store:NAME=/path, secrets-manager:NAME=id:key"
            + (f"; the project has {known}" if known else ""),
        ),
        Field(
            name="buildspec",
            label="Buildspec",
            multiline=True,
            placeholder="a path in the source, or YAML; the project's own when empty",
        ),
        Field(name="image", label="Image", placeholder=state.image or "the project's own when empty"),
        Field(
            name="compute",
            label="Compute type",
            check=lambda text: compute_problem(text.strip()),
            placeholder=f"{state.compute or 'BUILD_GENERAL1_SMALL'}; the project's own when empty",
        ),
        Field(
            name="timeout",
            label="Time-out in minutes",
            check=lambda text: minutes_problem(text.strip()),
            placeholder=f"{state.timeout_minutes or 60}; 5 to 2160",
        ),
    )


def _start_plan(_state: Project, ref: Ref, answers: Answers) -> WriteCall:
    parameters: dict[str, Any] = {"projectName": _project(ref).name}
    if version := answers.get("source_version", "").strip():
        parameters["sourceVersion"] = version
    environment = [
        {"name": one.name, "value": one.value, "type": one.kind}
        for one in environment_entries(answers.get("environment", ""))
    ]
    if environment:
        parameters["environmentVariablesOverride"] = environment
    if (buildspec := answers.get("buildspec", "")).strip():
        parameters["buildspecOverride"] = buildspec if "\n" in buildspec.strip() else buildspec.strip()
    if image := answers.get("image", "").strip():
        parameters["imageOverride"] = image
    if (compute := answers.get("compute", "").strip()) and compute_problem(compute) is None:
        parameters["computeTypeOverride"] = compute
    if (minutes := answers.get("timeout", "").strip()) and minutes_problem(minutes) is None:
        parameters["timeoutInMinutesOverride"] = int(minutes)
    return WriteCall("codebuild", "StartBuild", parameters)


def _start_consequences(state: Project, _ref: Ref, answers: Answers) -> tuple[str, ...]:
    version = answers.get("source_version", "").strip()
    where = f"{state.source_type} {state.source_location}".strip() or "the project's source"
    lines = [f"A new build of {where}, {f'at {version}' if version else 'at the version the project names'}."]
    entries = environment_entries(answers.get("environment", ""))
    if entries:
        lines.append(f"For this build only: {', '.join(one.name for one in entries)}; these win over the project's.")
    lines += [
        f"{one.name} goes as plain text and is readable in the build's record: prefer secrets-manager:{one.name}=…"
        for one in entries
        if one.kind == "PLAINTEXT" and sensitive(one.name)
    ]
    if answers.get("buildspec", "").strip():
        lines.append("The project's buildspec is not used: yours is.")
    others = {"image": "image", "compute": "compute type", "timeout": "time-out"}
    lines += [
        f"For this build only: the {words} is {text}."
        for name, words in others.items()
        if (text := answers.get(name, "").strip())
    ]
    if state.latest is not None and not state.latest.complete:
        if state.concurrent_limit == 1:
            lines.append(f"{state.latest.ref} still runs: this one waits, QUEUED, as the project runs one at a time.")
        else:
            lines.append(f"{state.latest.ref} still runs: both run side by side, if the project's limit allows it.")
    return tuple(lines)


START: Operation[Project] = Operation(
    id="project.start-build",
    title="Start build",
    past="started a build of",
    key="s",
    target=ProjectRef,
    help="Builds a project by itself, with other variables, another version or another buildspec if wanted.",
    calls=("codebuild:StartBuild",),
    read=_read_project,
    plan=_start_plan,
    refuse=_start_refuse,
    consequences=_start_consequences,
    fields=_start_fields,
    touches=_touched,
    result=_made,
)


# -- stop


def _stop_refuse(state: Build, _ref: Ref) -> str | None:
    if state.complete:
        return f"{state.ref} has ended ({state.status.word}): there is nothing to stop."
    return None


def _stop_consequences(state: Build, _ref: Ref, _answers: Answers) -> tuple[str, ...]:
    lines = [f"Its commands are ended in {state.phase or 'the phase it is in'}; no artifacts are uploaded after that."]
    if state.pipeline:
        lines.append(f"{state.pipeline} started it: its build action fails, and with it the stage.")
    return tuple(lines)


STOP: Operation[Build] = Operation(
    id="build.stop",
    title="Stop build",
    past="stopped",
    key="x",
    target=BuildRef,
    help="Ends a running build; it keeps its log and ends as STOPPED.",
    calls=("codebuild:StopBuild",),
    read=_read_build,
    plan=lambda _state, ref, _answers: WriteCall("codebuild", "StopBuild", {"id": _build(ref).id}),
    refuse=_stop_refuse,
    consequences=_stop_consequences,
    touches=_touched,
    result=_made,
    danger=True,
    idempotency=True,
)


# -- retry


def _retry_refuse(state: Build, _ref: Ref) -> str | None:
    if not state.complete:
        return f"{state.ref} still runs: it can be run again when it has ended."
    if state.pipeline:
        return f"{state.pipeline} started it: retry the stage of that pipeline instead, so that its run goes on."
    if state.source_type == "CODEPIPELINE":
        return f"{state.project} takes its source from a pipeline: retry the stage of that pipeline instead."
    return None


def _retry_consequences(state: Build, _ref: Ref, _answers: Answers) -> tuple[str, ...]:
    version = state.resolved_version or state.source_version
    lines = [
        f"A new build of {state.project} with the settings of {state.ref}{f', at {version[:12]}' if version else ''}."
    ]
    if state.status.word == "SUCCEEDED":
        lines.append("It succeeded the first time: what it published is published again.")
    return tuple(lines)


RETRY: Operation[Build] = Operation(
    id="build.retry",
    title="Retry build",
    past="retried",
    key="t",
    target=BuildRef,
    help="Runs an ended build again with the same settings, as a new build.",
    calls=("codebuild:RetryBuild",),
    read=_read_build,
    plan=lambda _state, ref, _answers: WriteCall("codebuild", "RetryBuild", {"id": _build(ref).id}),
    refuse=_retry_refuse,
    consequences=_retry_consequences,
    touches=_touched,
    result=_made,
)

OPERATIONS: tuple[Operation[Any], ...] = (START, STOP, RETRY)
