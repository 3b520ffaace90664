"""The release floor: eight pipelines of a shop, caught at a telling moment, that go on living.

At second 0 there is something of everything: a failed test, an approval that waits and will expire, a build under way,
a closed gate with a revision queued behind it and an older one superseded there, a stopped release, green ones. Then
commits keep coming, at times and with contents that follow from the seed alone.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from pointsman.clock import EPOCH, ManualClock
from pointsman.local.backend import ACCOUNT, Backend
from pointsman.local.codebuild.records import Build
from pointsman.local.codepipeline.driver import begin
from pointsman.local.codepipeline.shapes import Pipeline
from pointsman.local.runners.protocol import CommandOrder
from pointsman.local.scenarios import kept, words
from pointsman.local.scenarios.deploys import Deploys
from pointsman.local.scenarios.scripted import Act, ScriptedBuilds, ScriptedRepositories
from pointsman.local.scenarios.scripted_crew import NoTraffic, ScriptedCrew
from pointsman.local.store import image
from pointsman.local.world import Payload, Scope

REGION: Final = "eu-west-1"
BRANCH: Final = "main"
STORE: Final = "shop-artifacts"
_PUSH: Final = "floor.push"
_APPROVE: Final = "floor.approve"
_BEFORE: Final = timedelta(minutes=180)
"""How long the floor has been running at second 0."""


@dataclass(frozen=True, slots=True)
class Track:
    """One pipeline of the floor."""

    name: str
    stages: tuple[str, ...]
    approval_minutes: int = 0
    watched: bool = True
    """Whether a colleague answers its approvals after a while."""


TRACKS: Final = (
    Track("billing", ("Build", "Approve", "Release"), approval_minutes=60, watched=False),
    Track("catalog", ("Build", "Test", "Release")),
    Track("checkout", ("Build", "Test", "Release")),
    Track("gateway", ("Build", "Test", "Release")),
    Track("mobile-api", ("Build", "Approve", "Release"), approval_minutes=240),
    Track("notifications", ("Build", "Release")),
    Track("profiles", ("Build", "Release")),
    Track("search", ("Build", "Test", "Release")),
)
_BY_NAME: Final = {track.name: track for track in TRACKS}


class Floor:
    """The scenario: its people, its repositories, its script.

    Args:
        seed: Decides everything that is left to chance.
        start: What is second 0.
    """

    def __init__(self, seed: int, start: datetime = EPOCH) -> None:
        self.seed = seed
        self.zero = start
        self.clock = ManualClock(start - _BEFORE)
        self.repositories = ScriptedRepositories()
        self.builds = ScriptedBuilds(self)
        self.broken: set[str] = set()
        self.pushes = 0
        crew = ScriptedCrew(lambda order: self.deploys.deed(order))
        tools = (self.repositories, self.builds, crew, NoTraffic())
        self.backend = Backend(None, self.clock, seed, account=ACCOUNT, tools=tools, patience=5.0)
        self.deploys = Deploys(self.backend, REGION, seed)
        world = self.backend.world
        self.builds.install(world)
        world.on(_PUSH, self._on_push)
        world.on(_APPROVE, self._on_approve)
        self._scope = world.scope(ACCOUNT, REGION)

    # -- the past ---------------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Be at second 0: as it was kept, where this very floor was, or by living through what came before."""
        if self.seed == kept.SEED and self.zero == EPOCH and image.available() and kept.FILE.exists():
            kept.take_up(self, kept.FILE.read_bytes())
        else:
            self.play()

    def play(self) -> None:
        """Live through the hours before second 0, and leave the future to the clock."""
        for bucket in (STORE, "shop-site"):
            self._call("s3", "CreateBucket", Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        story: list[tuple[float, Callable[[], None]]] = []

        def at(minutes: float, act: Callable[..., None], *given: Any) -> None:
            story.append((minutes, lambda: act(*given)))

        self.deploys.tell(at)
        for index, track in enumerate(TRACKS):
            at(-175 + index * 4.3, self._found, track)
        at(-138.5, self._answer, "billing", "Approve")
        at(-122.0, self._answer, "mobile-api", "Approve")
        at(-118.0, self._close_gate, "gateway", "Release", "freeze until the 25th")
        at(-101.2, self.push, "search")
        at(-95.6, self.push, "profiles")
        at(-80.4, self.push, "checkout")
        at(-66.1, self.push, "gateway")
        at(-52.7, self.push, "mobile-api")
        at(-49.2, self._abandon, "mobile-api", "wrong branch")
        at(-47.3, self.push, "catalog")
        at(-36.4, self.push, "notifications")
        at(-35.5, self.push, "notifications")
        at(-34.6, self.push, "notifications")
        at(-25.1, self.push, "billing")
        at(-19.8, self.push, "gateway")
        at(-8.2, self.push, "checkout", "checkout-test")
        at(-1.4, self.push, "search")
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
        for project in (f"{track.name}-build", f"{track.name}-test")[: 2 if "Test" in track.stages else 1]:
            self._call("codebuild", "CreateProject", **_project(project))
        self._call("codepipeline", "CreatePipeline", pipeline=_pipeline(track))

    def _close_gate(self, pipeline: str, stage: str, reason: str) -> None:
        self._call(
            "codepipeline",
            "DisableStageTransition",
            pipelineName=pipeline,
            stageName=stage,
            transitionType="Inbound",
            reason=reason,
        )

    def _abandon(self, pipeline: str, reason: str) -> None:
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

    def _answer(self, pipeline: str, stage: str) -> None:
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
            broken: The project in which it will fail; empty when it is fine.
        """
        self._commit(name, broken)
        with self.backend.world.transaction():
            pipeline = self._scope.get(Pipeline, name)
            if pipeline is not None:
                rule = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/codepipeline-{name}-main"
                begin(self._scope, pipeline, "CloudWatchEvent", rule)

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
        self._scope.after(dice.uniform(25, 80), _PUSH, {}, key=_PUSH)

    def _on_push(self, _: Scope, __: Payload) -> None:
        dice = random.Random(f"{self.seed}/what/{self.pushes}")
        track = dice.choice(TRACKS)
        broken = ""
        if dice.random() < 0.2:
            broken = f"{track.name}-{'test' if 'Test' in track.stages else 'build'}"
        self.push(track.name, broken)
        if track.watched and track.approval_minutes:
            self._scope.after(
                dice.uniform(500, 900), _APPROVE, {"pipeline": track.name}, key=f"{_APPROVE}/{track.name}"
            )
        self._plan_push()

    def _on_approve(self, _: Scope, payload: Payload) -> None:
        self._answer(payload["pipeline"], "Approve")

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


def _project(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "description": "Scripted for the demonstration",
        "source": {"type": "CODEPIPELINE"},
        "artifacts": {"type": "CODEPIPELINE"},
        "environment": {
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/standard:7.0",
            "computeType": "BUILD_GENERAL1_SMALL",
            "environmentVariables": [{"name": "NODE_ENV", "value": "production", "type": "PLAINTEXT"}],
        },
        "serviceRole": f"arn:aws:iam::{ACCOUNT}:role/codebuild",
        "timeoutInMinutes": 30,
    }


def _pipeline(track: Track) -> dict[str, Any]:
    source = _action(
        "Commit",
        ("Source", "CodeCommit"),
        {"RepositoryName": track.name, "BranchName": BRANCH, "PollForSourceChanges": "false"},
        outputs=("Source",),
    )
    source["namespace"] = "SourceVariables"
    stages = [{"name": "Source", "actions": [source]}]
    stages += [{"name": stage, "actions": _actions(track, stage)} for stage in track.stages]
    return {
        "name": track.name,
        "roleArn": f"arn:aws:iam::{ACCOUNT}:role/codepipeline",
        "artifactStore": {"type": "S3", "location": STORE},
        "stages": stages,
        "version": 1,
        "executionMode": "SUPERSEDED",
        "pipelineType": "V2",
    }


def _actions(track: Track, stage: str) -> list[dict[str, Any]]:
    match stage:
        case "Build":
            built = {"ProjectName": f"{track.name}-build"}
            return [_action("Compile", ("Build", "CodeBuild"), built, inputs=("Source",), outputs=("Bundle",))]
        case "Test":
            tested = {"ProjectName": f"{track.name}-test"}
            return [_action("Integration", ("Test", "CodeBuild"), tested, inputs=("Source",))]
        case "Approve":
            asked = {
                "CustomData": f"Release {track.name} #{{SourceVariables.CommitId}} to everyone?",
                "ExternalEntityLink": f"https://staging.example.com/{track.name}",
            }
            action = _action("Sign-off", ("Approval", "Manual"), asked)
            return [{**action, "timeoutInMinutes": track.approval_minutes}]
        case _:
            target = {"BucketName": "shop-site", "Extract": "true", "ObjectKey": track.name}
            return [_action("Publish", ("Deploy", "S3"), target, inputs=("Bundle",))]


def _action(
    name: str,
    kind: tuple[str, str],
    configuration: dict[str, str],
    *,
    inputs: tuple[str, ...] = (),
    outputs: tuple[str, ...] = (),
) -> dict[str, Any]:
    category, provider = kind
    return {
        "name": name,
        "actionTypeId": {"category": category, "owner": "AWS", "provider": provider, "version": "1"},
        "runOrder": 1,
        "configuration": configuration,
        "inputArtifacts": [{"name": one} for one in inputs],
        "outputArtifacts": [{"name": one} for one in outputs],
    }
