"""In-place deployments that really run, on folders of this machine."""

from __future__ import annotations

import os

import pytest

from pointsman.local.reach import Reach
from pointsman.local.sts import keys
from support.deploying import EVENTS, Deploying, appspec, tarred, traced

ORDER = [
    "ApplicationStop", "DownloadBundle", "BeforeInstall", "Install", "AfterInstall", "ApplicationStart",
    "ValidateService",
]  # fmt: skip


def test_a_first_deployment_runs_every_event_in_order_but_for_the_stop(shop: Deploying) -> None:
    shop.instances(2)
    shop.group()
    done = shop.run(traced("one"))
    assert done["status"] == "Succeeded", done
    assert done["deploymentOverview"] == {
        "Pending": 0, "InProgress": 0, "Succeeded": 2, "Failed": 0, "Skipped": 0, "Ready": 0,
    }  # fmt: skip
    assert list(shop.events(done["deploymentId"])) == ORDER
    assert set(shop.events(done["deploymentId"]).values()) == {"Succeeded"}
    for name in ("web-1", "web-2"):
        assert shop.trace(name) == list(EVENTS[1:])
        assert (shop.root(name) / "srv/app/app.txt").read_text() == "one"


def test_the_stop_script_is_the_last_revisions(shop: Deploying) -> None:
    shop.instances(1)
    shop.group()
    shop.run(traced("one", ApplicationStop="#!/bin/sh\necho one >> $POINTSMAN_INSTANCE_ROOT/stopped\n"))
    second = shop.run(traced("two", ApplicationStop="#!/bin/sh\necho two >> $POINTSMAN_INSTANCE_ROOT/stopped\n"))
    assert second["status"] == "Succeeded", shop.target(second["deploymentId"])
    assert (shop.root() / "stopped").read_text() == "one\n"
    assert (shop.root() / "srv/app/app.txt").read_text() == "two"
    assert second["previousRevision"]["s3Location"]["key"] == "bundle-1.zip"


@pytest.mark.parametrize("kind", ["tar", "tgz"])
def test_tars_are_bundles_too(shop: Deploying, kind: str) -> None:
    shop.instances(1)
    shop.group()
    done = shop.run(tarred(traced("one"), "w:" if kind == "tar" else "w:gz"), kind)
    assert done["status"] == "Succeeded", shop.target(done["deploymentId"])
    assert shop.trace() == list(EVENTS[1:])


def test_a_script_has_the_agents_environment(shop: Deploying) -> None:
    shop.instances(1)
    shop.group()
    done = shop.run(traced(AfterInstall="#!/bin/sh\nenv > $POINTSMAN_INSTANCE_ROOT/env\npwd\n"))
    found = dict(line.split("=", 1) for line in (shop.root() / "env").read_text().splitlines() if "=" in line)
    group = shop.client.get_deployment_group(applicationName="shop", deploymentGroupName="web")["deploymentGroupInfo"]
    assert {name: found[name] for name in found if name.startswith(("DEPLOY", "APPL", "LIFE", "BUNDLE"))} == {
        "APPLICATION_NAME": "shop",
        "DEPLOYMENT_ID": done["deploymentId"],
        "DEPLOYMENT_GROUP_NAME": "web",
        "DEPLOYMENT_GROUP_ID": group["deploymentGroupId"],
        "LIFECYCLE_EVENT": "AfterInstall",
        "BUNDLE_BUCKET": "releases",
        "BUNDLE_KEY": "bundle-1.zip",
        "BUNDLE_ETAG": shop.s3.head_object(Bucket="releases", Key="bundle-1.zip")["ETag"].strip('"'),
    }
    assert found["HOME"].startswith(str(shop.root()))
    assert found["AWS_EC2_METADATA_DISABLED"] == "true"
    assert "deployment-archive" not in shop.diagnostics(done["deploymentId"], "AfterInstall")["logTail"]


