"""Builds from the outside: what StartBuild, the phases and the log make of a buildspec."""

from __future__ import annotations

import io
import os
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

from pointsman.local.codebuild.builds import PipelineSource, StartRequest, get, start
from support.builds import Builds

HELLO = """
version: 0.2
env:
  variables: {GREETING: hello}
phases:
  install:
    commands: [mkdir sub, cd sub]
  pre_build:
    commands: ["export WHO=world", "say() { echo said $1; }"]
  build:
    commands: ['echo "$GREETING $WHO"', 'basename "$PWD"', 'echo oops >&2', say it]
"""


def spec(*build: str, post: str = "", **more: str) -> str:
    """A buildspec of commands for the build phase; the rest as YAML text by section."""
    lines = ["version: 0.2", "phases:", "  build:", "    commands:", *(f"      - {one!r}" for one in build)]
    if post:
        lines += ["  post_build:", "    commands:", f"      - {post!r}"]
    return "\n".join(lines + [f"{name}: {text}" for name, text in more.items()])


def test_a_build_runs_its_phases_in_one_shell_and_succeeds(builds: Builds) -> None:
    build = builds.run(HELLO)
    assert build["buildStatus"] == "SUCCEEDED"
    assert build["buildComplete"] is True
    assert build["currentPhase"] == "COMPLETED"
    assert builds.printed(build) == ["hello world", "sub", "oops", "said it"]
    assert list(builds.phases(build)) == [
        "SUBMITTED", "QUEUED", "PROVISIONING", "DOWNLOAD_SOURCE", "INSTALL", "PRE_BUILD", "BUILD", "POST_BUILD",
        "UPLOAD_ARTIFACTS", "FINALIZING", "COMPLETED",
    ]  # fmt: skip
    assert builds.contexts(build, "BUILD") == [("", "")]


def test_the_log_speaks_as_codebuild_does(builds: Builds) -> None:
    lines = builds.lines(builds.run(spec("false")))
    agent = re.compile(r"\[Container\] \d{4}/\d\d/\d\d \d\d:\d\d:\d\d\.\d{6} (.*)")
    said = [found[1] for line in lines if (found := agent.fullmatch(line))]
    start = said.index("Entering phase BUILD")
    assert said[start : start + 5] == [
        "Entering phase BUILD",
        "Running command false",
        "Command did not exit successfully false exit status 1",
        "Phase complete: BUILD State: FAILED",
        "Phase context status code: COMMAND_EXECUTION_ERROR Message: "
        "Error while executing command: false. Reason: exit status 1",
    ]


def test_a_started_build_is_in_the_queue_and_its_log_has_a_place(builds: Builds) -> None:
    builds.project(spec("true"))
    build = builds.client.start_build(projectName="web")["build"]
    assert build["buildStatus"] == "IN_PROGRESS"
    assert build["currentPhase"] == "QUEUED"
    assert "phaseStatus" not in build["phases"][-1]
    assert build["logs"]["groupName"] == "/aws/codebuild/web"
    assert build["id"] == f"web:{build['logs']['streamName']}"


def test_after_a_failed_build_phase_post_build_runs_and_knows(builds: Builds) -> None:
    build = builds.run(spec("exit 3", "echo never", post="echo succeeding=$CODEBUILD_BUILD_SUCCEEDING"))
    assert build["buildStatus"] == "FAILED"
    assert builds.printed(build) == ["succeeding=0"]
    assert builds.contexts(build, "BUILD") == [
        ("COMMAND_EXECUTION_ERROR", "Error while executing command: exit 3. Reason: exit status 3")
    ]
    assert builds.phases(build)["UPLOAD_ARTIFACTS"] == "SUCCEEDED"


def test_a_shell_that_was_left_goes_on_where_it_was(builds: Builds) -> None:
    build = builds.run(
        spec("mkdir deep && cd deep && export KEPT=yes", "exit 1", post='echo "$KEPT" $(basename "$PWD")')
    )
    assert builds.printed(build) == ["yes deep"]


def test_old_buildspecs_have_a_shell_for_every_command(builds: Builds) -> None:
    text = 'version: 0.1\nphases: {build: {commands: ["export A=1; cd /", "echo [$A] $(basename $PWD)"]}}'
    assert builds.printed(builds.run(text)) == ["[] src"]


