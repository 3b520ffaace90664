"""The tree of metrics: every metric is on exactly one shelf of each level."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pointsman.model.metric_tree import Path, shelves
from pointsman.model.refs import MetricRef

BUILDS = MetricRef("AWS/CodeBuild", "Builds")
OF_ONE = MetricRef("AWS/CodeBuild", "Builds", (("ProjectName", "checkout"),))
OF_OTHER = MetricRef("AWS/CodeBuild", "Duration", (("ProjectName", "billing"),))
ORDERS = MetricRef("Shop", "Orders", (("Region", "eu"), ("Tier", "gold")))
ALL = (ORDERS, OF_OTHER, BUILDS, OF_ONE)

metrics = st.lists(
    st.builds(
        MetricRef,
        st.sampled_from(["A", "B", "C/d"]),
        st.sampled_from(["x", "y"]),
        st.dictionaries(st.sampled_from(["P", "Q"]), st.sampled_from(["1", "2"])).map(
            lambda one: tuple(sorted(one.items()))
        ),
    ),
    unique=True,
)


def test_each_level_has_its_names_and_how_many_there_are() -> None:
    assert [(one.title, one.count) for one in shelves(ALL, Path())] == [("AWS/CodeBuild", 3), ("Shop", 1)]
    sets = shelves(ALL, Path("AWS/CodeBuild"))
    assert [(one.title, one.count) for one in sets] == [("no dimensions", 1), ("ProjectName", 2)]
    assert [one.ref for one in shelves(ALL, sets[1].path)] == [OF_ONE, OF_OTHER]
    assert [one.title for one in shelves(ALL, Path("Shop"))] == ["Region, Tier"]
    assert shelves(ALL, Path("Nowhere")) == ()


def test_the_way_up() -> None:
    lowest = Path("Shop", ("Region", "Tier"))
    assert lowest.up == Path("Shop") and Path("Shop").up == Path() and Path().up is None
    assert lowest.words == "Shop  Region, Tier"


@given(metrics)
def test_every_metric_is_reached_by_exactly_one_way(found: list[MetricRef]) -> None:
    reached: list[MetricRef] = []
    for space in shelves(found, Path()):
        sets = shelves(found, space.path)
        assert sum(one.count for one in sets) == space.count
        for one in sets:
            leaves = shelves(found, one.path)
            assert len(leaves) == one.count
            reached += [leaf.ref for leaf in leaves if leaf.ref is not None]
    assert sorted(reached) == sorted(found)
