"""Logging in through IAM Identity Center: a code to be confirmed in a browser, on this machine or another one.

Nothing is sent before a person says so; nothing is opened by itself.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Button, Static

from pointsman.console.dialogs.base import Dialog
from pointsman.console.troubles import fault_of
from pointsman.console.working import begin
from pointsman.model.logins import DeviceCode, LoginStep

__all__ = ["LoginDialog"]

SLOWER = 5.0
"""Seconds more between two questions, whenever the service finds them too many (RFC 8628)."""


class LoginDialog(Dialog[bool]):
    """Answers whether one has logged in.

    Args:
        profile: Whose login it is; empty for the default one.
        where: The start URL.
        start: Begins: the code to be confirmed.
        ask: Whether it was confirmed.
        pause: How to wait between two questions.
    """

    DEFAULT_CSS = """
    LoginDialog > #box { max-width: 92; }
    LoginDialog #text { margin-bottom: 1; }
    LoginDialog #code { display: none; margin-bottom: 1; text-style: bold; }
    LoginDialog #said { color: $text-muted; margin-bottom: 1; }
    LoginDialog #said.wrong { color: $text-error; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "copy_url", "copy the address", show=False),
        Binding("C", "copy_code", "copy the code", show=False),
    ]
    heading = "Log in"
    foot = "enter begins   c copies the address   C the code   esc close"

    def __init__(
        self,
        profile: str,
        where: str,
        start: Callable[[], Awaitable[DeviceCode]],
        ask: Callable[[], Awaitable[LoginStep]],
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        super().__init__()
        self._profile = profile or "default"
        self._where = where
        self._start = start
        self._ask = ask
        self._pause = pause
        self._device: DeviceCode | None = None

    def body(self) -> ComposeResult:
        """Where one logs in, the code once there is one, and how far it is."""
        text = f"Profile {self._profile} logs in through IAM Identity Center at {self._where}."
        yield Static(self.safe(text), id="text", markup=False)
        yield Static("", id="code", markup=False)
        yield Static("Nothing is sent before you begin; nothing is opened by itself.", id="said", markup=False)
        start = self.button("Begin", "begin")
        start.active_effect_duration = 0  # what fails at once can be begun again at once
        with Horizontal(id="buttons"):
            yield self.button("Close", "cancel")
            yield start

    def on_mount(self) -> None:
        """It takes a key to begin."""
        self.query_one("#begin", Button).focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Begin, or not."""
        event.stop()
        if event.button.id == "begin":
            self.query_one("#begin", Button).disabled = True
            self.query_one("#cancel", Button).focus()
            begin(self, self._log_in, name="log in", group="login", exclusive=True)
        else:
            self.dismiss(False)

    async def _log_in(self) -> None:
        self._device = None
        self.query_one("#code").display = False
        self._say("asking for a code")
        try:
            device = self._device = await self._start()
            self._show(device)
            await self._wait(device)
        except Exception as error:  # a worker's boundary: what went wrong is said in the dialog
            fault = fault_of(error)
            self._say(" - ".join(filter(None, (fault.sentence, fault.hint))), wrong=True)
            again = self.query_one("#begin", Button)
            again.disabled = False
            again.focus()
        else:
            self.dismiss(True)

    def _show(self, device: DeviceCode) -> None:
        text = f"Open     {device.whole_url}\nConfirm  {device.code}"
        if device.whole_url != device.url:
            text += f"\nor type it at {device.url}"
        code = self.query_one("#code", Static)
        code.update(self.safe(text))
        code.display = True

    async def _wait(self, device: DeviceCode) -> None:
        """Ask until it was confirmed; the service says when it cannot be any more."""
        interval, until = device.interval, time.monotonic() + device.expires_in
        while True:
            minutes = max(1, round((until - time.monotonic()) / 60))
            self._say(f"waiting until it is confirmed in the browser; the code is good for {minutes} min")
            await self._pause(interval)
            step = await self._ask()
            if step is LoginStep.DONE:
                return
            if step is LoginStep.SLOWER:
                interval += SLOWER

    def _say(self, words: str, *, wrong: bool = False) -> None:
        said = self.query_one("#said", Static)
        said.set_class(wrong, "wrong")
        said.update(self.safe(words))

    def action_copy_url(self) -> None:
        """The page with the code in it, for a browser."""
        if self._device is not None:
            self.post_message(self.Copied(self._device.whole_url, "address"))

    def action_copy_code(self) -> None:
        """The code alone."""
        if self._device is not None:
            self.post_message(self.Copied(self._device.code, "code"))

    def action_close(self) -> None:
        """Ask no more."""
        self.dismiss(False)
