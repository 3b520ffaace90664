"""The line that is shown is the call that is sent: the real AWS CLI parses it back into the same parameters."""

from __future__ import annotations

import importlib
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from operations import states
from operations.test_registry import REGISTRY, RUNS
from pointsman.operations.cli_line import arguments, kebab, line
from pointsman.operations.declare import WriteCall
from pointsman.operations.preview import with_defaults

Parse = Callable[[list[str]], tuple[str, str, dict[str, Any]]]


class _Answered:
    status_code = 200
    headers: dict[str, str] = {}


@pytest.fixture(scope="module")
def parse(tmp_path_factory: pytest.TempPathFactory) -> Parse:
    """The AWS CLI, in the process and answered before anything leaves: words -> what it would send."""
    folder = tmp_path_factory.mktemp("aws")
    config = folder / "config"
    config.write_text(
        "[default]\nregion=eu-west-1\naws_access_key_id=AKIDEXAMPLE\naws_secret_access_key=example\n"
        "[profile release team]\naws_access_key_id=AKIDEXAMPLE\naws_secret_access_key=example\n"
    )
    seen: list[tuple[str, str, dict[str, Any]]] = []

    def note(params: dict[str, Any], model: Any, **_: Any) -> None:
        seen.append((model.service_model.service_name, model.name, dict(params)))

    def answer(**_: Any) -> tuple[_Answered, dict[str, Any]]:
        return _Answered(), {"ResponseMetadata": {"HTTPStatusCode": 200}}

    def surroundings(patch: pytest.MonkeyPatch, data: Path | None = None) -> None:
        patch.setenv("AWS_CONFIG_FILE", str(config))
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(folder / "none"))
        if data is not None:
            patch.setenv("AWS_DATA_PATH", str(data))

    with pytest.MonkeyPatch.context() as patch:
        surroundings(patch)
        clidriver = importlib.import_module("awscli.clidriver")
        data = Path(clidriver.__file__ or "").parent / "data"
        surroundings(patch, data)
        driver = clidriver.create_clidriver()
        emitter = driver.session.get_component("event_emitter")
        emitter.register_first("before-parameter-build.*.*", note)
        emitter.register_first("before-call.*.*", answer)

    def run(words: list[str]) -> tuple[str, str, dict[str, Any]]:
        seen.clear()
        with pytest.MonkeyPatch.context() as patch:
            surroundings(patch, data)
            assert words[0] == "aws"
            code = driver.main(words[1:])
        assert code == 0 and len(seen) == 1
        return seen[0]

    return run


@pytest.mark.parametrize("operation_id", sorted(RUNS))
@pytest.mark.filterwarnings("ignore")
def test_every_operation_reads_back(operation_id: str, parse: Parse) -> None:
    """Shell-split and parsed by the CLI, the line gives the planned parameters."""
    operation = REGISTRY.get(operation_id)
    state, ref, answers = RUNS[operation_id]
    answers = {name: text.replace("PASSWORD", "NAME").replace("TOKEN", "NAME") for name, text in answers.items()}
    call = operation.plan(state, ref, with_defaults(operation.fields(state, ref), answers))
    words = shlex.split(line(call, region="eu-west-1"))
    assert parse(words) == (call.service, call.operation, call.parameters)


_HARD = (
    "--force",
    "-",
    "",
    "file:///etc/passwd",
    "https://example.com/change/7",
    "a 'quoted' \"word\" $HOME `id` \\ ; rm -rf",
    "comma, equals=yes, [brackets] {braces}",
    "línea ünïcode ✓",
    "two\nlines",
    " spaces at the ends ",
)


