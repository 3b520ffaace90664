"""What the build screen says about a build or a project beside its phases and its log. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from pointsman.console.dialogs.words import facts
from pointsman.console.present.cells import Cell, cell
from pointsman.console.present.zones import UTC_ZONE, Zone
from pointsman.model.builds import Build, EnvironmentVariable, Project
from pointsman.operations.redaction import HIDDEN, sensitive

__all__ = ["build_details", "project_details"]


def _variables(variables: Sequence[EnvironmentVariable]) -> list[tuple[str, Cell | str]]:
    """Variables by name; of secrets and parameters only where they come from, of a plain one that looks secret none."""
    return [(one.name, _value(one)) for one in sorted(variables, key=lambda one: one.name)]


def _value(one: EnvironmentVariable) -> str:
    if one.kind != "PLAINTEXT":
        return f"{one.value}  (from {one.kind})"
    return f"{HIDDEN}  (plain text, though its name says that it is a secret)" if sensitive(one.name) else one.value


def _section(title: str, rows: Sequence[tuple[str, Cell | str]], width: int, none: str) -> list[Cell]:
    lines = facts(rows, width)
    return [(), cell(title, "strong"), *(lines or [cell(none, "dim")])]


def build_details(build: Build, width: int) -> Sequence[Cell]:
    """Everything known of a build but its phases and log."""
    rows: list[tuple[str, Cell | str]] = [
        ("build", build.ref.id),
        ("number", str(build.number) if build.number is not None else ""),
        ("status", build.status.word),
        ("ARN", build.arn),
        ("started by", build.initiator),
        ("source", f"{build.source_type} {build.source_location}".strip()),
        ("version", build.source_version),
        ("commit", build.resolved_version),
        ("image", f"{build.image} {build.compute}".strip()),
        ("time-out", f"{build.timeout_minutes} minutes" if build.timeout_minutes is not None else ""),
        ("queue", f"waits at most {build.queued_minutes} minutes" if build.queued_minutes is not None else ""),
        ("privileged", "yes" if build.privileged else ""),
        ("cache", build.cache if build.cache != "NO_CACHE" else ""),
        ("batch", build.batch),
        ("retries", f"{build.retries_left} left" if build.retries_left is not None else ""),
        *((f"source {name}", version) for name, version in build.secondary),
        ("log", f"{build.log.group} {build.log.stream}" if build.log is not None else ""),
        ("artifacts", build.artifacts),
        *(("report", report) for report in build.reports),
    ]
    contexts: list[tuple[str, Cell | str]] = [
        (phase.name, " ".join(part for part in context if part)) for phase in build.phases for context in phase.contexts
    ]
    lines = facts(rows, width)
    if contexts:
        lines += _section("What the phases say", contexts, width, "")
    lines += _section("Environment", _variables(build.environment), width, "no variables are set for it")
    return [*lines, *_section("Exported variables", list(build.exported), width, "none were exported")]


def project_details(project: Project, width: int, zone: Zone = UTC_ZONE) -> Sequence[Cell]:
    """Everything known of a project."""
    rows: list[tuple[str, Cell | str]] = [
        ("project", project.name),
        ("ARN", project.arn),
        ("about", project.description),
        ("source", f"{project.source_type} {project.source_location}".strip()),
        ("image", project.image),
        ("changed", zone.marked(project.updated, "%Y-%m-%d %H:%M") if project.updated is not None else ""),
        (
            "newest",
            f"{project.latest.ref} {project.latest.status.word}" if project.latest is not None else "never built",
        ),
    ]
    return [*facts(rows, width), *_section("Environment", _variables(project.variables), width, "no variables are set")]
