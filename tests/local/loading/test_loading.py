"""World files: what they may say, that loading twice changes nothing, and that every mistake names its place."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from pointsman.clock import ManualClock
from pointsman.errors import ConfigError
from pointsman.local.codeconnections.connections import LocalConnection
from pointsman.local.codedeploy.records import LocalInstance
from pointsman.local.loading import UPDATES
from pointsman.local.world_file import read
from support.backend import CheckedBackend


@pytest.fixture
def world(tmp_path: Path) -> Path:
    return tmp_path / "world.yml"


def asked(backend: CheckedBackend, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every call that reaches the backend from now on."""
    seen: list[str] = []
    real = backend.ask

    def ask(region: str, service: str, operation: str, parameters: Any) -> Any:
        seen.append(f"{service}:{operation}")
        return real(region, service, operation, parameters)

    monkeypatch.setattr(backend, "ask", ask)
    return seen


EVERYTHING = """
region: eu-west-1
account: "123456789012"
local:
  repositories:
    seeded: {seed: app, description: the app}
    empty:
  connections:
    github: {path: app}
  instances:
    web-1: {path: machines/web-1, tags: {Name: web}}
calls:
  - s3:
      create_bucket:
        - {Bucket: one, CreateBucketConfiguration: {LocationConstraint: eu-west-1}}
        - {Bucket: two, CreateBucketConfiguration: {LocationConstraint: eu-west-1}}
  - s3: {put_object: {Bucket: one, Key: page, Body: !file app/page.html}}
  - ssm: {put_parameter: {Name: /a, Value: "1", Type: String}}
  - secretsmanager: {CreateSecret: {Name: s, SecretString: hush}}
  - logs:
      create_log_group: {logGroupName: g}
      put_retention_policy: {logGroupName: g, retentionInDays: 7}
"""


@pytest.fixture
def everything(world: Path) -> Path:
    app = world.parent / "app"
    app.mkdir()
    (app / "page.html").write_text("<h1>hello</h1>")
    (app / ".gitignore").write_text("*.log\n")
    (app / "noise.log").write_text("x")
    (app / "__pycache__").mkdir()
    (app / "__pycache__" / "x.pyc").write_bytes(b"\0")
    world.write_text(EVERYTHING)
    return world


def test_a_world_is_made_and_a_folder_is_enough(backend: CheckedBackend, everything: Path) -> None:
    backend.load(everything.parent)
    session = backend.session(region_name="eu-west-1")
    assert session.client("s3").get_object(Bucket="one", Key="page")["Body"].read() == b"<h1>hello</h1>"
    assert session.client("secretsmanager").get_secret_value(SecretId="s")["SecretString"] == "hush"
    assert session.client("logs").describe_log_groups()["logGroups"][0]["retentionInDays"] == 7
    codecommit = session.client("codecommit")
    listed = codecommit.get_folder(repositoryName="seeded", folderPath="/")["files"]
    assert [item["absolutePath"] for item in listed] == [".gitignore", "page.html"]
    assert codecommit.list_branches(repositoryName="empty")["branches"] == []
    scope = backend.world.scope(backend.account, "eu-west-1")
    with backend.world.transaction():
        connection, instance = scope.get(LocalConnection, "github"), scope.get(LocalInstance, "web-1")
    assert connection is not None and connection.path == str(everything.parent / "app")
    assert instance is not None and instance.tags == {"Name": "web"}


