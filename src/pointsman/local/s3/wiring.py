"""S3 as an engine: its answers, what it listens to, and how it begins and ends."""

from __future__ import annotations

from pointsman.local.engines import Engine
from pointsman.local.s3 import buckets, listing, multipart, operations, tagging

ENGINE = Engine(name="s3", answers=(buckets, operations, listing, multipart, tagging))
