"""The approvals inbox: everything that waits for a person, over all pipelines, and what an answer would ship."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec.structs import replace
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.events import Resize

from pointsman.console.desk import Desk
from pointsman.console.present.approvals import INBOX, entry_key, entry_words
from pointsman.console.present.cells import Cell
from pointsman.console.present.look import Draw
from pointsman.console.screens.approval_words import entry_lines
from pointsman.console.screens.base import Place
from pointsman.console.widgets.lines import CellLines
from pointsman.console.widgets.pane import Pane
from pointsman.console.widgets.table import LineTable
from pointsman.model.approvals import Entry, Shipment, inbox
from pointsman.model.pipelines import Board
from pointsman.model.refs import ActionRef, PipelineRef, Ref
from pointsman.model.snapshot import Snapshot

if TYPE_CHECKING:
    from pointsman.services.feeds import Source
    from pointsman.services.session import Services

__all__ = ["Approvals"]

WIDE = 140


class Approvals(Place):
    """What waits for an answer."""

    DEFAULT_CSS = """
    Approvals #both { layout: vertical; height: 1fr; }
    Approvals #inbox { height: 2fr; }
    Approvals #about { height: 3fr; }
    Approvals #shipping { padding: 0 2; }
    Approvals.wide #both { layout: horizontal; }
    Approvals.wide #inbox { width: 3fr; height: 1fr; }
    Approvals.wide #about { width: 2fr; height: 1fr; margin-left: 1; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "pipeline", "pipeline", id="pipeline"),
    ]

    place_title = "Approvals"
    place_help = (
        "Every approval that waits, over all pipelines; what expires first is first. Beneath it what an answer would "
        "ship: the commits between what runs behind the gate and what waits. Enter approves or rejects, p goes to the "
        "pipeline. What was answered, ran out or was overtaken while this screen was open stays, dim, with what became "
        "of it."
    )
    slots: ClassVar[tuple[str, ...]] = ("board", "shipment")
    enters: ClassVar[str] = "answer"
    filters = True

    def __init__(self, desk: Desk, spot: ActionRef | None = None) -> None:
        super().__init__(desk)
        self._wanted = spot
        """Where the cursor shall be once the approvals are there."""
        self._board: Snapshot[Board] = Snapshot()
        self._entries: tuple[Entry, ...] = ()
        self._shipment: Snapshot[Shipment] = Snapshot()
        self._shown_for: tuple[ActionRef, str] | None = None
        """The entry that the shipment is of."""

    def body(self) -> ComposeResult:
        """The inbox over what is selected."""
        with Container(id="both"):
            table: LineTable[Entry] = LineTable(self.look, INBOX, key=entry_key, noun="approvals waiting", id="entries")
            yield Pane(self.look, "Approvals", table, id="inbox")
            yield Pane(self.look, "What an answer ships", CellLines(self.look, self._about, id="shipping"), id="about")

    def mounted(self) -> None:
        """The inbox has the keys."""
        self.query_one("#entries").focus()

    def on_resize(self, event: Resize) -> None:
        """Beside each other where there is room."""
        self.set_class(event.size.width >= WIDE, "wide")

    def sources(self, services: Services) -> Mapping[str, Source[Any]]:
        """Every pipeline; what the selected approval would ship."""
        wanted: dict[str, Source[Any]] = {"board": services.pipelines.board()}
        entry = self._entry()
        if entry is not None:
            wanted["shipment"] = services.pipelines.releases.shipment(entry.pending)
        return wanted

    def arrived(self, slot: str, snapshot: Snapshot[Any]) -> None:
        """Show it."""
        if slot == "shipment":
            self._shipment = snapshot
            self.query_one("#shipping", CellLines).redraw()
            return
        self._board = snapshot
        if snapshot.value is not None:
            self._entries = inbox(snapshot.value, self._entries, self.desk.now())
        self._draw()

    def disconnected(self) -> None:
        """Another account has other approvals."""
        self._entries = ()
        self._shown_for = None
        super().disconnected()

    def _draw(self) -> None:
        words = self.filter_text.lower().split()
        shown = [one for one in self._entries if all(word in entry_words(one) for word in words)]
        table = self.query_one("#entries", LineTable)
        told = self._told()
        unseen = [
            f"{row.ref.name}: {row.state.unseen}"
            for row in (self._board.value.rows if self._board.value is not None else ())
            if row.state is not None and row.state.unseen
        ]
        # The pane's corner says what has not been read.
        table.show(shown, snapshot=replace(told, partial="") if shown else told, whole=not self._board.partial)
        table.highlight(words[0] if len(words) == 1 else "")
        if self._wanted is not None:
            key = next((one.key for one in shown if one.pending.ref.plain == self._wanted.plain), None)
            if key is not None and table.move_to(key):
                self._wanted = None
        self.freshen("#inbox", replace(self._board, partial=unseen[0]) if unseen else self._board)
        waiting = sum(not one.fate for one in self._entries)
        filtered = f"/{self.filter_text}" if self.filter_text else ""
        self.query_one("#inbox", Pane).title_text(f"Approvals  {waiting:,}" if waiting else "Approvals", filtered)
        self._select()

    def _told(self) -> Snapshot[Any]:
        """The board's state, as that of the inbox: empty is only said when everything has been read."""
        board = self._board
        if board.value is None:
            return board
        entries: tuple[Entry, ...] = self._entries
        return Snapshot(
            entries if entries or not board.partial else None,
            board.fetched_at,
            board.fault,
            board.failures,
            board.next_try,
            board.partial,
        )

    def _entry(self) -> Entry | None:
        row = self.query_one("#entries", LineTable).cursor_row
        return row if isinstance(row, Entry) else None

    def _select(self) -> None:
        """What is selected decides which shipment is read."""
        entry = self._entry()
        key = entry.key if entry is not None else None
        if key != self._shown_for:
            self._shown_for = key
            self._shipment = Snapshot()
        self.reread()
        self.query_one("#shipping", CellLines).redraw()

    def _about(self, draw: Draw, width: int) -> Sequence[Cell]:
        entry = self._entry()
        return entry_lines(entry, self._shipment, draw, width) if entry is not None else ()

    # --- what is selected

    def filtered(self) -> None:
        """Only approvals that have every word."""
        self._draw()

    def seen(self) -> Iterable[Ref]:
        """Every pipeline."""
        return [row.ref for row in self._board.value.rows] if self._board.value is not None else ()

    def selected(self) -> Ref | None:
        """The approval the cursor is on."""
        entry = self._entry()
        return entry.pending.ref if entry is not None else None

    def targets(self) -> tuple[tuple[Ref, Any], ...]:
        """The approval, with its pipeline's state as it is now."""
        entry = self._entry()
        if entry is None:
            return ()
        name = entry.pending.ref.pipeline
        rows = self._board.value.rows if self._board.value is not None else ()
        state = next((row.state for row in rows if row.ref.name == name and row.state is not None), entry.pending.state)
        return ((entry.pending.ref, state),)

    def copy_forms(self) -> tuple[tuple[str, str], ...]:
        """The approval by name, what to look at, the commit."""
        entry = self._entry()
        if entry is None:
            return ()
        one = entry.pending
        revision = one.revision
        forms = [
            ("approval", str(one.ref)),
            ("pipeline", one.ref.pipeline),
            ("link", one.link),
            ("execution id", one.execution_id),
            ("commit", revision.id if revision is not None else ""),
        ]
        return tuple((what, text) for what, text in forms if text)

    def why_not(self, action: str) -> str | None:
        """What does not wait cannot be answered."""
        entry = self._entry()
        if action == "enter" and entry is not None and entry.fate:
            return f"it does not wait any more: {entry.fate}"
        if action == "pipeline" and entry is None:
            return "nothing is selected"
        return super().why_not(action)

    def describe(self) -> None:
        """All of it, to be read and copied."""
        if (entry := self._entry()) is not None:
            shipment, draw = self._shipment, self.look.draw()
            self.post_message(
                self.Described(str(entry.pending.ref), lambda width: entry_lines(entry, shipment, draw, width))
            )

    def action_pipeline(self) -> None:
        """The pipeline, at this approval."""
        if not self.say_why_not("pipeline") and (entry := self._entry()) is not None:
            self.post_message(
                self.Opened(entry.pending.ref.plain if not entry.fate else PipelineRef(entry.pending.ref.pipeline))
            )

    def on_line_table_selected(self, event: LineTable.Selected) -> None:
        """Answer it."""
        event.stop()
        if not self.say_why_not("enter"):
            self.post_message(self.ActionsAsked(self.targets(), narrow=True))

    def on_line_table_highlighted(self, event: LineTable.Highlighted) -> None:
        """What it would ship."""
        event.stop()
        self._select()
        self.show_keys()
