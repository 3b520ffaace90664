"""CodeBuild's answers -> the model. Every member may be missing; an unknown word is kept."""

from __future__ import annotations

from typing import Any

from pointsman.model.builds import Build, EnvironmentVariable, Phase, Project
from pointsman.model.refs import BuildRef, LogRef, ProjectRef
from pointsman.model.status import status
from pointsman.services.reads.values import Answer, part, parts, text, when, whole


def ids(page: Answer) -> tuple[str, ...]:
    """ListBuilds or ListBuildsForProject, one page."""
    return tuple(str(one) for one in parts(page, "ids"))


def names(page: Answer) -> tuple[str, ...]:
    """ListProjects, one page."""
    return tuple(str(one) for one in parts(page, "projects"))


def projects(answer: Answer) -> tuple[Project, ...]:
    """BatchGetProjects."""
    return tuple(
        Project(
            ref=ProjectRef(text(one, "name")),
            arn=text(one, "arn"),
            description=text(one, "description"),
            source_type=text(part(one, "source"), "type"),
            source_location=text(part(one, "source"), "location"),
            image=text(part(one, "environment"), "image"),
            updated=when(one, "lastModified"),
            variables=variables(part(one, "environment")),
            compute=text(part(one, "environment"), "computeType"),
            timeout_minutes=whole(one, "timeoutInMinutes"),
            concurrent_limit=whole(one, "concurrentBuildLimit"),
            queued_minutes=whole(one, "queuedTimeoutInMinutes"),
            privileged=part(one, "environment").get("privilegedMode") is True,
            cache=cache_of(part(one, "cache")),
            artifacts=goal_of(part(one, "artifacts")),
            batches=bool(part(one, "buildBatchConfig")),
        )
        for one in parts(answer, "projects")
        if text(one, "name")
    )


def builds(answer: Answer) -> tuple[Build, ...]:
    """BatchGetBuilds."""
    return tuple(build(one) for one in parts(answer, "builds") if text(one, "id"))


def build(one: Any) -> Build:
    """One build of any answer."""
    source, environment, logs = part(one, "source"), part(one, "environment"), part(one, "logs")
    phases = tuple(phase_of(each, one) for each in parts(one, "phases"))
    word = text(one, "buildStatus")
    return Build(
        ref=BuildRef(text(one, "id")),
        number=whole(one, "buildNumber"),
        status=status(word),
        phases=phases,
        complete=bool(one.get("buildComplete", word not in ("", "IN_PROGRESS"))),
        **run_facts(one),
        source_type=text(source, "type"),
        source_location=text(source, "location"),
        log=_log(logs),
        log_url=text(logs, "deepLink"),
        artifacts=text(part(one, "artifacts"), "location"),
        exported=tuple(
            (text(variable, "name"), text(variable, "value")) for variable in parts(one, "exportedEnvironmentVariables")
        ),
        image=text(environment, "image"),
        compute=text(environment, "computeType"),
        timeout_minutes=whole(one, "timeoutInMinutes"),
        batch=_batch(text(one, "buildBatchArn")),
        queued_minutes=whole(one, "queuedTimeoutInMinutes"),
        privileged=environment.get("privilegedMode") is True,
        secondary=tuple(
            (text(version, "sourceIdentifier"), text(version, "sourceVersion"))
            for version in parts(one, "secondarySourceVersions")
        ),
        cache=cache_of(part(one, "cache")),
        retries_left=_retries_left(part(one, "autoRetryConfig")),
    )


def run_facts(one: Any) -> dict[str, Any]:
    """What the answers say in the same words of a build and of a batch."""
    return {
        "arn": text(one, "arn"),
        "phase": text(one, "currentPhase"),
        "started": when(one, "startTime"),
        "ended": when(one, "endTime"),
        "initiator": text(one, "initiator"),
        "source_version": text(one, "sourceVersion"),
        "resolved_version": text(one, "resolvedSourceVersion"),
        "environment": variables(part(one, "environment")),
        "reports": tuple(str(report) for report in parts(one, "reportArns")),
    }


def cache_of(cache: Answer) -> str:
    """A cache in words: its type, and where it is."""
    return f"{text(cache, 'type')} {text(cache, 'location')}".strip()


def goal_of(artifacts: Answer) -> str:
    """Where artifacts go, in words."""
    place = "/".join(one.strip("/") for one in (text(artifacts, "location"), text(artifacts, "path")) if one.strip("/"))
    return f"s3://{place}" if text(artifacts, "type") == "S3" and place else text(artifacts, "type")


def _batch(arn: str) -> str:
    """A batch's id, from its ARN."""
    return arn.rpartition("build-batch/")[2]


def _retries_left(auto: Answer) -> int | None:
    """How many automatic retries are left; None when there are none to be had."""
    limit = whole(auto, "autoRetryLimit")
    return None if not limit else max(0, limit - (whole(auto, "autoRetryNumber") or 0))


def _log(logs: Answer) -> LogRef | None:
    group, stream = text(logs, "groupName"), text(logs, "streamName")
    return LogRef(group, stream) if group and stream else None


def phase_of(one: Any, build: Answer) -> Phase:
    """A phase; the one under way has no status of its own, and shows the build's."""
    word = text(one, "phaseStatus")
    if not word and text(one, "phaseType") == text(build, "currentPhase") != "COMPLETED":
        word = text(build, "buildStatus")
    said = ((text(context, "statusCode"), text(context, "message").strip()) for context in parts(one, "contexts"))
    return Phase(
        name=text(one, "phaseType"),
        status=status(word),
        started=when(one, "startTime"),
        ended=when(one, "endTime"),
        seconds=whole(one, "durationInSeconds"),
        contexts=tuple((code, message) for code, message in said if code or message),
    )


def variables(environment: Answer) -> tuple[EnvironmentVariable, ...]:
    """The variables of an environment; of secrets and parameters only where they come from."""
    return tuple(
        EnvironmentVariable(text(one, "name"), text(one, "value"), text(one, "type") or "PLAINTEXT")
        for one in parts(environment, "environmentVariables")
    )
