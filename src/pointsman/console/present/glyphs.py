"""The marks this program draws with: one set for Unicode terminals, one for ASCII."""

from __future__ import annotations

from msgspec import Struct

from pointsman.model.status import Tone


class Glyphs(Struct, frozen=True):
    """Every mark, each one cell wide."""

    name: str
    failed: str
    waiting: str
    moving: str
    stopped: str
    ok: str
    idle: str
    unknown: str
    done_joint: str
    """Between stages, where a revision has passed."""
    open_joint: str
    """Between stages, where none has passed yet."""
    gate: str
    """A closed transition."""
    queued: str
    """A revision that waits at a stage's entrance."""
    attention: str
    cursor: str
    """The marker beside the selected line."""
    mark: str
    """Beside a line a person marked."""
    folded: str
    unfolded: str
    ellipsis: str
    separator: str
    rule: str
    heavy_rule: str
    arrow: str
    into: str
    """Between the parts of a path: profile, account, region."""
    ascending: str
    """In the header of the column that rows are sorted by."""
    descending: str
    newline: str
    """Where a wrapped log line goes on."""
    bar: str
    """A full bar cell."""
    slow_bar: str
    """A full bar cell of what stands out."""
    bar_ends: tuple[str, ...]
    """Partial cells, an eighth more each; empty where there are none."""
    bar_starts: tuple[str, ...]
    """A cell whose right eighth, or right half, is covered; empty where there are none."""
    track: str
    """A cell beyond a bar's end."""
    sparks: tuple[str, ...]
    """Column heights, low to high."""
    dot: str
    release: str
    """Where something went out, on a time axis."""
    wall: str
    corner: str
    """Where two axes meet."""
    quotes: tuple[str, str]
    """Around other people's words."""

    def of(self, tone: Tone) -> str:
        """The mark of a tone."""
        return {
            Tone.FAILED: self.failed,
            Tone.WAITING: self.waiting,
            Tone.MOVING: self.moving,
            Tone.STOPPED: self.stopped,
            Tone.OK: self.ok,
            Tone.IDLE: self.idle,
            Tone.UNKNOWN: self.unknown,
        }[tone]

    def spark(self, values: list[float], highest: float | None = None) -> str:
        """A column per value, scaled to the highest."""
        top = highest if highest is not None else max(values, default=0.0)
        steps = len(self.sparks) - 1
        if top <= 0:
            return self.sparks[0] * len(values)
        return "".join(self.sparks[max(0, min(steps, round(value / top * steps)))] for value in values)

    def bar_of(self, cells: float, *, slow: bool = False) -> str:
        """A bar of ``cells`` cells, exact to an eighth where the set can."""
        cells = max(0.0, cells)
        full = self.slow_bar if slow else self.bar
        if slow or not self.bar_ends:
            return full * round(cells)
        eighths = round(cells * 8)
        end = eighths % 8
        return full * (eighths // 8) + (self.bar_ends[end - 1] if end else "")


UNICODE = Glyphs(
    name="unicode",
    failed="✗",
    waiting="⏸",
    moving="●",
    stopped="⊘",
    ok="✓",
    idle="○",
    unknown="?",
    done_joint="━",
    open_joint="─",
    gate="╳",
    queued="┿",
    attention="▲",
    cursor="▌",
    mark="◆",
    folded="▶",
    unfolded="▼",
    ellipsis="…",
    separator="·",
    rule="─",
    heavy_rule="━",
    arrow="→",
    into="▸",
    ascending="↑",
    descending="↓",
    newline="↪",
    bar="█",
    slow_bar="▓",
    bar_ends=("▏", "▎", "▍", "▌", "▋", "▊", "▉"),
    bar_starts=("▕", "▐"),
    track="░",
    sparks=("▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"),
    dot="·",
    release="╎",
    wall="│",
    corner="└",
    quotes=("“", "”"),
)

ASCII = Glyphs(
    name="ascii",
    failed="x",
    waiting="w",
    moving="*",
    stopped="~",
    ok="+",
    idle="o",
    unknown="?",
    done_joint="=",
    open_joint="-",
    gate="X",
    queued="!",
    attention="!",
    cursor=">",
    mark="#",
    folded=">",
    unfolded="v",
    ellipsis=".",
    separator="|",
    rule="-",
    heavy_rule="=",
    arrow=">",
    into=">",
    ascending="^",
    descending="v",
    newline="\\",
    bar="#",
    slow_bar="@",
    bar_ends=(),
    bar_starts=(),
    track=".",
    sparks=("_", ".", "-", "=", "+", "*", "#"),
    dot=".",
    release="|",
    wall="|",
    corner="+",
    quotes=('"', '"'),
)


def glyphs_for(encoding: str, *, ascii_only: bool = False) -> Glyphs:
    """The set a terminal's encoding can carry."""
    wide = encoding.lower().replace("-", "").replace("_", "").startswith("utf")
    return UNICODE if wide and not ascii_only else ASCII
