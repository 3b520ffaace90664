"""The sample application, really built: a commit in git, a real buildspec, an approval from the keyboard, a release."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from journeys.driving import Scene, at_the_console
from pointsman.clock import ManualClock
from pointsman.config.launch import World
from pointsman.console.widgets.log_view import LogView
from support.backend import CheckedBackend

SAMPLE = Path(__file__).parents[2] / "sample_config" / "webapp"
REGION = "us-east-1"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(120),
    pytest.mark.skipif(shutil.which("git") is None, reason="CodeCommit repositories need git"),
]


@pytest.fixture
def line(backend: CheckedBackend, clock: ManualClock, tmp_path: Path) -> Scene:
    """``pointsman local --load sample_config/webapp/world.yml``, its first execution waiting for the approval."""
    copy = tmp_path / "webapp"
    shutil.copytree(SAMPLE, copy, ignore=shutil.ignore_patterns("__pycache__", "dist"))
    backend.load(copy / "world.yml")
    clock.advance(1)
    return Scene(backend, clock, REGION, World.LOCAL)


def push(tmp_path: Path, old: str, new: str) -> str:
    """A developer commits a change to the application and pushes it; the commit's id."""
    clone = tmp_path / "clone"
    bare = tmp_path / "state" / "repositories" / "123456789012" / REGION / "webapp.git"
    git(tmp_path, "clone", "--quiet", str(bare), str(clone))
    place = clone / "webapp" / "app.py"
    place.write_text(place.read_text().replace(old, new))
    author = ("-c", "user.name=dev", "-c", "user.email=dev@example.com")
    git(clone, *author, "commit", "--quiet", "-am", "a better greeting")
    git(clone, "push", "--quiet")
    return git(clone, "rev-parse", "HEAD")


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def released(scene: Scene) -> Any:
    body = scene.backend.session(REGION).client("s3").get_object(Bucket="webapp-site", Key="site/build.json")["Body"]
    return json.loads(body.read())


async def test_a_commit_is_built_approved_from_the_keyboard_and_released(line: Scene, tmp_path: Path) -> None:
    async with at_the_console(line) as user:
        user.sees("local", "webapp", "⏸ Waiting", "Approve/Release expires")
        await user.opens("webapp")
        await user.approves(because="the first one")
        await user.waits(10)
        user.sees("webapp ✓ Succeeded")
        assert released(line)["build"] == "1"
        commit = push(tmp_path, "The application", "The tiny application")
        await user.waits(120, step=30)  # the source is polled, the build runs for real
        user.sees("Build ✓ Succeeded", f"{commit[:7]} “a better gr", "Release ⏸ InProgress")
        await user.points_at("TestAndBuild", "action")
        await user.presses("l")
        view = user.app.screen.query_one(LogView)
        assert "Ran 5 tests" in view.text()
        user.sees("webapp-build #2 ✓ SUCCEEDED")
        await user.presses("escape")
        await user.points_at("Approve")
        user.sees(commit[:7])
        await user.chooses("Approve", "webapp / Approve / Release")
        user.sees(f"build 2 of {commit} to be released", "It goes on to Release at once: Site (S3).")
        await user.types("tried it on staging")
        await user.confirms()
        await user.waits(10)
        user.sees("webapp ✓ Succeeded", f"{commit[:7]} Source, Build, Approve, Releas")
    assert released(line) == {"commit": commit, "build": "2", "stage": "production"}


async def test_a_broken_test_stops_the_line_and_its_log_says_why(line: Scene, tmp_path: Path) -> None:
    async with at_the_console(line) as user:
        push(tmp_path, "Hello, ", "Goodbye, ")
        await user.waits(120, step=30)
        user.sees("webapp/Build failed")
        await user.commands("pipeline webapp")
        await user.points_at("TestAndBuild", "action")
        await user.presses("enter", "e")
        user.sees("webapp-build", "✗ FAILED")
        view = user.app.screen.query_one(LogView)
        assert "Hello, world!" in view.text()
        assert view.current_line is not None
        assert "FAIL" in view.current_line.text or "Error" in view.current_line.text
