"""Signature Version 4, verified: in the header or in the query, over a whole body or over its chunks.

``read`` finds what a request says about its signature, ``verify`` holds it against a secret; what is wrong is a
``Refusal``.
"""

from __future__ import annotations

import hashlib
import hmac
import posixpath
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from urllib.parse import quote, unquote_to_bytes

from msgspec import Struct

from pointsman.digits import digits
from pointsman.local.endpoint.messages import Request, Undecodable
from pointsman.local.endpoint.refusals import Fault, Refusal

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED = "UNSIGNED-PAYLOAD"
EMPTY = hashlib.sha256(b"").hexdigest()

_SKEW = timedelta(minutes=5)
_SKEW_QUERY = timedelta(minutes=15)
_LONGEST = 604_800
_STAMP = "%Y%m%dT%H%M%SZ"
_FIELD = re.compile(r"\s*([A-Za-z]+)=([^,\s]*)\s*(?:,|$)")
_HEX = re.compile(r"[0-9a-f]{64}")
_BASIC = re.compile(r"[0-9]{8}T[0-9]{6}Z")
_SPACES = re.compile(" +")


class Signature(Struct, frozen=True):
    """What a request says about its signature."""

    access_key: str
    scope_date: str
    region: str
    service: str
    signed: tuple[str, ...]
    """Names of the headers it covers."""
    value: str
    stamp: str
    """When it was made, as it was written."""
    payload: str | None
    """What stands for the body: its SHA-256, a word, or None when the body itself has to be hashed."""
    token: str | None = None
    expires: int | None = None
    """Seconds it is good for, when it is in the query."""

    @property
    def scope(self) -> str:
        """The credential's scope."""
        return f"{self.scope_date}/{self.region}/{self.service}/aws4_request"

    @property
    def chunked(self) -> bool:
        """Whether the body is in chunks of AWS's own framing."""
        return self.payload is not None and self.payload.startswith("STREAMING-")

    def hashed(self) -> str | None:
        """The SHA-256 the body must have; None when nothing is said, or a word."""
        return self.payload if self.payload is not None and _HEX.fullmatch(self.payload) else None


def read(request: Request) -> Signature | None:
    """What a request says about its signature; None when it is not signed.

    Raises:
        Refusal: It says too little.
        Undecodable: The query cannot be read.
    """
    header = request.headers.get("authorization")
    if header is not None:
        return _from_header(header, request)
    if "X-Amz-Signature=" in request.query or "X-Amz-Algorithm=" in request.query:
        return _from_query(dict(request.arguments), request)
    return None


def is_version_2(request: Request) -> bool:
    """Whether a request is signed as S3 once was, and in its newer regions no longer is."""
    return "AWSAccessKeyId=" in request.query and "Signature=" in request.query


def _from_header(header: str, request: Request) -> Signature:
    algorithm, _, rest = header.partition(" ")
    if algorithm == "AWS" and "x-amz-target" not in request.headers:
        raise Refusal(Fault.INCOMPLETE, f"Signature version 2 is not supported. Only {ALGORITHM} is supported.")
    if algorithm != ALGORITHM:
        raise Refusal(
            Fault.INCOMPLETE, f"Unsupported AWS 'algorithm': '{algorithm[:64]}'. Only {ALGORITHM} is supported."
        )
    fields = {match[1]: match[2] for match in _FIELD.finditer(rest)}
    stamp = request.headers.get("x-amz-date") or _from_date(request.headers.get("date", ""))
    lacking = [name for name in ("Credential", "Signature", "SignedHeaders") if not fields.get(name)]
    if lacking or not stamp:
        said = " ".join(f"Authorization header requires '{name}' parameter." for name in lacking)
        late = "" if stamp else "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
        raise Refusal(Fault.INCOMPLETE, f"{said} {late}".strip())
    return _made(
        fields["Credential"],
        fields["SignedHeaders"],
        fields["Signature"],
        stamp,
        request.headers.get("x-amz-content-sha256"),
        request.headers.get("x-amz-security-token"),
        None,
    )


