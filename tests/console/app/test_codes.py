"""An MFA code is asked for in a dialog, once for each question, and given to the connection."""

from __future__ import annotations

from console.driving import console, full
from console.fakes import WHO, World, world
from pointsman.console.dialogs.code import CodeDialog
from pointsman.errors import Fault, FaultKind

DEVICE = "arn:aws:iam::123456789012:mfa/me"
LACKING = Fault(FaultKind.NO_CREDENTIALS, "this profile needs an MFA code", "press i to give it here")


def waiting() -> World:
    made = full(world())
    made.services.cloud.identity = LACKING
    made.services.cloud.code_wanted = DEVICE
    return made


async def test_it_is_asked_for_and_what_was_typed_is_given() -> None:
    made = waiting()
    async with console(made) as user:
        assert isinstance(user.app.screen, CodeDialog) and DEVICE in user.text
        await user.type("12a3")
        assert "123" in user.text and "12a3" not in user.text
        await user.press("enter")
        assert isinstance(user.app.screen, CodeDialog), "three digits are no code"
        made.services.cloud.identity, made.services.cloud.code_wanted = WHO, ""
        await user.type("456")
        await user.press("enter")
        assert made.services.cloud.codes == ["123456"]
        assert not isinstance(user.app.screen, CodeDialog)
        assert user.app.desk.identity == WHO and user.app.standing.fault is None


async def test_a_code_that_was_refused_is_asked_for_again_and_says_so() -> None:
    made = waiting()
    async with console(made) as user:
        said = "the MFA code was not accepted: MultiFactorAuthentication failed"
        made.services.cloud.identity = Fault(FaultKind.NO_CREDENTIALS, said, "press i to give it here")
        await user.type("111111")
        await user.press("enter")
        assert isinstance(user.app.screen, CodeDialog) and "was not accepted" in user.text
        assert made.services.cloud.codes == ["111111"]


async def test_whoever_does_not_answer_is_asked_only_when_he_says_so() -> None:
    made = waiting()
    async with console(made) as user:
        await user.press("escape")
        assert not isinstance(user.app.screen, CodeDialog) and made.services.cloud.codes == []
        user.app.standing.ask()
        await user.settle()
        assert not isinstance(user.app.screen, CodeDialog)
        await user.press("i")
        assert isinstance(user.app.screen, CodeDialog)
        await user.press("escape")
        made.services.cloud.identity, made.services.cloud.code_wanted = WHO, ""
        user.app.standing.ask()
        await user.settle()
        await user.press("i")
        assert "Who you are" in user.text


async def test_nothing_is_asked_where_nothing_is_wanted() -> None:
    made = full(world())
    made.services.cloud.identity = Fault(FaultKind.EXPIRED, "the session has expired", "aws sso login")
    async with console(made) as user:
        assert not isinstance(user.app.screen, CodeDialog)
