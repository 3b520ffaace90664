"""The files of a report: found, read and kept. Blocking; the readers themselves are pure."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from pointsman.local.codebuild.archives import NoMatch, Picked, pack, pick, said_of
from pointsman.local.codebuild.buildspec import ArtifactSpec, ReportSpec
from pointsman.local.s3 import objects
from pointsman.local.store.blobs import Blobs
from pointsman.semantics.reports import TEST_FORMATS, CoveredFile, ReportProblem, TestResult

MOST_FILES = 20_000
"""Report files that are read for one report."""
MOST_BYTES = 64 * 1024 * 1024
LONGEST_TEXT = 16 * 1024
"""Characters of a name or message that are kept."""


class Case(msgspec.Struct, frozen=True):
    """A test case as it is kept."""

    path: str
    """The file it is from, in the report."""
    prefix: str
    name: str
    status: str
    nanoseconds: int
    message: str = ""
    suite: str = ""


class Covered(msgspec.Struct, frozen=True):
    """A source file's coverage as it is kept."""

    path: str
    lines_covered: int
    lines_missed: int
    branches_covered: int
    branches_missed: int


class Wanted(msgspec.Struct, frozen=True):
    """A report that a build owes."""

    arn: str
    spec: ReportSpec
    packaging: str = ""
    """How its files are exported, NONE or ZIP, and so kept as they are; empty: they are not."""
    problem: str = ""
    """Why there can be no report."""


class Made(msgspec.Struct, frozen=True):
    """What was found of a report."""

    arn: str
    group: str
    """As the buildspec names it."""
    cases: tuple[Case, ...] = ()
    files: tuple[Covered, ...] = ()
    problems: tuple[str, ...] = ()
    kept: tuple[tuple[str, objects.Kept], ...] = ()
    """The raw files, or the zip of them, for the export."""


def make(root: Path, wanted: Wanted, blobs: Blobs) -> tuple[Made, list[str]]:
    """Find and read the files of a report.

    Args:
        root: CODEBUILD_SRC_DIR.
        wanted: What to make.
        blobs: Where files to be exported are kept.

    Returns:
        The report, and lines for the build's log.
    """
    spec = wanted.spec
    if wanted.problem:
        return Made(wanted.arn, spec.group, problems=(wanted.problem,)), [f"Report {spec.group}: {wanted.problem}"]
    said = [f"Preparing to copy test reports: {spec.group}"]
    paths = ArtifactSpec(files=spec.files, base_directory=spec.base_directory, discard_paths=spec.discard_paths)
    try:
        picked, told = pick(root, paths)
    except NoMatch as failure:
        return Made(wanted.arn, spec.group, problems=("report files not found in build",)), [*said, *failure.said]
    except OSError as error:
        return Made(wanted.arn, spec.group, problems=(said_of(error),)), said
    said += told
    cases: list[Case] = []
    files: list[Covered] = []
    problems: list[str] = []
    kept: list[tuple[str, objects.Kept]] = []
    if len(picked) > MOST_FILES:
        problems.append(f"{len(picked)} files match; the first {MOST_FILES} are read")
    for file in picked[:MOST_FILES]:
        try:
            found = _read(file, spec.form)
            if wanted.packaging == "NONE":
                kept.append((file.name, objects.keep(blobs, Path(file.path))))
        except ReportProblem as problem:
            problems.append(f"{file.name} is no {spec.form}: {problem}")
        except OSError as error:
            problems.append(said_of(error))
        else:
            cases += _cases(file.name, found)
            files += _covered(found)
    if wanted.packaging == "ZIP":
        kept.append((".zip", _packed(picked[:MOST_FILES], blobs)))
    said += [f"Report {spec.group}: {problem}" for problem in problems[:20]]
    return Made(wanted.arn, spec.group, tuple(cases), tuple(files), tuple(problems), tuple(kept)), said


def _packed(files: Sequence[Picked], blobs: Blobs) -> objects.Kept:
    with tempfile.NamedTemporaryFile(prefix="pointsman-report-", suffix=".zip") as bundle:
        pack(files, Path(bundle.name))
        return objects.keep(blobs, Path(bundle.name))


def _read(file: Picked, form: str) -> Sequence[TestResult | CoveredFile]:
    from pointsman.semantics.reports import read_coverage, read_tests

    path = Path(file.path)
    if (length := path.stat().st_size) > MOST_BYTES:
        raise ReportProblem(f"it is longer than {MOST_BYTES // 1024 // 1024} MiB ({length} bytes)")
    body = path.read_bytes()
    return read_tests(form, body) if form in TEST_FORMATS else read_coverage(form, body)


def _cases(name: str, found: Sequence[TestResult | CoveredFile]) -> Iterator[Case]:
    for one in found:
        if isinstance(one, TestResult):
            yield Case(
                path=name,
                prefix=one.prefix[:LONGEST_TEXT],
                name=one.name[:LONGEST_TEXT],
                status=one.status,
                nanoseconds=one.nanoseconds,
                message=one.message[:LONGEST_TEXT],
                suite=one.suite[:LONGEST_TEXT],
            )


def _covered(found: Sequence[TestResult | CoveredFile]) -> Iterator[Covered]:
    for one in found:
        if isinstance(one, CoveredFile):
            yield Covered(
                one.path[:LONGEST_TEXT],
                one.lines_covered,
                one.lines_missed,
                one.branches_covered,
                one.branches_missed,
            )
