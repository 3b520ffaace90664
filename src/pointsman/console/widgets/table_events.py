"""What a table tells its screen: a row opened, another one under the cursor, marks, an order, columns to choose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.message import Message

from pointsman.console.present.chosen_columns import Choice
from pointsman.console.present.order import RowOrder

if TYPE_CHECKING:
    from pointsman.console.widgets.table import LineTable

__all__ = ["ColumnsAsked", "Highlighted", "Marked", "Ordered", "Selected"]


class Selected(Message, namespace="line_table"):
    """Enter, or a click on the selected row."""

    def __init__(self, table: LineTable[Any], ref: Any) -> None:
        super().__init__()
        self.table = table
        self.ref = ref

    @property
    def control(self) -> LineTable[Any]:
        """The table it came from."""
        return self.table


class Highlighted(Message, namespace="line_table"):
    """The cursor came to another row; ``ref`` is None when there is none."""

    def __init__(self, table: LineTable[Any], ref: Any) -> None:
        super().__init__()
        self.table = table
        self.ref = ref

    @property
    def control(self) -> LineTable[Any]:
        """The table it came from."""
        return self.table

    def can_replace(self, message: Message) -> bool:
        """Only the last of a burst matters."""
        return isinstance(message, Highlighted) and message.table is self.table


class Marked(Message, namespace="line_table"):
    """The set of marked rows changed."""

    def __init__(self, table: LineTable[Any], refs: frozenset[Any]) -> None:
        super().__init__()
        self.table = table
        self.refs = refs

    @property
    def control(self) -> LineTable[Any]:
        """The table it came from."""
        return self.table


class Ordered(Message, namespace="line_table"):
    """A person has the rows sorted in another way."""

    def __init__(self, table: LineTable[Any], order: RowOrder) -> None:
        super().__init__()
        self.table = table
        self.order = order

    @property
    def control(self) -> LineTable[Any]:
        """The table it came from."""
        return self.table


class ColumnsAsked(Message, namespace="line_table"):
    """A person wants to choose which columns show."""

    def __init__(self, table: LineTable[Any], choices: tuple[Choice, ...]) -> None:
        super().__init__()
        self.table = table
        self.choices = choices

    @property
    def control(self) -> LineTable[Any]:
        """The table it came from."""
        return self.table
