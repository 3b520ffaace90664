"""Which driver a screen gets: ours takes the place of Textual's own for POSIX terminals, and of no other.

A driver that the environment names (a browser's, a test's), Windows' and those of inline and headless runs stay. What
the driver is made of is imported when a screen opens, not when an app is made.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from textual.app import App
    from textual.driver import Driver

__all__ = ["lean"]

_STOCK = ("textual.drivers.linux_driver", "LinuxDriver")


def lean(chosen: type[Driver], *, low_bandwidth: bool = False) -> type[Driver]:
    """The driver to use in place of what Textual chose.

    Args:
        chosen: What Textual would use.
        low_bandwidth: Cap frames and bytes.
    """
    if (chosen.__module__, chosen.__qualname__) != _STOCK:
        return chosen
    # Textual only calls it.
    return cast("type[Driver]", partial(_make, low_bandwidth=low_bandwidth))


def _make(app: App[Any], *, low_bandwidth: bool, **given: Any) -> Driver:
    from pointsman.console.output.driver import LeanDriver

    return LeanDriver(app, low_bandwidth=low_bandwidth, **given)
