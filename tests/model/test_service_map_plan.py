"""The layout of a service map: nothing lies on anything else, every call runs between its ends, and few cross."""

from __future__ import annotations

import json
from collections import defaultdict
from itertools import combinations, pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.model.service_map_layers import layers
from pointsman.model.service_map_plan import HEIGHT, Plan, Sizes, plan
from pointsman.model.service_map_tracks import Trunk, place_trunks

DOT = json.loads(Path(__file__).with_name("dot_crossings.json").read_text())
Call = tuple[int, int]
Spot = tuple[int, int]


@st.composite
def graphs(draw: st.DrawFn, most: int = 14) -> tuple[int, list[Call]]:
    """Any graph: circles, calls to oneself, calls that come twice, parts that do not hang together."""
    nodes = draw(st.integers(1, most))
    node = st.integers(0, nodes - 1)
    return nodes, draw(st.lists(st.tuples(node, node), max_size=3 * nodes))


@st.composite
def sizes(draw: st.DrawFn, nodes: int) -> Sizes:
    """Any sizes."""
    widths = draw(st.lists(st.integers(3, 20), min_size=nodes, max_size=nodes))
    return Sizes(
        tuple(widths), draw(st.integers(10, 200)), draw(st.sampled_from([0, 9])), draw(st.sampled_from([1, 2]))
    )


laid = graphs().flatmap(lambda one: st.tuples(st.just(one), sizes(one[0])))


def run(points: tuple[Spot, ...]) -> list[tuple[Spot, bool]]:
    """The cells of a course, each with whether it is run along or up and down there."""
    found: list[tuple[Spot, bool]] = [] if len(points) > 1 else [(points[0], True)]
    for (x, y), (to_x, to_y) in pairwise(points):
        assert x == to_x or y == to_y, "it runs aslant"
        assert (x, y) != (to_x, to_y), "it stands still"
        for at_x in range(min(x, to_x), max(x, to_x) + 1):
            found += [((at_x, at_y), y == to_y) for at_y in range(min(y, to_y), max(y, to_y) + 1)]
    return found


def covered(made: Plan) -> dict[Spot, int]:
    found: dict[Spot, int] = {}
    for node, box in enumerate(made.boxes):
        for x in range(box.x, box.right):
            for y in range(box.y, box.y + HEIGHT):
                assert (x, y) not in found, f"nodes {found[x, y]} and {node} lie on each other"
                found[x, y] = node
    return found


def overlaps_nothing(made: Plan) -> None:
    nodes = covered(made)
    along: dict[tuple[Spot, bool], list[Call]] = defaultdict(list)
    for wire in made.wires:
        for spot, flat in run(wire.points):
            assert spot not in nodes, f"call {wire.call} runs over node {nodes[spot]}"
            assert 0 <= spot[0] < made.width
            assert 0 <= spot[1] < made.height
            along[spot, flat].append(wire.call)
    for (spot, _), there in along.items():
        for one, other in combinations(sorted(set(there)), 2):
            assert one[0] == other[0] or one[1] == other[1], f"{one} and {other} lie on each other at {spot}"


def crossed(made: Plan) -> int:
    """The cells in which lines cross that have nothing in common, as they are drawn."""
    flat: dict[Spot, set[Call]] = defaultdict(set)
    upright: dict[Spot, set[Call]] = defaultdict(set)
    for wire in made.wires:
        for spot, along in run(wire.points):
            (flat if along else upright)[spot].add(wire.call)
    return sum(
        any(one[0] != other[0] and one[1] != other[1] for one in flat[spot] for other in upright[spot])
        for spot in flat.keys() & upright.keys()
    )


@given(laid)
def test_nothing_lies_on_anything_else(given_: tuple[tuple[int, list[Call]], Sizes]) -> None:
    (_, calls), how = given_
    overlaps_nothing(plan(calls, how))


@given(laid)
def test_every_call_runs_from_its_source_to_its_target(given_: tuple[tuple[int, list[Call]], Sizes]) -> None:
    (_, calls), how = given_
    made = plan(calls, how)
    assert sorted(wire.call for wire in made.wires) == sorted({call for call in calls if call[0] != call[1]})
    assert made.loops == {source for source, target in calls if source == target}
    for wire in made.wires:
        source, target = made.boxes[wire.call[0]], made.boxes[wire.call[1]]
        forward = source.layer < target.layer
        assert source.layer != target.layer
        line = 0 if forward else 1
        start = (source.right, source.y) if forward else (source.x - 1, source.y + line)
        end = (target.x - 1, target.y) if forward else (target.right, target.y + line)
        assert wire.points[0] == start
        assert wire.points[-1] == end


@given(laid)
def test_a_label_stands_on_its_own_call_alone(given_: tuple[tuple[int, list[Call]], Sizes]) -> None:
    (_, calls), how = given_
    made = plan(calls, how)
    there: dict[Spot, set[Call]] = defaultdict(set)
    for wire in made.wires:
        for spot, _ in run(wire.points):
            there[spot].add(wire.call)
    assert len({spot.call for spot in made.spots}) == len(made.spots)
    for label in made.spots:
        assert label.width == how.label
        for x in range(label.x, label.x + label.width):
            assert there[x, label.y] == {label.call}


@given(laid, st.randoms(use_true_random=False))
def test_the_same_graph_has_the_same_plan(given_: tuple[tuple[int, list[Call]], Sizes], shuffle: Random) -> None:
    (_, calls), how = given_
    other = list(calls)
    shuffle.shuffle(other)
    assert plan(other + other[:2], how) == plan(calls, how)