def test_a_missing_program_is_named(builds: Builds) -> None:
    build = builds.run(spec("frobnicate --all"))
    [(code, message)] = builds.contexts(build, "BUILD")
    assert code == "COMMAND_EXECUTION_ERROR"
    assert message.endswith("Reason: exit status 127: this machine has no program 'frobnicate' on the build's PATH")


def test_a_missing_shell_fails_before_anything_runs(builds: Builds) -> None:
    build = builds.run(spec("echo no", env="{shell: powershell.exe}"))
    assert builds.phases(build)["DOWNLOAD_SOURCE"] == "FAILED"
    assert "powershell.exe" in builds.contexts(build, "DOWNLOAD_SOURCE")[0][1]
    assert "INSTALL" not in builds.phases(build)


def test_a_wrong_buildspec_is_a_yaml_file_error_that_names_key_and_line(builds: Builds) -> None:
    build = builds.run("version: 0.2\nphases:\n  compile:\n    commands: [x]")
    assert builds.contexts(build, "DOWNLOAD_SOURCE") == [
        (
            "YAML_FILE_ERROR",
            "buildspec: phases.compile, line 4: Invalid buildspec phase name: compile. "
            "Expecting: build,install,post_build,pre_build",
        )
    ]
    assert build["buildStatus"] == "FAILED"


def test_the_start_overrides_the_project_and_the_project_the_buildspec(builds: Builds) -> None:
    environment = {
        "type": "LINUX_CONTAINER",
        "image": "i",
        "computeType": "BUILD_GENERAL1_SMALL",
        "environmentVariables": [{"name": "A", "value": "project"}, {"name": "B", "value": "project"}],
    }
    text = spec("echo $A $B $C", env="{variables: {A: spec, B: spec, C: spec}}")
    builds.project(text, environment=environment)
    build_id = builds.start(environmentVariablesOverride=[{"name": "A", "value": "start"}])
    builds.backend.settle()
    assert builds.printed(builds.get(build_id)) == ["start project spec"]


def test_secrets_are_resolved_and_masked(builds: Builds) -> None:
    session = builds.backend.session()
    session.client("ssm").put_parameter(Name="/db/password", Value="pa55word", Type="SecureString")
    session.client("secretsmanager").create_secret(Name="api", SecretString='{"key": "s3cr3t"}')
    env = "{parameter-store: {P: /db/password}, secrets-manager: {S: 'api:key'}, exported-variables: [P, OUT]}"
    build = builds.run(spec("echo $P and $S", "test $P = pa55word", "OUT=told", env=env))
    assert build["buildStatus"] == "SUCCEEDED"
    assert builds.printed(build) == ["*** and ***"]
    assert "pa55word" not in "\n".join(builds.lines(build))
    assert build["exportedEnvironmentVariables"] == [{"name": "OUT", "value": "told"}]


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        ("PARAMETER_STORE", "/nowhere", "Parameter does not exist: /nowhere"),
        ("SECRETS_MANAGER", "nothing:key", "can't find the specified secret: nothing"),
    ],
)
def test_a_missing_secret_fails_download_source(builds: Builds, kind: str, value: str, words: str) -> None:
    build = builds.run(spec("true"), environmentVariablesOverride=[{"name": "X", "value": value, "type": kind}])
    assert builds.phases(build)["DOWNLOAD_SOURCE"] == "FAILED"
    assert words in builds.contexts(build, "DOWNLOAD_SOURCE")[0][1]


def test_codebuilds_own_variables(builds: Builds) -> None:
    build = builds.run(spec("env | sort"))
    found = dict(line.split("=", 1) for line in builds.printed(build) if "=" in line)
    assert found["CODEBUILD_BUILD_ID"] == build["id"]
    assert found["CODEBUILD_BUILD_ARN"] == build["arn"]
    assert found["CODEBUILD_BUILD_NUMBER"] == "1"
    assert found["CODEBUILD_LOG_PATH"] == build["logs"]["streamName"]
    assert found["CODEBUILD_START_TIME"] == str(int(build["startTime"].timestamp() * 1000))
    assert found["AWS_REGION"] == found["AWS_DEFAULT_REGION"] == "us-east-1"
    assert found["CI"] == "true"
    assert Path(found["HOME"]).is_relative_to(Path(found["CODEBUILD_SRC_DIR"]).parents[1])


