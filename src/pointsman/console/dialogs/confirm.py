"""The last look before a write, generated from its operation: where, as whom, what follows, the exact call.

Cancel has the keys first. Every key in a field checks the answers again; the button lights up only when nothing is
wrong with them and the name, where one is asked for, is typed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec import Struct
from msgspec.structs import replace
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Button, Input, OptionList, Static, TextArea
from textual.widgets.option_list import Option
from textual.worker import Worker, WorkerState

from pointsman.console import toolkit
from pointsman.console.dialogs.base import Dialog
from pointsman.console.dialogs.groups import GroupHead
from pointsman.console.dialogs.words import words_in
from pointsman.console.present.cells import Cell, cell
from pointsman.console.present.faults import fault_lines
from pointsman.console.present.glyphs import ASCII
from pointsman.console.present.look import Draw, Look
from pointsman.console.present.text import clean_block
from pointsman.console.troubles import fault_of
from pointsman.console.widgets.lines import CellLines
from pointsman.console.working import begin
from pointsman.model.refs import Ref
from pointsman.operations.declare import Answers, Confirm, Field, Operation

if TYPE_CHECKING:
    from pointsman.operations.preview import Preview
    from pointsman.operations.runner import Runner

__all__ = ["ConfirmDialog", "Confirmed"]


_LONGEST = 1000
"""Characters of a command line that are shown."""


class Confirmed(Struct, frozen=True):
    """A person said yes, to exactly this."""

    answers: Answers
    shown: Preview


class ConfirmDialog(Dialog[Confirmed]):
    """Ask before a write."""

    DEFAULT_CSS = """
    ConfirmDialog > #box > #content { height: auto; max-height: 100%; margin-bottom: 2; scrollbar-size-vertical: 1; }
    ConfirmDialog CellLines { height: auto; background: $surface; }
    ConfirmDialog .label { height: 1; margin-top: 1; }
    ConfirmDialog .problem { color: $error; height: auto; display: none; }
    ConfirmDialog .problem.wrong { display: block; }
    ConfirmDialog .folded, ConfirmDialog .problem.folded { display: none; }
    ConfirmDialog Input, ConfirmDialog TextArea, ConfirmDialog OptionList {
        background: $foreground 8%; border: none; border-left: outer $foreground 30%; padding: 0 1;
    }
    ConfirmDialog Input:focus, ConfirmDialog TextArea:focus, ConfirmDialog OptionList:focus {
        background: $foreground 15%; border: none; border-left: outer $primary;
    }
    ConfirmDialog TextArea { height: 3; }
    ConfirmDialog OptionList { height: auto; max-height: 6; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+y", "copy_cli", "copy the CLI line", show=False),
        Binding("left,up", "app.focus_previous", show=False),
        Binding("right,down", "app.focus_next", show=False),
    ]

    foot = "tab moves   ctrl+y copies the aws line   esc cancels"

    def __init__(
        self,
        look: Look,
        runner: Runner,
        operation: Operation[Any],
        ref: Ref,
        state: Any,
        *,
        given: Answers | None = None,
        note: str = "",
    ) -> None:
        super().__init__(classes="danger" if operation.danger else "")
        self.heading = f"{operation.title}: {ref}" + (f"  {note}" if note else "")
        self._look = look
        self._runner = runner
        self._operation = operation
        self._ref = ref
        self._state = state
        # What was answered to the one before, of several, is the suggestion for this one. What is suggested is what is
        # shown, and so what is sent if nobody changes it.
        asked = operation.fields(state, ref)
        self._fields: tuple[Field, ...] = tuple(
            replace(field, default=clean_block((given or {}).get(field.name, field.default)))
            if not field.choices
            else field
            for field in asked
        )
        self._whole: Answers = {
            field.name: field.default for field in asked if field.kept and field.name not in (given or {})
        }
        """What goes out, in the place of what is shown, where nobody changes it."""
        self._level: Confirm = runner.confirm_level(operation, ref, state)
        self._answers: Answers = {field.name: field.default for field in self._fields} | self._whole
        self._touched: set[str] = set()
        self._preview: Preview | None = None
        self._error: BaseException | None = None
        self._serial = 0

    # --- what it shows

    def body(self) -> ComposeResult:
        """What will happen, the form, the two buttons."""
        with VerticalScroll(id="content", can_focus=False):
            said = CellLines(self._look, self._said, id="said")
            said.can_focus = False
            yield said
            for at, field in enumerate(self._fields):
                number = self._group(field)
                if field.group and (at == 0 or self._fields[at - 1].group != field.group):
                    yield GroupHead(self.safe(field.group), self._look.glyphs, number)
                folded = f" of-{number} folded" if field.group else ""
                need = "" if field.required else "  (optional)"
                yield Static(self.safe(field.label) + need, classes=f"label{folded}", markup=False)
                widget = self._widget(at, field)
                if field.group:
                    widget.add_class(f"of-{number}", "folded")
                yield widget
                yield Static("", id=f"problem-{at}", classes=f"problem{folded}", markup=False)
            if self._level is Confirm.TYPE_NAME:
                yield Static("", id="name-label", classes="label", markup=False)
                name = Input(id="name", compact=True, select_on_focus=False)
                toolkit.no_blink(name)
                yield name
        with Horizontal(id="buttons"):
            yield self.button("Cancel", "cancel")
            yield self.button(self._operation.title, "go", disabled=True)

    def _group(self, field: Field) -> int:
        """Which group a field is in, from 0 in the form's order."""
        names = list(dict.fromkeys(one.group for one in self._fields if one.group))
        return names.index(field.group) if field.group else -1

    def on_group_head_toggled(self, event: GroupHead.Toggled) -> None:
        """What stands under a heading is shown, or is not any more."""
        event.stop()
        for widget in self.query(f".of-{event.number}"):
            widget.set_class(not event.opened, "folded")

    def _widget(self, at: int, field: Field) -> Input | TextArea | OptionList:
        if field.choices:
            options = [
                Option(self.safe(f"{one.label}  {one.explanation}".strip()), id=f"choice-{index}")
                for index, one in enumerate(field.choices)
            ]
            listed = OptionList(*options, id=f"field-{at}", compact=True, markup=False)
            values = [one.value for one in field.choices]
            if field.default not in values:
                self._answers[field.name] = values[0]
            listed.highlighted = values.index(self._answers[field.name])
            return listed
        if field.multiline:
            area = TextArea(field.default, id=f"field-{at}", compact=True, placeholder=self.safe(field.placeholder))
            toolkit.no_blink(area)
            area.tab_behavior = "focus"
            return area
        line = Input(
            field.default,
            self.safe(field.placeholder),
            id=f"field-{at}",
            compact=True,
            password=field.secret,
            select_on_focus=False,
        )
        toolkit.no_blink(line)
        return line

    def _said(self, draw: Draw, width: int) -> Sequence[Cell]:
        if self._error is not None:
            return [*fault_lines(fault_of(self._error), draw)]
        preview = self._preview
        if preview is None:
            return [cell(f"asking who you are{draw.glyphs.ellipsis}", "dim")]
        who = preview.identity
        lines = wrapped("in", f"{who.account}  {who.region}  as {who.role}", width, "strong")
        for at, line in enumerate(preview.consequences):
            lines += wrapped("then" if at == 0 else "", line, width)
        for line in preview.warnings:
            lines += wrapped(draw.glyphs.attention, line, width, "stale")
        lines += wrapped("call", preview.call, width, "strong")
        lines += wrapped("", _shown(preview.cli), width, "dim")
        return lines

    # --- its life

    def on_mount(self) -> None:
        """Cancel has the keys."""
        if self._look.glyphs is ASCII:
            toolkit.plain_bars(self.query_one("#content"))
            for listed in self.query(OptionList):
                toolkit.plain_bars(listed)
        self.query_one("#cancel").focus()
        self._again()
        self.call_after_refresh(self.query_one("#content").scroll_home, animate=False)

    def _again(self) -> None:
        """Judge the answers, and have the call shown anew."""
        self._serial += 1
        serial, answers = self._serial, dict(self._answers)

        async def read() -> None:
            await self._read(serial, answers)

        begin(self, read, name="preview", group="preview", exclusive=True)

    async def _read(self, serial: int, answers: Answers) -> None:
        preview = await self._runner.preview(self._operation, self._ref, self._state, answers)
        if serial != self._serial:
            return
        self._preview, self._error = preview, None
        self._judge()
        if self._operation.look is None:
            return
        seen = await self._runner.look(self._operation, self._ref, self._state, answers)
        if serial == self._serial and seen is not self._state:
            self._state = seen
            preview = await self._runner.preview(self._operation, self._ref, self._state, answers)
            if serial == self._serial:
                self._preview = preview
                self._judge()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Who one is could not be found out: that is said, and the button stays dark."""
        event.stop()
        if event.state is WorkerState.ERROR:
            self._preview, self._error = None, event.worker.error
            self._judge()

    def _judge(self) -> None:
        if not self.is_mounted:
            return
        problems = dict(self._preview.problems) if self._preview is not None else {}
        for at, field in enumerate(self._fields):
            line = self.query_one(f"#problem-{at}", Static)
            sentence = problems.get(field.name, "") if field.name in self._touched else ""
            line.update(self.safe(sentence))
            line.set_class(bool(sentence), "wrong")
        for head in self.query(GroupHead):
            inside = [one for one in self._fields if one.group and self._group(one) == head.number]
            changed = sum(self._answers.get(one.name, "") != self._whole.get(one.name, one.default) for one in inside)
            head.tell(changed, sum(one.name in problems for one in inside))
        name_missing = self._name_missing()
        if self._level is Confirm.TYPE_NAME and self._preview is not None:
            self.query_one("#name-label", Static).update(self.safe(f"Type {self._preview.type_name} to confirm"))
        self.query_one("#go", Button).disabled = self._preview is None or bool(problems) or name_missing
        self.query_one("#said", CellLines).redraw()
        self.call_after_refresh(self._keep_in_view)

    def _keep_in_view(self) -> None:
        """What is said above a field grows with the answers: the field that has the keys stays on the screen."""
        focused = self.focused
        if focused is None or not (focused.id or "").startswith("field-"):
            return
        problem = self.query_one(f"#problem-{(focused.id or '').rpartition('-')[2]}", Static)
        for widget in (problem, focused):
            if widget.display:
                widget.scroll_visible(animate=False)

    def _name_missing(self) -> bool:
        if self._level is not Confirm.TYPE_NAME:
            return False
        return self._preview is None or self.query_one("#name", Input).value != self._preview.type_name

    # --- answers

    def _answered(self, widget_id: str | None, value: str) -> None:
        if widget_id == "name":
            self._judge()
            return
        field = self._fields[int((widget_id or "field-0").rpartition("-")[2])]
        if value == field.default:
            value = self._whole.get(field.name, value)
        if self._answers.get(field.name) != value:
            self._touched.add(field.name)
            self._answers[field.name] = value
            self._again()

    def on_input_changed(self, event: Input.Changed) -> None:
        """A key in a line."""
        event.stop()
        self._answered(event.input.id, event.value)

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """A key in a box."""
        event.stop()
        self._answered(event.text_area.id, event.text_area.text)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Another choice."""
        event.stop()
        field = self._fields[int((event.option_list.id or "field-0").rpartition("-")[2])]
        self._answered(event.option_list.id, field.choices[event.option_index].value)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter in a list goes on."""
        event.stop()
        self.focus_next()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in a line goes on to the next, and from the last to the button."""
        event.stop()
        self.focus_next()

    def on_key(self, event: events.Key) -> None:
        """Typing while a button has the keys goes to the first empty line: nobody has to find it.

        A burst of keys was on its way to the button before the line had them; a line that has the keys takes its own,
        so what still comes by here belongs to it too.
        """
        if not event.is_printable or event.character is None:
            return
        line = self.focused if isinstance(self.focused, Input) else None
        if line is None and isinstance(self.focused, Button) and event.character != " ":
            line = next((one for one in self.query(Input) if not one.value and one.display), None)
            self.set_focus(line or self.focused)
        if line is not None:
            event.stop()
            line.insert_text_at_cursor(event.character)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Yes or no."""
        event.stop()
        if event.button.id == "go" and self._preview is not None:
            self.dismiss(Confirmed(dict(self._answers), self._preview))
        else:
            self.dismiss(None)

    def action_copy_cli(self) -> None:
        """The command line, to the clipboard."""
        if self._preview is not None:
            self.post_message(self.Copied(self._preview.cli, "aws line"))


def _shown(line: str) -> str:
    """A command line, or the beginning of one that no dialog has room for: the key that copies it takes all of it."""
    more = len(line) - _LONGEST
    return line if more <= 0 else f"{line[:_LONGEST]}… and {more:,} more characters"


def wrapped(label: str, text: str, width: int, style: str = "") -> list[Cell]:
    """A label and text that goes on under itself."""
    return [
        (*cell(f"{label if at == 0 else '':<6}", "dim"), *cell(line, style))
        for at, line in enumerate(words_in(text, max(10, width - 6)))
    ]
