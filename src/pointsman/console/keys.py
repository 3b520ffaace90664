"""The keys that mean the same on every screen, and the screens that digits go to."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from textual.binding import Binding, BindingType

__all__ = ["APP_KEYS", "SCREENS", "ScreenName", "key_words", "rebound", "written"]


class ScreenName(Struct, frozen=True):
    """A screen that has a digit."""

    digit: str
    name: str
    """As the command line says it."""
    title: str


SCREENS: tuple[ScreenName, ...] = (
    ScreenName("1", "overview", "Overview"),
    ScreenName("2", "pipelines", "Pipelines"),
    ScreenName("3", "builds", "Builds"),
    ScreenName("4", "deployments", "Deployments"),
    ScreenName("5", "traces", "Traces"),
    ScreenName("6", "metrics", "Metrics and alarms"),
    ScreenName("7", "logs", "Logs"),
    ScreenName("8", "activity", "Activity"),
)

APP_KEYS: list[BindingType] = [
    *(Binding(one.digit, f"go('{one.name}')", one.title, show=False, id=f"go-{one.name}") for one in SCREENS),
    Binding("exclamation_mark", "obey('errors')", "what went wrong", key_display="!", show=False, id="errors"),
    Binding("A", "obey('approvals')", "approvals that wait", show=False, id="approvals"),
    Binding("i", "obey('identity')", "who you are", show=False, id="identity"),
    Binding("q", "back_or_quit", "back, or quit", show=False, id="quit"),
    Binding("P", "command_line('profile ')", "another profile", show=False, id="profiles"),
    Binding("R", "command_line('region ')", "another region", show=False, id="regions"),
    Binding("minus", "retrace(0)", "the place before", key_display="-", show=False, id="before"),
    Binding("left_square_bracket", "retrace(-1)", "back in history", key_display="[", show=False, id="history-back"),
    Binding("right_square_bracket", "retrace(1)", "forward in history", key_display="]", show=False, id="history-on"),
    Binding("f7", "pace('hold')", "stop a demo's clock, or let it go on", show=False, id="clock-hold"),
    Binding("f8", "pace('step')", "let a minute of a demo pass", show=False, id="clock-step"),
    Binding("f9", "pace('hurry')", "a demo's clock: twice as fast, up to x32, then x1", show=False, id="clock-hurry"),
    Binding("ctrl+t", "leave_tour", "leave the tour", show=False, id="leave-tour"),
    Binding("ctrl+l", "repaint", "draw the screen anew", show=False, id="repaint"),
    Binding("ctrl+c", "interrupt", "twice: quit", show=False, priority=True, id="interrupt"),
    Binding("ctrl+q", "back_or_quit", "quit", show=False, id="quit-too"),
]

_WRITTEN = {
    "question_mark": "?",
    "exclamation_mark": "!",
    "slash": "/",
    "colon": ":",
    "minus": "-",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "escape": "esc",
    "pagedown": "pgdn",
    "pageup": "pgup",
}


def written(key: str) -> str:
    """A key as a person writes it."""
    return _WRITTEN.get(key.strip(), key.strip())


def key_words(binding: Binding) -> str:
    """A binding's keys as a person writes them."""
    return " ".join(written(key) for key in (binding.key_display or binding.key).split(","))


def rebound(binding: Binding, keys: Mapping[str, str]) -> Binding:
    """A binding as it is pressed: with a person's own key where there is one."""
    own = keys.get(binding.id or "")
    return binding.with_key(key=own, key_display=None) if own else binding
