"""What a person's settings change about reading AWS: which names are looked at, and how often."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from msgspec.structs import replace

from pointsman.config.settings import Cadence, Watch, matches
from pointsman.model.snapshot import Snapshot
from pointsman.services.ask import Asks
from pointsman.services.feeds import Feeds, Source, Subscription

T = TypeVar("T")

_STANDARD = Cadence()


class Watched:
    """Asks as another does, but lists only what is watched: what is not listed is not read either.

    Args:
        cloud: What answers.
        watch: The names.
    """

    def __init__(self, cloud: Asks, watch: Watch) -> None:
        self._cloud = cloud
        self._watch = watch

    async def read(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """The answer to one call, without the names that are not watched."""
        answer = await self._cloud.read(service, operation, **parameters)
        pipelines, projects = self._watch.pipelines, self._watch.projects
        match (service, operation):
            case ("codepipeline", "ListPipelines") if pipelines:
                kept = [one for one in answer.get("pipelines", ()) if matches(pipelines, one.get("name", ""))]
                return {**answer, "pipelines": kept}
            case ("codebuild", "ListProjects") if projects:
                return {**answer, "projects": [one for one in answer.get("projects", ()) if matches(projects, one)]}
            case ("codebuild", "ListBuilds" | "ListBuildBatches") if projects:
                ids = answer.get("ids", ())
                return {**answer, "ids": [one for one in ids if matches(projects, one.partition(":")[0])]}
        return answer


def tempo(cadence: Cadence) -> Callable[[float | None], float | None]:
    """A feed's own pause, stretched to a person's cadence: short ones are moving, long ones at rest."""

    def stretched(pause: float | None) -> float | None:
        if pause is None:
            return None
        if pause < _STANDARD.waiting * 0.75:
            return pause * cadence.moving / _STANDARD.moving
        if pause < _STANDARD.rest * 0.5:
            return pause * cadence.waiting / _STANDARD.waiting
        return pause * cadence.rest / _STANDARD.rest

    return stretched


class PacedFeeds(Feeds):
    """Feeds at a person's cadence.

    Args:
        cadence: How often things are read.
        options: As ``Feeds`` takes them.
    """

    def __init__(self, cadence: Cadence, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._tempo = tempo(cadence)

    def subscribe(self, source: Source[T], listener: Callable[[Snapshot[T]], None]) -> Subscription[T]:
        """Listen to a source, read at a person's cadence."""
        stretched = self._tempo
        return super().subscribe(replace(source, cadence=lambda value: stretched(source.cadence(value))), listener)
