"""A graph in layers: every call goes from a layer to a later one, with few crossings. Pure and deterministic.

The steps are Sugiyama's. Circles are opened (the calls that close one run backwards), each node gets the layer that
keeps calls short, calls over several layers get a bend in each between, and the order within the layers is improved by
medians and exchanges. Calls of one node that run over the same layers share their bends.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise

from msgspec import Struct

__all__ = ["Layers", "components", "layers"]

Call = tuple[int, int]

_ROUNDS = 16
"""Rounds without improvement after which an order is taken."""
_SEVERAL = 160
"""Vertices up to which more than two first orders are tried."""
_LARGE = 700
"""Vertices from which on fewer rounds are made."""
_MANY = 150
"""Calls up to which several ways to open circles are tried."""
_PIVOTS = 200
"""Steps towards shorter calls."""
_COLUMN = 0.02
"""What a further layer costs, as a share of the crossings."""


class Layers(Struct, frozen=True):
    """Where the nodes of a graph stand, and by which bends the calls between them run."""

    nodes: int
    """How many vertices are nodes; the others are bends."""
    rows: tuple[tuple[int, ...], ...]
    """The vertices of each layer, from top to bottom."""
    chains: dict[Call, tuple[int, ...]]
    """For each call its vertices from left to right; a backward call ends at the left."""
    backward: frozenset[Call]
    """The calls that run from right to left."""
    crossings: int
    """How often two calls cross."""


def components(nodes: int, calls: Iterable[Call]) -> list[list[int]]:
    """The parts that hang together, the greatest first; the nodes of each in order."""
    near: list[set[int]] = [set() for _ in range(nodes)]
    for source, target in calls:
        near[source].add(target)
        near[target].add(source)
    seen = [False] * nodes
    found: list[list[int]] = []
    for start in range(nodes):
        if seen[start]:
            continue
        seen[start] = True
        part, stack = [], [start]
        while stack:
            at = stack.pop()
            part.append(at)
            for other in near[at]:
                if not seen[other]:
                    seen[other] = True
                    stack.append(other)
        found.append(sorted(part))
    return sorted(found, key=lambda part: (-len(part), part[0]))


def layers(nodes: int, calls: Sequence[Call]) -> Layers:
    """The layers of a graph; calls of a node to itself are left out.

    Args:
        nodes: How many there are.
        calls: From which to which, by their places.
    """
    wanted = sorted({call for call in calls if call[0] != call[1]})
    found: list[Layers] = []
    for backward in _openings(nodes, wanted):
        forward = sorted({(call[1], call[0]) if call in backward else call for call in wanted})
        rank = _ranks(nodes, forward)
        shorter = _shortened(rank, forward) if len(wanted) <= _MANY else rank
        for ranks, shared in dict.fromkeys((tuple(one), shared) for one in (rank, shorter) for shared in (True, False)):
            found.append(_ordered(nodes, wanted, backward, ranks, shared))
            if not found[-1].crossings:
                break
    # A layer more is a column more on the screen.
    return min(found, key=lambda one: one.crossings * (1 + _COLUMN * len(one.rows)))


# --- circles ---------------------------------------------------------------------------------------------------------


def _openings(nodes: int, calls: Sequence[Call]) -> list[frozenset[Call]]:
    """Ways to open the circles: the calls that then run backwards. One way, with none, where there is no circle."""
    after: list[list[int]] = [[] for _ in range(nodes)]
    called = [0] * nodes
    for source, target in calls:
        after[source].append(target)
        called[target] += 1
    first = _closing(after, sorted(range(nodes), key=lambda one: (called[one] > 0, one)))
    if not first or len(calls) > _MANY:
        return [first]
    return list(
        dict.fromkeys(
            (first, _closing(after, list(range(nodes))), _inward(nodes, calls, _depths(nodes, after, called)))
        )
    )


def _closing(after: Sequence[Sequence[int]], starts: Sequence[int]) -> frozenset[Call]:
    """The calls that close a circle on a walk into the depth."""
    state = [0] * len(after)
    found: set[Call] = set()
    for start in starts:
        if state[start]:
            continue
        state[start] = 1
        stack = [(start, iter(after[start]))]
        while stack:
            at, rest = stack[-1]
            for target in rest:
                if state[target] == 1:
                    found.add((at, target))
                elif not state[target]:
                    state[target] = 1
                    stack.append((target, iter(after[target])))
                    break
            else:
                state[at] = 2
                stack.pop()
    return frozenset(found)


def _inward(nodes: int, calls: Sequence[Call], depth: Sequence[int]) -> frozenset[Call]:
    """The calls that lead back towards where requests come in, but for those that close no circle."""
    found = {call for call in calls if (depth[call[1]], call[1]) < (depth[call[0]], call[0])}
    for call in sorted(found):
        fewer = found - {call}
        if _open(nodes, [(one[1], one[0]) if one in fewer else one for one in calls]):
            found = fewer
    return frozenset(found)


def _open(nodes: int, calls: Iterable[Call]) -> bool:
    """Whether there is no circle."""
    after: list[list[int]] = [[] for _ in range(nodes)]
    waiting = [0] * nodes
    for source, target in calls:
        after[source].append(target)
        waiting[target] += 1
    ready = [one for one in range(nodes) if not waiting[one]]
    for at in ready:
        for target in after[at]:
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    return len(ready) == nodes


def _depths(nodes: int, after: Sequence[Sequence[int]], called: Sequence[int]) -> list[int]:
    """How many calls each node is away from where nothing calls; of a circle that nothing calls, from its first."""
    depth = [-1] * nodes
    for starts in ([one for one in range(nodes) if not called[one]], *([one] for one in range(nodes))):
        queue = [one for one in starts if depth[one] < 0]
        for one in queue:
            depth[one] = 0
        for at in queue:
            for target in after[at]:
                if depth[target] < 0:
                    depth[target] = depth[at] + 1
                    queue.append(target)
    return depth


# --- layers ----------------------------------------------------------------------------------------------------------


def _ranks(nodes: int, forward: Sequence[Call]) -> list[int]:
    """Each node's layer: as early as it can be, then moved to where its calls are shorter."""
    after: list[list[int]] = [[] for _ in range(nodes)]
    before: list[list[int]] = [[] for _ in range(nodes)]
    for source, target in forward:
        after[source].append(target)
        before[target].append(source)
    waiting = [len(one) for one in before]
    ready = [one for one in range(nodes) if not waiting[one]]
    rank = [0] * nodes
    for at in ready:
        for target in after[at]:
            rank[target] = max(rank[target], rank[at] + 1)
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    for _ in range(8):
        moved = False
        for at in reversed(ready):
            if len(after[at]) > len(before[at]):
                latest = min(rank[one] for one in after[at]) - 1
                if latest > rank[at]:
                    rank[at], moved = latest, True
        for at in ready:
            if len(before[at]) > len(after[at]):
                earliest = max(rank[one] for one in before[at]) + 1
                if earliest < rank[at]:
                    rank[at], moved = earliest, True
        if not moved:
            break
    lowest = min(rank, default=0)
    return [one - lowest for one in rank]


