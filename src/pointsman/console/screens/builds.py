"""Build projects, and recent builds: of all projects, or of the one a person went into."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.events import Resize

from pointsman.console.desk import Desk
from pointsman.console.present.builds import BUILDS, PROJECTS, build_key, project_key, queued_columns
from pointsman.console.screens.base import Place
from pointsman.console.screens.comparison_words import build_comparison_lines
from pointsman.console.screens.selection import build_forms, project_forms
from pointsman.console.screens.wishes import BatchesAsked
from pointsman.console.widgets.pane import Pane
from pointsman.console.widgets.table import LineTable
from pointsman.model.build_comparison import compare
from pointsman.model.builds import Build, BuildList, Project, turns
from pointsman.model.refs import BatchRef, BuildRef, ProjectRef, Ref
from pointsman.model.snapshot import Snapshot

if TYPE_CHECKING:
    from pointsman.services.feeds import Source
    from pointsman.services.session import Services

__all__ = ["Builds"]

WIDE = 150


class Builds(Place):
    """Projects over their builds."""

    DEFAULT_CSS = """
    Builds #both { layout: vertical; height: 1fr; }
    Builds #projects { height: 2fr; }
    Builds #builds { height: 3fr; }
    Builds.wide #both { layout: horizontal; }
    Builds.wide #projects { width: 2fr; height: 1fr; }
    Builds.wide #builds { width: 3fr; height: 1fr; margin-left: 1; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("l", "logs", "logs", id="logs"),
        Binding("x", "compare", "compare", show=False, id="compare"),
        Binding("b", "batch", "batch", show=False, id="batch"),
        Binding("ctrl+z", "problems", "problems only", show=False, id="problems"),
    ]

    place_title = "Builds"
    place_help = (
        "Build projects with their newest build, and the recent builds; enter on a project shows only its own. "
        "Space marks two builds and x compares them phase by phase, or the selected one with the one before of its "
        "project; b shows the batch of a build, or a project's batches. What waits for its turn says its place."
    )
    slots: ClassVar[tuple[str, ...]] = ("projects", "builds")
    filters = True

    def __init__(self, desk: Desk, project: ProjectRef | None = None) -> None:
        super().__init__(desk)
        self.project = project
        self._projects: Snapshot[tuple[Project, ...]] = Snapshot()
        self._builds: Snapshot[BuildList] = Snapshot()
        self._problems = False

    def body(self) -> ComposeResult:
        """Projects and builds."""
        with Container(id="both"):
            projects: LineTable[Project] = LineTable(
                self.look, PROJECTS, key=project_key, noun="projects", id="project-table"
            )
            yield Pane(self.look, "Projects", projects, number="3", id="projects")
            builds: LineTable[Build] = LineTable(self.look, BUILDS, key=build_key, noun="builds", id="build-table")
            yield Pane(self.look, "Recent builds", builds, id="builds")

    def mounted(self) -> None:
        """The builds of a named project have the keys, else the projects."""
        self.query_one("#build-table" if self.project is not None else "#project-table").focus()

    def on_resize(self, event: Resize) -> None:
        """Beside each other where there is room."""
        self.set_class(event.size.width >= WIDE, "wide")

    def sources(self, services: Services) -> Mapping[str, Source[Any]]:
        """Projects, and the builds of one or of all."""
        return {"projects": services.builds.projects(), "builds": services.builds.recent(self.project)}

    def arrived(self, slot: str, snapshot: Snapshot[Any]) -> None:
        """Show it."""
        if slot == "projects":
            self._projects = snapshot
        else:
            self._builds = snapshot
        self._draw()

    def only(self, project: ProjectRef | None) -> None:
        """Show the builds of one project, or of all again."""
        if self.project != project:
            self.project = project
            self._builds = Snapshot()
            self._draw()
            self.reread()
        self.query_one("#build-table" if project is not None else "#project-table").focus()

    def narrow(self, argument: str, at: datetime | None) -> None:
        """The builds of one project."""
        del at
        self.only(ProjectRef(argument) if argument else None)

    def _draw(self) -> None:
        words = self.filter_text.lower().split()
        projects = [one for one in self._projects.value or () if all(word in one.name.lower() for word in words)]
        recent = self._builds.value.builds if self._builds.value is not None else ()
        builds = [one for one in recent if all(word in _words(one) for word in words)]
        if self._problems:
            projects = [one for one in projects if one.latest is not None and one.latest.status.failed]
            builds = [one for one in builds if one.status.failed]
        self.query_one("#project-table", LineTable).show(projects, snapshot=self._projects)
        waiting = turns(recent)
        columns = queued_columns(waiting) if waiting else BUILDS
        self.query_one("#build-table", LineTable).show(builds, columns, snapshot=self._builds)
        extra = (f"/{self.filter_text}  " if self.filter_text else "") + ("problems only" if self._problems else "")
        pane = self.query_one("#projects", Pane)
        pane.title_text("Projects", extra)
        self.freshen("#projects", self._projects)
        pane = self.query_one("#builds", Pane)
        more = "  older ones exist" if self._builds.value is not None and self._builds.value.more else ""
        pane.title_text(f"Builds of {self.project}" if self.project is not None else "Recent builds", more.strip())
        self.freshen("#builds", self._builds)

    def filtered(self) -> None:
        """Only what has every word."""
        self._draw()

    def action_problems(self) -> None:
        """Only what failed, or everything again."""
        self._problems = not self._problems
        self._draw()

    def seen(self) -> Iterable[Ref]:
        """Every project and recent build."""
        builds = self._builds.value.builds if self._builds.value is not None else ()
        return [*(one.ref for one in self._projects.value or ()), *(build.ref for build in builds)]

    def _table(self) -> LineTable[Any]:
        return self.query_one(
            "#build-table" if self.query_one("#build-table").has_focus else "#project-table", LineTable
        )

    def _row(self) -> Project | Build | None:
        row = self._table().cursor_row
        return row if isinstance(row, Project | Build) else None

    def selected(self) -> Ref | None:
        """The project or build the cursor is on."""
        row = self._row()
        return row.ref if row is not None else None

    def targets(self) -> tuple[tuple[Ref, Any], ...]:
        """It; and a project's newest build."""
        row = self._row()
        if row is None:
            return ()
        newest = row.latest if isinstance(row, Project) else None
        return ((row.ref, row), *(((newest.ref, newest),) if newest is not None else ()))

    def copy_forms(self) -> tuple[tuple[str, str], ...]:
        """Its forms."""
        row = self._row()
        if isinstance(row, Build):
            return build_forms(row.ref, row, self.desk.identity)
        return project_forms(row.ref, row, self.desk.identity) if row is not None else ()

    def why_not(self, action: str) -> str | None:
        """Logs need a build."""
        if action == "logs" and self._build() is None:
            return "there is no build to read the log of"
        if action == "compare" and not isinstance(self._row(), Build):
            return "select a build, or mark two with space"
        row = self._row()
        if action == "batch" and (row is None or (isinstance(row, Build) and not row.batch)):
            return "the build belongs to no batch" if row is not None else "nothing is selected"
        return super().why_not(action)

    def _build(self) -> BuildRef | None:
        row = self._row()
        if isinstance(row, Project):
            return row.latest.ref if row.latest is not None else None
        return row.ref if row is not None else None

    def action_logs(self) -> None:
        """The selected build, or the selected project's newest."""
        if not self.say_why_not("logs") and (build := self._build()) is not None:
            self.post_message(self.Opened(build))

    def action_compare(self) -> None:
        """The two marked builds, or the selected one and the one before of its project."""
        if self.say_why_not("compare"):
            return
        pair = self._pair()
        if pair is None:
            return
        comparison, draw = compare(*pair), self.look.draw()
        heading = f"{comparison.older.ref} {self.desk.glyphs.arrow} {comparison.newer.ref}"
        self.post_message(self.Described(heading, lambda width: build_comparison_lines(comparison, draw, width)))

    def _pair(self) -> tuple[Build, Build] | None:
        """The builds to compare; a sentence when there are no two."""
        recent = self._builds.value.builds if self._builds.value is not None else ()
        table = self.query_one("#build-table", LineTable)
        marked = [build for build in recent if build.ref in table.marked]
        row = self._row()
        reason = ""
        if len(marked) == 2:
            return marked[0], marked[1]
        if marked:
            reason = f"mark two builds with space; {len(marked)} marked"
        elif isinstance(row, Build):
            same = [build for build in recent if build.project == row.project]
            after = same[same.index(row) + 1 :] if row in same else []
            if after:
                return after[0], row
            reason = f"there is no older build of {row.project} to compare with"
        self.notify(reason, markup=False, severity="warning", timeout=5)
        return None

    def action_batch(self) -> None:
        """The batch of the selected build; the batches of the selected project."""
        if self.say_why_not("batch"):
            return
        row = self._row()
        if isinstance(row, Build):
            self.post_message(self.Opened(BatchRef(row.batch)))
        elif isinstance(row, Project):
            self.post_message(BatchesAsked(row.ref))

    def describe(self) -> None:
        """A build is described by its own screen; a project by its facts."""
        row = self._row()
        if isinstance(row, Build):
            self.post_message(self.Opened(row.ref))
        elif isinstance(row, Project):
            from pointsman.console.screens.build_words import project_details

            self.post_message(
                self.Described(f"project {row.name}", lambda width: project_details(row, width, self.desk.zone))
            )

    def action_back(self) -> None:
        """From one project's builds to all projects, then as ever."""
        if self.project is not None and not self.filter_text:
            self.only(None)
            return
        super().action_back()

    def on_line_table_selected(self, event: LineTable.Selected) -> None:
        """Into a build; or only a project's builds."""
        event.stop()
        if isinstance(event.ref, BuildRef):
            self.post_message(self.Opened(event.ref))
        elif isinstance(event.ref, ProjectRef):
            self.only(event.ref)

    def on_line_table_highlighted(self, event: LineTable.Highlighted) -> None:
        """Other keys may lead somewhere now."""
        event.stop()
        self.show_keys()

    def on_descendant_focus(self) -> None:
        """Other keys may lead somewhere now."""
        self.show_keys()


def _words(build: Build) -> str:
    parts = (build.ref.id, build.status.word, build.initiator, build.source_version, build.resolved_version)
    return " ".join(parts).lower()
