"""Reports' raw files into S3, where their group's export configuration says so."""

from __future__ import annotations

from pointsman.local.answers import AwsError
from pointsman.local.codebuild.report_files import Made
from pointsman.local.codebuild.reports import Report
from pointsman.local.s3 import objects
from pointsman.local.world import Scope


def export(scope: Scope, report: Report, made: Made) -> str:
    """Put a report's files into its bucket, as they are below ``PATH/REPORT-ID/`` or as ``PATH/REPORT-ID.zip``.

    Returns:
        Why that could not be; empty when all is well.
    """
    goal = report.export.get("s3Destination", {})
    bucket = str(goal.get("bucket", "")).removeprefix("arn:aws:s3:::")
    place = "/".join(part for part in (str(goal.get("path", "")).strip("/"), report.arn.rpartition(":")[2]) if part)
    packed = goal.get("packaging") == "ZIP"
    try:
        for name, kept in made.kept:
            objects.put(scope, bucket, f"{place}.zip" if packed else f"{place}/{name}", kept)
    except AwsError as error:
        return f"the raw files could not be exported to {bucket}: {error.code}: {error.message}"
    return ""
