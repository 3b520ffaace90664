"""What falls to each build of a fan-out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pointsman.local.codebuild.image_tools import STRATEGIES, share

FILES = st.lists(st.text(alphabet="abc/", min_size=1, max_size=6), unique=True, max_size=30)


@given(FILES, st.integers(1, 7), st.sampled_from(STRATEGIES))
def test_every_file_falls_to_exactly_one_build(files: list[str], shards: int, strategy: str) -> None:
    shares = [share(files, shard, shards, strategy) for shard in range(1, shards + 1)]
    assert sorted(name for one in shares for name in one) == sorted(files)
    if strategy == "equal-distribution":
        assert max(map(len, shares)) - min(map(len, shares)) <= 1


@given(FILES, st.text(alphabet="abc/", min_size=1, max_size=6), st.integers(1, 7))
def test_with_stability_a_new_file_moves_no_other(files: list[str], more: str, shards: int) -> None:
    for shard in range(1, shards + 1):
        before = share(files, shard, shards, "stability")
        after = share([*files, more], shard, shards, "stability")
        assert set(before) <= set(after)
