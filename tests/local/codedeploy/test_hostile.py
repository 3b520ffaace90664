"""Revisions that mean no good, deployed for real: each gets AWS's code and a sentence, and nothing escapes."""

from __future__ import annotations

import re
import time
from collections import Counter
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from pointsman.clock import ManualClock
from support.backend import CheckedBackend
from support.deploying import Deploying, appspec, traced, zipped


@pytest.fixture
def one(shop: Deploying) -> Deploying:
    shop.instances(1)
    shop.group()
    return shop


@pytest.mark.parametrize(
    ("files", "event", "code", "said"),
    [
        ({"a": "x"}, "BeforeInstall", "UnknownError", "did not find an AppSpec file"),
        ({"appspec.yml": "os: linux"}, "BeforeInstall", "UnknownError", "has no version"),
        ({"appspec.yml": "version: 0.0\nos: plan9"}, "BeforeInstall", "UnknownError", "plan9"),
        ({"appspec.yml": appspec({"Lunch": "a.sh"})}, "BeforeInstall", "UnknownError", "Lunch"),
        ({"appspec.yml": appspec({"AfterInstall": "no.sh"})}, "AfterInstall", "ScriptMissing", "does not exist"),
        (
            {"appspec.yml": appspec(files="  - {source: a, destination: /../../a}"), "a": "x"},
            "BeforeInstall",
            "UnknownError",
            "leads out of the instance",
        ),
        (
            {"appspec.yml": appspec({"AfterInstall": "scripts/d.sh"}), "scripts/d.sh": "#!/bin/sh\nsleep 99 &\n"},
            "AfterInstall",
            "UnknownError",
            "failed to close STDOUT",
        ),
        (
            {"appspec.yml": appspec({"AfterInstall": "scripts/x"}), "scripts/x": "#!/no/such/shell\n"},
            "AfterInstall",
            "ScriptFailed",
            "exit code 126",
        ),
    ],
)
def test_each_has_its_code_and_its_sentence(
    one: Deploying, files: dict[str, str], event: str, code: str, said: str
) -> None:
    done = one.run(files)
    assert done["status"] == "Failed"
    assert done["errorInformation"]["code"] == "HEALTH_CONSTRAINTS"
    told = one.diagnostics(done["deploymentId"], event)
    assert told["errorCode"] == code
    assert re.search(said, told["message"] + told["logTail"])


def test_a_bundle_that_is_none(one: Deploying) -> None:
    done = one.run(b"this is no zip", "zip")
    assert "not a zip archive" in one.diagnostics(done["deploymentId"], "DownloadBundle")["message"]
    done = one.run(zipped(traced()), "tgz")
    assert "not a tgz archive" in one.diagnostics(done["deploymentId"], "DownloadBundle")["message"]


def test_a_script_that_is_not_executable_is_made_so(one: Deploying) -> None:
    spec = appspec({"AfterInstall": "plain.sh"})
    done = one.run({"appspec.yml": spec, "plain.sh": "echo fine > $POINTSMAN_INSTANCE_ROOT/fine\n"})
    assert done["status"] == "Succeeded"
    assert (one.root() / "fine").read_text() == "fine\n"
    assert "not executable" in one.diagnostics(done["deploymentId"], "AfterInstall")["logTail"]


def test_a_flood_of_output_leaves_a_short_tail(one: Deploying) -> None:
    flood = "#!/bin/sh\nyes 'a long line of no importance' | head -n 2000000\necho the end\n"
    done = one.run(traced(AfterInstall=flood))
    assert done["status"] == "Succeeded"
    tail = one.diagnostics(done["deploymentId"], "AfterInstall")["logTail"]
    assert len(tail) <= 2048
    assert tail.endswith("[stdout]the end")


def test_runas_is_said_and_not_obeyed(one: Deploying) -> None:
    spec = "version: 0.0\nos: linux\nhooks:\n  AfterInstall:\n    - {location: scripts/a.sh, runas: root}\n"
    done = one.run({"appspec.yml": spec, "scripts/a.sh": "#!/bin/sh\nid -u\n"})
    tail = one.diagnostics(done["deploymentId"], "AfterInstall")["logTail"]
    assert "runas root is recorded" in tail


def test_what_the_last_revision_stops_with_is_judged_as_the_agent_does(one: Deploying) -> None:
    one.run(traced("one"))
    archive = next((one.root() / "opt/codedeploy-agent/deployment-root").glob("*/d-*/deployment-archive"))
    (archive / "scripts/ApplicationStop.sh").unlink()
    done = one.run(traced("two"))
    assert one.diagnostics(done["deploymentId"], "ApplicationStop")["errorCode"] == "ScriptMissing"
    assert one.run(traced("three"), ignoreApplicationStopFailures=True)["status"] == "Succeeded"


def test_scripts_to_stop_with_come_from_what_was_installed_last_even_if_that_deployment_failed(one: Deploying) -> None:
    stop = "#!/bin/sh\necho {0} >> $POINTSMAN_INSTANCE_ROOT/stopped\n"
    one.run(traced("one", ApplicationStop=stop.format("one")))
    one.run(traced("two", ApplicationStop=stop.format("two"), AfterInstall="#!/bin/sh\nexit 1\n"))
    one.run(traced("three"))
    assert (one.root() / "stopped").read_text().split() == ["one", "two"]


