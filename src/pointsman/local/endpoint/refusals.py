"""Why a request is not let in, worded as the service that was asked would word it: they differ in code and status."""

from __future__ import annotations

from enum import Enum

from pointsman.local.answers import AwsError


class Fault(Enum):
    """What can be wrong with a signature."""

    MISSING = "missing"
    INCOMPLETE = "incomplete"
    KEY = "key"
    TOKEN = "token"
    OLD_TOKEN = "old token"
    MISMATCH = "mismatch"
    LATE = "late"
    OVER = "over"
    SCOPE = "scope"
    BODY = "body"


class Refusal(Exception):
    """A request that is not let in.

    Args:
        fault: Why.
        message: What is particular about it; empty takes the service's usual words.
    """

    def __init__(self, fault: Fault, message: str = "", **members: str) -> None:
        super().__init__(message or fault.value)
        self.fault = fault
        self.message = message
        self.members = members

    def worded(self, protocol: str) -> AwsError:
        """The error as services of a protocol word it."""
        family = {"query": "query", "rest-xml": "s3", "rest-json": "rest"}.get(protocol, "json")
        code, status, usual = _WORDS["json" if family == "rest" else family][self.fault]
        return AwsError(code, self.message or usual, 403 if family == "rest" else status, **self.members)


_INVALID = "The security token included in the request is invalid."
_EXPIRED = "The security token included in the request is expired"
_DIFFERENT = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key"
    " and signing method. Consult the service documentation for details."
)
_SCOPED = "Credential should be scoped to a valid region."
_WORDS: dict[str, dict[Fault, tuple[str, int, str]]] = {
    "json": {
        Fault.MISSING: ("MissingAuthenticationTokenException", 400, "Missing Authentication Token"),
        Fault.INCOMPLETE: ("IncompleteSignatureException", 400, "The request signature does not conform to standards"),
        Fault.KEY: ("UnrecognizedClientException", 400, _INVALID),
        Fault.TOKEN: ("UnrecognizedClientException", 400, _INVALID),
        Fault.OLD_TOKEN: ("ExpiredTokenException", 400, _EXPIRED),
        Fault.MISMATCH: ("InvalidSignatureException", 400, _DIFFERENT),
        Fault.LATE: ("InvalidSignatureException", 400, "Signature expired"),
        Fault.OVER: ("InvalidSignatureException", 400, "Signature expired"),
        Fault.SCOPE: ("InvalidSignatureException", 400, _SCOPED),
        Fault.BODY: ("InvalidSignatureException", 400, _DIFFERENT),
    },
    "query": {
        Fault.MISSING: ("MissingAuthenticationToken", 403, "Request is missing Authentication Token"),
        Fault.INCOMPLETE: ("IncompleteSignature", 400, "The request signature does not conform to standards"),
        Fault.KEY: ("InvalidClientTokenId", 403, _INVALID),
        Fault.TOKEN: ("InvalidClientTokenId", 403, _INVALID),
        Fault.OLD_TOKEN: ("ExpiredToken", 403, _EXPIRED),
        Fault.MISMATCH: ("SignatureDoesNotMatch", 403, _DIFFERENT),
        Fault.LATE: ("SignatureDoesNotMatch", 403, "Signature expired"),
        Fault.OVER: ("SignatureDoesNotMatch", 403, "Signature expired"),
        Fault.SCOPE: ("SignatureDoesNotMatch", 403, _SCOPED),
        Fault.BODY: ("SignatureDoesNotMatch", 403, _DIFFERENT),
    },
    "s3": {
        Fault.MISSING: ("AccessDenied", 403, "Access Denied"),
        Fault.INCOMPLETE: (
            "AuthorizationHeaderMalformed",
            400,
            "The authorization header that you provided is not valid.",
        ),
        Fault.KEY: ("InvalidAccessKeyId", 403, "The AWS Access Key Id you provided does not exist in our records."),
        Fault.TOKEN: ("InvalidToken", 400, "The provided token is malformed or otherwise invalid."),
        Fault.OLD_TOKEN: ("ExpiredToken", 400, "The provided token has expired."),
        Fault.MISMATCH: (
            "SignatureDoesNotMatch",
            403,
            "The request signature we calculated does not match the signature you provided. Check your key and signing"
            " method.",
        ),
        Fault.LATE: (
            "RequestTimeTooSkewed",
            403,
            "The difference between the request time and the current time is too large.",
        ),
        Fault.OVER: ("AccessDenied", 403, "Request has expired"),
        Fault.SCOPE: ("AuthorizationHeaderMalformed", 400, "The authorization header is malformed"),
        Fault.BODY: (
            "XAmzContentSHA256Mismatch",
            400,
            "The provided 'x-amz-content-sha256' header does not match what was computed.",
        ),
    },
}
