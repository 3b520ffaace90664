"""A deployment's matrix: ``matrix.py TARGETS``; ``o`` opens it, and every half second some targets move on.

Targets are made before the key is pressed: what is measured is the widget, while its data is live.
"""

from __future__ import annotations

import sys
from typing import Any

from textual.app import App, ComposeResult
from textual.widgets import Label

from benchmarks import samples
from pointsman.clock import EPOCH
from pointsman.console import themes, toolkit
from pointsman.console.present.look import Look
from pointsman.console.present.rollout import matrix
from pointsman.console.widgets.matrix import Matrix
from pointsman.model.rollout import event_names
from pointsman.model.snapshot import Snapshot

MOVES = 10
"""Targets that move on at a time."""
PACE = 0.5


class Targets(App[None]):
    """Empty until ``o`` is pressed."""

    CSS = "Matrix { height: 1fr; }"
    BINDINGS = [("o", "open", "open")]

    def __init__(self, count: int) -> None:
        super().__init__()
        toolkit.quiet(self)
        themes.register(self)
        self.theme = themes.DEFAULT
        self.look = Look(lambda: EPOCH)
        self.targets = samples.targets(count)
        self.turn = 0

    def compose(self) -> ComposeResult:
        yield Label("matrix closed")

    async def action_open(self) -> None:
        shown: Matrix[Any] = Matrix(self.look, key=lambda target: target.ref, noun="targets")
        await self.mount(shown)
        self.show_targets()
        shown.focus()
        self.set_interval(PACE, self.move)

    def move(self) -> None:
        """Some targets come one event further, as a read of the service would bring them."""
        for _ in range(MOVES):
            at = self.turn % len(self.targets)
            self.targets[at] = samples.target(at, self.turn // len(self.targets) + 1)
            self.turn += 1
        self.show_targets()

    def show_targets(self) -> None:
        """What the screen does with a snapshot."""
        targets = tuple(self.targets)
        columns = matrix(event_names(targets), targets, self.size.width)
        self.query_one(Matrix).show(targets, columns, Snapshot(value=self.turn, fetched_at=EPOCH))


if __name__ == "__main__":
    Targets(int(sys.argv[1])).run()
