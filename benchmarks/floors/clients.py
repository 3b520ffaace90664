"""B: a Textual application that also imports boto3 on a loader thread and makes the clients the console makes."""

from __future__ import annotations

import threading

from textual.app import App, ComposeResult
from textual.widgets import Label

SERVICES = ("codepipeline", "codebuild", "logs", "sts")


class Floor(App[None]):
    """One label that says when the clients are there."""

    def compose(self) -> ComposeResult:
        yield Label("loading")

    def on_ready(self) -> None:
        threading.Thread(target=self._load, daemon=True).start()

    def _load(self) -> None:
        import boto3

        session = boto3.session.Session("key", "secret", region_name="us-east-1")
        self.clients = [session.client(service) for service in SERVICES]
        self.call_from_thread(self.query_one(Label).update, "clients ready")


if __name__ == "__main__":
    Floor().run()
