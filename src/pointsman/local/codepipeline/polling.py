"""Change detection: source actions that poll, and the executions that a new revision starts.

AWS polls about once a minute. Here a branch or an object of this machine costs microseconds to look at, so on the wall
clock it is looked at every ``QUICK`` seconds, and a clock that somebody drives (tests, the demo) is spared the many
timers: ``STEADY``. A new object in a polled bucket is noticed at once.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from pointsman.clock import SystemClock
from pointsman.local.codepipeline import github_pushes, pushing, triggers
from pointsman.local.codepipeline.declaration import ActionDeclaration, PipelineDeclaration
from pointsman.local.codepipeline.driver import begin
from pointsman.local.codepipeline.flow import FAILED, SUCCEEDED, Refusal
from pointsman.local.codepipeline.providers import Providers, PushedSource, Source
from pointsman.local.codepipeline.runs import ACTION_TOPIC, find_execution
from pointsman.local.codepipeline.shapes import Pipeline, Watched
from pointsman.local.world import Payload, Scope, World

QUICK: Final = 3.0
"""Seconds between two looks on the wall clock; our choice."""
STEADY: Final = 60.0
"""Seconds between two looks on a driven clock; AWS's pace."""

POLL_TOPIC: Final = "codepipeline.poll"
POLLED_TOPIC: Final = "codepipeline.polled"
CREATED_TOPIC: Final = "s3.object.created"

_Place = tuple[str, str, str, str, str]
"""Account, region, pipeline, stage, action."""


class Watches:
    """Which source actions poll which object; a tool of the world, rebuilt from the records at need.

    Entries may be stale (a pipeline deleted or changed since): whoever is woken looks at the definition again.
    """

    def __init__(self) -> None:
        self._objects: dict[tuple[str, str], set[_Place]] | None = None

    def of(self, world: World, bucket: str, key: str) -> set[_Place]:
        """The source actions that poll this object."""
        if self._objects is None:
            self._objects = {}
            for account, region in world.records.places(Pipeline):
                scope = world.scope(account, region)
                for _, pipeline in scope.scan(Pipeline):
                    self.add(scope, pipeline.declaration)
        return self._objects.get((bucket, key), set())

    def add(self, scope: Scope, pipeline: PipelineDeclaration) -> None:
        """Know a pipeline's S3 sources."""
        if self._objects is None:
            return
        for stage, action in polled(pipeline):
            if action.action_type_id.provider == "S3":
                thing = (action.configuration["S3Bucket"], action.configuration["S3ObjectKey"])
                place = (scope.account, scope.region, pipeline.name, stage, action.name)
                self._objects.setdefault(thing, set()).add(place)


def install(world: World) -> None:
    """Subscribe to the timers and to new objects."""
    world.provide(Watches())
    world.on(POLL_TOPIC, _on_poll)
    world.on(POLLED_TOPIC, _on_polled)
    world.on(CREATED_TOPIC, _on_object)
    world.on(ACTION_TOPIC, _on_action)
    world.on(pushing.PUSHED_TOPIC, _on_pushed)
    github_pushes.install(world)


def polled(pipeline: PipelineDeclaration) -> list[tuple[str, ActionDeclaration]]:
    """The (stage, source action) pairs of a definition that poll: unless told otherwise, all of the built ones."""
    return [
        (stage.name, action)
        for stage in pipeline.stages
        for action in stage.actions
        if action.action_type_id.category == "Source" and _watched(pipeline, action)
    ]


def _watched(pipeline: PipelineDeclaration, action: ActionDeclaration) -> bool:
    """Whether changes of a source are looked for: unless told otherwise; with a trigger, what it asks for alone."""
    provider = action.action_type_id.provider
    if provider == triggers.CONNECTION:
        detects = action.configuration.get("DetectChanges", "true").lower() != "false"
        return detects or triggers.of(pipeline, action.name) is not None
    if provider == triggers.GITHUB:
        return True  # by itself, or for the webhooks that are registered with it
    return provider in ("S3", "CodeCommit") and (
        action.configuration.get("PollForSourceChanges", "true").lower() != "false"
    )


def watch(scope: Scope, pipeline: PipelineDeclaration, before: PipelineDeclaration | None = None) -> None:
    """Set the timers of a new or changed definition; what another source was seen at is forgotten."""
    for stage, action in polled(pipeline):
        former = before.stage(stage) if before is not None else None
        old = former.action(action.name) if former is not None else None
        if old is not None and old.configuration != action.configuration:
            scope.delete(Watched, _key(pipeline.name, stage, action.name))
        _arm(scope, pipeline.name, stage, action.name)
    scope.world.tool(Watches).add(scope, pipeline)


