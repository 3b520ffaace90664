"""kill -9 in the middle of a deployment, and a new backend on the same folder."""

from __future__ import annotations

import json
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pointsman.local import Backend
from pointsman.local.runners.sweep import strays
from support.deploying import Deploying, traced

pytestmark = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc")

VICTIM = """
import json, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from pointsman.clock import SystemClock
from pointsman.local import Backend
from support.deploying import Deploying, traced

backend = Backend(state=Path(sys.argv[1]))
shop = Deploying(backend, SystemClock())
shop.instances(2)
shop.group("CodeDeployDefault.OneAtATime")
count = "#!/bin/sh\\necho $LIFECYCLE_EVENT >> $POINTSMAN_INSTANCE_ROOT/runs\\n"
waits = count + "touch $POINTSMAN_INSTANCE_ROOT/in\\n" + sys.argv[3]
made = shop.start(traced(BeforeInstall=count, AfterInstall=waits))
print(made, flush=True)
sys.stdin.read()
"""


class Killed:
    """A backend that was killed while the script AfterInstall of web-1 ran."""

    def __init__(self, state: Path, wait: str) -> None:
        self.state = state
        tests = str(Path(__file__).parents[2])
        command = [sys.executable, "-c", VICTIM, str(state), tests, wait]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as victim:
            try:
                assert victim.stdout is not None
                self.made = victim.stdout.readline().strip()
                self.root = state / "instances/web-1"
                until((self.root / "in").exists)
            finally:
                victim.send_signal(signal.SIGKILL)
                victim.wait(10)

    def again(self) -> Backend:
        return Backend(state=self.state)


def until(true: Any, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it never came to be so"
        select.select([], [], [], 0.02)


def over(backend: Backend, made: str) -> dict[str, Any]:
    client: Any = backend.session().client("codedeploy")

    def info() -> dict[str, Any]:
        found: dict[str, Any] = client.get_deployment(deploymentId=made)["deploymentInfo"]
        return found

    until(lambda: info()["status"] in ("Succeeded", "Failed", "Stopped"))
    return info()


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "state"
    assert not strays(tmp_path / "state" / "room")


def test_a_script_that_was_cut_off_fails_in_words_and_none_that_ended_runs_again(state: Path) -> None:
    killed = Killed(state, "sleep 600\n")
    until(lambda: not strays(state / "room"))
    with killed.again() as backend:
        done = over(backend, killed.made)
        client: Any = backend.session().client("codedeploy")
        target = client.get_deployment_target(deploymentId=killed.made, targetId="web-1")
        told = target["deploymentTarget"]["instanceTarget"]["lifecycleEvents"]
        events = {one["lifecycleEventName"]: one for one in told}
    assert done["status"] == "Failed"
    assert "backend was stopped while the script" in events["AfterInstall"]["diagnostics"]["message"]
    assert {one["status"] for one in events.values()} == {"Succeeded", "Failed", "Skipped"}
    assert (killed.root / "runs").read_text().split() == ["BeforeInstall", "AfterInstall"]


def test_what_had_ended_unheard_is_not_run_again_and_the_deployment_goes_on(state: Path) -> None:
    killed = Killed(state, "sleep 600\n")
    until(lambda: not strays(state / "room"))
    # As if the script had ended just before the backend died, which had not heard of it yet.
    (runs,) = (killed.root / "opt/codedeploy-agent/deployment-root").glob("*/d-*/runs")
    (runs / "AfterInstall-0.ended").write_text(json.dumps({"exit": 0, "note": "", "tail": "[stdout]fine\n"}))
    with killed.again() as backend:
        until(lambda: (state / "instances/web-2/in").exists())
        assert (killed.root / "runs").read_text().split() == ["BeforeInstall", "AfterInstall"]
        client: Any = backend.session().client("codedeploy")
        target = client.get_deployment_target(deploymentId=killed.made, targetId="web-1")["deploymentTarget"]
        assert target["instanceTarget"]["status"] == "Succeeded"
        client.stop_deployment(deploymentId=killed.made)


def test_a_backend_that_is_closed_leaves_nothing_in_progress_for_ever(state: Path) -> None:
    with Backend(state=state) as backend:
        shop = Deploying(backend, backend.clock)  # type: ignore[arg-type]
        shop.instances(1)
        shop.group()
        made = shop.start(traced(AfterInstall="#!/bin/sh\ntouch $POINTSMAN_INSTANCE_ROOT/in\nsleep 600\n"))
        until((state / "instances/web-1/in").exists)
    with Backend(state=state) as backend:
        done = over(backend, made)
    assert done["status"] == "Failed"
