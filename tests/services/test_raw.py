"""AWS's own words about a thing."""

from __future__ import annotations

from typing import Any

import pytest

from pointsman.errors import CallFailed
from pointsman.model.refs import (
    ActionRef,
    AlarmRef,
    ApplicationRef,
    BatchRef,
    BuildRef,
    CommitRef,
    DashboardRef,
    DeploymentGroupRef,
    DeploymentRef,
    ExecutionRef,
    LogGroupRef,
    LogRef,
    MetricFilterRef,
    MetricRef,
    PipelineRef,
    ProjectRef,
    Ref,
    ReportRef,
    SamplingRuleRef,
    SavedQueryRef,
    StageRef,
    TargetRef,
    TraceRef,
)
from pointsman.services.raw import Raw, calls_of
from support.shapes import service_model


class Echo:
    """Answers with what it was asked."""

    async def read(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        return {"asked": parameters, "ResponseMetadata": {"RequestId": "r"}}


REFS: tuple[Ref, ...] = (
    PipelineRef("checkout"),
    StageRef("checkout", "Build"),
    ActionRef("checkout", "Build", "Compile"),
    ExecutionRef("checkout", "run"),
    ProjectRef("checkout-build"),
    BuildRef("checkout-build:1"),
    BatchRef("checkout-build:2"),
    ReportRef("arn:aws:codebuild:eu-west-1:123456789012:report/unit:3"),
    ApplicationRef("checkout"),
    DeploymentGroupRef("checkout", "prod"),
    DeploymentRef("d-123456789"),
    TargetRef("d-123456789", "i-1"),
    TraceRef("1-65f0a1b2-000000000000000000000001"),
    SamplingRuleRef("Default"),
    AlarmRef("checkout errors"),
    MetricRef("AWS/CodeBuild", "Builds", (("ProjectName", "checkout"),)),
    DashboardRef("operations"),
    LogGroupRef("/aws/codebuild/checkout"),
    LogRef("/aws/codebuild/checkout", "1"),
    MetricFilterRef("/aws/codebuild/checkout", "errors"),
    SavedQueryRef("0123", "errors"),
)


@pytest.mark.parametrize("ref", REFS, ids=lambda ref: ref.noun)
def test_its_calls_are_awss_with_awss_parameters(ref: Ref) -> None:
    assert calls_of(ref)
    for service, operation, parameters in calls_of(ref):
        shape = service_model(service).operation_model(operation).input_shape
        assert shape is not None
        assert set(parameters) <= set(shape.members)
        assert set(shape.required_members) <= set(parameters)


async def test_several_answers_are_told_apart_and_metadata_is_left_out() -> None:
    assert await Raw(Echo()).read(PipelineRef("checkout")) == {
        "GetPipeline": {"asked": {"name": "checkout"}},
        "GetPipelineState": {"asked": {"name": "checkout"}},
    }


async def test_one_answer_stands_alone() -> None:
    assert await Raw(Echo()).read(BuildRef("p:1")) == {"asked": {"ids": ["p:1"]}}


async def test_a_thing_no_call_tells_about_says_so() -> None:
    with pytest.raises(CallFailed, match="no call tells about a commit"):
        await Raw(Echo()).read(CommitRef("0123abcd"))
