"""What a dialog shows before a write: who, where, the exact call, and what will follow.

A preview also keeps the state it was made on. The runner compares it with a fresh read, so that a write goes out only
for what the person looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from pointsman.model.refs import (
    AlarmRef,
    BatchRef,
    BuildRef,
    DashboardRef,
    DeploymentGroupRef,
    DeploymentRef,
    LogGroupRef,
    MetricFilterRef,
    MetricRef,
    ProjectRef,
    Ref,
    SamplingRuleRef,
    SavedQueryRef,
)
from pointsman.model.snapshot import Identity
from pointsman.operations.declare import Answers, Confirm, Field, Operation, WriteCall
from pointsman.operations.facts import pipeline_of


class Preview(Struct, frozen=True):
    """One write, as it stands before a person says yes."""

    operation: str
    """The operation's id."""
    target: Ref
    title: str
    """``Approve checkout / Gate / Sign-off``."""
    identity: Identity
    call: str
    """``codepipeline:PutApprovalResult``."""
    cli: str
    """The ``aws`` command line, shell-quoted, secrets hidden."""
    consequences: tuple[str, ...]
    warnings: tuple[str, ...]
    problems: tuple[tuple[str, str], ...]
    """(field, sentence) of what is wrong with the answers; a write with any is refused."""
    confirm: Confirm
    type_name: str
    """What a person types when ``confirm`` asks for the name."""
    state: Any
    """What it was made on."""

    @property
    def account(self) -> str:
        """The account it would go to."""
        return self.identity.account

    @property
    def region(self) -> str:
        """The region it would go to."""
        return self.identity.region


def owner(ref: Ref) -> str:
    """The name that is typed to confirm: a target's own, its pipeline's or project's, or application and group."""
    if isinstance(ref, ProjectRef | DashboardRef | AlarmRef | SamplingRuleRef | LogGroupRef):
        return ref.name
    if isinstance(ref, MetricRef):
        return ref.namespace
    if isinstance(ref, BuildRef | BatchRef):
        return ref.project
    if isinstance(ref, DeploymentGroupRef):
        return str(ref)
    if isinstance(ref, DeploymentRef):
        return str(ref.group) if ref.group is not None else ref.id
    if isinstance(ref, SavedQueryRef):
        return str(ref)
    if isinstance(ref, MetricFilterRef):
        return ref.group
    return pipeline_of(ref).name


def protecting(ref: Ref) -> tuple[str, ...]:
    """The names of which any protects a target: its owner's; of a group its application's and its own, too."""
    group = ref.group if isinstance(ref, DeploymentRef) else ref
    if isinstance(group, DeploymentGroupRef):
        return (str(group), group.application, group.group)
    return (owner(ref),)


def answer_problems(fields: tuple[Field, ...], answers: Answers) -> tuple[tuple[str, str], ...]:
    """What is wrong with the answers, (field, sentence); empty when nothing is."""
    found: list[tuple[str, str]] = []
    for field in fields:
        answer = answers.get(field.name, "")
        if field.required and not answer.strip():
            found.append((field.name, f"{field.label} is needed."))
        elif field.choices and answer and answer not in {choice.value for choice in field.choices}:
            found.append((field.name, f"{answer[:60]!r} is not one of the choices for {field.label} any more."))
        elif answer and (problem := field.check(answer)) is not None:
            found.append((field.name, problem))
    known = {field.name for field in fields}
    found += [(name, f"There is no field {name} here any more.") for name in answers if name not in known]
    return tuple(found)


def with_defaults(fields: tuple[Field, ...], answers: Answers) -> Answers:
    """The answers, with the default of every field that was left out."""
    return {field.name: field.default for field in fields if field.default} | answers


def changes(
    operation: Operation[Any], ref: Ref, shown: Any, fresh: Any, answers: Answers, planned: WriteCall
) -> str | None:
    """What has changed between the state a dialog showed and a fresh one, in a sentence; None when nothing that counts.

    Args:
        operation: What is about to run.
        ref: Its target.
        shown: The state the dialog stood on.
        fresh: The state now.
        answers: What the person answered.
        planned: The call that the fresh state gives.
    """
    before: Mapping[str, str] = operation.basis(shown, ref, answers)
    now: Mapping[str, str] = operation.basis(fresh, ref, answers)
    for label in dict.fromkeys((*before, *now)):
        was, became = before.get(label, ""), now.get(label, "")
        if was != became:
            what = f"{label[0].upper()}{label[1:]}"
            return f"{what} has changed since you looked: {was or 'none'} then, {became or 'none'} now."
    if operation.plan(shown, ref, answers) != planned:
        return "What would be sent is not what was shown any more."
    return None