def test_nothing_of_the_operators_environment_reaches_a_build(builds: Builds, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SSH_AUTH_SOCK", "GPG_AGENT_INFO", "DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "AWS_PROFILE", "MY_TOKEN"):
        monkeypatch.setenv(name, "le4ked")
    build = builds.run(spec("env"))
    assert "le4ked" not in "\n".join(builds.lines(build))
    found = dict(line.split("=", 1) for line in builds.printed(build) if "=" in line)
    assert found["AWS_EC2_METADATA_DISABLED"] == "true"
    assert found["AWS_ENDPOINT_URL"] == "http://127.0.0.1:9"
    assert found["TERM"] == "dumb"
    assert found["PATH"] == os.environ["PATH"]


def test_what_is_read_over_is_said(builds: Builds) -> None:
    env = "{git-credential-helper: yes}"
    build = builds.run(spec("true", cache="{paths: [x]}", proxy="{logs: no}", env=env, **{"run-as": "builder"}))
    assert build["buildStatus"] == "SUCCEEDED"
    log = "\n".join(builds.lines(build))
    assert "The buildspec's proxy section is not carried out by this backend" in log
    assert "git-credential-helper is not carried out by this backend" in log
    assert "run-as builder is recorded, not obeyed" in log
    assert "The buildspec has cache paths, and the project has no cache" in log


# -- artifacts ------------------------------------------------------------------------------------------------------


def bucket(builds: Builds, name: str) -> Any:
    client: Any = builds.backend.session().client("s3")
    client.create_bucket(Bucket=name)
    return client


def test_a_zip_artifact_is_named_by_the_shell_and_lands_in_s3(builds: Builds) -> None:
    s3 = bucket(builds, "out")
    text = spec(
        "mkdir -p dist/sub && echo one > dist/a.txt && echo two > dist/sub/b.txt && echo no > dist/c.log",
        "export VERSION=7",
        artifacts='{files: ["**/*"], base-directory: dist, exclude-paths: "**/*.log", name: "app-$VERSION.zip"}',
    )
    goal = {"type": "S3", "location": "out", "path": "p", "namespaceType": "BUILD_ID", "packaging": "ZIP"}
    builds.project(text, artifacts={**goal, "overrideArtifactName": True})
    build_id = builds.start()
    builds.backend.settle()
    build = builds.get(build_id)
    assert build["buildStatus"] == "SUCCEEDED", builds.lines(build)
    key = f"p/{build_id.partition(':')[2]}/app-7.zip"
    assert build["artifacts"]["location"] == f"arn:aws:s3:::out/{key}"
    body = s3.get_object(Bucket="out", Key=key)
    assert body["Metadata"]["codebuild-buildarn"] == build["arn"]
    with zipfile.ZipFile(io.BytesIO(body["Body"].read())) as archive:
        assert sorted(archive.namelist()) == ["a.txt", "sub/b.txt"]


def test_unpacked_and_secondary_artifacts(builds: Builds) -> None:
    s3 = bucket(builds, "out")
    artifacts = "{files: [one.txt], secondary-artifacts: {extra: {files: ['d/**/*'], discard-paths: yes}}}"
    text = spec("mkdir -p d/e && echo 1 > one.txt && echo 2 > d/e/two.txt", artifacts=artifacts)
    builds.project(
        text,
        artifacts={"type": "S3", "location": "out"},
        secondaryArtifacts=[{"type": "S3", "location": "out", "name": "second", "artifactIdentifier": "extra"}],
    )
    build_id = builds.start()
    builds.backend.settle()
    keys = [one["Key"] for one in s3.list_objects_v2(Bucket="out")["Contents"]]
    assert keys == ["second/two.txt", "web/one.txt"]
    assert builds.get(build_id)["secondaryArtifacts"][0]["artifactIdentifier"] == "extra"


