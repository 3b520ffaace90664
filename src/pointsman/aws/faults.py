"""Every way in which a call can come back without an answer, as a ``Fault``: one table for codes, one for exceptions.

``Fault.sent`` is set where the request left and nothing that came back settles what became of it: a lost connection, a
read that timed out, an answer of 5xx. A modelled 4xx answer settles it: the service did nothing.
"""

from __future__ import annotations

import re
from typing import Any

import botocore.exceptions as boto
import botocore.parsers
import urllib3.exceptions
from msgspec import Struct

from pointsman.errors import CallFailed, Fault, FaultKind


class NeedsCode(Exception):
    """A profile wants an MFA code, which nobody has given yet.

    Args:
        prompt: What botocore would have asked.
    """

    def __init__(self, prompt: str) -> None:
        super().__init__(prompt)
        self.prompt = prompt


class Verdict(Struct, frozen=True):
    """A fault, and whether the same read may go better in a moment."""

    fault: Fault
    transient: bool = False


_CODES: tuple[tuple[str, FaultKind], ...] = (
    (r"(?:Request)?Thrott\w*|TooManyRequests\w*|RequestLimitExceeded|\w*RateExceeded\w*|BandwidthLimitExceeded"
     r"|SlowDown|PriorRequestNotComplete|ProvisionedThroughputExceeded\w*|TransactionInProgress\w*|EC2Throttled\w*",
     FaultKind.THROTTLED),
    (r"ExpiredToken\w*|TokenRefreshRequired|RequestExpired|ExpiredTokenException|UnauthorizedSSOToken\w*"
     r"|InvalidGrantException", FaultKind.EXPIRED),
    (r"AccessDenied\w*|UnauthorizedOperation|NotAuthorized\w*|UnauthorizedException|AuthorizationError\w*"
     r"|OptInRequired|SubscriptionRequired\w*|Forbidden\w*|SignatureDoesNotMatch|InvalidSignature\w*|AuthFailure"
     r"|403", FaultKind.DENIED),
    (r"InvalidClientTokenId|UnrecognizedClient\w*|InvalidAccessKeyId|MissingAuthenticationToken\w*"
     r"|IncompleteSignature", FaultKind.NO_CREDENTIALS),
    (r"NotImplemented\w*|501", FaultKind.NOT_BUILT),
    (r"\w*NotFound\w*|NoSuch\w*|\w*DoesNotExist\w*|404", FaultKind.NOT_FOUND),
    (r"Concurrent\w*|Conflict\w*|\w*Conflict(?:Exception)?|\w*AlreadyExists\w*|\w*InUse\w*|\w*AlreadyCompleted\w*"
     r"|InvalidApprovalToken\w*|StageNotRetryable\w*|NotLatestPipelineExecution\w*|DuplicatedStopRequest\w*"
     r"|PipelineExecutionNotStoppable\w*|ConditionNotOverridable\w*|\w*OutdatedException|PreconditionFailed"
     r"|\w*Outdated\w*|409|412", FaultKind.CONFLICT),
    (r"Internal\w*|ServiceUnavailable\w*|ServiceException|RequestTimeout\w*"
     r"|5\d\d", FaultKind.UNKNOWN),
    (r"Validation\w*|\w*Validation(?:Error|Exception)|Invalid\w*|Malformed\w*|Missing\w*|Unsupported\w*|\w*LimitExceeded"
     r"\w*|\w*Quota\w*|Limit\w*|400", FaultKind.INVALID),
)  # fmt: skip
"""Error codes, first match wins, and what class of trouble they are."""

_BY_STATUS: dict[int, FaultKind] = {
    401: FaultKind.DENIED,
    403: FaultKind.DENIED,
    404: FaultKind.NOT_FOUND,
    409: FaultKind.CONFLICT,
    412: FaultKind.CONFLICT,
    429: FaultKind.THROTTLED,
    501: FaultKind.NOT_BUILT,
}
"""What a status says where the code says nothing."""


class _Row(Struct, frozen=True):
    """What an exception of these classes means."""

    types: tuple[type[BaseException], ...]
    kind: FaultKind
    sentence: str
    """``{error}`` is the exception's own words, ``{call}`` the call."""
    sent: bool = False
    transient: bool = False
    hint: str = ""


_NETWORK = "is the network up, a VPN or proxy needed, the region spelled right?"

