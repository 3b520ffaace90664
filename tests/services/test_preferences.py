"""What a person's settings change about reading AWS."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pointsman.clock import ManualClock
from pointsman.config.settings import Cadence, Watch
from pointsman.services.feeds import Source
from pointsman.services.preferences import PacedFeeds, Watched, tempo


class Lists:
    async def read(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        answers: dict[str, dict[str, Any]] = {
            "ListPipelines": {"pipelines": [{"name": "checkout-eu"}, {"name": "billing"}], "nextToken": "t"},
            "ListProjects": {"projects": ["checkout", "billing"]},
            "ListBuilds": {"ids": ["checkout:1", "billing:2", "checkout-eu:3"]},
            "GetPipelineState": {"pipelineName": "billing"},
        }
        return answers[operation]


async def test_only_what_is_watched_is_listed() -> None:
    watched = Watched(Lists(), Watch(("checkout-*",), ("checkout*",)))
    assert await watched.read("codepipeline", "ListPipelines") == {
        "pipelines": [{"name": "checkout-eu"}],
        "nextToken": "t",
    }
    assert (await watched.read("codebuild", "ListProjects"))["projects"] == ["checkout"]
    assert (await watched.read("codebuild", "ListBuilds"))["ids"] == ["checkout:1", "checkout-eu:3"]
    assert await watched.read("codepipeline", "GetPipelineState", name="billing") == {"pipelineName": "billing"}


async def test_watching_nothing_in_particular_is_watching_everything() -> None:
    watched = Watched(Lists(), Watch())
    assert len((await watched.read("codepipeline", "ListPipelines"))["pipelines"]) == 2
    assert len((await watched.read("codebuild", "ListBuilds"))["ids"]) == 3


@pytest.mark.parametrize(("pause", "stretched"), [(None, None), (0, 0), (2.0, 6.0), (5.0, 10.0), (20.0, 60.0)])
def test_a_feeds_pause_follows_the_settings(pause: float | None, stretched: float | None) -> None:
    assert tempo(Cadence(moving=6, waiting=10, rest=60))(pause) == stretched


@pytest.mark.parametrize("pause", [0.0, 1.5, 2.0, 4.0, 5.0, 15.0, 20.0, 33.3])
def test_the_usual_cadence_changes_nothing(pause: float) -> None:
    assert tempo(Cadence())(pause) == pause


async def test_feeds_read_at_a_persons_cadence() -> None:
    clock = ManualClock()
    feeds = PacedFeeds(Cadence(rest=60), clock, chance=lambda: 0.5)
    reads = 0

    async def read(_: object) -> int:
        nonlocal reads
        reads += 1
        return reads

    async def after(seconds: float) -> int:
        for _ in range(5):  # the feed goes to sleep on the clock
            await asyncio.sleep(0)
        clock.advance(seconds)
        await feeds.idle()
        return reads

    subscription = feeds.subscribe(Source("x", read, lambda _: 20.0, "codepipeline"), lambda _: None)
    await feeds.idle()
    assert await after(59) == 1
    assert await after(2) == 2
    subscription.release()
    await feeds.close()
