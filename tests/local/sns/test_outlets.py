"""Messages to files and commands of this machine, as a world file opens them; an approval that tells of itself."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from pointsman.errors import ConfigError
from pointsman.local import Backend
from pointsman.local.commands import described
from support.backend import CheckedBackend

WORLD = """
local:
  commands:
    notify: {command: "cat > heard.json; pwd; echo $POINTSMAN_TOPIC; echo $SECRET$HOME"}
    fails: {command: [sh, -c, "echo broken; exit 3"]}
    slow: {command: sleep 600, timeout: 1}
  topics:
    releases: [{log: /releases}, {file: ./releases.jsonl}, {command: notify}]
    troubles: [{command: fails}, {command: slow}]
    nobody:
"""
TOPIC = "arn:aws:sns:us-east-1:123456789012:releases"


def world(folder: Path, text: str = WORLD) -> Path:
    (folder / "world.yml").write_text(text)
    return folder


def read(backend: Backend, group: str, stream: str) -> list[str]:
    found = (
        backend.session().client("logs").get_log_events(logGroupName=group, logStreamName=stream, startFromHead=True)
    )
    return [event["message"] for event in found["events"]]


def test_an_approval_reaches_file_log_and_command_with_what_aws_says(backend: CheckedBackend, tmp_path: Path) -> None:
    backend.load(world(tmp_path))
    session = backend.session()
    session.client("s3").create_bucket(Bucket="store")
    session.client("s3").put_bucket_versioning(Bucket="store", VersioningConfiguration={"Status": "Enabled"})
    session.client("s3").put_object(Bucket="store", Key="a.zip", Body=b"PK\x05\x06" + bytes(18))
    session.client("codepipeline").create_pipeline(pipeline=pipeline())
    backend.settle()
    (action,) = session.client("codepipeline").get_pipeline_state(name="release")["stageStates"][1]["actionStates"]
    (line,) = (tmp_path / "releases.jsonl").read_text().splitlines()
    envelope = json.loads(line)
    assert (envelope["Type"], envelope["TopicArn"]) == ("Notification", TOPIC)
    assert envelope["Subject"] == "APPROVAL NEEDED: AWS CodePipeline release for action Ship"
    told = json.loads(envelope["Message"])
    assert set(told) == {"region", "consoleLink", "approval"}
    approval = told["approval"]
    assert approval["token"] == action["latestExecution"]["token"]
    assert approval["expires"] == "2026-01-12T09:00Z", "seven days"
    assert approval["customData"] == "look at the site"
    assert approval["externalEntityLink"] == "https://example.com/site"
    assert (approval["pipelineName"], approval["stageName"], approval["actionName"]) == ("release", "Approve", "Ship")
    assert json.loads((tmp_path / "heard.json").read_text()) == envelope
    assert [json.loads(one) for one in read(backend, "/releases", "sns")] == [envelope]
    where, topic, home = read(backend, "/pointsman/sns", "notify")
    assert (where, topic) == (str(tmp_path), TOPIC)
    assert home.startswith(str(backend.root)), "it sees neither the operator's home nor variables"
    assert list((backend.root / "notices").iterdir()) == []
    session.client("codepipeline").put_approval_result(
        pipelineName="release",
        stageName="Approve",
        actionName="Ship",
        result={"summary": "fine", "status": "Approved"},
        token=approval["token"],
    )


def pipeline() -> dict[str, Any]:
    source = {
        "name": "Code",
        "actionTypeId": {"category": "Source", "owner": "AWS", "provider": "S3", "version": "1"},
        "configuration": {"S3Bucket": "store", "S3ObjectKey": "a.zip", "PollForSourceChanges": "false"},
        "outputArtifacts": [{"name": "Code"}],
    }
    approve = {
        "name": "Ship",
        "actionTypeId": {"category": "Approval", "owner": "AWS", "provider": "Manual", "version": "1"},
        "configuration": {
            "NotificationArn": TOPIC,
            "CustomData": "look at the site",
            "ExternalEntityLink": "https://example.com/site",
        },
    }
    return {
        "name": "release",
        "roleArn": "arn:aws:iam::123456789012:role/pipeline",
        "artifactStore": {"type": "S3", "location": "store"},
        "stages": [{"name": "Source", "actions": [source]}, {"name": "Approve", "actions": [approve]}],
    }


def test_a_command_is_a_function_and_a_function_a_command(backend: CheckedBackend, tmp_path: Path) -> None:
    text = """
local:
  functions:
    smoke: {command: 'cat > "$OUT"', environment: {OUT: %s}}
  commands:
    answer: {command: 'echo 42'}
  topics:
    releases: [{command: smoke}]
