"""CodeBuild's batches -> the model. Every member may be missing; an unknown word is kept."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from pointsman.model.batches import Batch, Member
from pointsman.model.builds import Phase
from pointsman.model.refs import BatchRef, BuildRef
from pointsman.model.status import status
from pointsman.services.reads.builds import phase_of, run_facts
from pointsman.services.reads.values import Answer, part, parts, text, when, whole


def batches(answer: Answer) -> tuple[Batch, ...]:
    """BatchGetBuildBatches."""
    return tuple(_batch(one) for one in parts(answer, "buildBatches") if text(one, "id"))


def _batch(one: Any) -> Batch:
    word = text(one, "buildBatchStatus")
    return Batch(
        ref=BatchRef(text(one, "id")),
        number=whole(one, "buildBatchNumber"),
        status=status(word),
        phases=tuple(_phase(each) for each in parts(one, "phases")),
        complete=bool(one.get("complete", word not in ("", "IN_PROGRESS"))),
        **run_facts(one),
        members=tuple(_member(group) for group in parts(one, "buildGroups") if text(group, "identifier")),
    )


def _phase(one: Any) -> Phase:
    """A batch's phase; unlike a build's it has a status of its own while it lasts."""
    return replace(phase_of(one, {}), status=status(text(one, "phaseStatus")))


def _member(group: Any) -> Member:
    current = part(group, "currentBuildSummary")
    earlier = (build_of(text(one, "arn")) for one in parts(group, "priorBuildSummaryList"))
    return Member(
        identifier=text(group, "identifier"),
        depends=tuple(str(one) for one in parts(group, "dependsOn")),
        ignore_failure=group.get("ignoreFailure") is True,
        status=status(text(current, "buildStatus")),
        build=build_of(text(current, "arn")),
        requested=when(current, "requestedOn"),
        earlier=tuple(one for one in earlier if one is not None),
        artifact=text(part(current, "primaryArtifact"), "location"),
    )


def build_of(arn: str) -> BuildRef | None:
    """A build, from its ARN; None when it names none."""
    found = arn.rpartition("build/")[2]
    return BuildRef(found) if ":" in found and "build/" in arn else None
