"""Create, get, update, delete, list and tag pipelines."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from support.backend import CheckedBackend
from support.pipelines import (
    Scripted,
    action,
    condition,
    connected,
    newest,
    pipeline,
    rule,
    simple,
    source,
    stages_of,
    status_of,
)

ARN = "arn:aws:codepipeline:us-east-1:123456789012:web"


def code(caught: pytest.ExceptionInfo[ClientError]) -> str:
    return str(caught.value.response["Error"]["Code"])


def test_creating_keeps_the_definition_and_starts_one_execution(codepipeline: Any) -> None:
    made = codepipeline.create_pipeline(pipeline=simple(), tags=[{"key": "team", "value": "web"}])
    assert made["pipeline"]["version"] == 1
    assert made["tags"] == [{"key": "team", "value": "web"}]
    got = codepipeline.get_pipeline(name="web")
    assert got["pipeline"] == made["pipeline"]
    assert got["metadata"]["pipelineArn"] == ARN
    assert newest(codepipeline)["trigger"]["triggerType"] == "CreatePipeline"


def test_a_definition_comes_back_whole(codepipeline: Any) -> None:
    given = simple(
        pipelineType="V2",
        variables=[{"name": "level", "defaultValue": "a", "description": "how much"}],
        triggers=[
            {"providerType": "CodeStarSourceConnection", "gitConfiguration": {"sourceActionName": "Source"}},
        ],
    )
    given["stages"][0]["actions"] = [connected()]
    given["stages"][1]["blockers"] = [{"name": "b", "type": "Schedule"}]
    codepipeline.create_pipeline(pipeline=given)
    got = codepipeline.get_pipeline(name="web")["pipeline"]
    assert {**got, "version": None} == {**given, "version": None, "executionMode": "SUPERSEDED"}


def test_a_name_can_be_used_once(codepipeline: Any) -> None:
    codepipeline.create_pipeline(pipeline=simple())
    with pytest.raises(codepipeline.exceptions.PipelineNameInUseException):
        codepipeline.create_pipeline(pipeline=simple())


def test_updating_counts_the_version_up_and_starts_nothing(codepipeline: Any) -> None:
    codepipeline.create_pipeline(pipeline=simple())
    updated = codepipeline.update_pipeline(pipeline=simple(version=77))
    assert updated["pipeline"]["version"] == 2
    assert len(codepipeline.list_pipeline_executions(pipelineName="web")["pipelineExecutionSummaries"]) == 1
    assert codepipeline.get_pipeline(name="web", version=1)["pipeline"]["version"] == 1
    with pytest.raises(codepipeline.exceptions.PipelineVersionNotFoundException):
        codepipeline.get_pipeline(name="web", version=3)


def test_updating_cancels_what_is_in_a_removed_stage(codepipeline: Any, script: Scripted) -> None:
    codepipeline.create_pipeline(pipeline=simple())
    script.end("Source", "Source")
    run = newest(codepipeline)["pipelineExecutionId"]
    given = simple()
    del given["stages"][1]
    codepipeline.update_pipeline(pipeline=given)
    assert status_of(codepipeline, run) == "Cancelled"
    assert list(stages_of(codepipeline)) == ["Source", "Deploy"]
    assert script.abandoned == ["Build"]


def test_deleting_forgets_everything_and_a_late_end_harms_nobody(codepipeline: Any, script: Scripted) -> None:
    codepipeline.create_pipeline(pipeline=simple())
    codepipeline.delete_pipeline(name="web")
    codepipeline.delete_pipeline(name="web")
    with pytest.raises(codepipeline.exceptions.PipelineNotFoundException):
        codepipeline.get_pipeline_state(name="web")
    late = script.waiting["Source", "Source"]
    codepipeline.create_pipeline(pipeline=simple())
    script.waiting["Source", "Source"] = late
    assert not script.end("Source", "Source")
    assert len(codepipeline.list_pipeline_executions(pipelineName="web")["pipelineExecutionSummaries"]) == 1


def test_pipelines_are_listed_by_name_in_pages_and_by_region(codepipeline: Any, line: CheckedBackend) -> None:
    for name in ("c", "a", "b"):
        codepipeline.create_pipeline(pipeline=simple(name=name))
    pages = list(codepipeline.get_paginator("list_pipelines").paginate(PaginationConfig={"PageSize": 2}))
    assert [[one["name"] for one in page["pipelines"]] for page in pages] == [["a", "b"], ["c"]]
    assert line.session("eu-west-1").client("codepipeline").list_pipelines()["pipelines"] == []
    with pytest.raises(codepipeline.exceptions.InvalidNextTokenException):
        codepipeline.list_pipelines(nextToken="%%%")


def test_tags_are_added_changed_and_removed(codepipeline: Any) -> None:
    codepipeline.create_pipeline(pipeline=simple())
    codepipeline.tag_resource(resourceArn=ARN, tags=[{"key": "b", "value": "1"}, {"key": "a", "value": "2"}])
    codepipeline.tag_resource(resourceArn=ARN, tags=[{"key": "b", "value": "3"}])
    assert codepipeline.list_tags_for_resource(resourceArn=ARN)["tags"] == [
        {"key": "a", "value": "2"},
        {"key": "b", "value": "3"},
    ]
    codepipeline.untag_resource(resourceArn=ARN, tagKeys=["a", "nope"])
    assert codepipeline.list_tags_for_resource(resourceArn=ARN)["tags"] == [{"key": "b", "value": "3"}]
    with pytest.raises(codepipeline.exceptions.ResourceNotFoundException):
        codepipeline.list_tags_for_resource(resourceArn=ARN + "x")
    with pytest.raises(codepipeline.exceptions.InvalidTagsException):
        codepipeline.tag_resource(resourceArn=ARN, tags=[{"key": "aws:x", "value": "1"}])


def _with(stage: int, **changes: Any) -> dict[str, Any]:
    given = simple()
    given["stages"][stage]["actions"][0].update(changes)
    return given


def _staged(*, at: int = 1, mode: str = "SUPERSEDED", kind: str = "V2", **given: Any) -> dict[str, Any]:
    whole = simple(pipelineType=kind, executionMode=mode)
    whole["stages"][at].update(given)
    return whole


def _condition(
    result: str = "FAIL", provider: str = "DeploymentWindow", configuration: dict[str, str] | None = None
) -> dict[str, Any]:
    return condition(
        rule("r", provider, {"Cron": "* * * ? * *"} if configuration is None else configuration), result=result
    )


def _triggered(**given: Any) -> dict[str, Any]:
    git = {"sourceActionName": "Source", **given}
    whole = simple(pipelineType="V2", triggers=[{"providerType": "CodeStarSourceConnection", "gitConfiguration": git}])
    whole["stages"][0]["actions"] = [connected()]
    return whole


BUILD = ("Build", [action("Build")])
STRUCTURE = "InvalidStructureException"
ACTION = "InvalidActionDeclarationException"
STAGE = "InvalidStageDeclarationException"


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        (pipeline(("Source", [source()])), STRUCTURE, "minimum of 2 stages"),
        (pipeline(BUILD, ("Deploy", [action("Deploy")])), STRUCTURE, "only contains source actions"),
        (pipeline(("Source", [source()]), ("Two", [action("S", "Source", "S3", outputs=("x",), configuration={
            "S3Bucket": "b", "S3ObjectKey": "k"})])), STRUCTURE, "only the first stage"),
        (pipeline(("Source", [source()]), BUILD, BUILD), STRUCTURE, "must be unique"),
        (pipeline(("Source", [source()]), ("Build", [action("B"), action("B")])), ACTION, "unique within a stage"),
        (pipeline(("Source", [source()]), ("Build", [])), STAGE, "minimum of 1 action"),
        (_with(1, inputArtifacts=[]), ACTION, "less than the minimum"),
        (_with(0, outputArtifacts=[]), ACTION, "less than the minimum"),
        (_with(1, inputArtifacts=[{"name": "nope"}]), STRUCTURE, "not declared as the output"),
        (_with(1, outputArtifacts=[{"name": "src"}]), STRUCTURE, "used more than once"),
        (pipeline(("Source", [source()]), ("Build", [action("A", outputs=("x",)), action("B", inputs=("x",))])),
         STRUCTURE, "before the action that declares it"),
        (_with(1, inputArtifacts=[{"name": "src"}] * 2), ACTION, "more than once as input"),
        (_with(1, configuration={}), ACTION, "missing required configuration 'ProjectName'"),
        (_with(1, configuration={"ProjectName": "p", "Zap": "1"}), ACTION, "unknown configuration 'Zap'"),
        (_with(1, actionTypeId={"category": "Build", "owner": "AWS", "provider": "Nope", "version": "1"}), ACTION,
         "is not available"),
        (_with(1, namespace="codepipeline"), ACTION, "reserved"),
        (_with(1, namespace="src"), ACTION, "conflict with artifact names"),
        (pipeline(("Source", [source(namespace="n")]), ("B", [action("B", namespace="n")])), ACTION,
         "Namespaces must be unique"),
        (_with(1, timeoutInMinutes=5), ACTION, "manual approval"),
        (_with(1, region="eu-west-1"), STRUCTURE, "artifactStores"),
        (simple(artifactStores={"us-east-1": {"type": "S3", "location": "abc"}}), STRUCTURE, "Exactly one"),
        (simple(executionMode="QUEUED"), STRUCTURE, "type V2"),
        (_staged(mode="PARALLEL", onFailure={"result": "ROLLBACK"}), STAGE, "PARALLEL mode"),
        (_staged(at=0, onFailure={"result": "ROLLBACK"}), STAGE, "source stage"),
        (_staged(onFailure={"result": "SKIP"}), STAGE, "SKIP is not supported"),
        (_staged(onFailure={"result": "FAIL", "retryConfiguration": {"retryMode": "ALL_ACTIONS"}}), STAGE, "RETRY"),
        (_staged(beforeEntry=_condition(result="ROLLBACK")), STAGE, "only FAIL or SKIP"),
        (_staged(onSuccess=_condition(result="SKIP")), STAGE, "only FAIL or ROLLBACK"),
        (_staged(onFailure=_condition(result="FAIL")), STAGE, "only ROLLBACK"),
        (_staged(beforeEntry=_condition(provider="Horoscope")), STAGE, "Horoscope"),
        (_staged(beforeEntry=_condition(configuration={"Cron": "1 2"})), STAGE, "6 fields"),
        (_staged(beforeEntry=_condition(configuration={"Cron": "* * 9-17 ? * *", "TimeZone": "Mars/Base"})), STAGE,
            "Mars"),
        (_staged(beforeEntry=_condition(configuration={})), STAGE, "required configuration 'Cron'"),
        (_staged(beforeEntry={"conditions": [{"result": "FAIL"}]}), STAGE, "no rules"),
        (_staged(kind="V1", beforeEntry=_condition()), STRUCTURE, "beforeEntry .* type V2"),
        (_triggered(sourceActionName="Nope"), STRUCTURE, "Nope"),
        (_triggered(push=[{"branches": {}}]), STRUCTURE, "neither includes"),
        (_triggered(push=[{"filePaths": {"includes": ["a[b"]}}]), STRUCTURE, "no glob pattern"),
        (simple(variables=[{"name": "x"}]), STRUCTURE, "type V2"),
        (simple(roleArn="role"), "ValidationException", "regular expression pattern"),
        (simple(name="a b"), "ValidationException", "Value 'a b' at 'pipeline.name'"),
        (_with(1, runOrder=1000), "ValidationException", "less than or equal to 999"),
        (simple(pipelineType="V3"), "ValidationException", "enum value set: \\[V1, V2\\]"),
    ],
)  # fmt: skip
def test_a_wrong_definition_is_refused_with_awss_code(
    codepipeline: Any, given: dict[str, Any], error: str, said: str
) -> None:
    with pytest.raises(ClientError, match=said) as caught:
        codepipeline.create_pipeline(pipeline=given)
    assert code(caught) == error
    assert codepipeline.list_pipelines()["pipelines"] == []


def test_every_call_of_codepipeline_is_answered(line: CheckedBackend) -> None:
    known = line.session("us-east-1").client("codepipeline").meta.service_model.operation_names
    assert set(line.table.services()["codepipeline"]) == set(known)
