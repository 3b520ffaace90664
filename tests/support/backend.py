"""A backend whose every answer is checked against botocore's output shape."""

from __future__ import annotations

from typing import Any

from pointsman.local import Backend
from pointsman.local.answers import Parameters
from support.shapes import problems


class CheckedBackend(Backend):
    """Fails the test at the first answer that AWS's model would not allow."""

    def ask(self, region: str, service: str, operation: str, parameters: Parameters) -> tuple[dict[str, Any], str]:
        """Answer one call, judged."""
        answer, request_id = super().ask(region, service, operation, parameters)
        found = problems(service, operation, answer)
        assert not found, f"{service}:{operation} answered against its shape: {found}"
        return answer, request_id
