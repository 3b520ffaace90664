"""One batch of builds: its builds as a tree of what waits for what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from pointsman.console.desk import Desk
from pointsman.console.dialogs.words import facts, paragraph
from pointsman.console.present.batches import branch_columns, branch_key, summary
from pointsman.console.present.cells import Cell, cell
from pointsman.console.present.faults import freshness
from pointsman.console.present.look import Draw
from pointsman.console.screens.base import Place
from pointsman.console.screens.selection import batch_forms
from pointsman.console.widgets.lines import CellLines
from pointsman.console.widgets.pane import Pane
from pointsman.console.widgets.table import LineTable
from pointsman.model.batches import Batch, Branch, tree
from pointsman.model.builds import Build, BuildList
from pointsman.model.refs import BatchRef, BuildRef, ProjectRef, Ref
from pointsman.model.snapshot import Snapshot

if TYPE_CHECKING:
    from pointsman.services.feeds import Source
    from pointsman.services.session import Services

__all__ = ["BatchPlace"]


class BatchPlace(Place):
    """A batch's builds."""

    DEFAULT_CSS = """
    BatchPlace #about { height: auto; max-height: 5; padding: 0 2; }
    BatchPlace #detail { height: auto; max-height: 8; padding: 0 2; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("l", "logs", "logs", id="logs")]

    place_title = "Batch"
    place_help = (
        "The builds of a batch as a tree: each hangs under the last of those it waits for. Enter or l opens a build; a "
        "stops the batch, or runs it or what failed of it again."
    )
    slots: ClassVar[tuple[str, ...]] = ("batch", "builds")

    def __init__(self, desk: Desk, ref: BatchRef) -> None:
        super().__init__(desk)
        self.ref = ref
        self._batch: Snapshot[Batch] = Snapshot()
        self._builds: dict[BuildRef, Build] = {}

    def body(self) -> ComposeResult:
        """What it is, its builds, the selected one."""
        about = CellLines(self.look, self._about, id="about")
        about.can_focus = False
        yield about
        table: LineTable[Branch] = LineTable(
            self.look, branch_columns({}), key=branch_key, noun="builds", id="tree-table"
        )
        yield Pane(self.look, "Builds", table, id="tree")
        detail = CellLines(self.look, self._detail, id="detail")
        detail.can_focus = False
        yield detail

    def mounted(self) -> None:
        """The builds have the keys."""
        self.query_one("#tree-table").focus()

    def sources(self, services: Services) -> Mapping[str, Source[Any]]:
        """The batch, and the newest builds of its project: they tell of its own."""
        return {
            "batch": services.builds.batches.batch(self.ref),
            "builds": services.builds.recent(ProjectRef(self.ref.project)),
        }

    def arrived(self, slot: str, snapshot: Snapshot[Any]) -> None:
        """Show it."""
        if slot == "builds":
            found: BuildList | None = snapshot.value
            self._builds = {one.ref: one for one in found.builds} if found is not None else self._builds
        else:
            self._batch = snapshot
            self.freshen("#tree", snapshot)
        batch = self._batch.value
        joint = "└" if self.desk.glyphs.name == "unicode" else "`-"
        rows = tree(batch) if batch is not None else ()
        self.query_one("#tree-table", LineTable).show(
            rows, branch_columns(self._builds, joint), snapshot=self._batch if not rows else None
        )
        self.query_one("#about", CellLines).redraw()
        self.query_one("#detail", CellLines).redraw()

    def _about(self, draw: Draw, width: int) -> Sequence[Cell]:
        batch = self._batch.value
        if batch is None:
            return ()
        lines = [summary(batch, draw)]
        if batch.failure:
            lines += paragraph(f"{draw.glyphs.failed} {batch.failure}", width, "tone.failed")
        if self._batch.fault is not None:
            lines.append(freshness(self._batch, draw, "batch"))
        return lines

    def _branch(self) -> Branch | None:
        row = self.query_one("#tree-table", LineTable).cursor_row
        return row if isinstance(row, Branch) else None

    def _detail(self, draw: Draw, width: int) -> Sequence[Cell]:
        branch = self._branch()
        if branch is None:
            return ()
        member = branch.member
        earlier = ", ".join(str(one) for one in member.earlier)
        rows: list[tuple[str, Cell | str]] = [
            ("waits for", ", ".join(member.depends)),
            ("runs", member.build.id if member.build is not None else "has not begun"),
            ("earlier", earlier),
            ("artifact", member.artifact),
            ("if it fails", "the batch goes on" if member.ignore_failure else ""),
        ]
        del draw
        return [cell(member.identifier, "strong"), *facts(rows, width)]

    # --- what is selected

    def selected(self) -> Ref | None:
        """The batch."""
        return self.ref

    def targets(self) -> tuple[tuple[Ref, Any], ...]:
        """The batch."""
        return ((self.ref, self._batch.value),)

    def copy_forms(self) -> tuple[tuple[str, str], ...]:
        """Its forms, and the selected build's id."""
        forms = batch_forms(self.ref, self._batch.value)
        branch = self._branch()
        build = branch.member.build if branch is not None else None
        return (*forms, ("build id", build.id)) if build is not None else forms

    def why_not(self, action: str) -> str | None:
        """A build that has not begun has no screen."""
        if action in ("enter", "logs"):
            branch = self._branch()
            if branch is None:
                return "nothing is selected"
            if branch.member.build is None:
                return f"{branch.member.identifier} has not begun"
        return super().why_not(action)

    def describe(self) -> None:
        """The selected member, whole."""
        branch, draw = self._branch(), self.look.draw()
        if branch is not None:
            self.post_message(self.Described(branch.member.identifier, lambda width: self._detail(draw, width)))

    def action_logs(self) -> None:
        """The selected build."""
        branch = self._branch()
        if not self.say_why_not("logs") and branch is not None and branch.member.build is not None:
            self.post_message(self.Opened(branch.member.build))

    def on_line_table_selected(self, event: LineTable.Selected) -> None:
        """Into its build."""
        event.stop()
        self.action_logs()

    def on_line_table_highlighted(self, event: LineTable.Highlighted) -> None:
        """Its details."""
        event.stop()
        self.query_one("#detail", CellLines).redraw()
        self.show_keys()