@pytest.mark.parametrize("text", _HARD)
@pytest.mark.filterwarnings("ignore")
def test_hard_text_reads_back(text: str, parse: Parse) -> None:
    """Dashes, quotes, URLs and line breaks survive as a plain option and inside structures."""
    stop = {"pipelineName": "checkout", "pipelineExecutionId": states.NEW, "abandon": False, "reason": text}
    answer = {
        "pipelineName": "checkout",
        "stageName": "Gate",
        "actionName": "Sign-off",
        "result": {"summary": text, "status": "Approved"},
        "token": states.TOKEN,
    }
    build = {
        "projectName": "checkout",
        "environmentVariablesOverride": [{"name": "A", "value": text, "type": "PLAINTEXT"}],
        "buildspecOverride": text or "x",
    }
    for service, operation, parameters in (
        ("codepipeline", "StopPipelineExecution", stop),
        ("codepipeline", "PutApprovalResult", answer),
        ("codebuild", "StartBuild", build),
    ):
        call = WriteCall(service, operation, parameters)
        assert parse(shlex.split(line(call, region="eu-west-1"))) == (service, operation, parameters)


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30))
def test_any_comment_reads_back(text: str, parse: Parse) -> None:
    """Whatever a person writes into an approval's comment."""
    result = {"summary": text, "status": "Rejected"}
    ids = {"pipelineName": "p", "stageName": "s", "actionName": "a"}
    call = WriteCall("codepipeline", "PutApprovalResult", {**ids, "result": result, "token": states.TOKEN})
    assert parse(shlex.split(line(call, region="eu-west-1")))[2]["result"] == result


@pytest.mark.filterwarnings("ignore")
def test_where_it_goes_is_part_of_the_line(parse: Parse) -> None:
    """Region, profile and endpoint are named where they are set, quoted."""
    call = WriteCall("codebuild", "StopBuild", {"id": "a:b"})
    shown = line(call, region="eu-west-1", profile="release team", endpoint="http://127.0.0.1:4566")
    assert shown == (
        "aws codebuild stop-build --id a:b --region eu-west-1 --profile 'release team' "
        "--endpoint-url http://127.0.0.1:4566"
    )
    assert line(call) == "aws codebuild stop-build --id a:b"
    assert parse(shlex.split(line(call, region="eu-west-1")))[2] == {"id": "a:b"}


def test_an_approval_is_readable() -> None:
    """The common case is what a person would have typed."""
    operation = REGISTRY.get("approval.approve")
    call = operation.plan(states.waiting(), states.GATE, {"summary": "Looks good"})
    assert arguments(call)[:11] == [
        "aws", "codepipeline", "put-approval-result", "--pipeline-name", "checkout", "--stage-name", "Gate",
        "--action-name", "Sign-off", "--result", "summary=Looks good,status=Approved",
    ]  # fmt: skip


def test_secrets_are_hidden() -> None:
    """A secret answer is hidden wherever it stands, a plain variable by its name; references are shown."""
    variables = [
        {"name": "DB_PASSWORD", "value": "hunter22", "type": "PLAINTEXT"},
        {"name": "API_TOKEN", "value": "prod/api:key", "type": "SECRETS_MANAGER"},
    ]
    call = WriteCall("codebuild", "StartBuild", {"projectName": "p", "environmentVariablesOverride": variables})
    shown = line(call, secrets=("prod/",))
    assert "hunter22" not in shown and "prod/" not in shown and "DB_PASSWORD" in shown
    assert "prod/api:key" in line(call)


def test_names_are_spelled_as_the_cli_spells_them() -> None:
    """Botocore's own spelling is the truth for every operation we send and each of its parameters."""
    from botocore import xform_name

    from support.shapes import service_model

    for call in REGISTRY.calls:
        service, _, operation = call.partition(":")
        assert kebab(operation) == xform_name(operation, "-")
        for member in service_model(service).operation_model(operation).input_shape.members:
            assert kebab(member) == xform_name(member, "-")


def test_no_file_is_ever_named(tmp_path: Path, parse: Parse) -> None:
    """A text that names a file never makes the CLI read one."""
    secret = tmp_path / "secret"
    secret.write_text("do not read me")
    call = WriteCall("codebuild", "StartBuild", {"projectName": "p", "buildspecOverride": f"file://{secret}"})
    assert "--cli-input-json" in arguments(call)
    assert parse(arguments(call, region="eu-west-1"))[2]["buildspecOverride"] == f"file://{secret}"
