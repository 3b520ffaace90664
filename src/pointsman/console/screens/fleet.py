"""Fleet: deployment groups, and which revision runs on which target of one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.events import Resize

from pointsman.console.desk import Desk
from pointsman.console.present.deployments import FLEET, GROUPS
from pointsman.console.screens.base import Place
from pointsman.console.screens.deployment_words import group_details, group_forms
from pointsman.console.widgets.pane import Pane
from pointsman.console.widgets.table import LineTable
from pointsman.model.deployments import DeploymentGroup
from pointsman.model.fleet import Fleet as Targets
from pointsman.model.fleet import Residence
from pointsman.model.refs import DeploymentGroupRef, DeploymentRef, Ref
from pointsman.model.snapshot import Snapshot

if TYPE_CHECKING:
    from pointsman.services.feeds import Source
    from pointsman.services.session import Services

__all__ = ["Fleet"]

WIDE = 150


class Fleet(Place):
    """Groups over the targets of the one that is selected."""

    DEFAULT_CSS = """
    Fleet #both { layout: vertical; height: 1fr; }
    Fleet #groups { height: 2fr; }
    Fleet #fleet { height: 3fr; }
    Fleet.wide #both { layout: horizontal; }
    Fleet.wide #groups { width: 1fr; height: 1fr; }
    Fleet.wide #fleet { width: 1fr; height: 1fr; margin-left: 1; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+z", "problems", "problems only", show=False, id="problems"),
    ]

    place_title = "Fleet"
    place_help = (
        "Deployment groups over the targets of one: enter on a group shows its own. A target has drifted when it runs "
        "another revision than its group's last good one, or when an attempt failed on it half-way. Enter on a target "
        "opens the deployment that brought what runs there."
    )
    slots: ClassVar[tuple[str, ...]] = ("groups", "fleet")
    filters = True

    def __init__(self, desk: Desk, ref: DeploymentGroupRef | None = None) -> None:
        super().__init__(desk)
        self.ref = ref
        self._groups: Snapshot[tuple[DeploymentGroup, ...]] = Snapshot()
        self._fleet: Snapshot[Targets] = Snapshot()
        self._problems = False

    def body(self) -> ComposeResult:
        """Groups and targets."""
        with Container(id="both"):
            groups: LineTable[DeploymentGroup] = LineTable(
                self.look, GROUPS, key=lambda one: one.ref, noun="deployment groups", id="group-table"
            )
            yield Pane(self.look, "Deployment groups", groups, id="groups")
            targets: LineTable[Residence] = LineTable(
                self.look, FLEET, key=lambda one: one.name, noun="targets", id="target-table"
            )
            yield Pane(self.look, "Fleet", targets, id="fleet")

    def mounted(self) -> None:
        """The targets of a named group have the keys, else the groups."""
        self.query_one("#target-table" if self.ref is not None else "#group-table").focus()

    def on_resize(self, event: Resize) -> None:
        """Beside each other where there is room."""
        self.set_class(event.size.width >= WIDE, "wide")

    def sources(self, services: Services) -> Mapping[str, Source[Any]]:
        """Groups, and the targets of one."""
        wanted: dict[str, Source[Any]] = {"groups": services.deployments.groups()}
        if self.ref is not None:
            wanted["fleet"] = services.deployments.fleet(self.ref)
        return wanted

    def arrived(self, slot: str, snapshot: Snapshot[Any]) -> None:
        """Show it."""
        if slot == "groups":
            self._groups = snapshot
        else:
            self._fleet = snapshot
        self._draw()

    def only(self, ref: DeploymentGroupRef) -> None:
        """Show the targets of a group."""
        if self.ref != ref:
            self.ref = ref
            self._fleet = Snapshot()
            self._draw()
            self.reread()
        self.query_one("#target-table").focus()

    def _draw(self) -> None:
        words = self.filter_text.lower().split()
        groups = [one for one in self._groups.value or () if all(word in str(one.ref).lower() for word in words)]
        fleet = self._fleet.value
        targets = list(fleet.targets) if fleet is not None else []
        if self._problems:
            groups = [one for one in groups if one.last_status.failed]
            targets = [one for one in targets if one.drift]
        self.query_one("#group-table", LineTable).show(groups, snapshot=self._groups)
        pane = self.query_one("#groups", Pane)
        extra = (f"/{self.filter_text}  " if self.filter_text else "") + ("problems only" if self._problems else "")
        pane.title_text("Deployment groups", extra.strip())
        self.freshen("#groups", self._groups)
        shown = self._fleet if self.ref is not None else Snapshot(value=(), fetched_at=self.desk.now())
        self.query_one("#target-table", LineTable).show(targets, snapshot=shown)
        self._draw_title(fleet)
        self.freshen("#fleet", shown)

    def _draw_title(self, fleet: Targets | None) -> None:
        pane = self.query_one("#fleet", Pane)
        if self.ref is None:
            pane.title_text("Fleet", "enter on a group shows its targets")
            return
        parts = []
        if fleet is not None:
            parts.append(f"wants {fleet.wanted.short}" if fleet.wanted else "nothing succeeded yet")
            parts.append(f"{fleet.drifted:,} of {len(fleet):,} drifted" if fleet.drifted else f"all {len(fleet):,} do")
        pane.title_text(f"Fleet of {self.ref}", "  ".join(parts))

    def filtered(self) -> None:
        """Only groups that have every word."""
        self._draw()

    def action_problems(self) -> None:
        """Only what failed or drifted, or everything again."""
        self._problems = not self._problems
        self._draw()

    def seen(self) -> Iterable[Ref]:
        """Every group."""
        return [one.ref for one in self._groups.value or ()]

    def _group(self) -> DeploymentGroup | None:
        row = self.query_one("#group-table", LineTable).cursor_row
        return row if isinstance(row, DeploymentGroup) else None

    def selected(self) -> Ref | None:
        """The group the cursor is on, or the one whose targets are shown."""
        if self.query_one("#target-table").has_focus:
            return self.ref
        group = self._group()
        return group.ref if group is not None else self.ref

    def targets(self) -> tuple[tuple[Ref, Any], ...]:
        """The group: it is read when somebody asks what can be done."""
        ref = self.selected()
        return () if ref is None else ((ref, None),)

    def copy_forms(self) -> tuple[tuple[str, str], ...]:
        """The group's forms; the target's name first where the cursor is on one."""
        ref = self.selected()
        forms = group_forms(ref, self.desk.identity) if isinstance(ref, DeploymentGroupRef) else ()
        row = self.query_one("#target-table", LineTable).cursor_row
        if self.query_one("#target-table").has_focus and isinstance(row, Residence):
            return (("target", row.name), ("revision", row.revision.words), *forms)
        return forms

    def describe(self) -> None:
        """Everything known of the group."""
        ref = self.selected()
        fleet = self._fleet.value
        known = [*(self._groups.value or ()), *((fleet.group,) if fleet is not None else ())]
        group = next((one for one in known if one.ref == ref), None)
        if group is not None:
            self.post_message(self.Described(f"deployment group {ref}", lambda width: group_details(group, width)))

    def on_line_table_selected(self, event: LineTable.Selected) -> None:
        """A group's targets; a target's deployment."""
        event.stop()
        if isinstance(event.ref, DeploymentGroupRef):
            self.only(event.ref)
            return
        row = event.table.row(event.ref)
        if isinstance(row, Residence) and (found := row.unsure or row.deployment):
            self.post_message(self.Opened(DeploymentRef(found, self.ref)))
        else:
            self.notify("nothing was deployed there yet", markup=False, timeout=4)

    def on_line_table_highlighted(self, event: LineTable.Highlighted) -> None:
        """Other keys may lead somewhere now."""
        event.stop()
        self.show_keys()

    def on_descendant_focus(self) -> None:
        """Other keys may lead somewhere now."""
        self.show_keys()
