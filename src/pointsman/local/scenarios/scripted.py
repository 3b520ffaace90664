"""What takes the place of processes and git in a scenario: the same facts, told by timers.

``ScriptedBuilds`` is a ``BuildRunner`` and ``ScriptedRepositories`` a ``Repositories``; the engines above them are the
real ones. A ``Script`` says what each command of a build prints, how long it takes and how it ends.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from pointsman.local.codebuild.buildspec import parse
from pointsman.local.codebuild.records import Build
from pointsman.local.codecommit.repositories import Commit
from pointsman.local.runners.protocol import (
    COLLECTED,
    COMMAND_ENDED,
    FETCHED,
    OUTPUT,
    CommandOrder,
    ShellOrder,
    Work,
)
from pointsman.local.world import Payload, Scope, World

FACT = "scenario.fact"
"""A timer that carries other facts: a list of (topic, payload)."""


class Act(Struct, frozen=True):
    """What one command of a scripted build does."""

    seconds: float
    lines: Sequence[str] = ()
    exit: int = 0


class Script(Protocol):
    """What a scenario knows of its builds."""

    def buildspec(self, project: str) -> str:
        """The buildspec that this project's source has."""
        ...

    def fetching(self, build: Build) -> float:
        """Seconds until the source is there."""
        ...

    def act(self, build: Build, order: CommandOrder) -> Act:
        """What a command does."""
        ...

    def value(self, build: Build, word: str) -> str:
        """What the shell would expand a word to."""
        ...

    def spread(self, build: Build) -> bool:
        """Whether lines come one after the other (someone may be watching) or all with the command's end."""
        ...


class ScriptedBuilds:
    """A build runner that executes nothing.

    Args:
        script: What happens.
    """

    slots = 1000
    executes = False

    def __init__(self, script: Script) -> None:
        self._script = script
        self._bundle = empty_zip()

    def install(self, world: World) -> None:
        """Have the scripted facts delivered, and what little work there is done on the spot."""
        world.on(FACT, _deliver)
        world.inline_jobs = True

    def build_folder(self, build_id: str) -> Path:
        """Where a container would have it; nothing is ever there."""
        return Path("/codebuild") / build_id.rpartition(":")[2]

    def missing_shell(self, shell: str) -> str:
        """Every shell is there."""
        return ""

    def notices(self) -> Sequence[str]:
        """What opens a log: that this is a script."""
        return ("Demonstration: this build is scripted, nothing is executed",)

    def fetch_sources(self, scope: Scope, build_id: str, project: str, work: Work) -> None:
        """Bring the script's buildspec after a while; ``work`` would read a real source and is left alone."""
        build = _build(scope, build_id)
        if build is not None:
            payload = {
                "build_id": build_id,
                "buildspec": self._script.buildspec(project),
                "place": "buildspec.yml",
                "resolved": build.request.resolved_version,
            }
            _later(scope, build_id, self._script.fetching(build), FETCHED, (FETCHED, payload))

    def open_shell(self, scope: Scope, order: ShellOrder) -> None:
        """There is no shell to open."""

    def run_command(self, scope: Scope, order: CommandOrder) -> None:
        """Let the script say what the command prints and how it ends."""
        build = _build(scope, order.build_id)
        if build is None:
            return
        if order.inquire:
            values = [self._script.value(build, word) for word in order.inquire]
            _later(scope, order.build_id, 0.0, COMMAND_ENDED, (COMMAND_ENDED, _end(order, 0, values)))
            return
        act = self._script.act(build, order)
        start = scope.now.timestamp() * 1000
        step = act.seconds * 1000 / (len(act.lines) + 1)
        events = [(int(start + step * (index + 1)), line) for index, line in enumerate(act.lines)]
        if events and self._script.spread(build):
            for index, event in enumerate(events):
                seconds, fact = step * (index + 1) / 1000, (OUTPUT, _output(order, [event]))
                _later(scope, order.build_id, seconds, f"{OUTPUT}/{index}", fact)
            events = []
        facts = [(OUTPUT, _output(order, events))] if events else []
        facts.append((COMMAND_ENDED, _end(order, act.exit, [])))
        _later(scope, order.build_id, act.seconds, COMMAND_ENDED, *facts)

    def collect_artifacts(self, scope: Scope, build_id: str, project: str, outputs: Sequence[str], work: Work) -> None:
        """Have every output artifact be the same small bundle."""
        digest = scope.world.blobs.put(self._bundle)
        payload = {
            "build_id": build_id,
            "lines": ["Expanding base directory path: dist", "Found 14 file(s)"],
            "output_artifacts": dict.fromkeys(outputs, digest),
        }
        _later(scope, build_id, 2.0, COLLECTED, (COLLECTED, payload))

    def recover_build(self, scope: Scope, build_id: str) -> None:
        """A scenario is never restarted."""

    def end_build(self, scope: Scope, build_id: str) -> None:
        """Take back what was still to come of a build."""
        scope.world.database.execute(
            "DELETE FROM timers WHERE account = ? AND region = ? AND key LIKE ?",
            (scope.account, scope.region, f"scenario/{build_id}/%"),
        )

    def close(self) -> None:
        """Nothing runs."""


