"""Deployments: every one that moves, and the newest of those that have ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from pointsman.console.desk import Desk
from pointsman.console.present.deployments import LIST, DeploymentRow, origins, row_key, rows_of
from pointsman.console.screens.base import Place
from pointsman.console.screens.deployment_words import deployment_forms, fits, troubled
from pointsman.console.widgets.pane import Pane
from pointsman.console.widgets.table import LineTable
from pointsman.model.deployments import DeploymentList
from pointsman.model.pipelines import Board
from pointsman.model.refs import DeploymentRef, Ref
from pointsman.model.snapshot import Snapshot

if TYPE_CHECKING:
    from pointsman.services.feeds import Source
    from pointsman.services.session import Services

__all__ = ["Deployments"]


class Deployments(Place):
    """Every deployment of the account and region, newest first."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "fleet", "fleet", id="fleet"),
        Binding("p", "pipeline", "pipeline", show=False, id="pipeline"),
        Binding("ctrl+z", "problems", "problems only", show=False, id="problems"),
    ]

    place_title = "Deployments"
    place_help = (
        "Newest first, with every one that has not ended. The bar counts targets: done, failed, under way, to come. "
        "In the filter, words must all be there, shop/prod asks for a group, @failed @waiting @moving @rollback "
        "@overdue for a state. f shows which revision runs where in the group, p the pipeline that started it."
    )
    slots: ClassVar[tuple[str, ...]] = ("deployments", "board")
    filters = True

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._listed: Snapshot[DeploymentList] = Snapshot()
        self._board: Snapshot[Board] = Snapshot()
        self._rows: list[DeploymentRow] = []
        self._problems = False

    def body(self) -> ComposeResult:
        """The list."""
        table: LineTable[DeploymentRow] = LineTable(self.look, LIST, key=row_key, noun="deployments", id="list")
        yield Pane(self.look, "Deployments", table, number="4", id="deployments")

    def mounted(self) -> None:
        """The list has the keys."""
        self.query_one("#list").focus()

    def sources(self, services: Services) -> Mapping[str, Source[Any]]:
        """The deployments, and the board for what started them."""
        return {"deployments": services.deployments.recent(), "board": services.pipelines.board()}

    def arrived(self, slot: str, snapshot: Snapshot[Any]) -> None:
        """Show it."""
        if slot == "deployments":
            self._listed = snapshot
        else:
            self._board = snapshot
        known = origins(self._board.value.rows) if self._board.value is not None else {}
        self._rows = rows_of(self._listed.value.deployments if self._listed.value is not None else (), known)
        self._draw()

    def _draw(self) -> None:
        now = self.desk.now()
        shown = [
            row
            for row in self._rows
            if (not self._problems or troubled(row.deployment))
            and fits(
                row,
                self.filter_text,
                overdue=row.usual is not None and row.usual.overdue(row.deployment, now),
            )
        ]
        table = self.query_one("#list", LineTable)
        table.show(shown, snapshot=self._listed)
        words = self.filter_text.split()
        table.highlight(words[0] if len(words) == 1 and not words[0].startswith("@") else "")
        self.freshen("#deployments", self._listed)
        self.query_one("#deployments", Pane).title_text("Deployments", self._extra(len(shown)))

    def _extra(self, shown: int) -> str:
        known = len(self._rows)
        parts = [f"{shown:,}" if shown == known else f"{shown:,} of {known:,} shown"] if known else []
        parts += [f"/{self.filter_text}"] if self.filter_text else []
        parts += ["problems only"] if self._problems else []
        parts += ["older ones exist"] if self._listed.value is not None and self._listed.value.more else []
        return "  ".join(parts)

    def filtered(self) -> None:
        """Only what fits."""
        self._draw()

    def action_problems(self) -> None:
        """Only what failed, was rolled back or waits; or everything again."""
        self._problems = not self._problems
        self._draw()

    def seen(self) -> Iterable[Ref]:
        """Every deployment and its group."""
        for row in self._rows:
            yield row.deployment.ref
            yield row.deployment.group

    def _row(self) -> DeploymentRow | None:
        row = self.query_one("#list", LineTable).cursor_row
        return row if isinstance(row, DeploymentRow) else None

    def selected(self) -> Ref | None:
        """The deployment the cursor is on."""
        row = self._row()
        return row.deployment.ref if row is not None else None

    def targets(self) -> tuple[tuple[Ref, Any], ...]:
        """It, and its group: both are read when somebody asks what can be done."""
        row = self._row()
        return () if row is None else ((row.deployment.ref, None), (row.deployment.group, None))

    def copy_forms(self) -> tuple[tuple[str, str], ...]:
        """Its forms."""
        row = self._row()
        if row is None:
            return ()
        return deployment_forms(row.deployment.ref, row.deployment, self.desk.identity)

    def why_not(self, action: str) -> str | None:
        """Some keys need a deployment, or one that a pipeline started."""
        row = self._row()
        if action in ("fleet", "pipeline") and row is None:
            return "nothing is selected"
        if action == "pipeline" and (row is None or row.origin is None):
            return "no pipeline is known to have started this deployment"
        return super().why_not(action)

    def describe(self) -> None:
        """A deployment is described by its own screen."""
        if (ref := self.selected()) is not None:
            self.post_message(self.Opened(ref))

    def action_fleet(self) -> None:
        """Which revision runs where in its group."""
        row = self._row()
        if not self.say_why_not("fleet") and row is not None:
            self.post_message(self.Opened(row.deployment.group))

    def action_pipeline(self) -> None:
        """The pipeline execution that started it."""
        row = self._row()
        if not self.say_why_not("pipeline") and row is not None and row.origin is not None:
            self.post_message(self.Opened(row.origin.execution or row.origin.action))

    def on_line_table_selected(self, event: LineTable.Selected) -> None:
        """Into it."""
        event.stop()
        if isinstance(event.ref, DeploymentRef):
            self.post_message(self.Opened(event.ref))

    def on_line_table_highlighted(self, event: LineTable.Highlighted) -> None:
        """Other keys may lead somewhere now."""
        event.stop()
        self.show_keys()
