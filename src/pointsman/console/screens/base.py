"""What every screen is: a header, a body, a filter, a footer; its feeds while it shows; messages upward.

A screen subscribes when it comes up and lets go when it goes away. Every snapshot reaches it through one method,
``arrived``, on the loop. What a person wants done goes upward as a message; a screen opens nothing itself.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec.structs import replace
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Input
from textual.worker import Worker, WorkerState

from pointsman.console.desk import Desk
from pointsman.console.keys import rebound, written
from pointsman.console.present.header import HeaderFacts
from pointsman.console.present.keys import KeyHint
from pointsman.console.screens import viewing, wishes
from pointsman.console.screens.selection import examined
from pointsman.console.troubles import fault_of
from pointsman.console.widgets.filter_bar import FilterBar
from pointsman.console.widgets.footer import Footer
from pointsman.console.widgets.header import Header
from pointsman.console.widgets.pane import Pane
from pointsman.console.working import begin
from pointsman.model.refs import Ref
from pointsman.model.snapshot import Snapshot

if TYPE_CHECKING:
    from pointsman.console.connection import Connection
    from pointsman.services.feeds import Source, Subscription
    from pointsman.services.session import Services

__all__ = ["Place"]


_COMING: Snapshot[Any] = Snapshot()


class Place(Screen[None]):
    """One screen of the console."""

    DEFAULT_CSS = """
    Place { layout: vertical; background: $background; }
    Place > #body { height: 1fr; width: 1fr; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("colon", "command_line", "command", key_display=":", priority=True, id="command"),
        Binding("slash", "filter", "filter", key_display="/", priority=True, id="filter"),
        Binding("a", "actions", "actions", id="actions"),
        Binding("d", "describe", "describe", id="describe"),
        Binding("J", "raw", "raw JSON", show=False, id="raw"),
        Binding("D", "why", "what is wrong with it", show=False, id="why"),
        Binding("B", "beside", "what was beside it at that moment", show=False, id="beside"),
        Binding("c", "copy", "copy id", show=False, id="copy"),
        Binding("C", "copy_as", "copy as", show=False, id="copy-as"),
        Binding("question_mark", "app.obey('help')", "help", key_display="?", id="help"),
        Binding("ctrl+r", "refresh", "refresh", show=False, id="refresh"),
        Binding("escape", "back", "back", show=False, id="back"),
    ]

    place_title: ClassVar[str] = ""
    place_help: ClassVar[str] = ""
    """What this screen shows and answers, for ``?``."""
    slots: ClassVar[tuple[str, ...]] = ()
    """The names of what it receives."""
    enters: ClassVar[str] = "open"
    """What ``enter`` does here; empty when it does nothing."""
    filters: ClassVar[bool] = False
    """Whether ``/`` does something here."""
    filter_hint: ClassVar[str] = "words that must all be there"
    """What the filter takes, while nothing is typed."""

    Opened = wishes.Opened
    CommandAsked = wishes.CommandAsked
    Left = wishes.Left
    Shown = wishes.Shown
    ActionsAsked = wishes.ActionsAsked
    Copied = wishes.Copied
    CopyAsked = wishes.CopyAsked
    Described = wishes.Described
    Failed = wishes.Failed

    class _Arrived(Message, bubble=False):
        """A snapshot came for a slot; a newer one replaces it."""

        def __init__(self, slot: str, snapshot: Snapshot[Any], serial: int) -> None:
            super().__init__()
            self.slot = slot
            self.snapshot = snapshot
            self.serial = serial

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, Place._Arrived) and message.slot == self.slot and message.serial == self.serial

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.look = desk.look
        self._subscriptions: dict[str, tuple[Any, Subscription[Any]]] = {}
        self._serials: dict[str, int] = {}
        self._shown = False
        self._coming: set[str] = set()
        """Slots that show that nothing has come yet."""

    def compose(self) -> ComposeResult:
        """Header, body, filter, footer."""
        yield Header(self.look)
        with Vertical(id="body"):
            yield from self.body()
        yield FilterBar(placeholder=self.filter_hint)
        yield Footer(self.look)

    def body(self) -> ComposeResult:
        """What is between header and footer."""
        raise NotImplementedError

    # --- feeds

    @property
    def connection(self) -> Connection | None:
        """The world, once it answers."""
        return self.desk.connection

    def sources(self, services: Services) -> Mapping[str, Source[Any]]:
        """What to read while this screen shows, by slot."""
        del services
        return {}

    def arrived(self, slot: str, snapshot: Snapshot[Any]) -> None:
        """Show a snapshot; called for each slot at first with an empty one."""

    def before(self, slot: str) -> Snapshot[Any]:
        """What to show in a slot that nothing has come for."""
        del slot
        return Snapshot(fault=self.desk.fault)

    def taken(self, slot: str, snapshot: Snapshot[Any]) -> Snapshot[Any]:
        """What to show of a snapshot that has come."""
        del slot
        return snapshot

    def on_mount(self) -> None:
        """Show that everything is still to come, looked at as in the last session."""
        self.call_later(self._as_before)
        for slot in self.slots:
            self.arrived(slot, self.before(slot))
        self._coming = set(self.slots) if self.desk.fault is None else set()
        self.show_facts(self.desk.facts)
        self.show_keys()
        self.mounted()

    def mounted(self) -> None:
        """What a screen does at first, once everything is said to be still to come.

        Textual calls the handlers of a message of every class of a screen, those of its bases last: ``on_mount`` and
        its like are written here only, and a screen has ``mounted`` and ``hidden``.
        """

    def hidden(self) -> None:
        """What a screen does when it is left for another one; not for a dialog over it."""

    def on_screen_resume(self) -> None:
        """The screen shows (again): read."""
        self._shown = True
        self.show_facts(self.desk.facts)
        self.reread()
        self.show_keys()
        self.post_message(self.Shown())

    def on_screen_suspend(self) -> None:
        """Another screen covers it: let go of the feeds, unless that is a dialog over this very screen."""
        stack = self.app.screen_stack
        if self in stack and stack[-1] is not self and all(one.is_modal for one in stack[stack.index(self) + 1 :]):
            return
        self._shown = False
        self.keep_view()
        self._let_go()
        self.hidden()

    def on_unmount(self) -> None:
        """Gone for good."""
        self._shown = False
        self._let_go()

    def reread(self, *anew: str) -> None:
        """Make the subscriptions those of ``sources``; what is already subscribed stays, but for the slots ``anew``."""
        if not self._shown or not self.is_mounted:
            return
        connection = self.connection
        if connection is None:
            for slot in self.slots:
                if self.desk.fault is not None:
                    self._coming.discard(slot)
                    self.arrived(slot, self.before(slot))
            return
        wanted = self.sources(connection.services)
        for slot, (key, subscription) in list(self._subscriptions.items()):
            if slot not in wanted or wanted[slot].key != key or slot in anew:
                subscription.release()
                del self._subscriptions[slot]
        for slot, source in wanted.items():
            if slot not in self._subscriptions:
                serial = self._serials[slot] = self._serials.get(slot, 0) + 1
                subscription = connection.services.feeds.subscribe(source, self._listener(slot, serial))
                self._subscriptions[slot] = (source.key, subscription)

    def disconnected(self) -> None:
        """The connection is about to be another one: nothing of the old one is shown any more."""
        self._let_go()
        for slot in self.slots:
            self.arrived(slot, self.before(slot))

    def wait_again(self) -> None:
        """What was shown in place of data to come is somebody else's: show that nothing has come yet."""
        for slot in self.slots:
            if slot in self._coming:
                self.arrived(slot, self.before(slot))

    def keys_read(self) -> tuple[Any, ...]:
        """The keys of the feeds this screen reads now."""
        return tuple(key for key, _ in self._subscriptions.values())

    def _listener(self, slot: str, serial: int) -> Callable[[Snapshot[Any]], None]:
        return lambda snapshot: (self.post_message(self._Arrived(slot, snapshot, serial)), None)[1]

    def on_place__arrived(self, message: _Arrived) -> None:
        """Hand a snapshot to ``arrived``, unless its slot has been subscribed anew since."""
        message.stop()
        if self._serials.get(message.slot) == message.serial and self.is_mounted:
            snapshot = message.snapshot
            key = self._subscriptions[message.slot][0] if message.slot in self._subscriptions else message.slot
            self.desk.troubles.observe(key, f"read {message.slot}", snapshot.fault)
            if snapshot == _COMING and message.slot in self._coming:
                return  # nothing has come yet, and that is what shows
            self._coming.discard(message.slot)
            self.arrived(message.slot, self.taken(message.slot, snapshot))
            self.show_keys()

    def _let_go(self) -> None:
        for slot, (_, subscription) in self._subscriptions.items():
            subscription.release()
            self._serials[slot] = self._serials.get(slot, 0) + 1
        self._subscriptions.clear()

    # --- work of its own

    def work_on(self, doing: str, work: Callable[[], Awaitable[None]], *, group: str, exclusive: bool = True) -> None:
        """Begin work whose failure becomes an entry in the error log and a toast."""
        begin(self, work, name=doing, group=group, exclusive=exclusive)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Say what went wrong."""
        if event.state is WorkerState.ERROR and event.worker.error is not None:
            self.post_message(self.Failed(event.worker.name, event.worker.error))

    def freshen(self, pane: str, snapshot: Snapshot[Any]) -> None:
        """Say in a pane's corner what is wrong with its data.

        Fresh data has no age there: it is read again all the time, and an age would move on a screen at rest.
        """
        if snapshot.fault is None:
            snapshot = replace(snapshot, fetched_at=None)
        self.query_one(pane, Pane).freshen(snapshot)

    # --- what is selected

    def selected(self) -> Ref | None:
        """What the cursor is on."""
        return None

    def targets(self) -> tuple[tuple[Ref, Any], ...]:
        """What operations may act on now, the most specific first, each with its known state."""
        return ()

    def copy_forms(self) -> tuple[tuple[str, str], ...]:
        """What can be copied of the selection: (what, text), the usual one first."""
        ref = self.selected()
        return () if ref is None else ((f"{ref.noun} name", str(ref)),)

    # --- keys

    def why_not(self, action: str) -> str | None:
        """Why a key of this screen does nothing now, in a sentence; None when it does."""
        if action == "filter" and not self.filters:
            return "there is nothing to filter here"
        if action == "actions":
            if self.connection is None:
                return "not connected yet" if self.desk.fault is None else self.desk.fault.sentence
            if not self.targets():
                return "nothing is selected"
        if action in ("enter", "describe", "raw", "copy", "copy_as") and self.selected() is None:
            return "nothing is selected"
        if action == "raw" and self.connection is None:
            return "not connected yet" if self.desk.fault is None else self.desk.fault.sentence
        return None

    def hints(self) -> tuple[KeyHint, ...]:
        """The keys for the footer, in order; those that lead nowhere here are left out."""
        opens = self.why_not("enter")
        shown = [KeyHint("enter", self.enters, opens)] if self.enters else []
        for declared in self._bindings_shown():
            binding = rebound(declared, self.desk.keys)
            action = binding.action.split("(")[0].removeprefix("app.").removeprefix("screen.")
            reason = self.why_not(action)
            if action == "filter" and not self.filters:
                continue
            key = binding.key.split(",")[0]
            shown.append(KeyHint(key, binding.description, reason, binding.key_display or written(key)))
        return tuple(shown)

    def _bindings_shown(self) -> list[Binding]:
        own: list[Binding] = []
        for owner in type(self).__mro__:
            for binding in owner.__dict__.get("BINDINGS", ()):
                if isinstance(binding, Binding) and binding.show and not any(one.key == binding.key for one in own):
                    own.append(binding)
        return own

    def show_keys(self) -> None:
        """Draw the footer for what is selected now."""
        if self.is_mounted:
            self.query_one(Footer).show(self.hints())

    def show_facts(self, facts: HeaderFacts) -> None:
        """Draw the header."""
        if self.is_mounted:
            self.query_one(Header).show(replace(facts, crumbs=self._crumbs()))

    @property
    def crumb(self) -> str:
        """What this screen is called on the way to it."""
        ref = getattr(self, "ref", None)
        return str(ref) if ref is not None else self.place_title

    def _crumbs(self) -> tuple[str, ...]:
        stack = self.app.screen_stack
        under = stack[: stack.index(self)] if self in stack else []
        places = [one.crumb for one in under if isinstance(one, Place)]
        return (*places, self.crumb) if places else ()

    def on_footer_pressed(self, event: Footer.Pressed) -> None:
        """A click on a key is that key."""
        event.stop()
        if event.why_not is not None:
            self.notify(event.why_not, markup=False, severity="warning", timeout=4)
        else:
            self.app.simulate_key(event.key)

    def say_why_not(self, action: str) -> bool:
        """Say why an action does nothing now; True when it does nothing."""
        reason = self.why_not(action)
        if reason is not None:
            self.notify(reason, markup=False, severity="warning", timeout=4)
        return reason is not None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A colon and a slash are themselves where text is typed."""
        if action in ("command_line", "filter") and isinstance(self.focused, Input):
            return False
        return super().check_action(action, parameters)

    async def action_command_line(self) -> None:
        """The ``:`` line.

        The key goes before every other, so that what is typed at once after it finds the line and not the keys here.
        """
        await self.app.run_action("app.command_line")

    def action_actions(self) -> None:
        """What can be done with the selection."""
        if not self.say_why_not("actions"):
            self.post_message(self.ActionsAsked(self.targets()))

    def action_why(self) -> None:
        """What is wrong with the selection, by the doctor."""
        ref = self.selected()
        words = examined(ref) if ref is not None else ""
        if words:
            self.post_message(self.CommandAsked("doctor", words))
        else:
            what = "nothing is selected" if ref is None else f"the doctor knows nothing about a {ref.noun}"
            self.notify(what, markup=False, severity="warning", timeout=4)

    def action_copy(self) -> None:
        """The usual name of the selection, to the clipboard."""
        if forms := self.copy_forms():
            what, text = forms[0]
            self.post_message(self.Copied(text, what))
        else:
            self.say_why_not("copy")

    def action_copy_as(self) -> None:
        """Choose what to copy."""
        if forms := self.copy_forms():
            self.post_message(self.CopyAsked(forms))
        else:
            self.say_why_not("copy_as")

    def action_describe(self) -> None:
        """Everything known of the selection, as text."""
        if not self.say_why_not("describe"):
            self.describe()

    def describe(self) -> None:
        """Post what ``d`` shows."""

    def action_raw(self) -> None:
        """What AWS says of the selection, as it came."""
        if self.say_why_not("raw"):
            return
        ref, connection = self.selected(), self.connection
        if ref is None or connection is None:
            return

        async def read() -> None:
            answers = await connection.services.raw.read(ref)
            text = await asyncio.to_thread(json.dumps, answers, indent=2, default=str, ensure_ascii=False)
            self.post_message(self.Described(f"{ref.noun} {ref}", text))

        self.work_on(f"read {ref.noun} {ref} as JSON", read, group="describe")

    def moment(self) -> datetime | None:
        """When what is selected was; None where that is not known, or where nothing that has a time is selected."""
        from pointsman.console.widgets.table import LineTable
        from pointsman.model.moments import moment_of

        focused = self.focused
        row = focused.cursor_row if isinstance(focused, LineTable) else None
        found = moment_of(row) if row is not None else None
        states = (moment_of(state) for _, state in self.targets() if state is not None)
        return found or next((one for one in states if one is not None), None)

    def action_beside(self) -> None:
        """Logs, traces, metrics, releases and alarms at the moment of the selection."""
        if self.connection is None:
            self.say_why_not("actions")
        else:
            from pointsman.console.screens.beside import look_beside

            work = partial(look_beside, self, self.moment())
            self.work_on("look what was beside it", work, group="beside")

    def action_refresh(self) -> None:
        """Read everything shown again."""
        if (connection := self.connection) is not None:
            connection.services.feeds.poke(*self.keys_read())
            self.notify("reading again", markup=False, timeout=2)

    def action_back(self) -> None:
        """Close the filter, or leave the screen."""
        if self.filters and self.filter_text:
            self.filter_text = ""
            self.query_one(FilterBar).close()
            self.filtered()
            return
        self.post_message(self.Left())

    # --- how it is looked at

    _problems = False
    """Whether only what needs somebody shows, where a screen can do that."""

    @property
    def view_name(self) -> str:
        """What its view is kept under."""
        return type(self).__name__.lower()

    def _as_before(self) -> None:
        view = self.desk.session.places.get(self.view_name)
        if view is not None and self.is_mounted and not self.filter_text:
            viewing.restore(self, view)

    def keep_view(self) -> None:
        """Leave how it is looked at to whoever opens it next."""
        if self.is_mounted:
            self.desk.view(self.view_name, viewing.view_of(self))

    def chosen(self) -> Mapping[str, str]:
        """What a person has chosen here beside sort and filter, by names of the screen's own; for the next session."""
        return {"problems": "only"} if self._problems else {}

    def choose(self, chosen: Mapping[str, str]) -> None:
        """Choose again what ``chosen`` has told; what is not known any more is left out. Nothing has been read yet."""
        self._problems = chosen.get("problems") == "only"

    def begin_filtered(self, words: str) -> None:
        """Begin with the filter of the last session."""
        self.use_filter(words)

    # --- filter

    filter_text: str = ""

    def action_filter(self) -> None:
        """Ask for words."""
        if not self.say_why_not("filter"):
            self.query_one(FilterBar).open(self.filter_text)

    def filtered(self) -> None:
        """``filter_text`` says something else."""

    def narrow(self, argument: str, at: datetime | None) -> None:
        """Show what was asked of this list: ``argument`` is its filter; a moment counts where it takes one."""
        del at
        self.use_filter(argument)

    def use_filter(self, words: str) -> None:
        """Filter from the command line."""
        if self.filters:
            self.filter_text = words
            self.filtered()

    def seen(self) -> Iterable[Ref]:
        """What this screen knows by name, for completion."""
        return ()

    def take_focus(self) -> None:
        """Give the keys back to what had them before the filter."""
        for widget in self.query("#body *"):
            if widget.focusable and widget.display:
                widget.focus()
                return

    def on_filter_bar_changed(self, event: FilterBar.Changed) -> None:
        """At each key."""
        event.stop()
        self.filter_text = event.value
        self.filtered()

    def on_filter_bar_submitted(self, event: FilterBar.Submitted) -> None:
        """Keep it, and give the list the keys."""
        event.stop()
        self.filter_text = event.value
        self.filtered()
        self.take_focus()

    def on_filter_bar_cancelled(self, event: FilterBar.Cancelled) -> None:
        """Forget it."""
        event.stop()
        self.filter_text = ""
        self.filtered()
        self.take_focus()

    def fault_text(self, error: BaseException) -> str:
        """One sentence for a toast."""
        fault = fault_of(error)
        return f"{fault.sentence}. {fault.hint}" if fault.hint else fault.sentence
