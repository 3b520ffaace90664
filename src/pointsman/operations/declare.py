"""What an operation is: one frozen declaration per verb, from which every surface derives.

Footer, key map, command line, palette, dialog, greyed keys with their reason, read-only, audit, the permissions table
and the tests all read these fields; nothing about a verb is written anywhere else.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from enum import Enum
from typing import Any, Generic, TypeVar

from msgspec import Struct, field

from pointsman.model.refs import Ref

S = TypeVar("S")
"""The state an operation judges: what a fresh read of its target gives (a PipelineState, a Build)."""


class Confirm(Enum):
    """How much a person must say before a write goes out. Ordered: a protected name raises it by one."""

    NONE = 0
    ASK = 1
    TYPE_NAME = 2

    def raised(self) -> Confirm:
        """The next level up."""
        return Confirm(min(self.value + 1, Confirm.TYPE_NAME.value))


class Choice(Struct, frozen=True):
    """One value of a field that offers a few."""

    value: str
    label: str
    explanation: str = ""


class Field(Struct, frozen=True):
    """One thing a person fills in before an operation runs."""

    name: str
    label: str
    default: str = ""
    required: bool = False
    choices: tuple[Choice, ...] = ()
    """Not empty: one of these; empty: free text."""
    check: Callable[[str], str | None] = lambda _: None
    """The value -> a sentence that says what is wrong with it, or None. Runs on every key."""
    secret: bool = False
    """Never written to the audit log or the command line shown."""
    multiline: bool = False
    """``NAME=value`` lines and the like."""
    placeholder: str = ""
    kept: bool = False
    """An answer that nobody changes goes out as the default is, characters that no screen shows included."""
    group: str = ""
    """The heading it stands under, closed until somebody opens it; empty: among those that are always there."""


Answers = dict[str, str]
"""A person's answers, field name -> value."""


class WriteCall(Struct, frozen=True):
    """One API write, exactly as it will be sent."""

    service: str
    """boto3's service name, ``codepipeline``."""
    operation: str
    """The API's operation, ``PutApprovalResult``."""
    parameters: dict[str, Any]


class Operation(Struct, Generic[S], frozen=True):
    """One verb a person may use on one kind of target."""

    id: str
    """``pipeline.start``: stable; key maps and the audit log use it."""
    title: str
    """Imperative, as a menu says it: ``Start pipeline``."""
    past: str
    """Past tense, as a toast and the audit log say it: ``started``."""
    key: str
    """Its letter in the ``a`` menu of its target."""
    target: type[Ref]
    help: str
    """One sentence: what it does and when one wants it."""
    calls: tuple[str, ...]
    """``codepipeline:StartPipelineExecution``: every API write it may send; the tests compare with what it sends."""
    read: Callable[[Any, Ref], Awaitable[S]]
    """(services, ref) -> a fresh read of what the operation judges, past every cache."""
    plan: Callable[[S, Ref, Answers], WriteCall]
    """The call for this state and these answers. Pure. Called only when ``refuse`` has nothing to say."""
    refuse: Callable[[S, Ref], str | None] = lambda _state, _ref: None
    """Why it may not run now, in a sentence; None when it may. Pure and cheap: runs at every repaint."""
    confirm: Callable[[S, Ref], Confirm] = lambda _state, _ref: Confirm.ASK
    consequences: Callable[[S, Ref, Answers], tuple[str, ...]] = lambda _state, _ref, _answers: ()
    """What will follow, a line each, for the dialog. Pure."""
    basis: Callable[[S, Ref, Answers], dict[str, str]] = lambda _state, _ref, _answers: {}
    """What a person decides on, label -> value: ``{"revision": "1f2e3d4"}``. When a fresh read gives another value
    than the dialog showed, the write is refused and the sentence says which."""
    fields: Callable[[S, Ref], tuple[Field, ...]] = lambda _state, _ref: ()
    look: Callable[[Any, Ref, S, Answers], Awaitable[S]] | None = None
    """(services, ref, state, answers) -> the state with what ``consequences`` needs to know for these answers, read
    while the dialog shows; the same state when it knows that already. None: nothing more is read."""
    touches: Callable[[Ref], tuple[Any, ...]] = lambda _ref: ()
    """Feed keys to poke once it is done."""
    result: Callable[[dict[str, Any], Ref], Ref | None] = lambda _answer, _ref: None
    """The thing the call made (an execution, a build), which the console offers to follow."""
    danger: bool = field(default=False)
    """Drawn as destructive: stops, rejects, rolls back."""
    idempotency: bool = field(default=False)
    """Whether sending it twice is harmless, which the dialog of an unknown outcome says."""