def _shortened(rank: Sequence[int], forward: Sequence[Call]) -> list[int]:
    """Layers in which the calls together are as short as can be: the network simplex, for a graph that hangs together.

    A tree of calls of length one is kept; one of them whose cut pulls apart gives way to the shortest that holds it.
    """
    found = list(rank)
    tree = _tight(found, forward)
    for _ in range(_PIVOTS):
        for leaving in tree:
            ahead = _beyond(leaving, tree, len(found))
            if sum((call[1] in ahead) - (call[0] in ahead) for call in forward) < 0:
                break
        else:
            break
        returning = [call for call in forward if call[0] in ahead and call[1] not in ahead]
        entering = min(returning, key=lambda call: (found[call[1]] - found[call[0]], call))
        slack = found[entering[1]] - found[entering[0]] - 1
        for one in ahead:
            found[one] += slack
        tree = [entering if one == leaving else one for one in tree]
    lowest = min(found, default=0)
    return [one - lowest for one in found]


def _tight(rank: list[int], forward: Sequence[Call]) -> list[Call]:
    """A tree of calls of length one that reaches every node; nodes are moved until there is one."""
    reached = {0}
    tree: list[Call] = []
    while True:
        crossing = [call for call in forward if (call[0] in reached) != (call[1] in reached)]
        if not crossing:
            return tree
        nearest = min(crossing, key=lambda call: (rank[call[1]] - rank[call[0]], call))
        slack = rank[nearest[1]] - rank[nearest[0]] - 1
        for one in reached:
            rank[one] += slack if nearest[0] in reached else -slack
        reached |= set(nearest)
        tree.append(nearest)


