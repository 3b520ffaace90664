"""Builds worked from the keyboard: a log as it is printed, the first error, starting, stopping, running again."""

from __future__ import annotations

from journeys.driving import Scene, at_the_console
from pointsman.console.widgets.log_view import LogView
from pointsman.local.scenarios import Demo

NIGHTLY = {
    "name": "nightly",
    "source": {"type": "NO_SOURCE", "buildspec": "version: 0.2\nphases: {build: {commands: [make]}}\n"},
    "artifacts": {"type": "NO_ARTIFACTS"},
    "environment": {
        "type": "LINUX_CONTAINER",
        "image": "aws/codebuild/standard:7.0",
        "computeType": "BUILD_GENERAL1_SMALL",
        "environmentVariables": [{"name": "DEPTH", "value": "shallow"}],
    },
    "serviceRole": "arn:aws:iam::123456789012:role/codebuild",
}


def stored(demo: Demo, build_id: str) -> list[str]:
    """A build's whole log, as the store has it."""
    session = demo.session_factory()
    about = session.client("codebuild").batch_get_builds(ids=[build_id])["builds"][0]["logs"]
    pages = session.client("logs").get_log_events(
        logGroupName=about["groupName"], logStreamName=about["streamName"], startFromHead=True, limit=10_000
    )
    return [event["message"].rstrip("\n") for event in pages["events"]]


async def test_the_log_of_a_running_build_is_followed_to_its_end_no_line_twice_none_dropped(
    floor: Scene, demo: Demo
) -> None:
    async with at_the_console(floor) as user:
        await user.opens("search")
        await user.points_at("Compile", "action")
        await user.presses("l")
        user.sees("search-build", "IN_PROGRESS", "following")
        view = user.app.screen.query_one(LogView)
        lengths = [view.line_count]
        while "SUCCEEDED" not in user.row("search-build"):
            assert len(lengths) < 200
            await user.waits(3)
            lengths.append(view.line_count)
            assert view.following
        await user.waits(10)
        assert lengths == sorted(lengths)
        assert len(set(lengths)) > 5
        build_id = user.app.screen.ref.id  # type: ignore[attr-defined]
        shown = [line for line in view.text().split("\n") if line]
        assert shown == [line for line in stored(demo, build_id) if line]
        user.sees("Phase complete: UPLOAD_ARTIFACTS")
        user.misses("following")


async def test_a_paused_log_stands_while_lines_come(floor: Scene) -> None:
    async with at_the_console(floor) as user:
        await user.opens("search")
        await user.points_at("Compile", "action")
        await user.presses("l", "space")
        view = user.app.screen.query_one(LogView)
        count, top = view.line_count, view.scroll_offset.y
        await user.waits(20)
        assert view.line_count > count
        assert view.scroll_offset.y == top
        user.sees("paused")
        await user.presses("space")
        user.sees("following")


async def test_a_failed_build_leads_to_its_first_error(floor: Scene) -> None:
    async with at_the_console(floor) as user:
        await user.opens("checkout")
        await user.points_at("Integration", "action")
        await user.presses("enter")
        user.sees("checkout-test", "FAILED", "✗ BUILD: Error while executing command")
        await user.presses("e")
        view = user.app.screen.query_one(LogView)
        assert view.current_line is not None
        assert "FAIL tests/" in view.current_line.text
        user.sees("FAIL tests/")
        await user.presses("p")
        user.sees("checkout ✗ Failed")


async def test_a_projects_build_is_started_with_a_variable_stopped_and_run_again(floor: Scene, demo: Demo) -> None:
    demo.session_factory().client("codebuild").create_project(**NIGHTLY)
    async with at_the_console(floor) as user:
        await user.goes_to("builds")
        await user.presses("slash")
        await user.types("nightly")
        await user.presses("enter")
        await user.chooses("Start build", "nightly")
        user.sees("codebuild:StartBuild", "the project has DEPTH")
        await user.presses("tab", "tab")
        while user.app.focused is None or user.app.focused.id != "field-1":
            await user.presses("tab")
        await user.types("DEPTH")
        assert not user.can_confirm()
        await user.types("=full")
        user.sees("For this build only: DEPTH", '"name":"DEPTH","value":"full"')
        await user.confirms()
        user.hears("started a build of nightly")
        user.sees("nightly", "#1", "IN_PROGRESS")
        await user.waits(10)
        await user.chooses("Stop build", "nightly")
        user.sees("Its commands are ended", "codebuild:StopBuild")
        await user.confirms()
        user.hears("stopped nightly")
        user.sees("STOPPED")
        first = user.app.screen.ref.id  # type: ignore[attr-defined]
        await user.chooses("Retry build", "nightly")
        await user.confirms()
        user.hears("retried nightly")
        second = user.app.screen.ref.id  # type: ignore[attr-defined]
        assert second != first
        await user.waits_for("#2 ✓ SUCCEEDED", step=10)
    builds = demo.session_factory().client("codebuild").batch_get_builds(ids=[first, second])["builds"]
    assert [one["buildStatus"] for one in builds] == ["STOPPED", "SUCCEEDED"]
    assert all(
        {"name": "DEPTH", "value": "full", "type": "PLAINTEXT"} in one["environment"]["environmentVariables"]
        for one in builds
    )


async def test_a_build_that_a_pipeline_started_says_how_it_is_run_again(floor: Scene) -> None:
    async with at_the_console(floor) as user:
        await user.opens("checkout")
        await user.points_at("Integration", "action")
        await user.presses("l", "a")
        user.sees("Retry build", "not now: checkout started it")
        await user.presses("t")
        user.hears("retry the stage of that pipeline instead")
        assert "RetryBuild" not in floor.weather.asked


async def test_stopping_a_pipelines_build_fails_its_action(floor: Scene) -> None:
    async with at_the_console(floor) as user:
        await user.opens("search")
        await user.points_at("Compile", "action")
        await user.presses("l")
        await user.chooses("Stop build", "search-build")
        user.sees("search started it: its build action fails")
        await user.confirms()
        user.hears("stopped search-build")
        await user.presses("escape")
        await user.waits(5)
        user.sees("search ✗ Failed", "STOPPED")
