"""The form of a start in CodeBuild: what one build, or one batch of builds, does other than its project says.

Everything is optional and typed as text; a value that cannot be read is named by the field's check and left out of the
call, so that the call can be shown while it is still being typed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from pointsman.model.builds import Project
from pointsman.operations.build_entries import (
    ENVIRONMENTS,
    SOURCE_TYPES,
    artifacts_of,
    artifacts_problem,
    cache_of,
    cache_problem,
    compute_problem,
    count_problem,
    logs_of,
    logs_problem,
    minutes_problem,
    one_of,
    queued_problem,
    secondary_of,
    secondary_problem,
)
from pointsman.operations.declare import Answers, Choice, Field
from pointsman.operations.entries import environment_entries, environment_problem
from pointsman.operations.redaction import sensitive

MACHINE: Final = "Machine and time"
SOURCES: Final = "Sources"
RESULTS: Final = "Cache, artifacts and logs"
RIGHTS: Final = "Role, key and retries"

# -- the form -------------------------------------------------------------------------------------------------------


def fields(state: Project, *, batch: bool) -> tuple[Field, ...]:
    """The form, in groups.

    Args:
        state: The project, whose own values are told.
        batch: Whether a batch is started rather than one build.
    """
    return (*_first(state), *_machine(state, batch=batch), *_sources(state), *_results(state), *_rights(batch=batch))


def _first(state: Project) -> Iterator[Field]:
    known = ", ".join(variable.name for variable in state.variables[:4])
    yield Field(
        name="source_version",
        label="Source version",
        placeholder="a branch, tag or commit; an object version for S3; the project's own when empty",
    )
    yield Field(
        name="environment",
        label="Environment",
        check=environment_problem,
        multiline=True,
        placeholder="NAME=value, parameter-store:NAME=/path, secrets-manager:NAME=id:key"
        + (f"; the project has {known}" if known else ""),
    )
    yield Field(
        name="buildspec",
        label="Buildspec",
        multiline=True,
        placeholder="a path in the source, or YAML; the project's own when empty",
    )


def _machine(state: Project, *, batch: bool) -> Iterator[Field]:
    yield Field("image", "Image", placeholder=state.image or "the project's own when empty", group=MACHINE)
    yield Field(
        "compute",
        "Compute type",
        check=_stripped(compute_problem),
        placeholder=f"{state.compute or 'BUILD_GENERAL1_SMALL'}; the project's own when empty",
        group=MACHINE,
    )
    yield Field(
        "environment_type",
        "Environment type",
        check=_stripped(one_of(ENVIRONMENTS, "environment type")),
        placeholder="LINUX_CONTAINER, ARM_CONTAINER and the like; the project's own when empty",
        group=MACHINE,
    )
    yield Field(
        "privileged",
        "Privileged",
        choices=(
            Choice("", "as the project says", "yes" if state.privileged else "no"),
            Choice("true", "yes", "may run Docker"),
            Choice("false", "no"),
        ),
        group=MACHINE,
    )
    yield Field(
        "timeout",
        "Time-out in minutes",
        check=_stripped(minutes_problem),
        placeholder=f"{state.timeout_minutes or 60}; 5 to 2160{', for each build of the batch' if batch else ''}",
        group=MACHINE,
    )
    yield Field(
        "queued",
        "Time-out in the queue",
        check=_stripped(queued_problem),
        placeholder=f"{state.queued_minutes or 480}; 5 to 480 minutes",
        group=MACHINE,
    )


def _sources(state: Project) -> Iterator[Field]:
    yield Field(
        "source_type",
        "Source type",
        check=_stripped(one_of(SOURCE_TYPES, "source type")),
        placeholder=state.source_type or "the project's own when empty",
        group=SOURCES,
    )
    yield Field(
        "source_location",
        "Source location",
        placeholder=state.source_location or "a URL, or bucket/key for S3; the project's own when empty",
        group=SOURCES,
    )
    yield Field(
        "depth",
        "Clone depth",
        check=_stripped(count_problem(100_000)),
        placeholder="0 is the whole history; the project's own when empty",
        group=SOURCES,
    )
    yield Field(
        "secondary",
        "Secondary sources",
        check=secondary_problem,
        multiline=True,
        placeholder="identifier=version, or identifier=TYPE location version",
        group=SOURCES,
    )


def _results(state: Project) -> Iterator[Field]:
    yield Field(
        "cache",
        "Cache",
        check=cache_problem,
        placeholder=f"none, local docker source custom, s3://bucket/prefix; now {state.cache or 'NO_CACHE'}",
        group=RESULTS,
    )
    yield Field(
        "artifacts",
        "Artifacts",
        check=artifacts_problem,
        placeholder=f"none, or s3://bucket/path zip; now {state.artifacts or 'NO_ARTIFACTS'}",
        group=RESULTS,
    )
    yield Field(
        "cloudwatch", "CloudWatch logs", placeholder="off, or group:stream; the project's own when empty", group=RESULTS
    )
    yield Field(
        "s3_logs",
        "Logs in S3",
        check=logs_problem,
        placeholder="off, or s3://bucket/prefix; the project's own when empty",
        group=RESULTS,
    )


def _rights(*, batch: bool) -> Iterator[Field]:
    yield Field("role", "Service role", placeholder="an ARN; the project's own when empty", group=RIGHTS)
    yield Field("key", "Encryption key", placeholder="an ARN or alias; the project's own when empty", group=RIGHTS)
    if not batch:
        yield Field(
            "retries",
            "Automatic retries",
            check=_stripped(count_problem(10)),
            placeholder="0 to 10; the project's own when empty",
            group=RIGHTS,
        )


def _stripped(check: Callable[[str], str | None]) -> Callable[[str], str | None]:
    return lambda text: check(text.strip())


# -- the call -------------------------------------------------------------------------------------------------------


def parameters(answers: Answers, *, batch: bool) -> dict[str, Any]:
    """The overrides of a call; what was left empty or cannot be read is left out."""
    found: dict[str, Any] = {}

    def put(name: str, text: str, check: Callable[[str], str | None] = lambda _: None) -> None:
        if text and check(text) is None:
            found[name] = text

    def number(name: str, text: str, check: Callable[[str], str | None]) -> None:
        if text and check(text) is None:
            found[name] = int(text)

    given = {name: text.strip() for name, text in answers.items()}
    put("sourceVersion", given.get("source_version", ""))
    if environment := environment_entries(answers.get("environment", "")):
        found["environmentVariablesOverride"] = [
            {"name": one.name, "value": one.value, "type": one.kind} for one in environment
        ]
    if buildspec := given.get("buildspec", ""):
        found["buildspecOverride"] = answers["buildspec"] if "\n" in buildspec else buildspec
    put("imageOverride", given.get("image", ""))
    put("computeTypeOverride", given.get("compute", ""), compute_problem)
    put(
        "environmentTypeOverride",
        given.get("environment_type", "").upper(),
        one_of(ENVIRONMENTS, "environment type"),
    )
    if privileged := given.get("privileged", ""):
        found["privilegedModeOverride"] = privileged == "true"
    minutes_name = "buildTimeoutInMinutesOverride" if batch else "timeoutInMinutesOverride"
    number(minutes_name, given.get("timeout", ""), minutes_problem)
    number("queuedTimeoutInMinutesOverride", given.get("queued", ""), queued_problem)
    put("sourceTypeOverride", given.get("source_type", "").upper(), one_of(SOURCE_TYPES, "source type"))
    put("sourceLocationOverride", given.get("source_location", ""))
    number("gitCloneDepthOverride", given.get("depth", ""), count_problem(100_000))
    found |= _places(given)
    put("serviceRoleOverride", given.get("role", ""))
    put("encryptionKeyOverride", given.get("key", ""))
    if not batch:
        number("autoRetryLimitOverride", given.get("retries", ""), count_problem(10))
    return found


def _places(given: Answers) -> dict[str, Any]:
    """Secondary sources, cache, artifacts and logs."""
    sources, versions, _ = secondary_of(given.get("secondary", ""))
    found: dict[str, Any] = {
        "secondarySourcesOverride": sources,
        "secondarySourcesVersionOverride": versions,
        "cacheOverride": cache_of(given.get("cache", "")),
        "artifactsOverride": artifacts_of(given.get("artifacts", "")),
        "logsConfigOverride": logs_of(given.get("cloudwatch", ""), given.get("s3_logs", "")),
    }
    return {name: value for name, value in found.items() if value}


_PLAIN: Final = {
    "image": "image",
    "compute": "compute type",
    "environment_type": "environment type",
    "timeout": "time-out",
    "queued": "time-out in the queue",
    "source_type": "source type",
    "source_location": "source location",
    "depth": "clone depth",
    "cache": "cache",
    "artifacts": "place of artifacts",
    "cloudwatch": "place of CloudWatch logs",
    "s3_logs": "place of logs in S3",
    "role": "service role",
    "key": "encryption key",
    "retries": "number of automatic retries",
}


def consequences(answers: Answers, *, noun: str) -> Iterator[str]:
    """What differs from the project, a line each.

    Args:
        answers: The form.
        noun: ``build`` or ``batch``.
    """
    entries = environment_entries(answers.get("environment", ""))
    if entries:
        yield f"For this {noun} only: {', '.join(one.name for one in entries)}; these win over the project's."
    for one in entries:
        if one.kind == "PLAINTEXT" and sensitive(one.name):
            yield (
                f"{one.name} goes as plain text and is readable in the build's record: prefer"
                f" secrets-manager:{one.name}=…"
            )
    if answers.get("buildspec", "").strip():
        yield "The project's buildspec is not used: yours is."
    for name, words in _PLAIN.items():
        if text := answers.get(name, "").strip():
            yield f"For this {noun} only: the {words} is {text}."
    if privileged := answers.get("privileged", ""):
        word = "privileged, so that it may run Docker" if privileged == "true" else "unprivileged"
        yield f"For this {noun} only: {word}."
    sources, versions, _ = secondary_of(answers.get("secondary", ""))
    if sources:
        names = ", ".join(one["sourceIdentifier"] for one in sources)
        yield f"The project's secondary sources are not used: only {names}."
    for one_version in versions:
        yield f"For this {noun} only: {one_version['sourceIdentifier']} at {one_version['sourceVersion']}."