""" % (tmp_path / "heard")
    backend.load(world(tmp_path, text))
    session = backend.session()
    session.client("sns").publish(TopicArn=TOPIC, Message="hello")
    backend.settle()
    assert json.loads((tmp_path / "heard").read_text())["Message"] == "hello"
    answer = session.client("lambda").invoke(FunctionName="answer")
    assert (answer["StatusCode"], json.loads(answer["Payload"].read())) == (200, 42)


def test_many_messages_stand_in_the_file_in_order_and_loading_again_changes_nothing(
    backend: CheckedBackend, tmp_path: Path
) -> None:
    text = "local: {topics: {releases: [{file: out/lines}]}}\n"
    (tmp_path / "out").mkdir()
    for _ in range(2):
        backend.load(world(tmp_path, text))
    sns = backend.session().client("sns")
    assert len(sns.list_subscriptions_by_topic(TopicArn=TOPIC)["Subscriptions"]) == 1
    for number in range(50):
        sns.publish(TopicArn=TOPIC, Message=str(number))
    backend.settle()
    lines = (tmp_path / "out" / "lines").read_text().splitlines()
    assert [json.loads(line)["Message"] for line in lines] == [str(number) for number in range(50)]
    assert (tmp_path / "out" / "lines").stat().st_mode & 0o777 == 0o600


def test_a_command_that_fails_or_takes_too_long_is_told_in_the_log(backend: CheckedBackend, tmp_path: Path) -> None:
    backend.load(world(tmp_path))
    backend.session().client("sns").publish(TopicArn=TOPIC.replace("releases", "troubles"), Message="x")
    backend.settle()
    assert read(backend, "/pointsman/sns", "fails") == ["broken", "fails: it ended with code 3"]
    assert read(backend, "/pointsman/sns", "slow") == ["slow: it took longer than 1 seconds"]


def test_a_file_that_cannot_be_written_is_told_and_stops_nothing(backend: CheckedBackend, tmp_path: Path) -> None:
    backend.load(world(tmp_path, "local: {topics: {releases: [{file: nowhere/lines}]}}\n"))
    backend.session().client("sns").publish(TopicArn=TOPIC, Message="x")
    backend.settle()
    (said,) = read(backend, "/pointsman/sns", "failures")
    assert "nowhere/lines: No such file or directory" in said


class Nobody:
    """Trusts no command."""

    def allows(self, command: str) -> bool:
        self.asked = command
        return False


def test_a_command_that_nobody_has_agreed_to_does_not_run(tmp_path: Path) -> None:
    trust = Nobody()
    with Backend(state=tmp_path / "state", tools=[trust]) as backend:
        backend.load(world(tmp_path))
        backend.session().client("sns").publish(TopicArn=TOPIC, Message="x")
        backend.settle()
        (said,) = read(backend, "/pointsman/sns", "failures")
    shown = described(
        ("/bin/sh", "-c", "cat > heard.json; pwd; echo $POINTSMAN_TOPIC; echo $SECRET$HOME"), str(tmp_path)
    )
    assert trust.asked == shown
    assert f"notify was not run: {shown} is not trusted" in said
    assert not (tmp_path / "heard.json").exists()


def test_closing_ends_a_command_that_runs(tmp_path: Path) -> None:
    text = "local: {commands: {long: 'echo $$ > pid; exec sleep 600'}, topics: {releases: [{command: long}]}}\n"
    backend = Backend(state=tmp_path / "state")
    backend.load(world(tmp_path, text))
    backend.session().client("sns").publish(TopicArn=TOPIC, Message="x")
    deadline = time.monotonic() + 20
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text().strip():
        assert time.monotonic() < deadline
        threading.Event().wait(0.02)
    pid = int((tmp_path / "pid").read_text())
    backend.close()
    assert not Path(f"/proc/{pid}").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("local: {topics: {a: [{mail: x}]}}", "local.topics.a[0].mail: unknown key; known here: log, file, command"),
        ("local: {topics: {a: [{command: nobody}]}}", "local.topics.a: Invalid parameter: Endpoint Reason: commands"),
        ("local: {topics: {a b: []}}", "local.topics.a b: Invalid parameter: Topic Name"),
        ("local: {topics: {a: x}}", "local.topics.a: a list of log, file, command belongs here"),
        ("local: {commands: {a: {folder: .}}}", "local.commands.a: command is missing"),
        (
            "local: {commands: {a: x}, functions: {a: y}}",
            "local.commands.a: local.functions has a command of this name",
        ),
        ("local: {commands: {a: []}}", "local.commands.a.command: the command is empty"),
        ("local: {commands: {a: {command: x, timeout: 0}}}", "a time-out is 1 to 900 seconds"),
        ("local: {commands: {a: {command: x, folder: nowhere}}}", "local.commands.a.folder: there is no folder"),
    ],
)
def test_a_mistake_names_its_key(backend: CheckedBackend, tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as wrong:
        backend.load(world(tmp_path, text))
    assert said in wrong.value.message
    assert f"{tmp_path / 'world.yml'}:1: " in wrong.value.message