def _beyond(call: Call, tree: Sequence[Call], nodes: int) -> set[int]:
    """What hangs on a call's target when the tree is cut there."""
    near: list[list[int]] = [[] for _ in range(nodes)]
    for one in tree:
        if one != call:
            near[one[0]].append(one[1])
            near[one[1]].append(one[0])
    found, stack = {call[1]}, [call[1]]
    while stack:
        for other in near[stack.pop()]:
            if other not in found:
                found.add(other)
                stack.append(other)
    return found


# --- order -----------------------------------------------------------------------------------------------------------


class _Order:
    """The vertices of each layer in an order that is being improved."""

    def __init__(self, rows: list[list[int]], after: list[dict[int, int]], before: list[dict[int, int]]) -> None:
        self.rows = rows
        self.after = after
        """For each vertex the vertices right of it, and by how many calls."""
        self.before = before
        self.at = [0] * len(after)
        for row in rows:
            for place, one in enumerate(row):
                self.at[one] = place

    def place(self, layer: int, row: list[int]) -> None:
        self.rows[layer] = row
        for place, one in enumerate(row):
            self.at[one] = place

    def crossings(self) -> int:
        return sum(self._between(row) for row in self.rows[:-1])

    def _between(self, row: Sequence[int]) -> int:
        """Crossings right of a layer; calls count as often as they run there."""
        count = 0
        seen: list[int] = []
        at = self.at
        for one in row:
            targets = sorted((at[other], times) for other, times in self.after[one].items())
            for place, times in targets:
                count += (len(seen) - bisect_left(seen, place + 1)) * times
            for place, times in targets:
                for _ in range(times):
                    insort(seen, place)
        return count

    def medians(self, *, rightward: bool) -> None:
        """Order each layer by the middle of what its vertices hang on."""
        near = self.before if rightward else self.after
        chosen = range(1, len(self.rows)) if rightward else range(len(self.rows) - 2, -1, -1)
        for layer in chosen:
            row = self.rows[layer]
            value = {one: self._middle(near[one]) for one in row}
            fixed = [one if value[one] < 0 else -1 for one in row]
            moving = sorted((one for one in row if value[one] >= 0), key=lambda one: (value[one], self.at[one]))
            rest = iter(moving)
            self.place(layer, [one if one >= 0 else next(rest) for one in fixed])

    def _middle(self, near: dict[int, int]) -> float:
        places = sorted(self.at[other] for other in near)
        count = len(places)
        if not count:
            return -1.0
        half = count // 2
        if count % 2:
            return float(places[half])
        if count == 2:
            return (places[0] + places[1]) / 2
        left, right = places[half - 1] - places[0], places[-1] - places[half]
        if not left + right:
            return (places[half - 1] + places[half]) / 2
        return (places[half - 1] * right + places[half] * left) / (left + right)

    def exchange(self) -> None:
        """Exchange neighbours as long as that takes crossings away."""
        for _ in range(12):
            gained = 0
            for row in self.rows:
                for place in range(len(row) - 1):
                    gain = self._gain(row[place], row[place + 1])
                    if gain > 0:
                        row[place], row[place + 1] = row[place + 1], row[place]
                        self.at[row[place]], self.at[row[place + 1]] = place, place + 1
                        gained += gain
            if not gained:
                return

    def _gain(self, upper: int, lower: int) -> int:
        gain = 0
        at = self.at
        for near in (self.before, self.after):
            for one, times in near[upper].items():
                for other, others in near[lower].items():
                    if at[one] > at[other]:
                        gain += times * others
                    elif at[one] < at[other]:
                        gain -= times * others
        return gain


