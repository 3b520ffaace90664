"""Clusters of log lines for ``pattern`` and ``diff``: Drain (He, Zhu, Zheng, Lyu: ICWS 2017), on a tree of fixed depth.

A line is cut into words and what stands between them. Words that are plainly values (numbers, addresses, times, ids)
are taken as such at once. Lines with the same number of words, the same punctuation and the same first word lie in one
leaf; there a line joins the most similar cluster when at least half of their words agree, and the words that differ
become ``<Token-n>``.
"""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct, field

SIMILAR: Final = 0.5
"""The share of words that have to agree."""
MOST_LEAVES: Final = 5_000
"""Leaves of a tree; lines of further ones are told apart by their length alone."""
MOST_IN_LEAF: Final = 64
"""Clusters in a leaf; a further line joins the most similar one."""
LONGEST: Final = 2_000
"""Characters of a line that are looked at."""

_CUT = re.compile(r"""([\s,;=\[\](){}"'|<>]+)""")
_KINDS: Final = (
    ("UUID", re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")),
    ("Time", re.compile(r"\d{4}-\d\d-\d\d(?:[T]\d\d:\d\d(?::\d\d(?:[.]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?")),
    ("Time", re.compile(r"\d\d:\d\d:\d\d(?:[.]\d+)?")),
    ("IP", re.compile(r"\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?")),
    ("Number", re.compile(r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?%?")),
    ("Number", re.compile(r"[-+]?\d+(?:\.\d+)?(?:ns|us|ms|s|m|h|B|KB|MB|GB|KiB|MiB|GiB)")),
    ("ID", re.compile(r"(?=[0-9a-fA-F-]*\d)(?=[0-9a-fA-F-]*[a-fA-F])[0-9a-fA-F-]{8,}")),
    ("ID", re.compile(r"(?=\w*\d\w*\d)[A-Za-z]+[-_]?\w*\d\w{4,}")),
)
_LEVELS: Final = (
    ("Error", re.compile(r"\b(?:error|fatal|critical|exception|fail(?:ed|ure)?|panic|severe)\b", re.IGNORECASE)),
    ("Warning", re.compile(r"\bwarn(?:ing)?\b", re.IGNORECASE)),
    ("Debug", re.compile(r"\b(?:debug|trace)\b", re.IGNORECASE)),
    ("Info", re.compile(r"\b(?:info|notice)\b", re.IGNORECASE)),
)


class Cluster(Struct):
    """Lines of one structure; changes while lines join."""

    words: list[str]
    """Each word; a kind in ``\\0`` marks stands for a value."""
    between: tuple[str, ...]
    counts: list[int] = field(default_factory=lambda: [0, 0])
    """How many lines: of the time asked for, and of the earlier one."""

    @property
    def pattern(self) -> str:
        """The structure, its values as ``<Kind-n>``."""
        found: list[str] = []
        number = 0
        for index, word in enumerate(self.words):
            if word.startswith("\0"):
                number += 1
                found.append(f"<{word[1:]}-{number}>")
            else:
                found.append(word)
            if index < len(self.between):
                found.append(self.between[index])
        return "".join(found)

    @property
    def severity(self) -> str:
        """Error, Warning, Info or Debug, from the words it says."""
        said = self.pattern
        return next((name for name, words in _LEVELS if words.search(said)), "Info")


def _kind(word: str) -> str:
    if not any(letter.isdigit() for letter in word):
        return word
    for name, shape in _KINDS:
        if shape.fullmatch(word):
            return f"\0{name}"
    return word


class Clustering:
    """Lines in, clusters out."""

    def __init__(self) -> None:
        self._leaves: dict[tuple[object, ...], list[Cluster]] = {}
        self._exact: dict[str, Cluster] = {}

    def add(self, line: str, *, earlier: bool = False) -> None:
        """Put a line into the cluster it belongs to."""
        cluster = self._exact.get(line)
        if cluster is None:
            cluster = self._find(line[:LONGEST])
            if len(self._exact) < MOST_LEAVES:
                self._exact[line] = cluster
        cluster.counts[earlier] += 1

    @property
    def clusters(self) -> list[Cluster]:
        """Every cluster, the one with most lines first."""
        found = [cluster for leaf in self._leaves.values() for cluster in leaf]
        return sorted(found, key=lambda cluster: (-sum(cluster.counts), cluster.pattern))

    def _find(self, line: str) -> Cluster:
        cut = _CUT.split(line)
        words = [_kind(word) for word in cut[::2]]
        between = tuple(cut[1::2])
        first = next((word for word in words if word and word[0] != "\0"), "")
        place: tuple[object, ...] = (between, first)
        if place not in self._leaves and len(self._leaves) >= MOST_LEAVES:
            place = (between,)
        leaf = self._leaves.setdefault(place, [])
        best, alike = None, -1.0
        for cluster in leaf:
            share = sum(map(str.__eq__, cluster.words, words)) / len(words)
            if share > alike:
                best, alike = cluster, share
        if best is None or (alike < SIMILAR and len(leaf) < MOST_IN_LEAF):
            best = Cluster(words, between)
            leaf.append(best)
            return best
        for index, word in enumerate(words):
            if best.words[index] != word:
                best.words[index] = "\0Token"
        return best