@given(graphs())
def test_the_order_of_the_layers_is_what_its_crossings_were_counted_in(graph: tuple[int, list[Call]]) -> None:
    nodes, calls = graph
    made = layers(nodes, calls)
    layer = {one: at for at, row in enumerate(made.rows) for one in row}
    place = {one: at for row in made.rows for at, one in enumerate(row)}
    assert sorted(one for one in layer if one < nodes) == list(range(nodes))
    steps: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for call, chain in made.chains.items():
        ends = (call[1], call[0]) if call in made.backward else call
        assert (chain[0], chain[-1]) == ends
        for left, right in pairwise(chain):
            assert layer[right] == layer[left] + 1
            steps[layer[left]].append((place[left], place[right]))
    crossings = sum(
        (one[0] - other[0]) * (one[1] - other[1]) < 0
        for made_ in steps.values()
        for one, other in combinations(made_, 2)
    )
    assert crossings == made.crossings


@given(st.lists(st.tuples(st.integers(0, 9), st.dictionaries(st.integers(0, 9), st.just(1), min_size=1)), max_size=8))
def test_trunks_never_lie_on_each_other(given_: list[tuple[int, dict[int, int]]]) -> None:
    """Each comes in on a line of its own, as the vertices of a layer do."""
    seen: dict[int, Trunk] = {}
    for line, ends in given_:
        seen.setdefault(line, Trunk(line, ends))
    trunks = list(seen.values())
    wanted = {id(one): dict(one.ends) for one in trunks}
    columns, count = place_trunks(trunks)
    assert all(0 <= column < count for column in columns.values())
    upright: dict[Spot, int] = {}
    flat: dict[tuple[int, int], tuple[int, int]] = {}
    for one in trunks:
        for end in wanted[id(one)]:
            at, x = one.line, -1
            for trunk, reached in one.course(end):
                if reached == at:
                    continue
                column = columns[id(trunk)]
                for cell in range(x + 1, column):
                    assert flat.setdefault((cell, at), (one.line, end))[0] == one.line
                for y in range(min(at, reached), max(at, reached) + 1):
                    assert upright.setdefault((column, y), id(trunk)) == id(trunk)
                at, x = reached, column
            assert at == end
            for cell in range(x + 1, count):
                # Behind its trunk a call may meet one to the same place only.
                source, target = flat.setdefault((cell, at), (one.line, end))
                assert source == one.line or target == end


@pytest.mark.parametrize("known", DOT["graphs"], ids=lambda one: one["seed"])
def test_crossings_are_at_most_half_as_many_again_as_dots(known: dict[str, Any]) -> None:
    """Held against Graphviz's dot, whose crossings ``dot_crossings.mjs`` beside this file counts again.

    It runs dot as WebAssembly (npm's @hpcc-js/wasm-graphviz) and counts where the splines cross that dot drew.
    """
    made = layers(known["nodes"], [tuple(call) for call in known["calls"]])
    assert made.crossings <= 1.5 * known["dot"]


@pytest.mark.parametrize("known", DOT["graphs"], ids=lambda one: one["seed"])
def test_what_is_drawn_crosses_no_more_either(known: dict[str, Any]) -> None:
    """Lines that run together are one line to whoever looks; at ten cells a node in 120."""
    made = plan([tuple(call) for call in known["calls"]], Sizes((10,) * known["nodes"], 120))
    assert 0 < crossed(made) <= 1.5 * known["dot"]
    overlaps_nothing(made)


def test_a_crossing_is_counted_where_lines_cross() -> None:
    """What the tests above count would be worth nothing if it were always small."""
    calls = [(0, 3), (0, 4), (1, 3), (1, 4), (2, 3), (2, 4), (0, 5), (1, 5), (2, 5)]
    assert crossed(plan(calls, Sizes((6,) * 6))) > 0
    assert crossed(plan([(0, 1), (0, 2), (2, 3)], Sizes((6,) * 4))) == 0


@pytest.mark.parametrize("known", [one for one in DOT["graphs"] if one["nodes"] == 30][:8], ids=lambda one: one["seed"])
def test_thirty_services_and_sixty_calls_fit_a_usual_terminal(known: dict[str, Any]) -> None:
    """At ten cells a node; one that calls through eight layers is a little wider, and is panned."""
    made = plan([tuple(one) for one in known["calls"]], Sizes((10,) * 30, 120))
    assert made.width <= (120 if made.depth < 8 else 126)
    assert made.height <= 37
    overlaps_nothing(made)
    layer = {box.layer: box.x for box in made.boxes}
    assert all(box.x == layer[box.layer] for box in made.boxes), "a layer is a column"


def test_two_hundred_services_are_laid_out() -> None:
    random = Random(5)
    calls = [(at // 3, at) for at in range(1, 200)] + [
        (one := random.randrange(150), random.randrange(one + 1, 200)) for _ in range(150)
    ]
    made = plan(calls, Sizes((15,) * 200, 200))
    covered(made)
    assert len(made.wires) == len({call for call in calls if call[0] != call[1]})


def test_a_call_back_runs_on_the_second_lines() -> None:
    made = plan([(0, 1), (1, 0)], Sizes((10, 10)))
    forth, back = (next(one for one in made.wires if one.call == call) for call in ((0, 1), (1, 0)))
    assert {y for _, y in forth.points} == {0}
    assert {y for _, y in back.points} == {1}
    assert back.points[0][0] > back.points[-1][0]


def test_parts_that_do_not_hang_together_stand_side_by_side_where_there_is_room() -> None:
    assert plan([], Sizes((10,) * 4, 48)).height == HEIGHT
    narrow = plan([], Sizes((10,) * 4, 24))
    assert (narrow.width, narrow.height) == (22, 2 * HEIGHT + 1)


def test_no_services_are_a_plan_of_nothing() -> None:
    assert plan([], Sizes(())) == Plan(0, 0, (), ())
