"""What CodeBuild tells EventBridge: builds that begin and end, and phases that end, in AWS's shape.

Made only when somebody wants to hear of them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pointsman.local.codebuild.machine import Phase
from pointsman.local.codebuild.records import Build, BuildArtifact
from pointsman.local.codebuild.shapes import logs_shape
from pointsman.local.events import bus
from pointsman.local.world import Payload, Scope

STATE_CHANGE = "CodeBuild Build State Change"
PHASE_CHANGE = "CodeBuild Build Phase Change"


def state_changed(scope: Scope, payload: Payload) -> None:
    """A build has begun, or has ended."""
    build = scope.get(Build, payload["build_id"]) if bus.wanted(scope) else None
    if build is None:
        return
    current = build.phases[-1]
    detail = {
        "build-status": build.status,
        "project-name": build.project,
        "build-id": build.arn,
        "additional-information": _information(scope, build),
        "current-phase": current.type,
        "current-phase-context": _contexts(current),
        "version": "1",
    }
    _emit(scope, build, STATE_CHANGE, detail)


def phase_changed(scope: Scope, payload: Payload) -> None:
    """A build has left a phase."""
    build = scope.get(Build, payload["build_id"]) if bus.wanted(scope) else None
    if build is None:
        return
    ended = next((one for one in reversed(build.phases) if one.type == payload["phase"]), None)
    if ended is None or ended.end is None:
        return
    detail = {
        "completed-phase": ended.type,
        "project-name": build.project,
        "build-id": build.arn,
        "completed-phase-context": _contexts(ended),
        "additional-information": _information(scope, build),
        "completed-phase-status": ended.status,
        "completed-phase-duration-seconds": _seconds(ended),
        "version": "1",
        "completed-phase-start": told(ended.start),
        "completed-phase-end": told(ended.end),
    }
    _emit(scope, build, PHASE_CHANGE, detail)


def _emit(scope: Scope, build: Build, kind: str, detail: dict[str, Any]) -> None:
    bus.put(scope, "aws.codebuild", kind, detail, [build.arn])


def told(when: datetime) -> str:
    """A time as these events write it: ``Sep 1, 2017 4:12:29 PM``, in UTC."""
    return f"{when:%b} {when.day}, {when.year} {when.hour % 12 or 12}:{when:%M:%S} {'PM' if when.hour >= 12 else 'AM'}"


def _seconds(phase: Phase) -> int:
    return int(((phase.end or phase.start) - phase.start).total_seconds())


def _contexts(phase: Phase) -> str:
    said = [f"{one.code}: {one.message}" for one in phase.contexts if one.code or one.message]
    return f"[{', '.join(said)}]"


def _information(scope: Scope, build: Build) -> dict[str, Any]:
    settings = build.settings
    environment = settings.get("environment", {})
    logs = logs_shape(scope, build)
    found: dict[str, Any] = {
        "environment": {
            "image": environment.get("image", ""),
            "privileged-mode": environment.get("privilegedMode", False),
            "compute-type": environment.get("computeType", ""),
            "type": environment.get("type", ""),
            "environment-variables": environment.get("environmentVariables", []),
        },
        "timeout-in-minutes": settings["timeoutInMinutes"],
        "build-complete": build.complete,
        "build-number": build.number,
        "initiator": build.request.initiator,
        "build-start-time": told(build.started),
        "source": {name: settings["source"][name] for name in ("location", "type") if name in settings["source"]},
        "phases": [_phase(phase) for phase in build.phases],
        "queued-timeout-in-minutes": settings["queuedTimeoutInMinutes"],
    }
    brought = next((one for one in build.artifacts if not one.identifier), BuildArtifact())
    if brought.location:
        found["artifact"] = {"location": brought.location, "md5sum": brought.md5, "sha256sum": brought.sha256}
    if build.log_group:
        found["logs"] = {
            "group-name": logs["groupName"],
            "stream-name": logs["streamName"],
            "deep-link": logs["deepLink"],
        }
    if version := settings.get("sourceVersion"):
        found["source-version"] = version
    return found


def _phase(phase: Phase) -> dict[str, Any]:
    shape: dict[str, Any] = {"phase-type": phase.type, "start-time": told(phase.start)}
    if phase.end is not None:
        shape |= {
            "phase-context": [f"{one.code}: {one.message}" for one in phase.contexts],
            "end-time": told(phase.end),
            "duration-in-seconds": _seconds(phase),
            "phase-status": phase.status,
        }
    return shape
