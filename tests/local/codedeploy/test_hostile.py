"""Revisions that mean no good, deployed for real: each gets AWS's code and a sentence, and nothing escapes."""

from __future__ import annotations

import re

import pytest

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
