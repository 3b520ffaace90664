"""Build badges: a picture of how the newest build of a branch went, at an address that never changes.

Served at ``/_pointsman/badges`` while an endpoint listens; until then the address is the one that AWS would give.
"""

from __future__ import annotations

from typing import Final
from uuid import NAMESPACE_URL, uuid5

from pointsman.local import pages
from pointsman.local.codebuild.records import Build, BuildOrder, CodeBuildProject
from pointsman.local.pages import Pages, Shown, Visit
from pointsman.local.world import Scope, World

PAGE: Final = "badges"
HEADS: Final = "refs/heads/"
_SEEN: Final = 200
"""How many of a project's newest builds are looked through for one of the branch."""

_COLOURS: Final = {"passing": "#2e7d32", "failing": "#c62828", "in progress": "#1565c0", "unknown": "#616161"}
_WIDTH: Final = 6.6
"""Of a character, in the picture's units."""


def identity(arn: str) -> str:
    """The id in a badge's address: the project's own, the same for its whole life."""
    return str(uuid5(NAMESPACE_URL, arn))


def url(scope: Scope, project: CodeBuildProject) -> str:
    """Where a project's badge is: here while this backend is served, else where AWS would show it."""
    root = pages.address(scope.world, PAGE) or f"https://codebuild.{scope.region}.amazonaws.com/{PAGE}"
    return f"{root}?uuid={identity(project.arn)}&branch=main"


def install(world: World) -> None:
    """Give the page."""
    world.tool(Pages).add(PAGE, "GET", show)


def show(world: World, account: str, visit: Visit) -> Shown:
    """The picture for an address; of a project that shows no badge, or is not there, nothing is known."""
    wanted, branch = visit.query.get("uuid", ""), visit.query.get("branch", "")
    word = "unknown"
    for home, region in world.records.places(CodeBuildProject):
        scope = world.scope(home, region)
        for _, project in scope.scan(CodeBuildProject) if home == account else ():
            if identity(project.arn) == wanted and project.settings.get("badgeEnabled"):
                word = status(scope, project, branch)
    headers = {"cache-control": "no-cache, no-store", "content-security-policy": "default-src 'none'"}
    return Shown(200, picture(word).encode(), "image/svg+xml", headers)


def status(scope: Scope, project: CodeBuildProject, branch: str = "") -> str:
    """How the newest build of a branch went: passing, failing, in progress or unknown.

    A build that names no version has built the repository's default branch, and counts for every branch.
    """
    for _, order in scope.scan(BuildOrder, f"{project.name}/", reverse=True, limit=_SEEN):
        build = scope.get(Build, order.build_id)
        if build is not None and _of(build, branch):
            if not build.complete:
                return "in progress"
            return "passing" if build.status == "SUCCEEDED" else "failing"
    return "unknown"


def _of(build: Build, branch: str) -> bool:
    heads = [one.value for one in build.request.webhook if one.name == "CODEBUILD_WEBHOOK_HEAD_REF"]
    version = heads[0] if heads else str(build.settings.get("sourceVersion") or build.request.source_version or "")
    return not branch or version.removeprefix(HEADS) in ("", branch)


def picture(word: str) -> str:
    """A badge that says a word."""
    left, right = 48, round(len(word) * _WIDTH) + 14
    whole, middle = left + right, left + right / 2
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{whole}" height="20" role="img" aria-label="build: {word}">'
        f"<title>build: {word}</title>"
        f'<rect width="{left}" height="20" fill="#424242"/>'
        f'<rect x="{left}" width="{right}" height="20" fill="{_COLOURS[word]}"/>'
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle">'
        f'<text x="{left / 2:g}" y="14">build</text><text x="{middle:g}" y="14">{word}</text></g></svg>'
    )
