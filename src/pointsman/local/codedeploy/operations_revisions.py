"""CodeDeploy's answers about revisions."""

from __future__ import annotations

from typing import Any

from pointsman.digits import digits
from pointsman.local.answers import Parameters, answers
from pointsman.local.codedeploy import errors, locations, shapes
from pointsman.local.codedeploy.errors import refused
from pointsman.local.codedeploy.lookup import PAGE, application
from pointsman.local.codedeploy.records import Revision
from pointsman.local.world import Scope

_SORTS = {"registerTime": "registered", "firstUsedTime": "first_used", "lastUsedTime": "last_used"}
_MOST = 25


def register(scope: Scope, app: str, location: dict[str, Any], description: str = "") -> Revision:
    """The revision of an application at a location, made when it is not there."""
    key = f"{app}/{locations.digest(location)}"
    found = scope.get(Revision, key)
    if found is None or description:
        registered = found.registered if found else scope.now
        groups = found.groups if found else ()
        found = Revision(app, location, registered, description, groups)
        scope.put(key, found)
    return found


@answers("codedeploy", "RegisterApplicationRevision")
def register_application_revision(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Make a revision known."""
    home = application(scope, parameters.get("applicationName"))
    description = parameters.get("description", "")
    if len(description) > 256:
        raise refused("DescriptionTooLong", "A description has at most 256 characters")
    register(scope, home.name, locations.check(parameters.get("revision"), home.platform), description)
    return {}


@answers("codedeploy", "GetApplicationRevision")
def get_application_revision(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """One revision."""
    home = application(scope, parameters.get("applicationName"))
    location = locations.check(parameters.get("revision"), home.platform)
    found = scope.get(Revision, f"{home.name}/{locations.digest(location)}")
    if found is None:
        raise refused("RevisionDoesNotExist", f"{home.name} has no revision {locations.words(location)}")
    return {"applicationName": home.name, "revision": found.location, "revisionInfo": shapes.revision(found)}


@answers("codedeploy", "BatchGetApplicationRevisions")
def batch_get_application_revisions(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Revisions by their locations; what is wrong with some is said in errorMessage."""
    home = application(scope, parameters.get("applicationName"))
    if not parameters["revisions"]:
        raise refused("RevisionRequired", "A revision is required")
    if len(parameters["revisions"]) > _MOST:
        raise refused("BatchLimitExceeded", f"At most {_MOST} revisions can be asked for at a time")
    found, missing = [], []
    for given in parameters["revisions"]:
        location = locations.check(given, home.platform)
        revision = scope.get(Revision, f"{home.name}/{locations.digest(location)}")
        if revision is None:
            missing.append(locations.words(location))
        else:
            info = shapes.revision(revision)
            found.append({"revisionLocation": revision.location, "genericRevisionInfo": info})
    answer: dict[str, Any] = {"applicationName": home.name, "revisions": found}
    if missing:
        answer["errorMessage"] = f"{home.name} has no revision {', '.join(missing)}"
    return answer


@answers("codedeploy", "ListApplicationRevisions")
def list_application_revisions(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Locations, filtered and sorted."""
    home = application(scope, parameters.get("applicationName"))
    sort, order = parameters.get("sortBy", "registerTime"), parameters.get("sortOrder", "descending")
    deployed = parameters.get("deployed", "ignore")
    bucket, prefix = parameters.get("s3Bucket"), parameters.get("s3KeyPrefix")
    if sort not in _SORTS:
        raise refused("InvalidSortBy", f"Revisions are sorted by {', '.join(_SORTS)}, not by {sort}")
    if order not in ("ascending", "descending"):
        raise refused("InvalidSortOrder", f"The order is ascending or descending, not {order}")
    if deployed not in ("include", "exclude", "ignore"):
        raise refused("InvalidDeployedStateFilter", f"deployed is include, exclude or ignore, not {deployed}")
    if prefix and not bucket:
        raise refused("BucketNameFilterRequired", "s3KeyPrefix needs s3Bucket beside it")

    def wanted(one: Revision) -> bool:
        s3 = one.location.get("s3Location")
        if bucket and (s3 is None or s3["bucket"] != bucket or not s3["key"].startswith(prefix or "")):
            return False
        return bool(deployed == "ignore" or bool(one.groups) == (deployed == "include"))

    found = [one for _, one in scope.scan(Revision, f"{home.name}/") if wanted(one)]
    # Revisions that were never used come last either way, as the sort has nothing to say of them.
    known = [one for one in found if getattr(one, _SORTS[sort]) is not None]
    known.sort(key=lambda one: (getattr(one, _SORTS[sort]), locations.digest(one.location)))
    if order == "descending":
        known.reverse()
    known += [one for one in found if getattr(one, _SORTS[sort]) is None]
    place = errors.place(parameters.get("nextToken"))
    if place is not None and not digits(place):
        raise refused("InvalidNextToken", "The next token is not valid")
    start = int(place or 0)
    answer: dict[str, Any] = {"revisions": [one.location for one in known[start : start + PAGE]]}
    if start + PAGE < len(known):
        answer["nextToken"] = errors.token(str(start + PAGE))
    return answer