def test_no_matching_file_fails_the_upload(builds: Builds) -> None:
    bucket(builds, "out")
    builds.project(spec("true", artifacts="{files: [nothing.txt]}"), artifacts={"type": "S3", "location": "out"})
    build_id = builds.start()
    builds.backend.settle()
    build = builds.get(build_id)
    assert builds.phases(build)["UPLOAD_ARTIFACTS"] == "FAILED"
    assert builds.contexts(build, "UPLOAD_ARTIFACTS") == [("CLIENT_ERROR", "no matching artifact paths found")]
    assert any("Skipping invalid file path nothing.txt" in line for line in builds.lines(build))


def test_an_upload_to_no_bucket_fails_with_s3s_words(builds: Builds) -> None:
    builds.project(spec("touch a", artifacts="{files: [a]}"), artifacts={"type": "S3", "location": "nowhere"})
    build_id = builds.start()
    builds.backend.settle()
    assert "NoSuchBucket" in builds.contexts(builds.get(build_id), "UPLOAD_ARTIFACTS")[0][1]


# -- sources --------------------------------------------------------------------------------------------------------


def zipped(files: dict[str, str]) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return body.getvalue()


def test_an_s3_source_is_unpacked_and_its_buildspec_read(builds: Builds) -> None:
    s3 = bucket(builds, "src")
    s3.put_object(Bucket="src", Key="app.zip", Body=zipped({"ci/spec.yml": spec("cat hello.txt"), "hello.txt": "hi"}))
    builds.project("", source={"type": "S3", "location": "src/app.zip", "buildspec": "ci/spec.yml"})
    build_id = builds.start()
    builds.backend.settle()
    assert builds.printed(builds.get(build_id)) == ["hi"]


def test_a_codecommit_source_is_built_at_its_branch_tag_or_commit(builds: Builds) -> None:
    git: Any = builds.backend.session().client("codecommit")
    git.create_repository(repositoryName="web")
    put = {"repositoryName": "web", "branchName": "main", "filePath": "buildspec.yml"}
    first = git.put_file(**put, fileContent=spec("echo first").encode())["commitId"]
    second = git.put_file(**put, fileContent=spec("echo second").encode(), parentCommitId=first)["commitId"]
    location = "https://git-codecommit.us-east-1.amazonaws.com/v1/repos/web"
    builds.project("", source={"type": "CODECOMMIT", "location": location})
    at_head, at_commit = builds.start(), builds.start(sourceVersion=first)
    nowhere = builds.start(sourceVersion="no-such-branch")
    builds.backend.settle()
    assert builds.printed(builds.get(at_head)) == ["second"]
    assert builds.get(at_head)["resolvedSourceVersion"] == second
    assert builds.printed(builds.get(at_commit)) == ["first"]
    assert "no-such-branch" in builds.contexts(builds.get(nowhere), "DOWNLOAD_SOURCE")[0][1]


def test_a_source_this_backend_cannot_reach_fails_naming_it(builds: Builds) -> None:
    builds.project("", source={"type": "GITHUB", "location": "https://github.com/acme/web.git"})
    build_id = builds.start()
    builds.backend.settle()
    [(_, message)] = builds.contexts(builds.get(build_id), "DOWNLOAD_SOURCE")
    assert "GITHUB (https://github.com/acme/web.git) cannot be had here" in message


def test_a_source_without_its_buildspec_says_so(builds: Builds) -> None:
    s3 = bucket(builds, "src")
    s3.put_object(Bucket="src", Key="app.zip", Body=zipped({"a": "b"}))
    builds.project("", source={"type": "S3", "location": "src/app.zip"})
    build_id = builds.start()
    builds.backend.settle()
    assert builds.contexts(builds.get(build_id), "DOWNLOAD_SOURCE") == [
        ("YAML_FILE_ERROR", "YAML file does not exist: the source has no buildspec.yml")
    ]


def test_a_connection_of_a_world_file_stands_for_the_far_repositories(builds: Builds, tmp_path: Path) -> None:
    (tmp_path / "checkouts/acme/web").mkdir(parents=True)
    (tmp_path / "checkouts/acme/web/buildspec.yml").write_text(spec("echo from a folder"))
    world = tmp_path / "world.yml"
    world.write_text("local: {connections: {github: {path: checkouts}}}")
    builds.backend.load(world)
    builds.project("", source={"type": "GITHUB", "location": "https://github.com/acme/web.git"})
    build_id = builds.start()
    builds.backend.settle()
    assert builds.printed(builds.get(build_id)) == ["from a folder"]


