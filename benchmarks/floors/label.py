"""F: the floor of a first paint, a Textual application of one label."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets import Label


class Floor(App[None]):
    """One label."""

    def compose(self) -> ComposeResult:
        yield Label("floor ready")


if __name__ == "__main__":
    Floor().run()
