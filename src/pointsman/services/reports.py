"""CodeBuild's reports for the screens: those of a build, what failed in one, and how a group has fared."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from pointsman.model.refs import ReportRef
from pointsman.model.reports import FileCoverage, Findings, Report, TestCase, Trend, worst_first
from pointsman.services.ask import Meter
from pointsman.services.feeds import Report as Tell
from pointsman.services.feeds import Source
from pointsman.services.reads import reports as reader

SERVICE = "codebuild"
BATCH = 100
"""What one batch call takes at most."""
PAGES = 5
"""Pages of failed cases, and of files, that are read at most."""
TREND = 30
"""How many reports of a group a trend is made of."""
_KEEP = 2000


def cadence(found: tuple[Report, ...]) -> float | None:
    """Seconds reports are good for; those that are made for ever."""
    return 5.0 if any(one.status.moving or not one.status.word for one in found) else None


class Reports:
    """Use cases over CodeBuild's reports.

    Args:
        meter: Asks CodeBuild.
    """

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._made: OrderedDict[str, Report] = OrderedDict()
        """Reports that change no more."""

    def of(self, arns: tuple[str, ...]) -> Source[tuple[Report, ...]]:
        """These reports, those with failures first."""

        async def read(tell: Tell[tuple[Report, ...]]) -> tuple[Report, ...]:
            del tell
            return worst_first(await self._reports(arns))

        return Source(("reports", arns), read, cadence, SERVICE, cost=0)

    def findings(self, report: Report) -> Source[Findings]:
        """The failed cases of a test report with what they said; the least covered files of a coverage report."""

        async def read(tell: Tell[Findings]) -> Findings:
            if report.kind == "CODE_COVERAGE":
                return await self._files(report.ref)
            return await self._cases(report, tell)

        def good(_: Findings) -> float | None:
            return 5.0 if report.status.moving else None

        return Source(("findings", report.ref.arn, report.status.moving), read, good, SERVICE, cost=0)

    def trend(self, report: Report) -> Source[Trend]:
        """The newest reports of a report's group, oldest first."""

        async def read(_: Tell[Trend]) -> Trend:
            page = await self._meter.ask(
                "ListReportsForReportGroup",
                reportGroupArn=report.group_arn,
                sortOrder="DESCENDING",
                maxResults=TREND,
            )
            found = await self._reports(reader.arns(page)[:TREND])
            # They come newest first; of two that were made in the same moment the order they came in counts.
            dated = list(reversed(found))
            dated.sort(key=lambda one: one.created.timestamp() if one.created is not None else 0.0)
            return Trend(report.ref.group, tuple(dated))

        return Source(("trend", report.group_arn), read, lambda _: 60.0, SERVICE, cost=0)

    async def _cases(self, report: Report, tell: Tell[Findings]) -> Findings:
        cases: tuple[TestCase, ...] = ()
        more = False
        for word in ("FAILED", "ERROR"):
            # A report that counts none of a status is not asked for them.
            if report.counts and not report.count(word):
                continue
            read = 0
            async for page in self._meter.pages(
                "DescribeTestCases", most=PAGES, reportArn=report.ref.arn, maxResults=BATCH, filter={"status": word}
            ):
                cases += reader.cases(page)
                read += 1
                more = more or (read == PAGES and bool(page.get("nextToken")))
                if page.get("nextToken") and not more:
                    tell(Findings(report.ref, cases, more=True), f"{len(cases):,} failed cases read so far")
        return Findings(report.ref, cases, more=more)

    async def _files(self, ref: ReportRef) -> Findings:
        files: tuple[FileCoverage, ...] = ()
        more = False
        read = 0
        async for page in self._meter.pages(
            "DescribeCodeCoverages",
            most=PAGES,
            reportArn=ref.arn,
            maxResults=BATCH,
            sortBy="LINE_COVERAGE_PERCENTAGE",
            sortOrder="ASCENDING",
        ):
            files += reader.files(page)
            read += 1
            more = read == PAGES and bool(page.get("nextToken"))
        return Findings(ref, files=files, more=more)

    async def _reports(self, arns: Iterable[str]) -> tuple[Report, ...]:
        """Reports in the order of their ARNs; those that are made are read once."""
        wanted = list(dict.fromkeys(arns))
        found = {one: self._made[one] for one in wanted if one in self._made}
        missing = [one for one in wanted if one not in found]
        for start in range(0, len(missing), BATCH):
            answer = await self._meter.ask("BatchGetReports", reportArns=missing[start : start + BATCH])
            for report in reader.reports(answer):
                found[report.ref.arn] = report
                if report.status.word and not report.status.moving:
                    self._made[report.ref.arn] = report
                    if len(self._made) > _KEEP:
                        self._made.popitem(last=False)
        return tuple(found[one] for one in wanted if one in found)
