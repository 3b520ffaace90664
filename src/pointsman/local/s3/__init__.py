"""S3: buckets, objects and their versions; bodies lie in the backend's blobs."""
