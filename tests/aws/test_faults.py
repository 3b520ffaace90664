from __future__ import annotations

from typing import Any

import botocore.exceptions as boto
import pytest
from botocore.exceptions import ClientError

from pointsman.aws.faults import explain, kind_of
from pointsman.errors import FaultKind
from support.shapes import service_model

CALL = "codepipeline:GetPipelineState"


def answered(code: str, status: int = 400, message: str = "in the service's words") -> ClientError:
    response: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status, "RequestId": "r-1"},
    }
    return ClientError(response, "GetPipelineState")


@pytest.mark.parametrize(
    ("code", "status", "kind", "sent", "transient"),
    [
        ("ThrottlingException", 400, FaultKind.THROTTLED, False, True),
        ("TooManyRequestsException", 429, FaultKind.THROTTLED, False, True),
        ("Throttling", 503, FaultKind.THROTTLED, False, True),
        ("ExpiredTokenException", 400, FaultKind.EXPIRED, False, False),
        ("ExpiredToken", 403, FaultKind.EXPIRED, False, False),
        ("UnrecognizedClientException", 400, FaultKind.NO_CREDENTIALS, False, False),
        ("AccessDeniedException", 400, FaultKind.DENIED, False, False),
        ("AccessDenied", 403, FaultKind.DENIED, False, False),
        ("PipelineNotFoundException", 400, FaultKind.NOT_FOUND, False, False),
        ("ResourceNotFoundException", 400, FaultKind.NOT_FOUND, False, False),
        ("NoSuchBucket", 404, FaultKind.NOT_FOUND, False, False),
        ("RepositoryDoesNotExistException", 400, FaultKind.NOT_FOUND, False, False),
        ("ConcurrentModificationException", 400, FaultKind.CONFLICT, False, False),
        ("PipelineNameInUseException", 400, FaultKind.CONFLICT, False, False),
        ("InvalidApprovalTokenException", 400, FaultKind.CONFLICT, False, False),
        ("ValidationException", 400, FaultKind.INVALID, False, False),
        ("InvalidParameterException", 400, FaultKind.INVALID, False, False),
        ("InternalFailure", 500, FaultKind.UNKNOWN, True, True),
        ("ServiceUnavailable", 503, FaultKind.UNKNOWN, True, True),
        ("NotImplemented", 501, FaultKind.NOT_BUILT, False, False),
        ("501", 501, FaultKind.NOT_BUILT, False, False),
        ("404", 404, FaultKind.NOT_FOUND, False, False),
    ],
)
def test_an_error_answer_is_classed_by_its_code(
    code: str, status: int, kind: FaultKind, sent: bool, transient: bool
) -> None:
    verdict = explain(answered(code, status), CALL)
    assert verdict.fault.kind is kind
    assert verdict.fault.sent is sent
    assert verdict.transient is transient
    assert verdict.fault.request_id == "r-1"
    assert "in the service's words" in verdict.fault.sentence


@pytest.mark.parametrize(
    ("error", "kind", "sent"),
    [
        (boto.EndpointConnectionError(endpoint_url="https://x"), FaultKind.UNREACHABLE, False),
        (boto.ConnectTimeoutError(endpoint_url="https://x"), FaultKind.UNREACHABLE, False),
        (boto.ReadTimeoutError(endpoint_url="https://x"), FaultKind.TIMEOUT, True),
        (boto.ConnectionClosedError(endpoint_url="https://x"), FaultKind.UNREACHABLE, True),
        (boto.SSLError(endpoint_url="https://x", error="self-signed"), FaultKind.UNREACHABLE, False),
        (boto.NoCredentialsError(), FaultKind.NO_CREDENTIALS, False),
        (boto.UnauthorizedSSOTokenError(), FaultKind.EXPIRED, False),
        (boto.SSOTokenLoadError(error_msg="no token"), FaultKind.EXPIRED, False),
        (boto.TokenRetrievalError(provider="sso", error_msg="expired"), FaultKind.EXPIRED, False),
        (boto.ParamValidationError(report="name is missing"), FaultKind.INVALID, False),
        (boto.NoRegionError(), FaultKind.INVALID, False),
        (ValueError("surprise"), FaultKind.UNKNOWN, True),
    ],
)
def test_an_exception_says_whether_the_request_may_have_left(error: Exception, kind: FaultKind, sent: bool) -> None:
    fault = explain(error, CALL).fault
    assert (fault.kind, fault.sent) == (kind, sent)
    assert fault.sentence
    assert fault.call == CALL


def test_a_denial_names_the_permission_that_is_missing() -> None:
    assert CALL in explain(answered("AccessDeniedException"), CALL).fault.hint


def test_a_web_page_in_an_answer_s_place_is_said_shortly() -> None:
    page = "<!doctype html> <html> <title>500 Internal Server Error</title> <h1>Internal Server Error</h1> <p>long</p>"
    fault = explain(answered("500", 500, page), CALL).fault
    assert fault.sentence == "HTTP 500: 500 Internal Server Error"
    assert "web page" in fault.hint


def test_an_unknown_code_is_judged_by_its_status() -> None:
    assert kind_of("Novelty", 403) is FaultKind.DENIED
    assert kind_of("Novelty", 500) is FaultKind.UNKNOWN
    assert kind_of("Novelty", 400) is FaultKind.INVALID


def test_every_modelled_error_has_a_class_of_its_own() -> None:
    for service in ("codepipeline", "codebuild", "logs"):
        for shape in service_model(service).error_shapes:
            broken = shape.name.startswith(("Internal", "ServiceUnavailable"))
            assert (kind_of(shape.name, 400) is FaultKind.UNKNOWN) == broken, shape.name
