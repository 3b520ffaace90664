"""The service map: its layout, its first frame, its keys, and a reading that only changes figures.

A layout runs on a thread; what is told is CPU time, so that a machine that others use changes it little. How long a
person waits for the first frame is told beside it. A stock ``DataTable`` of the same services and calls, a row each,
is what the first frame is held against.
"""

from __future__ import annotations

import asyncio
import random
import time
from functools import partial

from msgspec.structs import replace
from textual.app import App, ComposeResult
from textual.widgets import DataTable, Label

from benchmarks.figures import Figure, alternate, median, spread
from pointsman.clock import EPOCH
from pointsman.console import themes, toolkit
from pointsman.console.present import service_map as drawing
from pointsman.console.present.look import Look
from pointsman.console.widgets.service_graph import ServiceGraph
from pointsman.model.service_map import MapQuery, ServiceCall, ServiceMap, ServiceNode, Traffic, canonical
from pointsman.model.service_map_plan import Plan
from pointsman.model.snapshot import Snapshot
from pointsman.semantics.traces.facts import Service

SIZE = (120, 40)
PRESSES = 40
ARROWS = ("right", "down", "left", "up", "down", "right")


def measure(runs: int, *, small: bool = False) -> list[Figure]:
    """The figures."""
    few, usual, many = ((4, 5), (6, 8), (12, 20)) if small else ((6, 8), (30, 60), (200, 400))
    maps = {size: made(*size) for size in (few, usual, many)}
    return [*_opened(runs, maps, usual, many), *_keys(runs, maps, few, usual, many), _again(runs, maps[usual])]


def made(services: int, calls: int, seed: int = 1) -> ServiceMap:
    """A map of so many services and calls between them: a tree, and calls across it, some of them back."""
    dice = random.Random(seed)
    names = [Service(f"svc-{at:03d}", "AWS::ECS::Container") for at in range(services)]
    between = {(dice.randrange(max(0, at - 8), at), at) for at in range(1, services)}
    while len(between) < calls:
        source, target = dice.randrange(services), dice.randrange(services)
        if source != target:
            between.add((source, target) if source < target or dice.random() < 0.1 else (target, source))
    nodes = [ServiceNode(one, _traffic(dice), root=at == 0) for at, one in enumerate(names)]
    found = [ServiceCall(names[source], names[target], _traffic(dice)) for source, target in sorted(between)]
    return canonical(nodes, found, MapQuery(), start=EPOCH - MapQuery().span, end=EPOCH)


def _traffic(dice: random.Random) -> Traffic:
    ok, faults = dice.randrange(1, 5000), dice.choice((0, 0, 0, 7))
    return Traffic(ok, 0, 0, faults, ok * dice.uniform(0.005, 0.8))


class Maps(App[None]):
    """Empty until it is told to show a map."""

    CSS = "ServiceGraph, DataTable { height: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        toolkit.quiet(self)
        themes.register(self)
        self.theme = themes.DEFAULT
        self.look = Look(lambda: EPOCH)

    def compose(self) -> ComposeResult:
        yield Label("map closed")

    async def show(self, whole: ServiceMap) -> ServiceGraph:
        """Show it, and give it the keys."""
        graph = ServiceGraph(self.look)
        await self.mount(graph)
        graph.focus()
        graph.show(Snapshot(whole, EPOCH))
        return graph

    async def table(self, whole: ServiceMap) -> None:
        """The same in a stock table."""
        table: DataTable[str] = DataTable()
        await self.mount(table)
        table.add_columns("from", "to", "requests", "seconds")
        for node in whole.nodes:
            table.add_row(node.service.name, "", str(node.traffic.total), str(node.traffic.mean))
        for call in whole.calls:
            table.add_row(call.source.name, call.target.name, str(call.traffic.total), str(call.traffic.mean))
        table.focus()


def _forget() -> None:
    drawing._laid_out.cache_clear()  # noqa: SLF001 - what is measured is the first layout


# -- the first frame --------------------------------------------------------------------------------------------------


