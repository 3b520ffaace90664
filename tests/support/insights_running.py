"""Running a query over a list of events, in batches, as the store would hand them out."""

from __future__ import annotations

from pointsman.semantics.logs.insights.grammar import read
from pointsman.semantics.logs.insights.pipeline import Execution
from pointsman.semantics.logs.insights.rows import Event, Stream

STREAM = Stream(7, "a-stream", "123456789012:a-group")
START, END = 0, 4_000_000_000_000


def run(
    query: str,
    events: list[tuple[int, int, str]],
    *,
    start: int = START,
    end: int = END,
    limit: int = 10_000,
    batch: int = 3,
) -> list[dict[str, str]]:
    """The rows of a query over (time, number, message), without their pointers."""
    execution = Execution(read(query), start=start, end=end, now=1_700_000_000, limit=limit)
    wanted: list[Event] = [
        (time, number, time + 5, message)
        for time, number, message in sorted(events, reverse=True)
        if any(low <= time <= high for low, high in execution.ranges)
        and all(one.within(message) for one in execution.needed)
    ]
    if not execution.ordered:
        wanted.reverse()
    for place in range(0, len(wanted), batch):
        if execution.finished:
            break
        if execution.ordered:
            execution.feed_rows([(STREAM, event) for event in wanted[place : place + batch]])
        elif execution.bins is not None:
            starts = [event[0] // execution.bins * execution.bins for event in wanted[place : place + batch]]
            execution.feed_counts([(start, 1) for start in starts])
        else:
            execution.feed(STREAM, wanted[place : place + batch])
    return [{name: text for name, text in row if name != "@ptr"} for row in execution.results()]


def lines(*messages: str) -> list[tuple[int, int, str]]:
    """Events a minute apart, the first one the oldest."""
    return [(1_700_000_040_000 + index * 60_000, index + 1, message) for index, message in enumerate(messages)]
