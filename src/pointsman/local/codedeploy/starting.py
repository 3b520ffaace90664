"""A deployment begins when its turn has come: what must be there is looked for, then its platform takes over."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from pointsman.local.codedeploy import deployments, driver, ending, notices, planning, shifting_driver, watch
from pointsman.local.codedeploy.machine import FAILED, QUEUED, SUCCEEDED, Halt
from pointsman.local.codedeploy.planning import Unfit
from pointsman.local.codedeploy.protocol import Bundle
from pointsman.local.codedeploy.records import Busy, DeployApplication, Deployment, DeploymentGroup
from pointsman.local.world import JobFailed, Payload, Scope
from pointsman.semantics import deployments as rules

BUNDLED: Final = "codedeploy.bundled"


def begun(scope: Scope, payload: Payload) -> None:
    """It is a deployment's turn, unless its group's last one is still being worked on: then it waits for that."""
    one = scope.get(Deployment, payload["deployment"])
    if one is None or one.over or one.run is not None or one.shift is not None:
        return
    busy = scope.get(Busy, one.id)
    if busy is None:
        return
    if any(other.group == busy.group and _older(scope, key, one) for key, other in scope.scan(Busy)):
        scope.put(one.id, replace(one, status=QUEUED))
        return
    try:
        _require_group(scope, one)
        if (halt := watch.halting(scope, one)) is not None:
            driver.refuse(scope, one, halt)
            return
        _fetch(scope, one)
    except Unfit as problem:
        _unfit(scope, one, problem.code, str(problem))


def _older(scope: Scope, key: str, one: Deployment) -> bool:
    other = scope.get(Deployment, key)
    return other is not None and other.number < one.number


def _require_group(scope: Scope, one: Deployment) -> None:
    if scope.get(DeployApplication, one.application) is None:
        raise Unfit("APPLICATION_MISSING", f"The application {one.application} was deleted.")
    found = scope.get(DeploymentGroup, f"{one.application}/{one.group}")
    if found is None or found.id != one.group_id:
        raise Unfit("DEPLOYMENT_GROUP_MISSING", f"The deployment group {one.group} was deleted.")


def _unfit(scope: Scope, one: Deployment, code: str, sentence: str) -> None:
    driver.refuse(scope, one, Halt(FAILED, code, sentence, "DEPLOYMENT_FAILURE"))


def _fetch(scope: Scope, one: Deployment) -> None:
    """See to the bundle; a commit is made into one on another thread."""
    reinstalls = one.request.get("deploymentMode") != "RESTART"
    if one.blue_green and deployments.is_rollback(one):
        reinstalls = False  # the old side is there still: it only gets its traffic back
    if not reinstalls or one.revision is None:
        _go(scope, one)
        return
    bundle = planning.bundle_of(scope, one.revision)
    if isinstance(bundle, Bundle):
        scope.put(one.id, bundle)
        _go(scope, one)
        return

    def work() -> Payload:
        try:
            return {**bundle(), "deployment": one.id}
        except JobFailed as failure:
            return {"deployment": one.id, "error": str(failure)}

    scope.job(BUNDLED, work)


def bundled(scope: Scope, payload: Payload) -> None:
    """A commit has become a bundle, or has not."""
    one = scope.get(Deployment, payload.get("deployment", ""))
    if one is None or one.over or one.run is not None:
        return
    if "error" in payload or one.revision is None:
        _unfit(scope, one, "REVISION_MISSING", payload.get("error", "The revision is not there."))
        return
    variables = {"BUNDLE_COMMIT": one.revision["gitHubLocation"]["commitId"]}
    scope.put(one.id, Bundle(payload["digest"], "zip", variables))
    try:
        _go(scope, one)
    except Unfit as problem:
        _unfit(scope, one, problem.code, str(problem))


def _go(scope: Scope, one: Deployment) -> None:
    if one.platform != rules.SERVER:
        shifting_driver.begin(scope, one)
        return
    try:
        driver.begin(scope, one)
    except planning.NothingToDo as why:
        done = replace(scope.get(Deployment, one.id) or one, started=scope.now, note=str(why))
        scope.put(one.id, done)
        notices.deployment(scope, done, "START")
        ending.finish(scope, done, SUCCEEDED, None)
        ending.release(scope, done)


def failed_again(scope: Scope, one: Deployment, sentence: str) -> None:
    """The backend was stopped at a moment that a deployment cannot go on from."""
    _unfit(scope, one, "INTERNAL_ERROR", sentence)