def test_a_pipelines_inputs_are_unpacked_and_its_outputs_come_back_as_zips(builds: Builds) -> None:
    world = builds.backend.world
    source, other = zipped({"buildspec.yml": ""}), zipped({"extra.txt": "extra\n"})
    text = spec(
        "cat $CODEBUILD_SRC_DIR_Other/extra.txt; echo made > out.txt; echo $CODEBUILD_RESOLVED_SOURCE_VERSION",
        artifacts="{secondary-artifacts: {One: {files: [out.txt]}, Two: {files: [buildspec.yml]}}}",
    )
    builds.project("", source={"type": "CODEPIPELINE", "buildspec": text}, artifacts={"type": "CODEPIPELINE"})
    with pytest.raises(builds.client.exceptions.InvalidInputException, match="start its pipeline"):
        builds.start()
    scope = world.scope("123456789012", "us-east-1")
    request = StartRequest(
        project="web",
        sources=[PipelineSource("Main", world.blobs.put(source)), PipelineSource("Other", world.blobs.put(other))],
        artifact_names=["One", "Two"],
        initiator="codepipeline/line",
        resolved_version="abc123",
    )
    with world.transaction():
        started = start(scope, request)
    builds.backend.settle()
    ended = get(scope, started.id)
    assert ended is not None
    assert (ended.status, ended.failure, ended.number) == ("SUCCEEDED", "", 1)
    assert builds.printed(builds.get(started.id)) == ["extra", "abc123"]
    assert sorted(ended.output_artifacts) == ["One", "Two"]
    with world.blobs.open(ended.output_artifacts["One"]) as body, zipfile.ZipFile(body) as archive:
        assert archive.read("out.txt") == b"made\n"


def test_secondary_sources_have_their_folders_and_versions(builds: Builds) -> None:
    s3 = bucket(builds, "src")
    s3.put_bucket_versioning(Bucket="src", VersioningConfiguration={"Status": "Enabled"})
    old = s3.put_object(Bucket="src", Key="lib.zip", Body=zipped({"v": "old\n"}))["VersionId"]
    s3.put_object(Bucket="src", Key="lib.zip", Body=zipped({"v": "new\n"}))
    code: Any = builds.backend.session().client("codecommit")
    code.create_repository(repositoryName="tools")
    code.put_file(repositoryName="tools", branchName="main", filePath="t", fileContent=b"tool\n")
    builds.project(
        spec("cat $CODEBUILD_SRC_DIR_lib/v $CODEBUILD_SRC_DIR_tools/t", "echo $CODEBUILD_SOURCE_VERSION_lib"),
        secondarySources=[
            {"type": "S3", "location": "src/lib.zip", "sourceIdentifier": "lib"},
            {"type": "CODECOMMIT", "location": "https://x/v1/repos/tools", "sourceIdentifier": "tools"},
        ],
        secondarySourceVersions=[{"sourceIdentifier": "lib", "sourceVersion": old}],
    )
    build_id = builds.start()
    builds.backend.settle()
    build = builds.get(build_id)
    assert builds.printed(build) == ["old", "tool", old]
    assert build["secondarySourceVersions"] == [{"sourceIdentifier": "lib", "sourceVersion": old}]
    newest = builds.start(secondarySourcesVersionOverride=[])
    builds.backend.settle()
    assert builds.printed(builds.get(newest))[0] == "new"


def test_a_phase_that_is_retried_until_it_passes_with_its_finally(builds: Builds) -> None:
    text = """
version: 0.2
phases:
  build:
    on-failure: RETRY-5-flaky
    commands: ['echo x >> tries; echo flaky; test $(wc -l < tries) -ge 3']
    finally: ['echo finally $(wc -l < tries | tr -d " ")']
"""
    build = builds.run(text)
    assert build["buildStatus"] == "SUCCEEDED"
    assert builds.printed(build)[-1] == "finally 3"
    log = "\n".join(builds.lines(build))
    assert "Retrying phase BUILD, 2 of 5" in log