class ScriptedRepositories:
    """Repositories that are lists of commits, newest last."""

    def __init__(self) -> None:
        self.commits: dict[tuple[str, str], list[Commit]] = {}
        """(repository, branch) -> its commits, the newest last."""

    def push(self, name: str, branch: str, message: str, author: str, at: datetime) -> Commit:
        """Add a commit to a branch; its id follows from what it says, when, and on top of what."""
        line = self.commits.setdefault((name, branch), [])
        parent = (line[-1].id,) if line else ()
        identity = "\0".join((name, branch, message, author, at.isoformat(), *parent))
        digest = hashlib.sha1(identity.encode(), usedforsecurity=False).hexdigest()
        email = author.lower().replace(" ", ".") + "@example.com"
        commit = Commit(
            id=digest,
            tree=digest[::-1],
            parents=parent,
            author=author,
            author_email=email,
            author_date=at,
            committer=author,
            committer_email=email,
            committer_date=at,
            message=message,
        )
        line.append(commit)
        return commit

    def path(self, account: str, region: str, name: str) -> Path | None:
        """No repository is on disk."""
        return None

    def head(self, account: str, region: str, name: str, branch: str) -> Commit | None:
        """The newest commit of a branch."""
        line = self.commits.get((name, branch))
        return line[-1] if line else None

    def commit(self, account: str, region: str, name: str, commit_id: str) -> Commit | None:
        """A commit by its id."""
        return next(
            (
                commit
                for (repository, _), line in self.commits.items()
                if repository == name
                for commit in line
                if commit.id == commit_id
            ),
            None,
        )

    def log(
        self, account: str, region: str, name: str, newest: str, oldest: str | None = None, limit: int = 100
    ) -> list[Commit]:
        """The commits from ``newest`` back to ``oldest``, newest first."""
        found: list[Commit] = []
        at: str | None = newest
        while at is not None and at != oldest and len(found) < limit:
            commit = self.commit(account, region, name, at)
            if commit is None:
                break
            found.append(commit)
            at = commit.parents[0] if commit.parents else None
        return found

    def archive(self, account: str, region: str, name: str, commit_id: str, target: Path) -> None:
        """A small zip in place of the files."""
        target.write_bytes(empty_zip())


def empty_zip() -> bytes:
    """A zip of one file, the same at every call."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as bundle:
        bundle.writestr(zipfile.ZipInfo("README.md", (2026, 1, 1, 0, 0, 0)), "A scripted artifact.\n")
    return buffer.getvalue()


def _deliver(scope: Scope, payload: Payload) -> None:
    for topic, fact in payload["facts"]:
        if topic == FETCHED:
            fact["spec"] = _spec(fact.pop("buildspec"))
        scope.emit(topic, fact)


_spec = cache(parse)


def _build(scope: Scope, build_id: str) -> Build | None:
    return scope.get(Build, build_id)


def _later(scope: Scope, build_id: str, seconds: float, name: str, *facts: tuple[str, Payload]) -> None:
    scope.after(seconds, FACT, {"facts": facts}, key=f"scenario/{build_id}/{name}")


def _output(order: CommandOrder, events: Sequence[tuple[int, str]]) -> Payload:
    return {"build_id": order.build_id, "events": events}


def _end(order: CommandOrder, status: int, values: Sequence[str]) -> Payload:
    return {"build_id": order.build_id, "number": order.number, "exit": status, "note": "", "values": list(values)}