def test_a_failed_script_ends_its_instance_with_code_script_and_tail(shop: Deploying) -> None:
    shop.instances(1)
    shop.group()
    failing = "#!/bin/sh\necho going down\necho badly >&2\nexit 7\n"
    done = shop.run(traced(AfterInstall=failing))
    assert done["status"] == "Failed"
    assert done["errorInformation"]["code"] == "HEALTH_CONSTRAINTS"
    events = shop.events(done["deploymentId"])
    assert (events["AfterInstall"], events["ApplicationStart"], events["ValidateService"]) == (
        "Failed", "Skipped", "Skipped",
    )  # fmt: skip
    told = shop.diagnostics(done["deploymentId"], "AfterInstall")
    assert told["errorCode"] == "ScriptFailed"
    assert told["scriptName"] == "scripts/AfterInstall.sh"
    assert told["message"] == "Script at specified location: scripts/AfterInstall.sh failed with exit code 7"
    head = ["LifecycleEvent - AfterInstall", "Script - scripts/AfterInstall.sh"]
    assert sorted(told["logTail"].splitlines()) == sorted([*head, "[stdout]going down", "[stderr]badly"])


def test_a_script_that_takes_too_long_is_ended(shop: Deploying) -> None:
    shop.instances(1)
    shop.group()
    spec = {
        "appspec.yml": appspec({"AfterInstall": ("scripts/slow.sh", 1)}),
        "scripts/slow.sh": "#!/bin/sh\nsleep 60\n",
    }
    done = shop.run(spec)
    told = shop.diagnostics(done["deploymentId"], "AfterInstall")
    assert told["errorCode"] == "ScriptTimedOut"
    assert told["message"] == "Script at specified location: scripts/slow.sh failed to complete in 1 seconds"


def test_a_server_started_by_a_hook_outlives_it_and_ends_with_the_backend(shop: Deploying) -> None:
    shop.instances(1)
    shop.group()
    serve = "#!/bin/sh\nnohup sleep 300 > /dev/null 2>&1 &\necho $! > $POINTSMAN_INSTANCE_ROOT/pid\n"
    done = shop.run(traced(ApplicationStart=serve))
    assert done["status"] == "Succeeded", shop.target(done["deploymentId"])
    pid = int((shop.root() / "pid").read_text())
    os.kill(pid, 0)
    shop.backend.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_scripts_own_calls_come_back_here_while_the_backend_is_served(shop: Deploying) -> None:
    shop.instances(1)
    shop.group()
    said = "#!/bin/sh\necho $AWS_ENDPOINT_URL $AWS_ACCESS_KEY_ID > $POINTSMAN_INSTANCE_ROOT/keys\n"
    shop.run(traced(AfterInstall=said + "echo $AWS_SECRET_ACCESS_KEY\n"))
    assert (shop.root() / "keys").read_text().split() == ["http://127.0.0.1:9", "POINTSMANLOCAL"]
    shop.backend.world.tool(Reach).opened("http://127.0.0.1:4999")
    done = shop.run(traced(AfterInstall=said + "echo it is $AWS_SECRET_ACCESS_KEY\n"))
    address, key = (shop.root() / "keys").read_text().split()
    assert address == "http://127.0.0.1:4999"
    assert key.startswith("ASIA")
    scope = shop.backend.world.scope(shop.backend.account, "us-east-1")
    assert keys.find(scope, key) is None, "it is taken back with the end of the deployment"
    assert "[stdout]it is ***" in shop.diagnostics(done["deploymentId"], "AfterInstall")["logTail"]


def test_a_reset_ends_what_runs_and_begins_anew(shop: Deploying) -> None:
    shop.instances(1)
    shop.group()
    serve = "#!/bin/sh\nnohup sleep 300 > /dev/null 2>&1 &\necho $! > $POINTSMAN_INSTANCE_ROOT/pid\n"
    shop.run(traced(ApplicationStart=serve))
    pid = int((shop.root() / "pid").read_text())
    shop.backend.reset()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert not shop.root().exists()
    again = Deploying(shop.backend, shop.clock)
    again.instances(1)
    again.group()
    assert again.run(traced())["status"] == "Succeeded"