def test_loading_again_asks_nothing(backend: CheckedBackend, everything: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    backend.load(everything)
    seen = asked(backend, monkeypatch)
    backend.load(everything)
    assert seen == []


def test_a_changed_call_becomes_the_matching_update(
    backend: CheckedBackend, everything: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend.load(everything)
    everything.write_text(EVERYTHING.replace('Value: "1"', 'Value: "2"').replace("hush", "shout"))
    seen = asked(backend, monkeypatch)
    backend.load(everything)
    assert seen == [
        "ssm:PutParameter",
        "ssm:PutParameter",
        "secretsmanager:CreateSecret",
        "secretsmanager:UpdateSecret",
    ]
    session = backend.session(region_name="eu-west-1")
    assert session.client("ssm").get_parameter(Name="/a")["Parameter"]["Value"] == "2"
    assert session.client("secretsmanager").get_secret_value(SecretId="s")["SecretString"] == "shout"
    everything.write_text(EVERYTHING)
    backend.load(everything)
    assert session.client("ssm").get_parameter(Name="/a")["Parameter"]["Value"] == "1"


def test_what_is_there_from_elsewhere_is_taken_over(backend: CheckedBackend, everything: Path) -> None:
    session = backend.session(region_name="eu-west-1")
    session.client("ssm").put_parameter(Name="/a", Value="0", Type="String")
    session.client("codecommit").create_repository(repositoryName="seeded")
    session.client("logs").create_log_group(logGroupName="g")
    session.client("s3").create_bucket(Bucket="one", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    backend.load(everything)
    assert session.client("ssm").get_parameter(Name="/a")["Parameter"]["Value"] == "1"
    assert session.client("codecommit").list_branches(repositoryName="seeded")["branches"] == ["main"]


def test_the_same_call_listed_twice_is_two_calls(
    backend: CheckedBackend, world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.write_text("calls:\n  - sts: {get_caller_identity: }\n  - sts: {get_caller_identity: }\n")
    seen = asked(backend, monkeypatch)
    backend.load(world)
    backend.load(world)
    assert seen == ["sts:GetCallerIdentity"] * 2


def test_what_was_applied_is_remembered_across_restarts(tmp_path: Path, everything: Path) -> None:
    for count in (1, 1):
        with CheckedBackend(state=tmp_path / "kept", clock=ManualClock()) as backend:
            backend.load(everything)
            ssm = backend.session(region_name="eu-west-1").client("ssm")
            assert ssm.get_parameter(Name="/a")["Parameter"]["Version"] == count


def test_a_folder_of_the_owners_is_read_and_never_written(backend: CheckedBackend, world: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "a").write_text("1")
    commit = ["-c", "user.name=dev", "-c", "user.email=dev@example.com", "commit", "--quiet", "-m", "one"]
    for arguments in (["init", "--quiet", "-b", "trunk"], ["add", "."], commit):
        subprocess.run(["git", *arguments], cwd=folder, check=True)
    world.write_text("local: {repositories: {web: {path: mine}}}\n")
    backend.load(world)
    client = backend.session().client("codecommit")
    assert client.get_repository(repositoryName="web")["repositoryMetadata"]["defaultBranch"] == "trunk"
    assert client.get_file(repositoryName="web", filePath="a")["fileContent"] == b"1"
    head = client.get_branch(repositoryName="web", branchName="trunk")["branch"]["commitId"]
    with pytest.raises(client.exceptions.ClientError, match="only read here"):
        client.put_file(repositoryName="web", branchName="trunk", filePath="b", fileContent=b"2", parentCommitId=head)
    client.delete_repository(repositoryName="web")
    backend.settle()
    assert (folder / ".git" / "HEAD").is_file()


def test_a_mapped_folder_is_found_again_after_a_restart(tmp_path: Path, world: Path) -> None:
    subprocess.run(["git", "init", "--quiet", "--bare", tmp_path / "bare.git"], check=True)
    world.write_text("local: {repositories: {web: bare.git}}\n")
    with CheckedBackend(state=tmp_path / "kept", clock=ManualClock()) as backend:
        backend.load(world)
    with CheckedBackend(state=tmp_path / "kept", clock=ManualClock()) as backend:
        assert backend.session().client("codecommit").list_branches(repositoryName="web")["branches"] == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("regoin: x\n", '1: regoin: unknown key; did you mean "region"?'),
        ("local:\n  repositores: {}\n", '2: local.repositores: unknown key; did you mean "repositories"?'),
        (
            "local: {repositories: {web: {sead: .}}}\n",
            '1: local.repositories.web.sead: unknown key; did you mean "seed"?',
        ),
        ("local:\n  repositories:\n    web: {path: none}\n", "3: local.repositories.web.path: there is no folder"),
        ("local: {repositories: {web: .}}\n", "1: local.repositories.web: "),
        ("local: {repositories: {a: {seed: ., path: .}}}\n", "give path or seed"),
        ("local: {repositories: {-x: {}}}\n", "1: local.repositories.-x: The repository name is not valid"),
        ("local: {instances: {web: {tags: {a: b}}}}\n", "1: local.instances.web: path is missing"),
        ("a: 1\na: 2\n", "1: a: unknown key"),
        ("region: a\nregion: b\n", "2: region: this key is given twice"),
        ("calls:\n  - codepipelin: {create_pipeline: {}}\n", "2: calls[0].codepipelin: AWS has no service"),
        (
            "calls:\n  s3:\n    creat_bucket: {}\n",
            '3: calls.s3.creat_bucket: s3 has no call creat_bucket; did you mean "create_bucket"?',
        ),
        (
            "calls:\n- s3:\n    create_bucket:\n      Buket: x\n",
            '4: calls[0].s3.create_bucket.Buket: unknown parameter; did you mean "Bucket"?',
        ),
        ("calls: {s3: {create_bucket: {}}}\n", "1: calls.s3.create_bucket: Parameter validation failed"),
        ("calls:\n  s3:\n    create_bucket: {Bucket: X}\n", "3: calls.s3.create_bucket: InvalidBucketName: "),
        ("calls: {s3: {create_bucket: 3}}\n", "the parameters of a call are a mapping"),
        ("calls: {s3: {list_parts: !fil x}}\n", "unknown tag !fil"),
        ("calls: {ssm: {put_parameter: {Value: !file none}}}\n", "cannot be read: No such file"),
        (
            "calls: {s3: {get_bucket_acl: {Bucket: x}}}\n",
            "NotImplemented: Pointsman's backend does not answer s3:GetBucketAcl",
        ),
        ('account: "210987654321"\n', "1: account: this world belongs to account 210987654321"),
        ("x: [\n", "2: this is not YAML"),
        ("x: &a [*a]\ncalls: 1\n", "1: x: unknown key"),
        ("calls: {s3: {list_parts: {Bucket: &a [*a]}}}\n", "this is too deep or too large"),
        pytest.param("[" * 2000, "1: this is not YAML", id="nested"),
        ("- 1\n", "1: a mapping belongs here"),
    ],
)
def test_a_mistake_names_file_line_and_key(backend: CheckedBackend, world: Path, text: str, said: str) -> None:
    world.write_text(text)
    with pytest.raises(ConfigError) as caught:
        backend.load(world)
    assert caught.value.message.startswith(f"{world}:")
    assert said in caught.value.message


def test_a_file_that_is_not_there(backend: CheckedBackend, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no world file"):
        backend.load(tmp_path / "none.yml")


def test_an_empty_file_is_an_empty_world(world: Path) -> None:
    world.write_text("# nothing yet\n")
    assert read(world).calls == ()


def test_dates_stay_text(world: Path) -> None:
    world.write_text("calls: {ssm: {put_parameter: {Name: a, Value: 2012-10-17, Overwrite: yes, Type: '1'}}}\n")
    (call,) = read(world).calls
    assert call.parameters == {"Name": "a", "Value": "2012-10-17", "Overwrite": True, "Type": "1"}


def test_every_update_names_calls_that_exist(backend: CheckedBackend) -> None:
    session = backend.session()
    for (service, operation), update in UPDATES.items():
        client = session.client(service)
        assert callable(getattr(client, operation))
        assert not update.operation or callable(getattr(client, update.operation))


RULES = """{"version": 2, "default": {"fixed_target": 3, "rate": 0.5}, "rules": [
  {"description": "buy", "host": "*", "http_method": "POST", "url_path": "/buy", "fixed_target": 1, "rate": 1.0},
  {"description": "errors", "host": "*", "http_method": "*", "url_path": "*", "fixed_target": 1, "rate": 1.0,
   "attributes": {"http.status_code": "5*"}}]}"""


def sampling_rules(backend: CheckedBackend) -> list[tuple[str, float, int]]:
    records = backend.session("eu-west-1").client("xray").get_sampling_rules()["SamplingRuleRecords"]
    found = [one["SamplingRule"] for one in records]
    return [(one["RuleName"], one["FixedRate"], one["ReservoirSize"]) for one in found]


def test_a_sampling_rule_file_is_taken_over_and_a_rule_that_can_never_match_is_said(
    backend: CheckedBackend, world: Path, clock: ManualClock
) -> None:
    world.with_name("rules.json").write_text(RULES)
    world.write_text("region: eu-west-1\nlocal:\n  sampling_rules: rules.json\n")
    [note] = backend.load(world)
    assert note.startswith(f"{world}:3: rules.json: errors: It can never match: http.status_code")
    expected = [("buy", 1.0, 1), ("errors", 1.0, 1), ("Default", 0.5, 3)]
    assert sampling_rules(backend) == expected
    clock.advance(5)
    backend.load(world)
    records = backend.session("eu-west-1").client("xray").get_sampling_rules()["SamplingRuleRecords"]
    assert all(one["ModifiedAt"].timestamp() < clock.now().timestamp() for one in records)
    world.with_name("rules.json").write_text(RULES.replace('"rate": 1.0}', '"rate": 0.75}', 1))
    backend.load(world)
    assert sampling_rules(backend) == [("buy", 0.75, 1), *expected[1:]]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "there is no file"),
        ("{", "this is not JSON"),
        (RULES.replace("0.5", "7"), "its rate is a number from 0 to 1"),
        (json.dumps({"version": 2, "rules": [json.loads(RULES)["rules"][0]] * 26}), "25 sampling rules"),
    ],
)
def test_a_sampling_rule_file_that_is_wrong_is_named(
    backend: CheckedBackend, world: Path, content: str | None, words: str
) -> None:
    if content is not None:
        world.with_name("rules.json").write_text(content)
    world.write_text("local:\n  sampling_rules: rules.json\n")
    with pytest.raises(ConfigError, match=words) as caught:
        backend.load(world)
    assert str(caught.value).startswith(f"{world}:2: local.sampling_rules: ")


def test_groups_and_sampling_rules_of_a_world_file_are_changed_when_they_are_there(
    backend: CheckedBackend, world: Path
) -> None:
    text = """
calls:
  - xray:
      create_group: {GroupName: slow, FilterExpression: "duration > 5"}
      create_sampling_rule:
        SamplingRule: {RuleName: buy, ResourceARN: "*", Priority: 1, FixedRate: 0.5, ReservoirSize: 1, ServiceName: "*",
          ServiceType: "*", Host: "*", HTTPMethod: "*", URLPath: "*", Version: 1}
"""
    world.write_text(text)
    backend.load(world)
    world.write_text(text.replace("> 5", "> 9").replace("0.5", "0.25"))
    backend.load(world)
    client = backend.session().client("xray")
    assert client.get_group(GroupName="slow")["Group"]["FilterExpression"] == "duration > 9"
    assert client.get_sampling_rules()["SamplingRuleRecords"][0]["SamplingRule"]["FixedRate"] == 0.25
    world.write_text(text.replace("0.5", "5.5"))
    with pytest.raises(ConfigError, match="FixedRate must be between 0 and 1"):
        backend.load(world)
