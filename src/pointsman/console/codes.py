"""What gives credentials: an MFA code, asked for once and again on request; a login, offered when a person asks."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from textual.app import App

from pointsman.console.desk import Desk

__all__ = ["CodeQuestion"]


class CodeQuestion:
    """Opens the dialog, and gives what was typed to the connection.

    Args:
        app: The console.
        desk: Its connection.
        given: Called when a code was given: whoever waits for credentials asks again.
    """

    def __init__(self, app: App[Any], desk: Desk, given: Callable[[], None]) -> None:
        self._app = app
        self._desk = desk
        self._given = given
        self._open = False
        self._declined = False
        """Whether a person chose not to answer: then it is asked only when he says so."""

    @property
    def wanted(self) -> str:
        """The device whose code is wanted; empty when none is."""
        connection = self._desk.connection
        return connection.services.cloud.code_wanted if connection is not None else ""

    def offer_login(self) -> bool:
        """Offer to log in, where that would give the credentials that are missing; whether it would."""
        connection = self._desk.connection
        cloud = connection.services.cloud if connection is not None else None
        login = cloud.login() if cloud is not None else None
        if cloud is None or login is None:
            return False
        from pointsman.console.dialogs.login import LoginDialog

        dialog = LoginDialog(
            cloud.profile,
            login.place.start_url,
            partial(cloud.login_step, login.begin),
            partial(cloud.login_step, login.ask),
        )
        self._app.push_screen(dialog, lambda done: self._given() if done else None)
        return True

    def forget(self) -> None:
        """Another connection: another question."""
        self._declined = False

    def ask(self, said: str = "", *, again: bool = False) -> None:
        """Ask, if a code is wanted and nobody is being asked.

        Args:
            said: Why there are no credentials.
            again: A person wants to answer, although he did not before.
        """
        device = self.wanted
        if not device or self._open or (self._declined and not again):
            return
        from pointsman.console.dialogs.code import CodeDialog

        self._open = True
        refused = said if "not accepted" in said else ""
        self._app.push_screen(CodeDialog(device, refused), self._answered)

    def _answered(self, code: str | None) -> None:
        self._open = False
        self._declined = code is None
        connection = self._desk.connection
        if code is not None and connection is not None:
            connection.services.cloud.give_code(code)
            self._given()