def _from_date(text: str) -> str:
    try:
        return datetime.strptime(text, "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC).strftime(_STAMP)
    except ValueError:
        return ""


def _from_query(fields: dict[str, str], request: Request) -> Signature:
    names = ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date")
    lacking = [name for name in names if not fields.get(name)]
    if lacking or fields["X-Amz-Algorithm"] != ALGORITHM:
        raise Refusal(
            Fault.INCOMPLETE,
            "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature,"
            " X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.",
        )
    text = fields.get("X-Amz-Expires", "900")
    if not (digits(text, 8) and int(text) <= _LONGEST):
        raise Refusal(Fault.INCOMPLETE, "X-Amz-Expires must be a number of seconds, and less than a week")
    payload = fields.get("X-Amz-Content-Sha256") or request.headers.get("x-amz-content-sha256")
    signature = _made(
        fields["X-Amz-Credential"],
        fields["X-Amz-SignedHeaders"],
        fields["X-Amz-Signature"],
        fields["X-Amz-Date"],
        payload,
        fields.get("X-Amz-Security-Token"),
        int(text),
    )
    if payload is None and signature.service == "s3":
        return _made(
            fields["X-Amz-Credential"],
            fields["X-Amz-SignedHeaders"],
            fields["X-Amz-Signature"],
            fields["X-Amz-Date"],
            UNSIGNED,
            signature.token,
            signature.expires,
        )
    return signature


def _made(
    credential: str, signed: str, value: str, stamp: str, payload: str | None, token: str | None, expires: int | None
) -> Signature:
    parts = credential.split("/")
    if len(parts) < 5:
        raise Refusal(
            Fault.INCOMPLETE,
            "Credential must have at least 5 slash-delimited elements: access key, date, region, service, aws4_request",
        )
    *key, date, region, service, end = parts
    if end != "aws4_request" or not stamp.startswith(date) or not region or len(date) != 8:
        raise Refusal(Fault.SCOPE)
    names = tuple(name for name in signed.lower().split(";") if name)
    if "host" not in names:
        raise Refusal(Fault.INCOMPLETE, "'Host' must be a 'SignedHeader' in the AWS Authorization.")
    return Signature("/".join(key), date, region, service, names, value, stamp, payload, token, expires)


def check_time(signature: Signature, now: datetime) -> None:
    """Refuse a signature that is too old, or of the future.

    Raises:
        Refusal: It is.
    """
    try:
        if _BASIC.fullmatch(signature.stamp) is None:
            raise ValueError(signature.stamp)
        made = datetime.fromisoformat(signature.stamp)
    except ValueError:
        raise Refusal(Fault.INCOMPLETE, "Date must be in ISO-8601 'basic format'.") from None
    skew = _SKEW_QUERY if signature.service in ("s3", "sts", "iam", "sns") else _SKEW
    minutes = int(skew.total_seconds() // 60)
    if signature.expires is not None:
        end = made + timedelta(seconds=signature.expires)
        if now > end:
            if signature.service == "s3":
                raise Refusal(
                    Fault.OVER,
                    X_Amz_Expires=str(signature.expires),
                    Expires=end.strftime("%Y-%m-%dT%H:%M:%SZ"),
                    ServerTime=now.strftime("%Y-%m-%dT%H:%M:%SZ"),
                )
            raise Refusal(Fault.OVER, f"Signature expired: {signature.stamp} is now earlier than {now:{_STAMP}}")
    elif made < now - skew:
        raise _skewed(
            signature,
            now,
            f"Signature expired: {signature.stamp} is now earlier than"
            f" {now - skew:{_STAMP}} ({now:{_STAMP}} - {minutes} min.)",
        )
    if made > now + skew:
        raise _skewed(
            signature,
            now,
            f"Signature not yet current: {signature.stamp} is still later than"
            f" {now + skew:{_STAMP}} ({now:{_STAMP}} + {minutes} min.)",
        )


def _skewed(signature: Signature, now: datetime, message: str) -> Refusal:
    if signature.service != "s3":
        return Refusal(Fault.LATE, message)
    return Refusal(
        Fault.LATE,
        RequestTime=signature.stamp,
        ServerTime=now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        MaxAllowedSkewMilliseconds="900000",
    )


def verify(signature: Signature, request: Request, secret: str, payload: str) -> None:
    """Hold a signature against a secret.

    Args:
        signature: What the request says.
        request: The request; its body is not looked at.
        secret: The secret of the signature's access key.
        payload: What stands for the body in the signature.

    Raises:
        Refusal: It is not what the secret makes of this request.
    """
    key = signing_key(secret, signature.scope_date, signature.region, signature.service)
    given = signature.value.encode()
    for path in _paths(signature, request):
        for query in _queries(signature, request):
            canonical = "\n".join(
                (request.method, path, query, _headers(signature, request), "", ";".join(signature.signed), payload)
            )
            text = "\n".join(
                (ALGORITHM, signature.stamp, signature.scope, hashlib.sha256(canonical.encode()).hexdigest())
            )
            if hmac.compare_digest(hmac.new(key, text.encode(), hashlib.sha256).hexdigest().encode(), given):
                return
    raise Refusal(Fault.MISMATCH)


@lru_cache(maxsize=256)
def signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    """The key of a day, region and service."""
    key = f"AWS4{secret}".encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def _paths(signature: Signature, request: Request) -> Iterator[str]:
    """The path as clients may have signed it: as it is sent, or written anew; encoded twice but for S3."""
    if signature.service == "s3":
        yield request.path
        again = quote(unquote_to_bytes(request.path), safe="/~")
        if again != request.path:
            yield again
        return
    path = request.path
    if "//" in path or "/." in path:
        normal = posixpath.normpath(path.replace("//", "/"))
        path = normal + "/" if path.endswith("/") and normal != "/" else normal
    yield quote(path, safe="/~")


def _queries(signature: Signature, request: Request) -> Iterator[str]:
    """The query as clients may have signed it: sorted as it is sent, or written anew."""
    if not request.query:
        yield ""
        return
    pairs = []
    for piece in request.query.split("&"):
        name, _, value = piece.partition("=")
        if piece and (signature.expires is None or name != "X-Amz-Signature"):
            pairs.append((name, value))
    sent = "&".join(f"{name}={value}" for name, value in sorted(pairs))
    yield sent
    anew = sorted(
        (quote(unquote_to_bytes(name), safe="-_.~"), quote(unquote_to_bytes(value), safe="-_.~"))
        for name, value in pairs
    )
    again = "&".join(f"{name}={value}" for name, value in anew)
    if again != sent:
        yield again


def _headers(signature: Signature, request: Request) -> str:
    return "\n".join(
        f"{name}:{_SPACES.sub(' ', request.headers.get(name, '').strip())}" for name in sorted(signature.signed)
    )


class ChunkSigner:
    """The signatures of a body's chunks, each made over the one before.

    Args:
        signature: The request's own, the first of the chain.
        secret: The secret of its access key.
    """

    def __init__(self, signature: Signature, secret: str) -> None:
        self._key = signing_key(secret, signature.scope_date, signature.region, signature.service)
        self._head = f"{signature.stamp}\n{signature.scope}"
        self._former = signature.value

    def chunk(self, digest: str, given: str) -> None:
        """Check a chunk, by the SHA-256 of its data.

        Raises:
            Refusal: It was not signed so.
        """
        self._check(f"{ALGORITHM}-PAYLOAD\n{self._head}\n{self._former}\n{EMPTY}\n{digest}", given)

    def trailer(self, digest: str, given: str) -> None:
        """Check the trailer, by the SHA-256 of its lines.

        Raises:
            Refusal: It was not signed so.
        """
        self._check(f"{ALGORITHM}-TRAILER\n{self._head}\n{self._former}\n{digest}", given)

    def _check(self, text: str, given: str) -> None:
        made = hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(made.encode(), given.encode()):
            raise Refusal(Fault.MISMATCH)
        self._former = made


def unreadable(error: Undecodable) -> Refusal:
    """A signature that cannot even be read."""
    return Refusal(Fault.INCOMPLETE, error.message)
