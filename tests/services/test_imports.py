from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "modules",
    [
        "pointsman.services.feeds, pointsman.services.pipelines, pointsman.services.builds, pointsman.services.logs",
        "pointsman.services.session, pointsman.model.attention, pointsman.model.comparison",
        "pointsman.aws.profiles, pointsman.aws.guard, pointsman.aws.trail, pointsman.aws.loading",
    ],
)
def test_what_a_screen_needs_before_the_first_paint_imports_no_boto3(modules: str) -> None:
    code = f"import {modules}, sys; print([one for one in sys.modules if one.startswith('boto')])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
