"""World files: what they may say, that loading twice changes nothing, and that every mistake names its place."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from pointsman.clock import ManualClock
from pointsman.errors import ConfigError
from pointsman.local.codedeploy.records import LocalInstance
from pointsman.local.loading import UPDATES, LocalConnection
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
