"""How much of its budget a minute took."""

from __future__ import annotations

import pytest

from pointsman.services.pace import QUOTAS, SHARE, share_of


def test_the_tightest_service_counts() -> None:
    logs = QUOTAS["logs"].per_second * SHARE * 60
    assert share_of({"logs": int(logs / 2), "codepipeline": 1}) == pytest.approx(0.5)
    assert share_of({}) == 0
    assert share_of({"sts": 10_000}) == 0, "what has no quota has no share"
