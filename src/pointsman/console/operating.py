"""From a wish to its outcome: the menu, the dialog, the run in a worker, and what follows on screen.

The only caller of the runner. Writes belong to the app, not to a screen or a dialog: they are carried to their end
whoever looks away.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from textual.app import App

from pointsman.console.desk import Desk
from pointsman.console.troubles import fault_of
from pointsman.console.working import begin
from pointsman.errors import Fault, FaultKind, PointsmanError, Refused
from pointsman.model.pipelines import PipelineState
from pointsman.model.refs import Ref

if TYPE_CHECKING:
    from pointsman.console.connection import Connection
    from pointsman.console.dialogs.actions_menu import Choice
    from pointsman.console.dialogs.confirm import Confirmed
    from pointsman.model.activity import Deed
    from pointsman.operations.declare import Operation
    from pointsman.operations.several import Several

__all__ = ["Operating"]


class Course(Struct):
    """How far one has come with several."""

    at: int = 0
    done: int = 0
    given: dict[str, str] = field(default_factory=dict)
    """What was answered last: the suggestion for the next."""


class Operating:
    """Carries out what a person wants done.

    Args:
        app: Where dialogs are pushed and workers run.
        desk: The connection and the error log.
        follow: Shows what an operation has made, or what it was done to.
        unknown: Told of a write whose outcome is not known.
    """

    def __init__(
        self, app: App[Any], desk: Desk, follow: Callable[[Ref, Any], None], unknown: Callable[[Deed], None]
    ) -> None:
        self._app = app
        self._desk = desk
        self._follow = follow
        self._unknown = unknown

    # --- offering

    def offer(self, targets: tuple[tuple[Ref, Any], ...], *, narrow: bool = False) -> None:
        """Show what can be done with these; what is not known of one yet is read first."""
        if (connection := self._desk.connection) is not None and targets:
            self._work("read what can be done", lambda: self._offer(connection, targets, narrow=narrow), "offer")

    async def _offer(self, connection: Connection, targets: tuple[tuple[Ref, Any], ...], *, narrow: bool) -> None:
        from pointsman.console.dialogs.actions_menu import ActionsMenu

        choices: dict[tuple[str, Ref], Choice] = {}
        for ref, known in targets:
            state = known
            if state is None and (operations := connection.registry.of(type(ref))):
                state = await operations[0].read(connection.services, ref)
            for one in self._choices(connection, ref, state, narrow=narrow):
                choices.setdefault(one.key, one)
        if not choices:
            self._app.notify(f"there is nothing to do with a {targets[0][0].noun} here", markup=False, timeout=4)
            return
        heading = f"Actions: {targets[0][0]}"
        menu = ActionsMenu(self._desk.look, heading, choices.values())
        self._app.push_screen(menu, lambda picked: self.begin(picked) if picked is not None else None)

    def _choices(self, connection: Connection, ref: Ref, state: Any, *, narrow: bool) -> list[Choice]:
        from pointsman.console.dialogs.actions_menu import Choice
        from pointsman.operations.registry import within_reach

        refs = (ref,) if narrow or not isinstance(state, PipelineState) else within_reach(state, ref)
        runner, identity = connection.runner, self._desk.identity
        return [
            Choice(operation, one, state, runner.why_not(operation, one, state, identity))
            for one in refs
            for operation in connection.registry.of(type(one))
        ]

    def choices(self, targets: tuple[tuple[Ref, Any], ...]) -> list[Choice]:
        """What can be done with these, as far as their state is known."""
        connection = self._desk.connection
        found: dict[tuple[str, Ref], Choice] = {}
        if connection is not None:
            for ref, state in targets:
                if state is not None:
                    for one in self._choices(connection, ref, state, narrow=False):
                        found.setdefault(one.key, one)
        return list(found.values())

    def ask(self, operation_id: str, ref: Ref, answers: dict[str, str]) -> None:
        """Ask for one operation with some of its answers given; what it judges is read first."""
        connection = self._desk.connection
        if connection is None:
            return
        operation = connection.registry.get(operation_id)

        async def read() -> None:
            from pointsman.console.dialogs.actions_menu import Choice

            state = await operation.read(connection.services, ref)
            reason = connection.runner.why_not(operation, ref, state, self._desk.identity)
            if reason is not None:
                self._app.notify(f"{operation.title}: {reason}", markup=False, severity="warning", timeout=10)
            else:
                self.begin(Choice(operation, ref, state), answers)

        self._work(operation.title, read, "offer")

    def begin(self, choice: Choice, given: dict[str, str] | None = None) -> None:
        """Ask, if the operation asks; then run it.

        Args:
            choice: What.
            given: Answers that are suggested.
        """
        from pointsman.console.dialogs.confirm import ConfirmDialog
        from pointsman.operations.declare import Confirm

        connection = self._desk.connection
        if connection is None:
            return
        operation, ref, state = choice.operation, choice.ref, choice.state
        asked_on = self._app.screen
        if connection.runner.confirm_level(operation, ref, state) is Confirm.NONE and not operation.fields(state, ref):
            self._work(
                operation.title,
                lambda: self._unasked(connection, operation, ref, state, asked_on),
                "writes",
                exclusive=False,
            )
            return

        def answered(said: Confirmed | None) -> None:
            if said is not None:
                self._work(
                    operation.title,
                    lambda: self._run(connection, operation, ref, said, asked_on),
                    "writes",
                    exclusive=False,
                )

        dialog = ConfirmDialog(self._desk.look, connection.runner, operation, ref, state, given=given)
        self._app.push_screen(dialog, answered)

    # --- several at once

    def offer_many(self, states: Sequence[PipelineState]) -> None:
        """Choose what to do with a gate that several pipelines have; then each is asked for by itself."""
        if (connection := self._desk.connection) is None:
            return
        from pointsman.console.dialogs.pick import PickDialog
        from pointsman.operations.several import gate_choices

        found = gate_choices(connection.registry, states)
        if not found:
            self._app.notify("the marked pipelines have no gate to open or close", markup=False, timeout=5)
            return
        lines = [(one.title, one.note) for one in found]

        def picked(line: tuple[str, str] | None) -> None:
            if line is not None:
                chosen = found[lines.index(line)]
                self._work(chosen.title, lambda: self._each(connection, chosen, Course()), "several")

        self._app.push_screen(PickDialog(self._desk.look, f"{len(states)} pipelines marked", lines), picked)

    async def _each(self, connection: Connection, several: Several, course: Course) -> None:
        """Ask for the next that can run now; what cannot is said and passed over, a no ends it all."""
        from pointsman.console.dialogs.confirm import ConfirmDialog

        operation = several.operation
        while course.at < len(several.refs):
            ref = several.refs[course.at]
            course.at += 1
            state = await operation.read(connection.services, ref)
            reason = connection.runner.why_not(operation, ref, state, self._desk.identity)
            if reason is None:
                break
            self._app.notify(f"{operation.title}: {ref}: {reason}", markup=False, severity="warning", timeout=8)
        else:
            self._ended(several, course)
            return

        async def run(said: Confirmed) -> None:
            course.given = said.answers
            course.done += await self._run(connection, operation, ref, said, None)
            await self._each(connection, several, course)

        def answered(said: Confirmed | None) -> None:
            if said is None:
                self._ended(several, course)
            else:
                self._work(operation.title, lambda: run(said), "writes", exclusive=False)

        note = f"({course.at} of {len(several.refs)})"
        dialog = ConfirmDialog(self._desk.look, connection.runner, operation, ref, state, given=course.given, note=note)
        self._app.push_screen(dialog, answered)

    def _ended(self, several: Several, course: Course) -> None:
        self._app.notify(f"{several.title}: {course.done} of {len(several.refs)} done", markup=False, timeout=8)

    # --- running

    async def _unasked(
        self, connection: Connection, operation: Operation[Any], ref: Ref, state: Any, asked_on: Any
    ) -> None:
        from pointsman.console.dialogs.confirm import Confirmed

        shown = await connection.runner.preview(operation, ref, state, {})
        await self._run(connection, operation, ref, Confirmed({}, shown), asked_on)

    async def _run(
        self, connection: Connection, operation: Operation[Any], ref: Ref, said: Confirmed, asked_on: Any
    ) -> bool:
        """Run it and say what came of it; whether it was done."""
        try:
            deed = await connection.runner.run(operation, ref, said.answers, shown=said.shown)
        except Refused as refusal:
            self._say_refused(operation.title, refusal)
            return False
        self.tell(deed)
        if deed.outcome == "done":
            self._follow(deed.result or ref, asked_on)
        return deed.outcome == "done"

    def tell(self, deed: Deed) -> None:
        """Say what became of a deed."""
        if deed.outcome == "done":
            self._app.notify(deed.said, markup=False, timeout=6)
            return
        sentence = " ".join(part for part in (deed.detail, deed.hint) if part)
        fault = deed.fault or Fault(FaultKind.UNKNOWN, deed.detail, deed.hint)
        self._desk.troubles.note(deed.said, fault)
        if deed.outcome == "unknown":
            self._app.notify(f"{deed.said}: outcome unknown. {sentence}", markup=False, severity="error", timeout=15)
            self._unknown(deed)
        else:
            self._app.notify(f"{deed.said}: {deed.outcome}. {sentence}", markup=False, severity="error", timeout=12)

    def _say_refused(self, what: str, refusal: Refused) -> None:
        words = f"{what}: {refusal.message}. {refusal.hint}".rstrip(". ") + "."
        self._app.notify(words.replace("..", "."), markup=False, severity="warning", timeout=10)
        self._desk.troubles.note(what, Fault(FaultKind.CONFLICT, f"refused: {refusal.message}", refusal.hint))

    # --- arming

    def arm(self, minutes: int) -> None:
        """Allow writes for a time."""
        if (connection := self._desk.connection) is not None:
            self._work("arm", lambda: self._arming(connection, minutes), "arming")

    def disarm(self) -> None:
        """Refuse writes again."""
        if (connection := self._desk.connection) is not None:
            self._work("disarm", lambda: self._arming(connection, None), "arming")

    async def _arming(self, connection: Connection, minutes: int | None) -> None:
        arming = connection.runner.arming
        try:
            deed = await (arming.disarm() if minutes is None else arming.arm(minutes))
        except Refused as refusal:
            self._say_refused("arm", refusal)
            return
        self.tell(deed)

    @property
    def sending(self) -> int:
        """How many writes are on their way."""
        return self._desk.connection.runner.sending if self._desk.connection is not None else 0

    def _work(self, doing: str, work: Callable[[], Awaitable[object]], group: str, *, exclusive: bool = True) -> None:
        async def guarded() -> None:
            try:
                await work()
            except PointsmanError as error:
                fault = fault_of(error)
                self._desk.troubles.note(doing, fault)
                words = f"{doing}: {fault.sentence}" + (f". {fault.hint}" if fault.hint else "")
                self._app.notify(words, markup=False, severity="error", timeout=10)

        begin(self._app, guarded, name=doing, group=group, exclusive=exclusive)
