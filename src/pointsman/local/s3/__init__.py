"""S3: buckets, objects and their versions; bodies lie in the backend's blobs."""

from pointsman.local.engines import Engine
from pointsman.local.s3 import buckets, listing, multipart, operations, tagging

ENGINE = Engine(name="s3", answers=(buckets, operations, listing, multipart, tagging))
