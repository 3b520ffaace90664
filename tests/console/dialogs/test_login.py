"""The login by device code: offered on request, begun by a key, told at every step."""

from __future__ import annotations

import pytest

from console.driving import console
from console.fakes import WHO
from console.logins import CODE, URL, Pauses, begun, lacking, patient, until
from pointsman.console.dialogs.login import LoginDialog
from pointsman.errors import Fault, FaultKind
from pointsman.model.logins import LoginStep


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> Pauses:
    return patient(monkeypatch)


async def test_nothing_is_opened_or_sent_before_a_person_asks(pauses: Pauses) -> None:
    made, login = lacking()
    async with console(made) as user:
        assert not isinstance(user.app.screen, LoginDialog)
        await user.press("i")
        assert isinstance(user.app.screen, LoginDialog)
        assert URL in user.text
        assert "Nothing is sent before you begin" in user.text
        await user.press("escape")
        assert not isinstance(user.app.screen, LoginDialog)
        assert login.begun == 0
        assert pauses.asked == []


async def test_the_code_shows_can_be_copied_and_credentials_are_looked_for_when_it_is_confirmed(
    pauses: Pauses, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, login = lacking(LoginStep.PENDING, LoginStep.SLOWER, LoginStep.PENDING, LoginStep.DONE)
    async with console(made) as user:
        copied: list[tuple[str, str]] = []
        monkeypatch.setattr(user.app, "copy", lambda text, what: copied.append((text, what)))
        await user.press("i")
        await begun(user, pauses)
        assert "ABCD-EFGH" in user.text
        assert CODE.whole_url in user.text
        assert "waiting until it is confirmed in the browser; the code is good for 10 min" in user.text
        user._send("c")
        user._send("C")
        await until(user, lambda: len(copied) == 2)
        for _ in range(3):
            await pauses.over(user)
        assert copied == [(CODE.whole_url, "address"), ("ABCD-EFGH", "code")]
        assert pauses.asked == [1, 1, 6, 6], "slower by five seconds once it was told so"
        assert user.app.standing.fault is not None
        await pauses.over(user)
        await user.settle()
        assert not isinstance(user.app.screen, LoginDialog)
        assert login.begun == 1
        assert user.app.desk.identity == WHO
        assert user.app.standing.fault is None
        await user.press("i")
        assert "Who you are" in user.text


@pytest.mark.parametrize(
    "fault",
    [
        Fault(FaultKind.DENIED, "the code has expired before it was confirmed", "begin again: it makes a new code"),
        Fault(FaultKind.DENIED, "the login was refused in the browser", "begin again if that was a mistake"),
        Fault(FaultKind.UNREACHABLE, "the service cannot be reached", "see to the network"),
    ],
)
async def test_what_ends_it_is_said_and_it_can_be_begun_again(pauses: Pauses, fault: Fault) -> None:
    made, login = lacking(LoginStep.PENDING, fault, LoginStep.DONE)
    async with console(made) as user:
        await user.press("i")
        await begun(user, pauses)
        await pauses.over(user)
        await pauses.over(user)
        await user.settle()
        assert fault.sentence in " ".join(user.text.split())
        assert fault.hint in " ".join(user.text.split())
        pauses.asked.clear()
        await begun(user, pauses)
        assert login.begun == 2
        assert fault.sentence not in " ".join(user.text.split())
        await pauses.over(user)
        await user.settle()
        assert user.app.desk.identity == WHO


async def test_where_no_code_is_given_it_says_why(pauses: Pauses) -> None:
    made, _ = lacking(code=Fault(FaultKind.UNKNOWN, "no such [b]start URL[/b]"))
    async with console(made) as user:
        await user.press("i", "enter")
        assert "no such [b]start URL[/b]" in user.text
        assert isinstance(user.app.screen, LoginDialog)


async def test_closing_it_asks_no_more(pauses: Pauses) -> None:
    made, login = lacking(LoginStep.DONE)
    async with console(made) as user:
        await user.press("i")
        await begun(user, pauses)
        user._send("escape")
        await until(user, lambda: not isinstance(user.app.screen, LoginDialog))
        await user.settle()
        assert not isinstance(user.app.screen, LoginDialog)
        pauses._go.release()
        await user.settle()
        assert login.steps == [LoginStep.DONE]
        assert user.app.standing.fault is not None
