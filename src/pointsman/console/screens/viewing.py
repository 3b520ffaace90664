"""How a screen is looked at, as something to keep: read off a screen that goes, given to one that comes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.widget import Widget

from pointsman.console.present.keyed import key_name
from pointsman.console.present.order import RowOrder
from pointsman.console.widgets.table import LineTable
from pointsman.model.views import PlaceView, TableView

if TYPE_CHECKING:
    from pointsman.console.screens.base import Place

__all__ = ["restore", "view_of"]


def view_of(place: Place) -> PlaceView:
    """How a screen is looked at now.

    Of the screen of one thing only sorting and columns are kept: what is selected and filtered there belongs to that
    thing.
    """
    general = _general(place)
    tables = {one.id: _table_view(one, cursor=general) for one in place.query(LineTable) if one.id}
    focused = place.focused
    return PlaceView(
        filter=place.filter_text if general and place.filters else "",
        settings=dict(place.chosen()) if general else {},
        tables={name: view for name, view in tables.items() if view != TableView()},
        focus=(focused.id or "") if general and isinstance(focused, Widget) else "",
    )


def restore(place: Place, view: PlaceView) -> None:
    """Look at a screen that has just come as at the one before it; what it does not know any more is left out."""
    for table in place.query(LineTable):
        found = view.tables.get(table.id or "")
        if found is not None:
            table.hide(found.hidden)
            table.order_by(RowOrder(found.sort, found.reverse))
            if _general(place) and found.cursor:
                table.begin_at(found.cursor)
    if not _general(place):
        return
    place.choose(view.settings)
    if view.filter and place.filters:
        place.begin_filtered(view.filter)
    if view.focus:
        found_focus = next((one for one in place.query("#body *") if one.id == view.focus), None)
        if found_focus is not None and found_focus.focusable:
            found_focus.focus()


def _general(place: Place) -> bool:
    return getattr(place, "ref", None) is None


def _table_view(table: LineTable[object], *, cursor: bool) -> TableView:
    selected = table.cursor_ref if cursor and table.cursor_index else None
    return TableView(
        sort=table.order.column,
        reverse=table.order.reverse,
        cursor=key_name(selected) if selected is not None else "",
        hidden=tuple(sorted(table.hidden)),
    )