def unwatch(scope: Scope, pipeline: str, stage: str, action: str) -> None:
    """Take a source action's timer back."""
    scope.cancel(f"codepipeline/poll/{_key(pipeline, stage, action)}")


def _on_action(scope: Scope, payload: Payload) -> None:
    """An execution has fetched a revision, or found none: only what comes after it is a change.

    A revision that somebody asked for says nothing of the newest one, and one that was asked for before the last
    look is old news.
    """
    if payload["status"] not in (SUCCEEDED, FAILED) or _find(scope, payload) is None:
        return
    pipeline, stage, action = payload["pipeline"], payload["stage"], payload["action"]
    execution = find_execution(scope, pipeline, payload["execution"])
    if execution is None or action in execution.overrides:
        return
    key = _key(pipeline, stage, action)
    watched = scope.get(Watched, key)
    brought = execution.revisions if payload["status"] == SUCCEEDED else ()
    revision = next((one for one in brought if one.action == action), None)
    started = datetime.fromisoformat(payload["started"])
    if watched is None or (revision is not None and started >= watched.at):
        scope.put(key, Watched(revision.id if revision is not None else "", scope.now))


def _key(pipeline: str, stage: str, action: str) -> str:
    return f"{pipeline}/{stage}/{action}"


def _arm(scope: Scope, pipeline: str, stage: str, action: str, seconds: float | None = None) -> None:
    if seconds is None:
        seconds = QUICK if isinstance(scope.world.clock, SystemClock) else STEADY
    payload = {"pipeline": pipeline, "stage": stage, "action": action}
    scope.after(seconds, POLL_TOPIC, payload, key=f"codepipeline/poll/{_key(pipeline, stage, action)}")


def _on_object(scope: Scope, payload: Payload) -> None:
    for account, region, pipeline, stage, action in scope.world.tool(Watches).of(
        scope.world, payload["bucket"], payload["key"]
    ):
        if account == scope.account:
            _arm(scope.world.scope(account, region), pipeline, stage, action, 0)


def _find(scope: Scope, payload: Payload) -> ActionDeclaration | None:
    pipeline = scope.get(Pipeline, payload["pipeline"])
    if pipeline is None:
        return None
    found = [
        action
        for stage, action in polled(pipeline.declaration)
        if (stage, action.name) == (payload["stage"], payload["action"])
    ]
    return found[0] if found else None


def _on_poll(scope: Scope, payload: Payload) -> None:
    action = _find(scope, payload)
    if action is None:
        return
    place = (payload["pipeline"], payload["stage"], payload["action"])
    _arm(scope, *place)
    source = scope.world.tool(Providers).find(action.action_type_id)
    pipeline = scope.get(Pipeline, payload["pipeline"])
    trigger = triggers.of(pipeline.declaration, action.name) if pipeline is not None else None
    if trigger is not None and ("push" in trigger or "pullRequest" in trigger):
        if isinstance(source, PushedSource) and "push" in trigger:
            pushing.look(scope, source, action, payload, _key(*place))
        return
    if action.action_type_id.provider == triggers.GITHUB:
        if isinstance(source, PushedSource):
            github_pushes.look(scope, source, action, payload)
        if action.configuration.get("PollForSourceChanges", "true").lower() == "false":
            return
    if not isinstance(source, Source):
        return
    newest = source.newest(scope, action)
    if isinstance(newest, str):
        _compare(scope, payload, newest)
    elif newest is not None:
        work = newest
        scope.job(POLLED_TOPIC, lambda: {**payload, "revision": work()})


def _on_polled(scope: Scope, payload: Payload) -> None:
    if "revision" in payload and _find(scope, payload) is not None:
        _compare(scope, payload, payload["revision"])


def _on_pushed(scope: Scope, payload: Payload) -> None:
    action = _find(scope, payload) if "refs" in payload else None
    if action is not None:
        pushing.judged(scope, payload, action, _key(payload["pipeline"], payload["stage"], payload["action"]))


def _compare(scope: Scope, payload: Payload, revision: str) -> None:
    key = _key(payload["pipeline"], payload["stage"], payload["action"])
    watched = scope.get(Watched, key)
    if watched is not None and watched.revision == revision:
        return
    pipeline = scope.get(Pipeline, payload["pipeline"])
    if watched is not None and pipeline is not None and revision and not pipeline.declaration.undefaulted:
        action = _find(scope, payload)
        connected = action is not None and action.action_type_id.provider == triggers.CONNECTION
        try:
            begin(scope, pipeline, "WebhookV2" if connected else "PollForSourceChanges", payload["action"])
        except Refusal:
            return  # as many executions as may be are under way: seen again at the next look
    scope.put(key, Watched(revision, scope.now))
