"""What a doctor finds, for the screens."""

from __future__ import annotations

from pointsman.model.doctor import Diagnosis, Finding
from pointsman.model.refs import PipelineRef

FOUND = Diagnosis(
    ("identity: arn:aws:sts::123456789012:assumed-role/OnCall/ada in eu-west-1", "pipelines: 7"),
    (
        Finding("billing/Release waits for an answer", ("waits for 23 minutes",), "approve or reject it", None, False),
        Finding(
            "the gate into checkout/Deploy is closed, and a revision waits before it",
            ('closed by oncall: "[red]freeze[/] until the 25th"', "2026-01-03 09:00Z"),
            "open it when its reason holds no more: enable transition",
            PipelineRef("checkout"),
        ),
    ),
)
