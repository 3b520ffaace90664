"""What a selection of deployments means: the words a filter looks at, the forms of a copy, what is told. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from urllib.parse import quote

from pointsman.console.dialogs.words import facts
from pointsman.console.present.cells import Cell, cell
from pointsman.console.present.deployments import DeploymentRow, kind, rolls_back, short_config, started_by
from pointsman.console.present.zones import UTC_ZONE, Zone
from pointsman.console.screens.pipeline_words import change_lines
from pointsman.console.screens.selection import Forms, arn, link
from pointsman.model.comparison import Comparison
from pointsman.model.deployments import Deployment, DeploymentGroup
from pointsman.model.refs import DeploymentGroupRef, DeploymentRef
from pointsman.model.snapshot import Identity

__all__ = ["STATES", "deployment_forms", "fits", "group_details", "group_forms", "revision_details", "troubled"]

STATES = ("@failed", "@waiting", "@moving", "@succeeded", "@stopped", "@rollback", "@overdue")
"""What a filter may ask of a deployment's state."""


def _states(row: DeploymentRow, *, overdue: bool) -> str:
    one = row.deployment
    found = [one.status.word, one.status.tone.value]
    found += ["moving"] if not one.complete and not one.awaits_person else []
    found += ["waiting"] if one.awaits_reroute or one.awaits_termination else []
    found += ["rollback"] if one.is_rollback or one.rollback_id else []
    found += ["overdue"] if overdue else []
    return " ".join(found).lower()


def row_words(row: DeploymentRow) -> str:
    """The text a filter looks at, in lower case."""
    one = row.deployment
    parts = (
        one.id,
        str(one.group),
        one.status.word,
        one.revision.words,
        one.description,
        one.error_code,
        one.platform,
        kind(one),
        one.config,
        started_by(row),
    )
    return " ".join(parts).lower()


def fits(row: DeploymentRow, text: str, *, overdue: bool = False) -> bool:
    """Whether a row has every word; ``@failed`` asks for its state, ``shop/prod`` for its group."""
    states, said = _states(row, overdue=overdue), row_words(row)
    return all(word[1:] in states if word.startswith("@") else word in said for word in text.lower().split())


def troubled(one: Deployment) -> bool:
    """Whether a deployment needs somebody, or did: failed, rolled back, waiting for Continue."""
    return one.status.failed or bool(one.rollback_id) or one.awaits_person


def deployment_forms(ref: DeploymentRef, one: Deployment | None, identity: Identity | None) -> Forms:
    """What can be copied of a deployment."""
    forms = [("deployment id", ref.id)]
    forms.append(("CLI line", f"aws deploy get-deployment --deployment-id {shlex.quote(ref.id)}"))
    if identity is not None:
        path = f"codedeploy/deployments/{quote(ref.id)}"
        forms.append(("console URL", link(identity, path)))
    if one is not None:
        forms.append(("group", str(one.group)))
        if one.revision:
            forms.append(("revision", one.revision.words))
        if one.failure:
            forms.append(("error", one.failure))
        if one.stopped_by:
            forms.append(("alarm that stopped it", one.stopped_by[0]))
    return tuple(forms)


def group_forms(ref: DeploymentGroupRef, identity: Identity | None) -> Forms:
    """What can be copied of a deployment group."""
    forms = [("group", str(ref))]
    if identity is not None:
        forms.append(("ARN", arn(identity, "codedeploy", f"deploymentgroup:{ref}")))
    names = f"--application-name {shlex.quote(ref.application)} --deployment-group-name {shlex.quote(ref.group)}"
    forms.append(("CLI line", f"aws deploy get-deployment-group {names}"))
    if identity is not None:
        path = f"codedeploy/applications/{quote(ref.application)}/deployment-groups/{quote(ref.group)}"
        forms.append(("console URL", link(identity, path)))
    return tuple(forms)


def group_details(group: DeploymentGroup, width: int) -> Sequence[Cell]:
    """Everything known of a group."""
    waits = group.waits
    ready = {"STOP_DEPLOYMENT": f"waits for Continue, {waits.ready_minutes} minutes at most, then stops"}
    ends = {"TERMINATE": f"terminated {waits.termination_minutes} minutes later", "KEEP_ALIVE": "keep running"}
    return facts(
        [
            ("group", str(group.ref)),
            ("kind", f"{group.platform}, {kind(group)}" if group.platform == "Server" else group.platform),
            ("configuration", short_config(group.config)),
            ("revision", group.target_revision.words),
            ("last", f"{group.last_id} {group.last_status.word}".strip()),
            ("last good", group.last_good_id),
            ("traffic", ready.get(waits.on_timeout, "moves when the replacement is ready") if group.blue_green else ""),
            ("originals", ends.get(waits.terminate, "") if group.blue_green else ""),
            ("rolls back", rolls_back(group.rollback_events) or "never by itself"),
            ("alarms", ", ".join(group.alarms)),
        ],
        width,
    )


def revision_details(
    one: Deployment, good: Deployment | None, changes: Comparison | None, width: int, zone: Zone = UTC_ZONE
) -> Sequence[Cell]:
    """What is deployed beside what was good before, and the commits between where they are known."""
    lines: list[Cell] = [cell("this deployment", "strong"), *_revision_of(one, width, zone)]
    if good is None:
        return [*lines, (), cell("nothing is known to have succeeded here before", "dim")]
    same = one.revision.identity == good.revision.identity
    note = "the last good one before it: the same revision" if same else "the last good one before it"
    lines += [(), cell(note, "strong"), *_revision_of(good, width, zone)]
    return [*lines, (), *change_lines(changes, width)] if changes is not None else lines


def _revision_of(one: Deployment, width: int, zone: Zone) -> list[Cell]:
    revision = one.revision
    ended = f"{zone.marked(one.completed, '%Y-%m-%d %H:%M')} {one.status.word}" if one.completed else ""
    return facts(
        [
            ("deployment", one.id),
            ("revision", revision.words),
            ("etag", revision.etag if revision.version else ""),
            ("bundle", revision.bundle),
            ("ended", ended),
            ("about", one.description),
            ("content", revision.content),
        ],
        width,
    )