def _opened(
    runs: int, maps: dict[tuple[int, int], ServiceMap], usual: tuple[int, int], many: tuple[int, int]
) -> list[Figure]:
    takers = {
        f"{kind} {size}": partial(_frame, kind, maps[size]) for size in (usual, many) for kind in ("ours", "table")
    }
    taken = alternate(runs, takers)
    found = []
    for size, target in ((usual, 200.0), (many, 4000.0)):
        cpu, waited = ([one[index] for one in taken[f"ours {size}"]] for index in (0, 1))
        theirs = [one[0] for one in taken[f"table {size}"]]
        of = f"{spread(waited, 1e3, 'ms')} waited; a stock DataTable {spread(theirs, 1e3, 'ms')} of CPU"
        what = f"{size[0]} services, {size[1]} calls: to the first frame, CPU"
        found.append(Figure("map", what, median(cpu) * 1e3, target, "ms", of))
        plans = [_laid(maps[size]) for _ in range(runs)]
        plan = plans[0][1]
        of = f"{spread([one[0] for one in plans], 1e3, 'ms')}; {plan.width} x {plan.height} cells, {plan.depth} layers"
        what = f"{size[0]} services, {size[1]} calls: laid out at {SIZE[0]} cells, off the loop"
        found.append(Figure("map", what, median([one[0] for one in plans]) * 1e3, target, "ms", of))
    return found


def _laid(whole: ServiceMap) -> tuple[float, Plan]:
    _forget()
    begun = time.process_time()
    plan = drawing.laid_out(whole, SIZE[0])
    return time.process_time() - begun, plan


def _frame(kind: str, whole: ServiceMap) -> tuple[float, float]:
    """CPU seconds and seconds from the data in memory to its first frame."""

    async def run() -> tuple[float, float]:
        app = Maps()
        async with app.run_test(size=SIZE) as pilot:
            await toolkit.settle(pilot)
            _forget()
            cpu, wall = time.process_time(), time.perf_counter()
            if kind == "ours":
                graph = await app.show(whole)
                await _painted(app, graph)
            else:
                await app.table(whole)
            await toolkit.settle(pilot)
            taken = time.process_time() - cpu, time.perf_counter() - wall
            assert "svc-" in "\n".join(toolkit.screen_lines(app))
            return taken

    return asyncio.run(run())


async def _painted(app: App[None], graph: ServiceGraph, before: object = None) -> None:
    """Until it shows another painting than before."""
    while graph.painted is before:
        await app.workers.wait_for_complete()
        await asyncio.sleep(0)


# -- keys, and figures that change ------------------------------------------------------------------------------------


def _keys(
    runs: int,
    maps: dict[tuple[int, int], ServiceMap],
    few: tuple[int, int],
    usual: tuple[int, int],
    many: tuple[int, int],
) -> list[Figure]:
    taken = alternate(runs, {str(size): partial(_pressed, maps[size]) for size in (few, usual, many)})
    found = []
    for size, target in ((usual, 8.0), (many, 25.0)):
        ours, least = taken[str(size)], taken[str(few)]
        of = f"{spread(ours, 1e3, 'ms')} / {spread(least, 1e3, 'ms')} of CPU"
        what = f"an arrow key on {size[0]} services, {size[1]} calls - on {few[0]}"
        found.append(Figure("map", what, (median(ours) - median(least)) * 1e3, target, "ms", of))
    return found


def _pressed(whole: ServiceMap) -> float:
    """CPU seconds of an arrow key."""

    async def run() -> float:
        app = Maps()
        async with app.run_test(size=SIZE) as pilot:
            graph = await app.show(whole)
            await _painted(app, graph)
            await toolkit.settle(pilot)
            await pilot.press("g")
            begun = time.process_time()
            for turn in range(PRESSES):
                await pilot.press(ARROWS[turn % len(ARROWS)])
            return (time.process_time() - begun) / PRESSES

    return asyncio.run(run())


def _again(runs: int, whole: ServiceMap) -> Figure:
    """A reading of the same graph keeps its layout: what it costs beside the first."""

    def take() -> tuple[float, float]:
        async def run() -> tuple[float, float]:
            app = Maps()
            async with app.run_test(size=SIZE) as pilot:
                await toolkit.settle(pilot)
                _forget()
                begun = time.process_time()
                graph = await app.show(whole)
                await _painted(app, graph)
                await toolkit.settle(pilot)
                first = time.process_time() - begun
                dice, before = random.Random(2), graph.painted
                nodes = [replace(one, traffic=_traffic(dice)) for one in whole.nodes]
                other = canonical(nodes, whole.calls, whole.query, start=whole.start, end=whole.end)
                begun = time.process_time()
                graph.show(Snapshot(other, EPOCH))
                await _painted(app, graph, before)
                await toolkit.settle(pilot)
                return first, time.process_time() - begun

        return asyncio.run(run())

    taken = [take() for _ in range(runs)]
    first, again = [one[0] for one in taken], [one[1] for one in taken]
    of = f"{spread(again, 1e3, 'ms')} / {spread(first, 1e3, 'ms')} of CPU"
    return Figure("map", "figures that change / the first frame", median(again) / median(first), 0.7, of=of)
