"""How work is begun beside the loop's own: named, in a group, and never with the power to end the app."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, cast

from textual.dom import DOMNode

__all__ = ["begin"]


def begin(
    node: DOMNode, work: Callable[[], Awaitable[None]], *, name: str, group: str, exclusive: bool = False
) -> None:
    """Run ``work`` as a worker of ``node``, which is told if it fails.

    A function is taken, not its coroutine: of a burst, workers are replaced before they have begun.

    Args:
        node: Whose worker it is; it ends with it.
        work: What to do.
        name: What a person is told it was when it fails.
        group: What it belongs to.
        exclusive: Whether it ends the others of its group.
    """
    # Textual's type of work is a union that no type checker can solve for a function.
    node.run_worker(
        cast("Any", work), name=name, group=group, exclusive=exclusive, exit_on_error=False, description=name
    )
