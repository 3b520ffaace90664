"""Builds that do not run to their end: stopped, timed out, lost with the backend, and found again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pointsman.clock import ManualClock
from pointsman.local.codebuild.records import Build
from pointsman.local.codebuild.trust import Trust
from support.backend import CheckedBackend
from support.builds import Builds
from support.processes import alive, killed

SLEEPS = "version: 0.2\nphases: {build: {commands: [%s]}}"


def begun(builds: Builds, build_id: str, backend: CheckedBackend, line: str) -> None:
    """Wait, by settling again and again, until a build has printed a line."""
    for _ in range(300):
        backend.settle()
        if "logs" in (build := builds.get(build_id)) and builds_has(builds, build, line):
            return
    raise AssertionError(f"{line} was never printed: {builds.lines(builds.get(build_id))}")


def builds_has(builds: Builds, build: Any, line: str) -> bool:
    try:
        return line in builds.lines(build)
    except builds.backend.session().client("logs").exceptions.ResourceNotFoundException:
        return False


@pytest.fixture
def hasty(builds: Builds) -> Builds:
    """The backend does not wait long for a process that sleeps."""
    builds.backend.world.patience = 0.05
    return builds


ORPHANS = (
    "export MARKER=%s",
    "setsid sleep 600 & sleep 601 & (trap '' TERM HUP INT; sleep 602; sleep 603) &",
    "nohup sh -c '(setsid sleep 604 &)' &",
    "echo ready; sleep 605",
)


def test_a_stop_leaves_no_orphan(hasty: Builds, tmp_path: Path) -> None:
    marker = tmp_path.name
    commands = ", ".join(f'"{one}"' for one in ORPHANS) % marker
    hasty.project(SLEEPS % commands)
    build_id = hasty.start()
    begun(hasty, build_id, hasty.backend, "ready")  # type: ignore[arg-type]
    assert len(alive(marker)) >= 5
    stopped = hasty.client.stop_build(id=build_id)["build"]
    assert stopped["buildStatus"] == "STOPPED"
    hasty.backend.world.patience = 30
    hasty.backend.settle()
    assert alive(marker) == []
    build = hasty.get(build_id)
    assert hasty.phases(build)["BUILD"] == "STOPPED"
    assert build["currentPhase"] == "COMPLETED"
    assert hasty.client.stop_build(id=build_id)["build"] == build
    assert not (hasty.backend.root / "builds" / build_id.partition(":")[2]).exists()


def test_a_background_process_ends_with_its_build(builds: Builds, tmp_path: Path) -> None:
    marker = tmp_path.name
    build = builds.run(SLEEPS % f'"export MARKER={marker}", "sleep 600 & setsid sleep 601 &"')
    assert build["buildStatus"] == "SUCCEEDED"
    assert alive(marker) == []


def test_a_build_times_out_in_its_running_phase(hasty: Builds) -> None:
    hasty.project(SLEEPS % '"echo ready; sleep 600"')
    build_id = hasty.start(timeoutInMinutesOverride=5)
    begun(hasty, build_id, hasty.backend, "ready")  # type: ignore[arg-type]
    hasty.clock.advance(299)
    assert hasty.get(build_id)["buildStatus"] == "IN_PROGRESS"
    hasty.clock.advance(1)
    build = hasty.get(build_id)
    assert build["buildStatus"] == "TIMED_OUT"
    assert hasty.contexts(build, "BUILD") == [("BUILD_TIMED_OUT", "Build has timed out. ")]


def test_builds_wait_for_room_and_time_out_in_the_queue(hasty: Builds) -> None:
    from pointsman.local.runners.process import ProcessRunner

    hasty.backend.world.tool(ProcessRunner).slots = 1
    hasty.project(SLEEPS % '"echo ready; sleep 600"')
    first, second, third = hasty.start(), hasty.start(queuedTimeoutInMinutesOverride=5), hasty.start()
    begun(hasty, first, hasty.backend, "ready")  # type: ignore[arg-type]
    assert hasty.get(second)["currentPhase"] == "QUEUED"
    hasty.clock.advance(300)
    assert hasty.get(second)["buildStatus"] == "TIMED_OUT"
    assert hasty.phases(hasty.get(second))["QUEUED"] == "TIMED_OUT"
    hasty.client.stop_build(id=first)
    begun(hasty, third, hasty.backend, "ready")  # type: ignore[arg-type]


def test_closing_the_backend_stops_its_builds_and_says_so(hasty: Builds, clock: ManualClock, tmp_path: Path) -> None:
    hasty.project(SLEEPS % f'"export MARKER={tmp_path.name}; echo ready; sleep 600"')
    build_id = hasty.start()
    begun(hasty, build_id, hasty.backend, "ready")  # type: ignore[arg-type]
    hasty.backend.close()
    assert alive(tmp_path.name) == []
    with CheckedBackend(state=tmp_path / "state", clock=clock) as again:
        build = Builds(again, clock).get(build_id)
        assert build["buildStatus"] == "STOPPED"
        assert hasty.contexts(build, "BUILD") == [("", "the backend was closed while this build ran")]


BEGIN = 'print(client.start_build(projectName="web")["build"]["id"], flush=True)'


def test_after_kill_9_a_running_build_is_lost_with_a_sentence_and_without_orphans(tmp_path: Path) -> None:
    state, flag = tmp_path / "state", tmp_path / "flag"
    text = SLEEPS % f'"export MARKER={tmp_path.name}; setsid sleep 600 & touch {flag}; echo told; sleep 600"'
    build_id = killed(state, flag, text, BEGIN)
    clock = ManualClock()
    with CheckedBackend(state=state, clock=clock) as backend:
        backend.settle()
        build = Builds(backend, clock).get(build_id)
        assert build["buildStatus"] == "FAULT"
        assert "the backend was stopped while this build ran" in Builds.contexts(build, "BUILD")[0][1]
        assert alive(tmp_path.name) == []


def test_after_kill_9_the_supervisors_word_finishes_a_build(tmp_path: Path, clock: ManualClock) -> None:
    """The last command had ended, and only the backend did not hear of it."""
    state = tmp_path / "state"
    with CheckedBackend(state=state, clock=clock) as backend:
        builds = Builds(backend, clock)
        builds.backend.world.patience = 0.05
        builds.project(SLEEPS % '"echo ready; sleep 600"')
        build_id = builds.start()
        begun(builds, build_id, backend, "ready")
        backend._thread, backend._closed = None, True  # what follows is a death, not a close
        folder = state / "builds" / build_id.partition(":")[2] / "runner"
        from pointsman.local.runners.process import ProcessRunner

        runner = backend.world.tool(ProcessRunner)
        runner._shells[build_id].stop()
        runner._shells[build_id].join(10)
        (folder / "outcome").write_text('{"number": 1, "exit": 0, "note": "", "values": []}')
        backend._exit.close()
        with CheckedBackend(state=state, clock=clock) as again:
            again.settle()
            assert Builds(again, clock).get(build_id)["buildStatus"] == "SUCCEEDED"


def test_a_queued_build_is_started_after_a_restart(tmp_path: Path, clock: ManualClock) -> None:
    with CheckedBackend(state=tmp_path / "state", clock=clock) as backend:
        builds = Builds(backend, clock)
        builds.project(SLEEPS % '"echo hi"')
        build_id = builds.start()
    with CheckedBackend(state=tmp_path / "state", clock=clock) as again:
        again.settle()
        assert Builds(again, clock).get(build_id)["buildStatus"] == "SUCCEEDED"


class Suspicious:
    def allowed(self, repository_path: Path) -> bool:
        return False


def test_an_untrusted_repository_fails_before_its_commands_run(tmp_path: Path, clock: ManualClock) -> None:
    suspicious: Trust = Suspicious()
    with CheckedBackend(state=tmp_path / "state", clock=clock, tools=[suspicious]) as backend:
        git: Any = backend.session().client("codecommit")
        git.create_repository(repositoryName="web")
        git.put_file(repositoryName="web", branchName="main", filePath="a", fileContent=b"a")
        builds = Builds(backend, clock)
        location = "https://git-codecommit.us-east-1.amazonaws.com/v1/repos/web"
        builds.project("", source={"type": "CODECOMMIT", "location": location})
        build_id = builds.start()
        backend.settle()
        assert "is not trusted" in builds.contexts(builds.get(build_id), "DOWNLOAD_SOURCE")[0][1]


def test_other_engines_hear_of_the_end_and_read_the_record(builds: Builds) -> None:
    heard: list[Any] = []
    builds.backend.world.on(
        "codebuild.ended", lambda scope, payload: heard.append(scope.get(Build, payload["build_id"]))
    )
    build = builds.run(SLEEPS % '"exit 4"')
    assert [one.id for one in heard] == [build["id"]]
    assert heard[0].status == "FAILED"
    assert heard[0].failure == "BUILD failed: Error while executing command: exit 4. Reason: exit status 4"
