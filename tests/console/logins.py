"""Logins by device code: a service that says what it is told to, and waits that a test lets go."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest

from console.driving import Driver, full
from console.fakes import WHO, World, world
from pointsman.console.dialogs import login as dialogs
from pointsman.console.dialogs.login import LoginDialog
from pointsman.errors import CallFailed, Fault, FaultKind
from pointsman.model.logins import DeviceCode, LoginStep

LACKING = Fault(FaultKind.EXPIRED, "the SSO session has expired", "press i to log in here, or run: aws sso login")
URL = "https://house.awsapps.com/start"
CODE = DeviceCode("ABCD-EFGH", f"{URL}/#/device", f"{URL}/#/device?user_code=ABCD-EFGH", 600, 1)


class _Place:
    start_url = URL


class Login:
    """What a service would say, in turn."""

    place = _Place()

    def __init__(self, made: World, *steps: LoginStep | Fault, code: DeviceCode | Fault = CODE) -> None:
        self.made, self.steps, self.code = made, list(steps), code
        self.begun = 0

    def begin(self) -> DeviceCode:
        self.begun += 1
        if isinstance(self.code, Fault):
            raise CallFailed(self.code)
        return self.code

    def ask(self) -> LoginStep:
        step = self.steps.pop(0)
        if isinstance(step, Fault):
            raise CallFailed(step)
        if step is LoginStep.DONE:
            self.made.services.cloud.identity = WHO
            self.made.services.cloud.logging_in = None
        return step


class Pauses:
    """Waits that a test lets go, one at a time."""

    def __init__(self) -> None:
        self.asked: list[float] = []
        self._go = asyncio.Semaphore(0)

    async def __call__(self, seconds: float) -> None:
        self.asked.append(seconds)
        await self._go.acquire()

    async def over(self, user: Driver) -> None:
        """Let one wait be over, and what follows happen."""
        before = len(self.asked)
        self._go.release()
        await until(user, lambda: len(self.asked) > before or _ended(user))


def _ended(user: Driver) -> bool:
    dialog = user.app.screen
    return not isinstance(dialog, LoginDialog) or dialog.query_one("#said").has_class("wrong")


async def until(user: Driver, come: Callable[[], bool]) -> None:
    """Wait for something that happens while the dialog's worker goes on, and until it is drawn."""
    deadline = time.monotonic() + 20
    while not come():
        assert time.monotonic() < deadline, user.text
        await asyncio.sleep(0.001)
    for _ in range(3):
        await user.pilot._wait_for_screen()
        user.app.screen._on_timer_update()
        await asyncio.sleep(0)


def patient(monkeypatch: pytest.MonkeyPatch) -> Pauses:
    """Logins that wait only as long as they are let."""
    made = Pauses()
    original = LoginDialog.__init__

    def init(self: LoginDialog, *given: Any) -> None:
        original(self, *given, pause=made)  # type: ignore[misc]

    monkeypatch.setattr(dialogs.LoginDialog, "__init__", init)
    return made


def lacking(*steps: LoginStep | Fault, code: DeviceCode | Fault = CODE) -> tuple[World, Login]:
    made = full(world())
    made.services.cloud.identity = LACKING
    login = made.services.cloud.logging_in = Login(made, *steps, code=code)
    return made, login


async def begun(user: Driver, pauses: Pauses) -> None:
    """Press enter, and see the code."""
    user._send("enter")
    await until(user, lambda: bool(pauses.asked))
