"""Badges: their pictures over HTTP, and what they say."""

from __future__ import annotations

import urllib.request
import xml.etree.ElementTree as ET
from typing import Any

from pointsman.clock import ManualClock
from pointsman.local.endpoint import Endpoint
from support.builds import Builds
from support.endpoint import KEY

SPEC = "version: 0.2\nphases: {build: {commands: [%s]}}"


def picture(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:
        assert answer.headers["content-type"] == "image/svg+xml"
        assert "no-cache" in answer.headers["cache-control"]
        root = ET.fromstring(answer.read())
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    return str(root.attrib["aria-label"]).removeprefix("build: ")


def test_a_badge_shows_the_newest_build_of_its_branch(builds: Builds, clock: ManualClock) -> None:
    client: Any = builds.client
    builds.project(SPEC % "true", badgeEnabled=True)
    with Endpoint(builds.backend, keys=KEY, clock=clock):
        url = client.batch_get_projects(names=["web"])["projects"][0]["badge"]["badgeRequestUrl"]
        assert url.startswith("http://127.0.0.1:")
        assert picture(url) == "unknown"
        client.start_build(projectName="web")
        builds.backend.settle()
        assert picture(url) == "passing"
        client.start_build(projectName="web", buildspecOverride=SPEC % "false")
        builds.backend.settle()
        assert picture(url) == "failing"
        held = client.start_build(projectName="web", buildspecOverride=SPEC % "sleep 60")["build"]["id"]
        assert picture(url) == "in progress"
        client.stop_build(id=held)
        builds.backend.settle()
        assert picture(url) == "failing"
        client.start_build(projectName="web", sourceVersion="refs/heads/side")
        builds.backend.settle()
        assert picture(url) == "failing", "the newest build of main is the stopped one"
        assert picture(url.replace("branch=main", "branch=side")) == "passing"
        assert picture(url.replace("uuid=", "uuid=x")) == "unknown"
        client.update_project(name="web", badgeEnabled=False)
        assert picture(url) == "unknown"
