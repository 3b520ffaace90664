"""A log at full speed: ``logs.py ours|stock|whole RATE SECONDS``; ``o`` begins it.

``ours`` and ``stock`` are handed the same lines, made before, ten times a second. ``whole`` is the way of a real build:
a process prints the lines, the runner reads its pipe, the logs engine keeps them, boto3 asks for them, the view shows
them.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.app import App, ComposeResult
from textual.widgets import Label, RichLog

from benchmarks import samples
from pointsman.clock import SystemClock
from pointsman.console import themes, toolkit
from pointsman.console.present.look import Look
from pointsman.console.widgets.log_view import LogView
from pointsman.model.logs import LogLine

if TYPE_CHECKING:
    from pointsman.local import Backend

ROOT = Path(__file__).resolve().parents[2]

PRINTER = """
import sys, time
sys.path.insert(0, {root!r})
from benchmarks.samples import text
rate, seconds = {rate}, {seconds}
begun, told = time.monotonic(), 0
while told < rate * seconds:
    due = min(rate * seconds, int((time.monotonic() - begun) * rate) + 1)
    sys.stdout.write("".join(text(number) + chr(10) for number in range(told, due)))
    sys.stdout.flush()
    told = due
    time.sleep(0.01)
print("the last line")
"""


class Logs(App[None]):
    """Empty until ``o`` is pressed."""

    CSS = "RichLog, LogView { height: 1fr; }"
    BINDINGS = [("o", "open", "open")]

    def __init__(self, kind: str, rate: int, seconds: int) -> None:
        super().__init__()
        toolkit.quiet(self)
        themes.register(self)
        self.theme = themes.DEFAULT
        self.kind, self.rate, self.seconds = kind, rate, seconds
        self.clock = SystemClock()
        self.look = Look(self.clock.now)
        self.world: Any = None
        self.lines = samples.lines(0, rate * seconds) if kind != "whole" else []

    def compose(self) -> ComposeResult:
        yield Label("starting" if self.kind == "whole" else "log closed", id="state")

    def on_ready(self) -> None:
        if self.kind == "whole":
            threading.Thread(target=self._prepare, daemon=True).start()

    def _prepare(self) -> None:
        """Make everything that stands before a build begins."""
        from pointsman.aws.cloud import Cloud
        from pointsman.local import Backend

        folder = Path(tempfile.mkdtemp(prefix="pointsman-benchmark-"))
        backend = Backend(state=folder / "state")
        cloud = Cloud(backend.session, self.clock)
        cloud.prepare()
        script = folder / "printer.py"
        script.write_text(PRINTER.format(root=str(ROOT), rate=self.rate, seconds=self.seconds))
        _project(backend, f"{sys.executable} {script}")
        self.world = backend, cloud
        self.call_from_thread(self.query_one("#state", Label).update, "log closed")

    async def action_open(self) -> None:
        if self.kind == "stock":
            log = RichLog(auto_scroll=True)
            await self.mount(log)

            def write(lines: list[LogLine]) -> None:
                for line in lines:
                    log.write(line.text)

            self.run_worker(self._pour(write))
            return
        view = LogView(self.look)
        await self.mount(view)
        view.focus()
        self.run_worker(self._pour(view.append) if self.kind == "ours" else self._follow(view))

    async def _pour(self, take: Callable[[list[LogLine]], None]) -> None:
        """Hand over the lines that are due, ten times a second."""
        begun, told, total = time.monotonic(), 0, self.rate * self.seconds
        while told < total:
            await asyncio.sleep(0.1)
            due = min(total, int((time.monotonic() - begun) * self.rate))
            take(self.lines[told:due])
            told = due
        take([LogLine(0, "the last line")])

    async def _follow(self, view: LogView) -> None:
        from pointsman.model.refs import LogRef
        from pointsman.services.logs import Logs as LogService

        _, cloud = self.world
        started = await cloud.write("codebuild", "StartBuild", {"projectName": "printer"})
        build = started["build"]["id"]
        ref = LogRef("/aws/codebuild/printer", build.rpartition(":")[2])
        async for chunk in LogService(cloud, self.clock).follow(ref, ended=lambda: False):
            if chunk.lines:
                view.append(chunk.lines)


def _project(backend: Backend, command: str) -> None:
    backend.session().client("codebuild").create_project(
        name="printer",
        source={
            "type": "NO_SOURCE",
            "buildspec": f"version: 0.2\nphases:\n  build:\n    commands:\n      - {command}\n",
        },
        artifacts={"type": "NO_ARTIFACTS"},
        environment={
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/standard:7.0",
            "computeType": "BUILD_GENERAL1_SMALL",
        },
        serviceRole="arn:aws:iam::123456789012:role/codebuild",
    )


if __name__ == "__main__":
    Logs(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])).run()
