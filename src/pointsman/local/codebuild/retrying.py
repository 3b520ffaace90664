"""``autoRetryLimit``: a build that failed is started again, as often as its project says."""

from __future__ import annotations

import msgspec

from pointsman.local.answers import AwsError
from pointsman.local.codebuild import builds
from pointsman.local.codebuild.driver import say
from pointsman.local.codebuild.machine import FAILED, FAULT, TIMED_OUT
from pointsman.local.codebuild.records import Build
from pointsman.local.world import Payload, Scope


def ended(scope: Scope, payload: Payload) -> None:
    """A build is over; one that somebody stopped, or that a pipeline or a batch waits for, is not tried again."""
    build = scope.get(Build, payload["build_id"])
    if build is None or build.status not in (FAILED, FAULT, TIMED_OUT):
        return
    limit = build.settings.get("autoRetryLimit") or 0
    if build.auto_retry >= limit or build.request.sources or build.request.batch:
        return
    number = build.auto_retry + 1
    try:
        again = builds.start(scope, build.request, retry_of=build.id, auto_retry=number)
    except AwsError as error:
        say(scope, build, [f"The build could not be retried: {error.message}"])
        return
    say(scope, build, [f"Retrying the build, {number} of {limit}: {again.id}"])
    scope.put(build.id, msgspec.structs.replace(build, next_auto_retry=again.arn))