def test_five_archives_are_kept_and_the_one_that_was_installed(one: Deploying) -> None:
    for number in range(8):
        one.run(traced(str(number)))
    archives = list((one.root() / "opt/codedeploy-agent/deployment-root").glob("*/d-*"))
    assert len(archives) == 5


def test_a_versioned_bundle_tells_its_version(one: Deploying) -> None:
    one.s3.put_bucket_versioning(Bucket="releases", VersioningConfiguration={"Status": "Enabled"})
    one.run(traced(AfterInstall="#!/bin/sh\necho $BUNDLE_VERSION > $POINTSMAN_INSTANCE_ROOT/version\n"))
    assert len((one.root() / "version").read_text().strip()) == 32


def test_a_file_that_was_there_before_is_left_alone(one: Deploying) -> None:
    place = one.root() / "srv/app/app.txt"
    place.parent.mkdir(parents=True)
    place.write_text("mine")
    done = one.run(traced("theirs"))
    told = one.diagnostics(done["deploymentId"], "Install")
    assert "already exists at this location: /srv/app/app.txt" in told["message"]
    assert place.read_text() == "mine"
    assert one.run(traced("theirs"), fileExistsBehavior="OVERWRITE")["status"] == "Succeeded"
    assert place.read_text() == "theirs"


def test_a_commit_is_a_revision(one: Deploying, tmp_path: Path) -> None:
    code = one.backend.session().client("codecommit")
    code.create_repository(repositoryName="webapp")
    script = "#!/bin/sh\necho $BUNDLE_COMMIT > $POINTSMAN_INSTANCE_ROOT/commit\n"
    files = {"appspec.yml": appspec({"AfterInstall": "scripts/a.sh"}), "scripts/a.sh": script}
    put = [{"filePath": name, "fileContent": text.encode()} for name, text in files.items()]
    commit = code.create_commit(repositoryName="webapp", branchName="main", putFiles=put)["commitId"]
    where = {"repository": "owner/webapp", "commitId": commit}
    done = one.run(revision={"revisionType": "GitHub", "gitHubLocation": where})
    assert done["status"] == "Succeeded", done
    assert (one.root() / "commit").read_text().strip() == commit
    gone = one.run(revision={"revisionType": "GitHub", "gitHubLocation": {**where, "commitId": "0" * 40}})
    assert gone["errorInformation"]["code"] == "REVISION_MISSING"
    none = one.run(revision={"revisionType": "GitHub", "gitHubLocation": {**where, "repository": "a/none"}})
    assert "no repository a/none" in none["errorInformation"]["message"]


def test_more_scripts_than_places_queue_and_the_queue_is_shown(shop: Deploying) -> None:
    names = shop.instances(12)
    shop.group()
    wait = "#!/bin/sh\nwhile [ ! -e $POINTSMAN_INSTANCE_ROOT/../go ]; do sleep 0.02; done\n"
    made = shop.start(traced(BeforeInstall=wait))

    def statuses() -> Counter[str]:
        targets = (shop.target(made, name)["lifecycleEvents"] for name in names)
        return Counter(
            next(e["status"] for e in events if e["lifecycleEventName"] == "BeforeInstall") for events in targets
        )

    deadline = time.monotonic() + 30
    while True:
        shop.backend.world.run_due()
        try:
            if statuses() == {"InProgress": 8, "Pending": 4}:
                break
        except ClientError:
            pass
        assert time.monotonic() < deadline
        shop.backend.world.wait(0.05)
    told = []
    for name in names:
        events = shop.target(made, name)["lifecycleEvents"]
        told += [one["diagnostics"]["message"] for one in events if one["status"] == "Pending" and "diagnostics" in one]
    assert sorted(told) == [f"Waits for its turn on this machine: {number} before it." for number in range(4)]
    (shop.backend.root / "instances/go").touch()
    shop.backend.settle()
    assert shop.status(made) == "Succeeded"


def test_a_repository_that_is_not_trusted_deploys_nothing(clock: ManualClock, tmp_path: Path) -> None:
    class Distrust:
        def allowed(self, repository_path: Path) -> bool:
            return False

    with CheckedBackend(state=tmp_path / "state", clock=clock, tools=[Distrust()]) as backend:
        one = Deploying(backend, clock)
        one.instances(1)
        one.group()
        code = backend.session().client("codecommit")
        code.create_repository(repositoryName="webapp")
        put = {"filePath": "appspec.yml", "fileContent": b"version: 0.0\nos: linux\n"}
        commit = code.create_commit(repositoryName="webapp", branchName="main", putFiles=[put])["commitId"]
        where = {"repository": "owner/webapp", "commitId": commit}
        done = one.run(revision={"revisionType": "GitHub", "gitHubLocation": where})
        assert "not trusted" in done["errorInformation"]["message"]
