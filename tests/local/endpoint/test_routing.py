"""Which service and operation a request is for."""

from __future__ import annotations

import pytest

from pointsman.local.answers import AwsError
from pointsman.local.endpoint.messages import Request
from pointsman.local.endpoint.models import service_model
from pointsman.local.endpoint.routing import Router

SERVICES = ("codepipeline", "cloudwatch", "logs", "s3", "sts", "sns", "xray")
ROUTER = Router({service: service_model(service).operation_names for service in SERVICES})


def found(request: Request, scope: str | None) -> tuple[str | None, str, str, dict[str, str]]:
    place = ROUTER.place(request, scope)
    route = ROUTER.route(request, place)
    return place.service, place.codec.name, route.operation, route.labels


@pytest.mark.parametrize(
    ("method", "target", "headers", "operation", "labels"),
    [
        ("GET", "/", {}, "ListBuckets", {}),
        ("GET", "/bucket", {}, "ListObjects", {"Bucket": "bucket"}),
        ("GET", "/bucket/", {}, "ListObjects", {"Bucket": "bucket"}),
        ("GET", "/bucket/?list-type=2&prefix=a", {}, "ListObjectsV2", {"Bucket": "bucket"}),
        ("GET", "/bucket?versions", {}, "ListObjectVersions", {"Bucket": "bucket"}),
        ("GET", "/bucket?location=", {}, "GetBucketLocation", {"Bucket": "bucket"}),
        ("GET", "/bucket/key", {}, "GetObject", {"Bucket": "bucket", "Key": "key"}),
        ("GET", "/bucket/key?x-id=GetObject&versionId=1", {}, "GetObject", {"Bucket": "bucket", "Key": "key"}),
        ("GET", "/bucket/a%2Fb/../c//", {}, "GetObject", {"Bucket": "bucket", "Key": "a/b/../c//"}),
        ("GET", "/bucket//key", {}, "GetObject", {"Bucket": "bucket", "Key": "/key"}),
        ("GET", "/bucket/key?uploadId=1", {}, "ListParts", {"Bucket": "bucket", "Key": "key"}),
        ("HEAD", "/bucket/key", {}, "HeadObject", {"Bucket": "bucket", "Key": "key"}),
        ("PUT", "/bucket/key", {}, "PutObject", {"Bucket": "bucket", "Key": "key"}),
        ("PUT", "/bucket/key", {"x-amz-copy-source": "a/b"}, "CopyObject", {"Bucket": "bucket", "Key": "key"}),
        ("PUT", "/bucket/key?partNumber=1&uploadId=2", {}, "UploadPart", {"Bucket": "bucket", "Key": "key"}),
        (
            "PUT",
            "/bucket/key?partNumber=1&uploadId=2",
            {"x-amz-copy-source": "a/b"},
            "UploadPartCopy",
            {"Bucket": "bucket", "Key": "key"},
        ),
        ("POST", "/bucket/key?uploads", {}, "CreateMultipartUpload", {"Bucket": "bucket", "Key": "key"}),
        ("POST", "/bucket/key?uploadId=1", {}, "CompleteMultipartUpload", {"Bucket": "bucket", "Key": "key"}),
        ("DELETE", "/bucket/key?uploadId=1", {}, "AbortMultipartUpload", {"Bucket": "bucket", "Key": "key"}),
        ("DELETE", "/bucket/key", {}, "DeleteObject", {"Bucket": "bucket", "Key": "key"}),
        ("POST", "/bucket?delete", {}, "DeleteObjects", {"Bucket": "bucket"}),
        ("PUT", "/bucket?versioning", {}, "PutBucketVersioning", {"Bucket": "bucket"}),
    ],
)
def test_s3_by_method_path_query_and_headers(
    method: str, target: str, headers: dict[str, str], operation: str, labels: dict[str, str]
) -> None:
    """Path-style; keys are what is behind the bucket, decoded once."""
    path, _, query = target.partition("?")
    assert found(Request(method, path, query, headers), "s3") == ("s3", "rest-xml", operation, labels)


def test_one_service_in_each_of_its_protocols() -> None:
    """CloudWatch: JSON by its target, CBOR by its path, query by its form."""
    target = {"x-amz-target": "GraniteServiceVersion20100801.ListMetrics"}
    assert found(Request("POST", "/", "", target), "monitoring")[:3] == ("cloudwatch", "json", "ListMetrics")
    path = "/service/GraniteServiceVersion20100801/operation/ListMetrics"
    cbor = ("cloudwatch", "smithy-rpc-v2-cbor", "ListMetrics")
    assert found(Request("POST", path), "monitoring")[:3] == cbor
    form = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
    body = b"Action=ListMetrics&Version=2010-08-01"
    query = ("cloudwatch", "query", "ListMetrics")
    assert found(Request("POST", "/", "", form, body), "monitoring")[:3] == query
    assert found(Request("GET", "/", body.decode()), "monitoring")[:3] == query


def test_unsigned_requests_are_known_by_what_they_say() -> None:
    """By target, by path, by a form's version; the rest is S3's."""
    target = {"x-amz-target": "Logs_20140328.DescribeLogGroups"}
    assert found(Request("POST", "/", "", target), None)[:3] == ("logs", "json", "DescribeLogGroups")
    form = {"content-type": "application/x-www-form-urlencoded"}
    body = b"Action=ListTopics&Version=2010-03-31"
    assert found(Request("POST", "/", "", form, body), None)[:3] == ("sns", "query", "ListTopics")
    assert found(Request("GET", "/bucket"), None)[:3] == ("s3", "rest-xml", "ListObjects")


@pytest.mark.parametrize(
    ("request_", "scope", "code", "status"),
    [
        (
            Request("POST", "/", "", {"x-amz-target": "CodePipeline_20150709.Dance"}),
            "codepipeline",
            "UnknownOperationException",
            400,
        ),
        (
            Request("POST", "/", "", {"x-amz-target": "Logs_20140328.GetLogEvents"}),
            "codepipeline",
            "UnknownOperationException",
            400,
        ),
        (Request("POST", "/", "", {"x-amz-target": "A.B"}), "quantum", "NotImplemented", 501),
        (Request("GET", "/Nothing"), "xray", "UnknownOperationException", 404),
        (Request("PATCH", "/bucket"), "s3", "MethodNotAllowed", 405),
        (Request("POST", "/", "", {}, b"Action=Dance&Version=2011-06-15"), "sts", "InvalidAction", 400),
        (Request("POST", "/", "", {}, b""), "sts", "MissingAction", 400),
    ],
)
def test_what_there_is_not(request_: Request, scope: str, code: str, status: int) -> None:
    """Said by name, in the service's own way."""
    with pytest.raises(AwsError) as missing:
        ROUTER.route(request_, ROUTER.place(request_, scope))
    assert (missing.value.code, missing.value.status) == (code, status)
