"""What a person wants that a screen cannot do itself: messages that go up to the app as ``on_place_…``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from textual.message import Message

from pointsman.console.dialogs.text import Reading
from pointsman.model.builds import Build
from pointsman.model.pipelines import PipelineState
from pointsman.model.refs import ActionRef, MetricRef, ProjectRef, Ref

__all__ = [
    "ActionsAsked",
    "ApprovalAsked",
    "BatchesAsked",
    "CommandAsked",
    "CommandBegun",
    "Copied",
    "CopyAsked",
    "Described",
    "Failed",
    "Left",
    "ManyAsked",
    "NamesAsked",
    "Opened",
    "OperationAsked",
    "PickAsked",
    "PlotAsked",
    "ReportsAsked",
    "Shown",
]


class Opened(Message, namespace="place"):
    """A person went into something."""

    def __init__(self, ref: Ref, at: datetime | None = None) -> None:
        super().__init__()
        self.ref = ref
        self.at = at
        """The moment to show it at: the time cursor that screens hand to one another. None: as it is now."""


class CommandAsked(Message, namespace="place"):
    """A person wants what a word of the command line does."""

    def __init__(self, name: str, argument: str = "", at: datetime | None = None) -> None:
        super().__init__()
        self.name = name
        self.argument = argument
        self.at = at
        """The moment to show it at, where the command opens a screen that takes one."""


class CommandBegun(Message, namespace="place"):
    """A person is to write the rest of a command."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class Shown(Message, namespace="place"):
    """A screen came to the front."""


class ApprovalAsked(Message, namespace="place"):
    """A person went to an approval that waits."""

    def __init__(self, ref: ActionRef) -> None:
        super().__init__()
        self.ref = ref


class ReportsAsked(Message, namespace="place"):
    """A person wants the reports of a build."""

    def __init__(self, build: Build) -> None:
        super().__init__()
        self.build = build


class BatchesAsked(Message, namespace="place"):
    """A person wants the batches of a project."""

    def __init__(self, project: ProjectRef) -> None:
        super().__init__()
        self.project = project


class PlotAsked(Message, namespace="place"):
    """A person wants several metrics on one pair of axes."""

    def __init__(self, refs: tuple[MetricRef, ...], span: timedelta, stat: str, at: datetime | None = None) -> None:
        super().__init__()
        self.refs = refs
        self.span = span
        self.stat = stat
        self.at = at


class ManyAsked(Message, namespace="place"):
    """A person wants to do one thing to several marked things."""

    def __init__(self, states: tuple[PipelineState, ...]) -> None:
        super().__init__()
        self.states = states


class Left(Message, namespace="place"):
    """A person went back."""


class ActionsAsked(Message, namespace="place"):
    """A person wants to do something with what is selected."""

    def __init__(self, targets: tuple[tuple[Ref, Any], ...], *, narrow: bool = False) -> None:
        super().__init__()
        self.targets = targets
        """(ref, what is known of its state; None when nothing is), the most specific first."""
        self.narrow = narrow
        """Only what these targets themselves take, nothing around them."""


class OperationAsked(Message, namespace="place"):
    """A person wants one operation on one thing, with some of its answers given."""

    def __init__(self, operation: str, ref: Ref, answers: Mapping[str, str]) -> None:
        super().__init__()
        self.operation = operation
        """Its id."""
        self.ref = ref
        self.answers = answers


class Copied(Message, namespace="place"):
    """Text to send to the clipboard."""

    def __init__(self, text: str, what: str) -> None:
        super().__init__()
        self.text = text
        self.what = what


class CopyAsked(Message, namespace="place"):
    """A person wants to choose what to copy of a ref."""

    def __init__(self, forms: tuple[tuple[str, str], ...]) -> None:
        super().__init__()
        self.forms = forms
        """(what it is, the text)."""


class PickAsked(Message, namespace="place"):
    """A person wants to choose one of a few."""

    def __init__(
        self, heading: str, lines: tuple[tuple[str, str], ...], picked: Callable[[tuple[str, str]], None]
    ) -> None:
        super().__init__()
        self.heading = heading
        self.lines = lines
        """(what it is, the value)."""
        self.picked = picked


class NamesAsked(Message, namespace="place"):
    """A person wants to choose some of many names."""

    def __init__(
        self,
        heading: str,
        chosen: tuple[str, ...],
        ask: Callable[[str], Awaitable[tuple[tuple[str, ...], bool]]],
        picked: Callable[[tuple[str, ...]], None],
        most: int,
    ) -> None:
        super().__init__()
        self.heading = heading
        self.chosen = chosen
        """What is chosen at first."""
        self.ask = ask
        """A part of a name, or nothing -> names, and whether there are more than these."""
        self.picked = picked
        self.most = most


class Described(Message, namespace="place"):
    """Something to read."""

    def __init__(self, heading: str, content: Reading) -> None:
        super().__init__()
        self.heading = heading
        self.content = content


class Failed(Message, namespace="place"):
    """Work the screen had begun went wrong."""

    def __init__(self, doing: str, error: BaseException) -> None:
        super().__init__()
        self.doing = doing
        self.error = error
