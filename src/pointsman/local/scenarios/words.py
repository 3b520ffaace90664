"""What the demonstration's people and builds say: commits, buildspecs, the lines of a log."""

from __future__ import annotations

from typing import Final

PEOPLE: Final = ("Maria Lindqvist", "Tom Okafor", "Ines Duarte", "Jakub Nowak", "Priya Raman", "Sam Whitlock")

CHANGES: Final = (
    "fix rounding of split payments",
    "retry the address lookup once",
    "raise the pool size to 40",
    "drop the legacy currency table",
    "log the order id with every charge",
    "cache the tax rates for an hour",
    "guard against an empty basket",
    "use the new session header",
    "time out after 800 ms",
    "sort results by relevance",
    "add a health check for the cache",
    "bump the client to 4.2",
    "remove the feature flag for express",
    "make the retry budget configurable",
    "return 409 on a duplicate order",
    "trim trailing spaces in names",
    "move the rates to a table of their own",
    "paginate the export",
)

_BUILD: Final = """version: 0.2
env:
  exported-variables: [VERSION]
phases:
  install:
    commands:
      - npm ci --no-audit
  pre_build:
    commands:
      - npm run lint
  build:
    commands:
      - npm run build
      - npm test -- --ci
  post_build:
    commands:
      - ./scripts/package.sh
artifacts:
  base-directory: dist
  files: ['**/*']
"""

_TEST: Final = """version: 0.2
phases:
  install:
    commands:
      - npm ci --no-audit
  build:
    commands:
      - npm run test:integration
  post_build:
    commands:
      - ./scripts/report.sh
"""


def buildspec(project: str) -> str:
    """The buildspec of a project of the demonstration."""
    return _TEST if project.endswith("-test") else _BUILD


_SUITES: Final = (
    "basket.totals",
    "basket.vouchers",
    "orders.create",
    "orders.cancel",
    "payments.charge",
    "payments.refund",
    "addresses.lookup",
    "sessions.expiry",
    "search.ranking",
    "exports.csv",
)


def said(command: str, number: int, *, broken: bool) -> tuple[str, ...]:
    """The lines a command prints.

    Args:
        command: As in the buildspec.
        number: The build's number, for what differs from build to build.
        broken: Whether the command is the one that fails.
    """
    if command.startswith("npm ci"):
        return (
            "npm warn deprecated inflight@1.0.6: This module is not supported",
            f"added {612 + number % 7} packages in {9 + number % 5}s",
            "98 packages are looking for funding",
        )
    if command.startswith("npm run lint"):
        return ("> lint", "> eslint src --max-warnings 0", "", "All files pass linting.")
    if command.startswith("npm run build"):
        return (
            "> build",
            "> vite build",
            "transforming...",
            f"{240 + number % 30} modules transformed.",
            "dist/index.js        184.22 kB | gzip: 58.10 kB",
            "dist/vendor.js       402.71 kB | gzip: 121.48 kB",
            f"built in {4 + number % 3}.{number % 10}2s",
        )
    if command.startswith("npm"):
        return _tests(number, broken=broken)
    if command.endswith("package.sh"):
        return (f"packaging version 1.{number // 10 + 4}.{number % 10}", "wrote dist/release.json")
    return ("collecting results", f"wrote reports/integration-{number}.xml")


def _tests(number: int, *, broken: bool) -> tuple[str, ...]:
    lines = ["> jest --ci", ""]
    failing = _SUITES[number % len(_SUITES)]
    for index, suite in enumerate(_SUITES):
        milliseconds = 40 + (index * 37 + number * 11) % 400
        if broken and suite == failing:
            lines += [
                f"FAIL tests/{suite}.test.js",
                f"  ● {suite} › keeps its promise under load",
                "",
                "    expect(received).toBe(expected) // Object.is equality",
                "    Expected: 200",
                "    Received: 504",
                f"      at Object.<anonymous> (tests/{suite}.test.js:{40 + number % 60}:21)",
                "",
            ]
        else:
            lines.append(f"PASS tests/{suite}.test.js ({milliseconds} ms)")
    failed = 1 if broken else 0
    count = f"{failed} failed, " if failed else ""
    lines += [
        "",
        f"Test Suites: {count}{len(_SUITES) - failed} passed, {len(_SUITES)} total",
        f"Tests:       {count}{86 - failed} passed, 86 total",
        f"Time:        {11 + number % 6}.{number % 10} s",
    ]
    if broken:
        lines.append("npm error Lifecycle script `test` failed with error: code 1")
    return tuple(lines)