def _ordered(nodes: int, calls: Sequence[Call], backward: frozenset[Call], rank: Sequence[int], shared: bool) -> Layers:
    chains, rank_of = _chains(calls, backward, rank, shared)
    count = len(rank_of)
    after: list[dict[int, int]] = [defaultdict(int) for _ in range(count)]
    before: list[dict[int, int]] = [defaultdict(int) for _ in range(count)]
    for chain in chains.values():
        for left, right in pairwise(chain):
            after[left][right] += 1
            before[right][left] += 1
    deepest = max(rank_of, default=-1) + 1
    best: list[list[int]] = []
    fewest = -1
    for start in _starts(rank_of, deepest, after, before):
        order = _Order(start, after, before)
        found, crossings = _improve(order, _ROUNDS if count <= _LARGE else 4)
        if fewest < 0 or crossings < fewest:
            best, fewest = found, crossings
        if not fewest:
            break
    return Layers(nodes, tuple(tuple(row) for row in best), chains, backward, max(0, fewest))


def _chains(
    calls: Sequence[Call], backward: frozenset[Call], rank: Sequence[int], shared: bool
) -> tuple[dict[Call, tuple[int, ...]], list[int]]:
    """The vertices of each call, and the layer of each vertex."""
    rank_of = list(rank)
    bends: dict[tuple[object, ...], int] = {}
    chains: dict[Call, tuple[int, ...]] = {}
    for call in calls:
        back = call in backward
        left, right = (call[1], call[0]) if back else call
        chain = [left]
        for layer in range(rank[left] + 1, rank[right]):
            key = (left, back, layer) if shared else (left, right, back, layer)
            bend = bends.get(key)
            if bend is None:
                bend = bends[key] = len(rank_of)
                rank_of.append(layer)
            chain.append(bend)
        chains[call] = (*chain, right)
    return chains, rank_of


def _starts(
    rank_of: Sequence[int], deepest: int, after: list[dict[int, int]], before: list[dict[int, int]]
) -> Iterable[list[list[int]]]:
    """First orders: walks from the left and from the right, each taking the next vertex in several ways."""
    ways = (1, -1, 3, 7) if len(rank_of) <= _SEVERAL else (1,)
    for way in ways:
        for near, first in ((after, 0), (before, deepest - 1)):
            yield _walk(rank_of, deepest, near, first, way)


def _walk(rank_of: Sequence[int], deepest: int, near: list[dict[int, int]], first: int, way: int) -> list[list[int]]:
    rows: list[list[int]] = [[] for _ in range(deepest)]
    count = len(rank_of)
    seen = [False] * count

    def turned(one: int) -> int:
        return one * way % (count + 1) if way > 0 else -one

    for start in sorted(range(count), key=lambda one: (abs(rank_of[one] - first), turned(one))):
        stack = [start]
        while stack:
            at = stack.pop()
            if seen[at]:
                continue
            seen[at] = True
            rows[rank_of[at]].append(at)
            stack += sorted((one for one in near[at] if not seen[one]), key=turned, reverse=True)
    return rows


def _improve(order: _Order, rounds: int) -> tuple[list[list[int]], int]:
    order.exchange()
    best, fewest = [list(row) for row in order.rows], order.crossings()
    idle = 0
    for turn in range(rounds * 3):
        if not fewest or idle >= rounds:
            break
        order.medians(rightward=turn % 2 == 0)
        order.exchange()
        now = order.crossings()
        if now < fewest:
            best, fewest, idle = [list(row) for row in order.rows], now, 0
        else:
            idle += 1
    return best, fewest
