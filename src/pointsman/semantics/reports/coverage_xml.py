"""Coverage in XML: Clover, Cobertura, JaCoCo."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

from pointsman.semantics.reports.values import CoveredFile, count
from pointsman.semantics.reports.xmltree import parse

_CONDITIONS = re.compile(r"\((\d{1,9})/(\d{1,9})\)")


def read_clover(body: bytes) -> list[CoveredFile]:
    """The source files of a Clover file: by each file's own figures, or by its lines when it gives none.

    Raises:
        ReportProblem: It is none.
    """
    return [_clover(file) for file in parse(body, "coverage").iter("file")]


def _clover(file: Element) -> CoveredFile:
    path = file.get("path") or file.get("name") or ""
    figures = file.find("metrics")
    if figures is not None and figures.get("statements") is not None:
        statements, conditionals = count(figures.get("statements")), count(figures.get("conditionals", 0))
        covered = min(count(figures.get("coveredstatements", 0)), statements)
        branches = min(count(figures.get("coveredconditionals", 0)), conditionals)
        return CoveredFile(path, covered, statements - covered, branches, conditionals - branches)
    lines = branches = hit = taken = 0
    for line in file.iter("line"):
        if line.get("type") == "cond":
            branches += 2
            taken += (count(line.get("truecount", 0)) > 0) + (count(line.get("falsecount", 0)) > 0)
        elif line.get("type", "stmt") == "stmt":
            lines += 1
            hit += count(line.get("count", 0)) > 0
    return CoveredFile(path, hit, lines - hit, taken, branches - taken)


def read_cobertura(body: bytes) -> list[CoveredFile]:
    """The source files of a Cobertura file; classes of one file are one entry, a line in two of them is one line.

    Raises:
        ReportProblem: It is none.
    """
    lines: dict[str, dict[str, int]] = {}
    branches: dict[str, dict[str, tuple[int, int]]] = {}
    for group in parse(body, "coverage").iter("class"):
        path = group.get("filename") or group.get("name") or ""
        hits, conditions = lines.setdefault(path, {}), branches.setdefault(path, {})
        for line in group.iterfind("lines/line"):
            number = line.get("number", "")
            hits[number] = max(hits.get(number, 0), count(line.get("hits", 0)))
            found = _CONDITIONS.search(line.get("condition-coverage", "")[:64])
            if found is not None:
                taken, total = int(found[1]), int(found[2])
                former = conditions.get(number, (0, 0))
                conditions[number] = max(former, (min(taken, total), total))
    return [_cobertura(path, hits, branches[path]) for path, hits in lines.items()]


def _cobertura(path: str, hits: dict[str, int], conditions: dict[str, tuple[int, int]]) -> CoveredFile:
    covered = sum(1 for hit in hits.values() if hit)
    taken = sum(one for one, _ in conditions.values())
    total = sum(all_of for _, all_of in conditions.values())
    return CoveredFile(path, covered, len(hits) - covered, taken, total - taken)


def read_jacoco(body: bytes) -> list[CoveredFile]:
    """The source files of a JaCoCo file, by its LINE and BRANCH counters.

    Raises:
        ReportProblem: It is none.
    """
    found = []
    for package in parse(body, "report").iter("package"):
        for file in package.iterfind("sourcefile"):
            path = "/".join(part for part in (package.get("name", ""), file.get("name", "")) if part)
            counters = {one.get("type"): one for one in file.iterfind("counter")}
            line, branch = counters.get("LINE"), counters.get("BRANCH")
            found.append(CoveredFile(path, *_counter(line), *_counter(branch)))
    return found


def _counter(counter: Element | None) -> tuple[int, int]:
    if counter is None:
        return 0, 0
    return count(counter.get("covered", 0)), count(counter.get("missed", 0))