_EXCEPTIONS: tuple[_Row, ...] = (
    _Row((NeedsCode,), FaultKind.NO_CREDENTIALS, "this profile needs an MFA code"),
    _Row((boto.UnauthorizedSSOTokenError, boto.SSOTokenLoadError, boto.TokenRetrievalError), FaultKind.EXPIRED,
         "the SSO session has expired or there is none: {error}"),
    _Row((boto.SSOError,), FaultKind.EXPIRED, "SSO gave no credentials: {error}"),
    _Row((boto.LoginRefreshRequired, boto.LoginTokenLoadError, boto.LoginError), FaultKind.EXPIRED,
         "the login session has expired or there is none: {error}"),
    _Row((boto.RefreshWithMFAUnsupportedError,), FaultKind.EXPIRED, "the MFA session has expired"),
    _Row((boto.CredentialRetrievalError, boto.MetadataRetrievalError), FaultKind.NO_CREDENTIALS, "{error}"),
    _Row((boto.NoCredentialsError, boto.NoAuthTokenError, boto.PartialCredentialsError, boto.UnknownCredentialError),
         FaultKind.NO_CREDENTIALS, "no AWS credentials: {error}"),
    _Row((boto.InfiniteLoopConfigError, boto.InvalidConfigError, boto.ProfileNotFound, boto.ConfigParseError),
         FaultKind.NO_CREDENTIALS, "the AWS configuration cannot be used: {error}"),
    _Row((boto.ConnectTimeoutError, urllib3.exceptions.ConnectTimeoutError), FaultKind.UNREACHABLE,
         "no connection within the time allowed: {error}", transient=True, hint=_NETWORK),
    _Row((boto.ReadTimeoutError, urllib3.exceptions.ReadTimeoutError), FaultKind.TIMEOUT,
         "no answer within the time allowed: {error}", sent=True, transient=True),
    _Row((boto.EndpointConnectionError,), FaultKind.UNREACHABLE, "{error}", transient=True, hint=_NETWORK),
    _Row((boto.SSLError,), FaultKind.UNREACHABLE, "no secure connection: {error}",
         hint="a corporate proxy? AWS_CA_BUNDLE names its certificates"),
    _Row((boto.ProxyConnectionError,), FaultKind.UNREACHABLE, "{error}", transient=True,
         hint="HTTPS_PROXY and NO_PROXY say which proxy is used"),
    _Row((boto.ConnectionClosedError, boto.ResponseStreamingError, boto.IncompleteReadError,
          urllib3.exceptions.ProtocolError), FaultKind.UNREACHABLE,
         "the connection was lost before the whole answer came: {error}", sent=True, transient=True),
    _Row((botocore.parsers.ResponseParserError,), FaultKind.UNKNOWN,
         "the answer could not be read: {error}", sent=True, transient=True,
         hint="is the endpoint an AWS service?"),
    _Row((boto.HTTPClientError,), FaultKind.UNREACHABLE, "{error}", sent=True, transient=True, hint=_NETWORK),
    _Row((boto.ConnectionError, OSError), FaultKind.UNREACHABLE, "{error}", transient=True, hint=_NETWORK),
    _Row((boto.NoRegionError, boto.InvalidRegionError, boto.UnknownRegionError, boto.UnknownEndpointError,
          boto.BaseEndpointResolverError, boto.EndpointProviderError), FaultKind.INVALID, "{error}",
         hint="--region names the region"),
    _Row((boto.ParamValidationError, boto.ValidationError), FaultKind.INVALID, "{error}"),
    _Row((boto.BotoCoreError,), FaultKind.UNKNOWN, "{error}"),
)  # fmt: skip
"""Exceptions, first match wins."""

_HINTS: dict[FaultKind, str] = {
    FaultKind.THROTTLED: "it is tried again by itself, more slowly",
    FaultKind.DENIED: "the caller's policy must allow {call}",
    FaultKind.NOT_BUILT: "the endpoint does not answer this call",
}
_PAGE = "the endpoint answered {call} with a web page: it may not have this call, or not be an AWS service"
_PERMISSION = re.compile(r"not authorized to perform|AccessDenied")


def kind_of(code: str, status: int) -> FaultKind:
    """What class of trouble an error answer is."""
    for pattern, kind in _CODES:
        if re.fullmatch(pattern, code, re.IGNORECASE):
            return kind
    return _BY_STATUS.get(status, FaultKind.UNKNOWN if status >= 500 else FaultKind.INVALID)


def explain(error: BaseException, call: str) -> Verdict:
    """What an exception from botocore, or from the way to it, means.

    Args:
        error: The exception.
        call: ``service:Operation``.
    """
    if isinstance(error, CallFailed):
        return Verdict(error.fault)
    if isinstance(error, boto.ClientError):
        return _answered(error, call)
    for row in _EXCEPTIONS:
        if isinstance(error, row.types):
            words = _one_line(str(error)) or type(error).__name__
            sentence = row.sentence.format(error=words, call=call)
            return Verdict(
                Fault(row.kind, sentence, row.hint, code=type(error).__name__, call=call, sent=row.sent), row.transient
            )
    sentence = f"{call} failed here: {type(error).__name__}: {_one_line(str(error))}"
    return Verdict(Fault(FaultKind.UNKNOWN, sentence, code=type(error).__name__, call=call, sent=True))


def _answered(error: Any, call: str) -> Verdict:
    details = error.response.get("Error", {})
    metadata = error.response.get("ResponseMetadata", {})
    code = str(details.get("Code") or "")
    status = int(metadata.get("HTTPStatusCode") or 0)
    kind = kind_of(code, status)
    message = _one_line(str(details.get("Message") or ""))
    page = message.startswith("<")
    if page:
        message = _words_of_a_page(message)
    if kind is FaultKind.INVALID and _PERMISSION.search(message):
        kind = FaultKind.DENIED
    name = code if code and not code.isdigit() else f"HTTP {code or status or 'error'}"
    fault = Fault(
        kind,
        f"{name}: {message}" if message else f"{call} was answered {name}",
        _HINTS.get(kind, _PAGE if page else "").format(call=call),
        code=code,
        request_id=str(metadata.get("RequestId") or metadata.get("HostId") or ""),
        call=call,
        sent=status >= 500 and kind not in (FaultKind.THROTTLED, FaultKind.NOT_BUILT),
    )
    broken = status >= 500 and kind not in (FaultKind.NOT_BUILT, FaultKind.NOT_FOUND)
    return Verdict(fault, transient=kind is FaultKind.THROTTLED or broken)


def _words_of_a_page(page: str) -> str:
    """What a web page in an answer's place says, shortly: its title, or the beginning of its text."""
    title = re.search(r"<title>(.*?)</title>|<title>([^<]*)", page, re.IGNORECASE)
    words = (title[1] or title[2] or "") if title else re.sub(r"<[^>]*>", " ", page)
    return _one_line(words)[:200]


def _one_line(text: str) -> str:
    return " ".join(text.split())
