"""The floor: the pipelines of a shop, caught at a telling moment, that go on living.

A ``Plot`` says which pipelines there are and what has happened to them by second 0. Then commits keep coming, at times
and with contents that follow from the seed alone.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from pointsman.clock import EPOCH, ManualClock
from pointsman.local.backend import ACCOUNT, Backend
from pointsman.local.codebuild.records import Build
from pointsman.local.codedeploy.protocol import EventOrder
from pointsman.local.codedeploy.records import Deployment
from pointsman.local.codepipeline.driver import begin
from pointsman.local.codepipeline.runs import find_execution
from pointsman.local.codepipeline.shapes import Pipeline
from pointsman.local.runners.protocol import CommandOrder
from pointsman.local.scenarios import words
from pointsman.local.scenarios.deploys import Deploys
from pointsman.local.scenarios.plot import Plot, Track
from pointsman.local.scenarios.plots import FLOOR
from pointsman.local.scenarios.resources import BRANCH, SITE, STORE, pipeline, project
from pointsman.local.scenarios.scripted import Act, ScriptedBuilds, ScriptedRepositories
from pointsman.local.scenarios.scripted_crew import NoTraffic, ScriptedCrew
from pointsman.local.scenarios.shop import Shop
from pointsman.local.scenarios.watch import Watch
from pointsman.local.world import Payload, Scope

REGION: Final = "eu-west-1"
_PUSH: Final = "floor.push"
_APPROVE: Final = "floor.approve"
_BEFORE: Final = timedelta(minutes=180)
"""How long the floor has been running at second 0."""


class Floor:
    """The scenario: its people, its repositories, its script.

    Args:
        seed: Decides everything that is left to chance.
        start: What is second 0.
        plot: What is there, and what happens.
        clock: The time, for a floor that takes up what was kept; None: hours before second 0, for one that is played.
    """

    def __init__(
        self, seed: int, start: datetime = EPOCH, *, plot: Plot = FLOOR, clock: ManualClock | None = None
    ) -> None:
        self.seed = seed
        self.plot = plot
        self.zero = start
        self.clock = clock or ManualClock(start - _BEFORE)
        self.repositories = ScriptedRepositories()
        self.builds = ScriptedBuilds(self)
        self.broken: set[str] = set()
        self.pushes = 0
        crew = ScriptedCrew(lambda order: self.deploys.deed(order, broken=self._spoilt(order)))
        tools = (self.repositories, self.builds, crew, NoTraffic())
        self.backend = Backend(None, self.clock, seed, account=ACCOUNT, tools=tools, patience=5.0)
        self.deploys = Deploys(self.backend, REGION, seed)
        self.shop = Shop(self.backend, REGION, seed, start, plot.shop) if plot.shop is not None else None
        world = self.backend.world
        self.builds.install(world)
        world.on(_PUSH, self._on_push)
        world.on(_APPROVE, self._on_approve)
        self._scope = world.scope(ACCOUNT, REGION)

    # -- the past ---------------------------------------------------------------------------------------------------

    def play(self) -> None:
        """Live through the hours before second 0, and leave the future to the clock."""
        for bucket in (STORE, SITE):
            self._call("s3", "CreateBucket", Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        story: list[tuple[float, Callable[[], None]]] = []

        def at(minutes: float, act: Callable[..., None], *given: Any) -> None:
            story.append((minutes, lambda: act(*given)))

        if self.plot.fleet:
            self.deploys.tell(at)
        if self.shop is not None:
            self.shop.tell(at)
            Watch(self.backend, REGION).tell(at)
        for index, track in enumerate(self.plot.tracks):
            at(-175 + index * 4.3, self._found, track)
        for happening in self.plot.story:
            at(happening.minutes, getattr(self, happening.deed), *happening.given)
        for minutes, act in sorted(story, key=lambda item: item[0]):
            self._until(self.zero + timedelta(minutes=minutes))
            act()
        self._until(self.zero)
        self._plan_push()

    def _until(self, when: datetime) -> None:
        self.clock.advance((when - self.clock.now()).total_seconds())

    def _call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        answer, _ = self.backend.ask(REGION, service, operation, parameters)
        return answer

    def _found(self, track: Track) -> None:
        """Bring a pipeline into being, with its repository and projects; its first execution starts at once."""
        self._call("codecommit", "CreateRepository", repositoryName=track.name)
        self._commit(track.name, "")
        if track.servers:
            self.deploys.servers(track.name, track.servers)
        for name in (f"{track.name}-build", f"{track.name}-test")[: 2 if "Test" in track.stages else 1]:
            self._call("codebuild", "CreateProject", **project(name))
        self._call("codepipeline", "CreatePipeline", pipeline=pipeline(track))

    def close_gate(self, pipeline: str, stage: str, reason: str) -> None:
        """Somebody closes the gate before a stage."""
        self._call(
            "codepipeline",
            "DisableStageTransition",
            pipelineName=pipeline,
            stageName=stage,
            transitionType="Inbound",
            reason=reason,
        )

    def abandon(self, pipeline: str, reason: str) -> None:
        """Somebody stops the newest run, if it still goes."""
        runs = self._call("codepipeline", "ListPipelineExecutions", pipelineName=pipeline, maxResults=1)
        newest = runs["pipelineExecutionSummaries"][0]
        if newest["status"] == "InProgress":
            self._call(
                "codepipeline",
                "StopPipelineExecution",
                pipelineName=pipeline,
                pipelineExecutionId=newest["pipelineExecutionId"],
                abandon=True,
                reason=reason,
            )

    def answer(self, pipeline: str, stage: str) -> None:
        """A colleague approves what waits, if anything does."""
        state = self._call("codepipeline", "GetPipelineState", name=pipeline)
        for one in state["stageStates"]:
            for action in one.get("actionStates", ()):
                token = action.get("latestExecution", {}).get("token")
                if one["stageName"] == stage and token:
                    self._call(
                        "codepipeline",
                        "PutApprovalResult",
                        pipelineName=pipeline,
                        stageName=stage,
                        actionName=action["actionName"],
                        token=token,
                        result={"summary": "looks good on staging", "status": "Approved"},
                    )

    # -- the future -------------------------------------------------------------------------------------------------

    def push(self, name: str, broken: str = "") -> None:
        """Somebody pushes a commit, and its pipeline starts.

        Args:
            name: The repository, and the pipeline.
            broken: The project in which it will fail, or ``deploy`` when that is its deployment; empty when it is fine.
        """
        self._commit(name, broken)
        with self.backend.world.transaction():
            found = self._scope.get(Pipeline, name)
            if found is not None:
                rule = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/codepipeline-{name}-main"
                begin(self._scope, found, "CloudWatchEvent", rule)

    def _commit(self, name: str, broken: str) -> None:
        dice = self._dice()
        message = "first import" if not self.repositories.head(ACCOUNT, REGION, name, BRANCH) else ""
        commit = self.repositories.push(
            name, BRANCH, message or dice.choice(words.CHANGES), dice.choice(words.PEOPLE), self.clock.now()
        )
        if broken:
            self.broken.add(f"{commit.id}/{broken}")

    def _dice(self) -> random.Random:
        self.pushes += 1
        return random.Random(f"{self.seed}/{self.pushes}")

    def _plan_push(self) -> None:
        dice = random.Random(f"{self.seed}/next/{self.pushes}")
        self._scope.after(dice.uniform(*self.plot.seconds), _PUSH, {}, key=_PUSH)

    def _on_push(self, _: Scope, __: Payload) -> None:
        dice = random.Random(f"{self.seed}/what/{self.pushes}")
        track = dice.choice(self.plot.tracks)
        broken = ""
        if dice.random() < self.plot.breaks:
            broken = f"{track.name}-{'test' if 'Test' in track.stages else 'build'}"
        self.push(track.name, broken)
        if track.watched and track.approval_minutes:
            self._scope.after(
                dice.uniform(500, 900), _APPROVE, {"pipeline": track.name}, key=f"{_APPROVE}/{track.name}"
            )
        self._plan_push()

    def _on_approve(self, _: Scope, payload: Payload) -> None:
        self.answer(payload["pipeline"], "Approve")

    # -- the script -------------------------------------------------------------------------------------------------

    def buildspec(self, project: str) -> str:
        """The buildspec that this project's source has."""
        return words.buildspec(project)

    def fetching(self, build: Build) -> float:
        """Seconds until the source is there."""
        return 2.0 + build.number % 4

    def act(self, build: Build, order: CommandOrder) -> Act:
        """What a command does."""
        fails = f"{build.request.resolved_version}/{build.project}" in self.broken and "test" in order.text
        dice = random.Random(f"{self.seed}/{build.project}/{build.number}/{order.number}")
        slow = 2.2 if order.text.startswith("npm") and ("test" in order.text or "build" in order.text) else 1.0
        seconds = round(dice.uniform(9, 22) * slow, 1)
        return Act(seconds, words.said(order.text, build.number, broken=fails), 1 if fails else 0)

    def value(self, build: Build, word: str) -> str:
        """What the shell would expand a word to."""
        return f"1.{build.number // 10 + 4}.{build.number % 10}" if "VERSION" in word else ""

    def spread(self, build: Build) -> bool:
        """Lines come one by one where somebody may be watching."""
        return build.started >= self.zero - timedelta(minutes=3)

    def _spoilt(self, order: EventOrder) -> bool:
        """Whether a deployment is of a commit whose deployment fails."""
        deployment = self._scope.get(Deployment, order.deployment)
        if deployment is None or not deployment.external_id:
            return False
        run = find_execution(self._scope, order.application, deployment.external_id)
        return run is not None and any(f"{one.id}/deploy" in self.broken for one in run.revisions)
