"""What a selection means: whether it needs somebody, the words a filter looks at, the forms a copy takes."""

from __future__ import annotations

import shlex
from urllib.parse import quote

from pointsman.model.batches import Batch
from pointsman.model.builds import Build, Project
from pointsman.model.pipelines import PipelineRow, PipelineState
from pointsman.model.refs import (
    ActionRef,
    BatchRef,
    BuildRef,
    DeploymentRef,
    ExecutionRef,
    MetricRef,
    PipelineRef,
    ProjectRef,
    Ref,
    SamplingRuleRef,
    StageRef,
    TargetRef,
    TraceRef,
    TraceServiceRef,
)
from pointsman.model.snapshot import Identity
from pointsman.model.status import Status

Forms = tuple[tuple[str, str], ...]


def troubled(row: PipelineRow) -> bool:
    """Whether a row needs somebody: failed, waiting for an answer, held at a gate, or not readable."""
    if row.fault is not None or row.status.failed:
        return True
    state = row.state
    return state is not None and (
        bool(state.closed_gates) or any(stage.waiting_approval is not None for stage in state.stages)
    )


def row_words(row: PipelineRow, known: Status | None = None) -> str:
    """The text a filter looks at, in lower case; ``known`` is its status, where that is at hand."""
    parts = [row.ref.name, (known or row.status).word, row.kind]
    if row.fault is not None:
        parts += [row.fault.kind.value, row.fault.code]
    if row.state is not None and row.state.latest is not None:
        parts.append(row.state.latest.trigger)
        for revision in row.state.latest.revisions:
            parts += [revision.id, revision.summary, revision.author]
    return " ".join(parts).lower()


def link(identity: Identity, path: str) -> str:
    """A page of AWS's own console."""
    region = quote(identity.region)
    joint = "&" if "?" in path else "?"
    return f"https://{region}.console.aws.amazon.com/codesuite/{path}{joint}region={region}"


def arn(identity: Identity, service: str, rest: str) -> str:
    """A name in the identity's own partition."""
    partition = [*identity.arn.split(":"), "", "aws"][1] or "aws"
    return f"arn:{partition}:{service}:{identity.region}:{identity.account}:{rest}"


def pipeline_forms(ref: PipelineRef, state: PipelineState | None, identity: Identity | None) -> Forms:
    """What can be copied of a pipeline."""
    forms = [("name", ref.name)]
    if identity is not None:
        forms.append(("ARN", arn(identity, "codepipeline", ref.name)))
    forms.append(("CLI line", f"aws codepipeline get-pipeline-state --name {shlex.quote(ref.name)}"))
    if identity is not None:
        forms.append(("console URL", link(identity, f"codepipeline/pipelines/{quote(ref.name)}/view")))
    if state is not None and state.latest is not None:
        forms.append(("execution id", state.latest.id))
        forms += [("commit", revision.id) for revision in state.latest.revisions]
    return tuple(forms)


def execution_forms(ref: ExecutionRef) -> Forms:
    """What can be copied of an execution."""
    return (
        ("execution id", ref.execution_id),
        (
            "CLI line",
            f"aws codepipeline get-pipeline-execution --pipeline-name {shlex.quote(ref.pipeline)} "
            f"--pipeline-execution-id {shlex.quote(ref.execution_id)}",
        ),
    )


def build_forms(ref: BuildRef, build: Build | None, identity: Identity | None) -> Forms:
    """What can be copied of a build."""
    forms = [("build id", ref.id)]
    if build is not None and build.arn:
        forms.append(("ARN", build.arn))
    forms.append(("CLI line", f"aws codebuild batch-get-builds --ids {shlex.quote(ref.id)}"))
    if identity is not None:
        path = f"codebuild/{identity.account}/projects/{quote(ref.project)}/build/{quote(ref.id, safe='')}/"
        forms.append(("console URL", link(identity, path)))
    if build is not None and build.log is not None:
        forms.append(("log stream", f"{build.log.group} {build.log.stream}"))
    if build is not None and build.resolved_version:
        forms.append(("commit", build.resolved_version))
    return tuple(forms)


def batch_forms(ref: BatchRef, batch: Batch | None) -> Forms:
    """What can be copied of a batch."""
    forms = [("batch id", ref.id)]
    if batch is not None and batch.arn:
        forms.append(("ARN", batch.arn))
    forms.append(("CLI line", f"aws codebuild batch-get-build-batches --ids {shlex.quote(ref.id)}"))
    if batch is not None and batch.resolved_version:
        forms.append(("commit", batch.resolved_version))
    return tuple(forms)


def project_forms(ref: ProjectRef, project: Project | None, identity: Identity | None) -> Forms:
    """What can be copied of a build project."""
    forms = [("project name", ref.name)]
    if project is not None and project.arn:
        forms.append(("ARN", project.arn))
    forms.append(("CLI line", f"aws codebuild batch-get-projects --names {shlex.quote(ref.name)}"))
    if identity is not None:
        path = f"codebuild/{identity.account}/projects/{quote(ref.name)}/history"
        forms.append(("console URL", link(identity, path)))
    return tuple(forms)


def examined(ref: Ref) -> str:
    """How the doctor is asked about a thing; empty where it knows nothing about its kind."""
    match ref:
        case PipelineRef(name=name):
            return f"pipeline {shlex.quote(name)}"
        case StageRef(pipeline=name) | ActionRef(pipeline=name) | ExecutionRef(pipeline=name):
            return f"pipeline {shlex.quote(name)}"
        case BuildRef(id=build):
            return f"build {shlex.quote(build)}"
        case DeploymentRef(id=deployment) | TargetRef(deployment=deployment):
            return f"deployment {shlex.quote(deployment)}"
        case MetricRef(namespace=namespace, name=name, dimensions=dimensions):
            pairs = [f"{key}={value}" for key, value in dimensions]
            return shlex.join(["metric", f"{namespace}/{name}", *pairs])
        case TraceRef() | TraceServiceRef() | SamplingRuleRef():
            return "traces"
    return ""
