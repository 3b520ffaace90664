"""How a person looked at things comes back in the next session at the same place."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from console.driving import Driver, console, full
from console.fakes import world
from pointsman.config.settings import Settings
from pointsman.console.connection import Keeping
from pointsman.console.widgets.table import LineTable
from pointsman.model.refs import PipelineRef
from pointsman.model.views import PlaceView, Session, TableView


class Views:
    """Keeps in a variable."""

    def __init__(self, session: Session | None = None) -> None:
        self.session = session or Session()

    def recall(self) -> Session:
        return self.session

    def keep(self, session: Session) -> bool:
        self.session = session
        return True


@asynccontextmanager
async def opened(views: Views, **options: Any) -> AsyncIterator[Driver]:
    """A session, from its beginning to its end."""
    async with console(full(world()), keeping=lambda: Keeping(views=views), **options) as user:
        yield user
        user.app.exit()


def table(user: Driver, name: str) -> LineTable[Any]:
    return user.app.screen.query_one(f"#{name}", LineTable)


async def test_sort_filter_problems_and_selection_come_back() -> None:
    views = Views()
    async with opened(views) as user:
        await user.press("2", "o", "o", "O", "down", "down")
        before = table(user, "board").order, table(user, "board").cursor_ref, user.lines[1:-1]
        assert before[0].column
        assert before[0].reverse
    async with opened(views) as user:
        await user.press("2")
        assert (table(user, "board").order, table(user, "board").cursor_ref, user.lines[1:-1]) == before


async def test_a_filter_comes_back_and_says_so() -> None:
    views = Views()
    async with opened(views) as user:
        await user.press("2", "slash")
        await user.type("bill")
        await user.press("enter")
        assert "/bill" in user.text
    async with opened(views) as user:
        await user.press("2")
        assert "/bill" in user.text
        assert "checkout" not in user.text
        await user.press("slash", "escape")
        assert "checkout" in user.text


async def test_the_last_screen_comes_back_unless_a_person_has_set_one() -> None:
    views = Views()
    async with opened(views) as user:
        await user.press("4")
    assert views.session.screen == "deployments"
    async with opened(views) as user:
        assert user.app.start == "deployments"
    async with opened(views, settings=Settings(start="builds")) as user:
        assert user.app.start == "builds"


async def test_of_the_screen_of_one_thing_only_the_sorting_is_kept() -> None:
    views = Views()
    async with opened(views) as user:
        user.app.router.open(PipelineRef("checkout"))
        await user.settle()
        await user.press("down")
    assert all(not view.cursor for view in views.session.places["pipeline"].tables.values())
    assert not views.session.places["pipeline"].filter


async def test_a_row_that_is_gone_leaves_the_cursor_at_the_first() -> None:
    gone = TableView(cursor="PipelineRef\x1fgone")
    views = Views(Session(places={"pipelines": PlaceView(tables={"board": gone})}))
    async with opened(views) as user:
        await user.press("2")
        assert table(user, "board").cursor_index == 0


@pytest.mark.parametrize(
    "view",
    [
        PlaceView(tables={"board": TableView(sort="no such column", reverse=True), "nothing": TableView(sort="x")}),
        PlaceView(settings={"colour": "blue"}, focus="nowhere"),
    ],
)
async def test_what_another_version_kept_and_nobody_knows_is_left_out(view: PlaceView) -> None:
    async with opened(Views(Session(screen="elsewhere", places={"pipelines": view}))) as user:
        assert user.app.start == "overview"
        await user.press("2")
        assert "checkout" in user.text
        assert table(user, "board").order.column == ""


async def test_while_the_board_is_read_the_cursor_waits_for_its_row() -> None:
    views = Views()
    async with opened(views) as user:
        await user.press("2", "down", "down", "down")
        wanted = table(user, "board").cursor_ref
    async with opened(views) as user:
        await user.press("2")
        assert table(user, "board").cursor_ref == wanted
        await user.press("up")
        assert table(user, "board").cursor_ref != wanted
