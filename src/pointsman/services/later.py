"""Services that are made when they are first asked for something.

A board of pipelines needs one service; to import the others takes as long as to import boto3.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar, cast

T = TypeVar("T")


class Later:
    """Stands in the place of what ``make`` gives, which is called once, at the first use or by ``now``."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self.__make: Callable[[], Any] | None = make
        self.__lock = threading.Lock()
        self.__made: Any = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.now(), name)

    def now(self) -> Any:
        """What it stands for."""
        if self.__make is not None:
            with self.__lock:
                if self.__make is not None:
                    self.__made, self.__make = self.__make(), None
        return self.__made


def later(make: Callable[[], T]) -> T:
    """What stands for the service that ``make`` gives; any thread may be the first to ask."""
    return cast(T, Later(make))
