"""Every input and output shape of the services, there and back: botocore's serializer and parser against ours."""

from __future__ import annotations

import random
from typing import Any

import pytest

from pointsman.local.answers import AwsError
from pointsman.local.endpoint.models import error_shapes, operation_model, protocols, service_model
from pointsman.local.endpoint.protocols import CODECS
from pointsman.local.endpoint.routing import Router
from support.wire import Maker, plain, read, read_error, sent

ID = "7f3d2c1b-0000-4000-8000-000000000001"
SERVICES = (
    "codepipeline",
    "codebuild",
    "codecommit",
    "codedeploy",
    "xray",
    "cloudwatch",
    "logs",
    "s3",
    "ssm",
    "secretsmanager",
    "sts",
    "iam",
    "sns",
    "sqs",
    "events",
    "lambda",
)
SPOKEN = [(service, protocol) for service in SERVICES for protocol in protocols(service)]
SEEDS = 3
ROUTER = Router({service: service_model(service).operation_names for service in SERVICES})


AMBIGUOUS = {
    # Two members of these have one name on the wire; S3 itself has long replaced them.
    "GetBucketNotification",
    "PutBucketNotification",
}
SHADOWED = {
    # Two operations of one method and path, told apart by nothing: the one that is not deprecated is meant.
    *("GetBucketLifecycle", "PutBucketLifecycle", "GetBucketNotification", "PutBucketNotification"),
    "ListDirectoryBuckets",
}
LENGTHS = {(name, "ContentLength") for name in ("PutObject", "UploadPart", "WriteGetObjectResponse")}
EMPTY: tuple[Any, ...] = (b"", "", {})


def operations(service: str) -> list[Any]:
    names = service_model(service).operation_names
    return [operation_model(service, name) for name in names if service != "s3" or name not in AMBIGUOUS]


@pytest.mark.parametrize(("service", "protocol"), SPOKEN)
def test_every_request_botocore_sends_is_read_as_it_was_meant(service: str, protocol: str) -> None:
    """Parameters -> botocore's serializer -> our router and decoder -> the same parameters."""
    for operation in operations(service):
        if operation.has_event_stream_input:
            continue
        for seed in range(SEEDS):
            chance = random.Random(f"{service}/{operation.name}/{seed}")
            maker = Maker(chance, protocol, keep=seed / 2, form=protocol == "query")
            meant = maker.structure(operation.input_shape) if operation.input_shape is not None else {}
            request = sent(operation, meant, protocol)
            place = ROUTER.place(request, service_model(service).signing_name)
            assert (place.service, place.codec.name) == (service, protocol), operation.name
            route = ROUTER.route(request, place)
            if operation.name not in SHADOWED:
                assert route.operation == operation.name
            got = CODECS[protocol].decode(operation, request, route.labels)
            assert said(operation, got) == said(operation, meant), operation.name


def said(operation: Any, parameters: dict[str, Any]) -> dict[str, Any]:
    """Parameters without an empty payload, which the wire cannot tell from none, and the length every body has."""
    shape = operation.input_shape
    payload = shape.serialization.get("payload") if shape is not None else None
    return {
        name: value
        for name, value in parameters.items()
        if not (name == payload and value in EMPTY) and (operation.name, name) not in LENGTHS
    }


@pytest.mark.parametrize(("service", "protocol"), SPOKEN)
def test_every_answer_is_read_by_botocore_as_it_was_given(service: str, protocol: str) -> None:
    """Answer -> our encoder -> botocore's parser -> the same answer."""
    for operation in operations(service):
        if operation.has_event_stream_output or operation.name == "GetBucketLocation":
            continue
        for seed in range(SEEDS):
            maker = Maker(random.Random(f"{service}/{operation.name}/{seed}"), protocol, keep=seed / 2)
            given = maker.structure(operation.output_shape) if operation.output_shape is not None else {}
            response = CODECS[protocol].encode(operation, given, ID)
            parsed = read(operation, response, protocol)
            if operation.output_shape is not None:
                assert parsed["ResponseMetadata"]["RequestId"] == ID
            assert settled(operation, plain(parsed)) == settled(operation, given), operation.name


def settled(operation: Any, value: dict[str, Any]) -> dict[str, Any]:
    """An answer without what botocore's parser makes up: an empty payload, empty prefixed headers, the status."""
    shape = operation.output_shape
    if shape is None:
        return value
    payload = shape.serialization.get("payload")
    kept = {}
    for name, inner in value.items():
        location = shape.members[name].serialization.get("location")
        if (name == payload and inner in EMPTY) or (inner == {} and location == "headers") or location == "statusCode":
            continue
        if isinstance(inner, bytes) and name == payload:
            inner = inner.decode(errors="replace")
        kept[name] = inner
    return kept


@pytest.mark.parametrize(("service", "protocol"), SPOKEN)
def test_every_modelled_error_reaches_the_client(service: str, protocol: str) -> None:
    """Code, message, status and members, whatever the service calls them."""
    for name, shape in error_shapes(service).items():
        maker = Maker(random.Random(f"{service}/{name}"), protocol, keep=1)
        members = {key: value for key, value in maker.structure(shape).items() if key.lower() != "message"}
        response = CODECS[protocol].fail(service, AwsError(name, "what & why", **members), ID)
        parsed = read_error(response, protocol)
        assert parsed["Error"]["Code"] in (shape.error_code, shape.name)
        assert parsed["Error"]["Message"] == "what & why"
        assert parsed["ResponseMetadata"]["RequestId"] == ID
        assert 400 <= response.status < 600
        compatible = protocol != "query" and service_model(service).is_query_compatible
        assert response.headers.get("x-amzn-query-error") == (
            f"{shape.error_code};{'Receiver' if response.status >= 500 else 'Sender'}" if compatible else None
        )
        if compatible:
            assert parsed["Error"]["Code"] == shape.error_code
        if protocol == "json":
            version = service_model(service).metadata["jsonVersion"]
            assert response.headers["content-type"] == f"application/x-amz-json-{version}"
        if protocol in ("json", "smithy-rpc-v2-cbor"):
            modelled = plain(read_error(response, protocol, shape))
            assert {key: value for key, value in modelled.items() if key.lower() != "message"} == members
