"""What a log group is copied as. Pure."""

from __future__ import annotations

import shlex
from urllib.parse import quote

from pointsman.console.screens.selection import Forms
from pointsman.model.snapshot import Identity

__all__ = ["group_forms"]


def group_forms(name: str, arn: str, identity: Identity | None) -> Forms:
    """What can be copied of a log group."""
    forms = [("log group name", name)]
    if arn:
        forms.append(("ARN", arn))
    forms.append(("CLI line", f"aws logs tail {shlex.quote(name)} --follow"))
    if identity is not None:
        region = quote(identity.region)
        page = f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}"
        # The console's own way of writing what stands behind the hash: quoted twice, with a dollar.
        forms.append(
            (
                "console URL",
                f"{page}#logsV2:log-groups/log-group/{quote(quote(name, safe=''), safe='').replace('%', '$')}",
            )
        )
    return tuple(forms)
