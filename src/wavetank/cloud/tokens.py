"""Tokens of ``aws eks get-token``: verifying them without ever sending a request.

Such a token is ``k8s-aws-v1.`` and the base64url, without padding, of a presigned STS GetCallerIdentity URL. Real EKS
fetches that URL; this module computes its signature (AWS Signature Version 4) from the secret of the access key instead.
Which parameters and hosts are allowed follows aws-iam-authenticator, pkg/token/token.go. ``Cloud.user_of_token`` is the
only caller; nothing here does I/O.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import SplitResult, quote, unquote, urlsplit

from wavetank.cloud.callers import AccessKey, Identity

PREFIX = "k8s-aws-v1."
MAX_TOKEN_CHARACTERS = 4 * 1024
#: STS honours the URL for 15 minutes whatever X-Amz-Expires says (aws-iam-authenticator: presignedURLExpiration).
LIFETIME = timedelta(minutes=15)
MAX_EXPIRES_SECONDS = 900
#: How far in the future STS accepts a signature's date.
CLOCK_SKEW = timedelta(minutes=5)
CLUSTER_HEADER = "x-k8s-aws-id"
EMPTY_BODY_SHA256 = hashlib.sha256(b"").hexdigest()

_REQUIRED = {
    "Action",
    "Version",
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-Signature",
    "X-Amz-SignedHeaders",
}
_ALLOWED = _REQUIRED | {"X-Amz-Security-Token"}
_REAL_STS = re.compile(r"sts(\.[a-z0-9-]+)?\.amazonaws\.com(\.cn)?")
_LOOPBACK = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:[1-9][0-9]{0,4})?")
_UNQUOTED = re.compile(r"[A-Za-z0-9_.~%-]*")


class TokenRefused(Exception):
    """The token does not prove who calls; the message says why and is for logs, the caller just gets 401."""


@dataclass(frozen=True)
class _Claim:
    """What a token says, before any of it is believed."""

    url: SplitResult
    query: Mapping[str, str]

    @property
    def scope(self) -> list[str]:
        return self.query["X-Amz-Credential"].split("/")


def verify(token: str, cluster_name: str, now: datetime, key_of: Callable[[str], AccessKey | None]) -> Identity:
    """Who the bearer is, if the token was signed for this cluster within the last 15 minutes by a key that exists.

    ``now`` is aware; ``key_of`` answers None for keys that do not exist or may not be used. Raises TokenRefused.
    """
    claim = _claim(token)
    _check_form(claim)
    _check_time(claim.query, now)
    key = key_of(claim.scope[0])
    if key is None:
        raise TokenRefused("the access key is unknown, inactive or expired")
    if claim.query.get("X-Amz-Security-Token") != key.session_token:
        raise TokenRefused("the session token is not the one of the access key")
    if not hmac.compare_digest(_signature(claim, cluster_name, key.secret), claim.query["X-Amz-Signature"]):
        raise TokenRefused("the signature does not match: other secret, other cluster, or the token was changed")
    return key.identity


def _claim(token: str) -> _Claim:
    if len(token) > MAX_TOKEN_CHARACTERS or not token.startswith(PREFIX) or not token.isascii():
        raise TokenRefused(f"not a token of aws eks get-token ({PREFIX}…)")
    text = _decoded(token.removeprefix(PREFIX))
    try:
        url = urlsplit(text)
    except ValueError as error:
        raise TokenRefused("the token holds no URL") from error
    if text != f"{url.scheme}://{url.netloc}{url.path}?{url.query}":
        raise TokenRefused("the URL in the token is not one that an SDK writes")
    return _Claim(url, _query(url.query))


def _decoded(body: str) -> str:
    """The URL; only the one canonical base64url spelling of it is accepted."""
    try:
        raw = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
        text = raw.decode("ascii")
    except (binascii.Error, ValueError) as error:
        raise TokenRefused("the token is not base64url of ASCII") from error
    if base64.urlsafe_b64encode(raw).decode().rstrip("=") != body:
        raise TokenRefused("the token is not canonical base64url")
    return text


def _query(text: str) -> dict[str, str]:
    """The parameters, each exactly once and escaped exactly as Signature Version 4 prescribes."""
    values: dict[str, str] = {}
    for pair in text.split("&"):
        name, separator, escaped = pair.partition("=")
        value = unquote(escaped)
        if not separator or name in values or name not in _ALLOWED:
            raise TokenRefused(f"unexpected parameter {name!r}")
        if not _UNQUOTED.fullmatch(escaped) or quote(value, safe="-_.~") != escaped:
            raise TokenRefused(f"parameter {name} is not escaped as an SDK escapes it")
        values[name] = value
    if missing := _REQUIRED - values.keys():
        raise TokenRefused(f"missing parameter {min(missing)}")
    return values


def _check_form(claim: _Claim) -> None:
    """Everything that can be said without the secret."""
    query, scope = claim.query, claim.scope
    if query["Action"] != "GetCallerIdentity" or query["Version"] != "2011-06-15":
        raise TokenRefused("not a GetCallerIdentity of STS")
    if claim.url.path != "/" or not _host_is_sts(claim.url):
        raise TokenRefused("the URL is not one of STS")
    if query["X-Amz-Algorithm"] != "AWS4-HMAC-SHA256" or scope[-2:] != ["sts", "aws4_request"] or len(scope) != 5:
        raise TokenRefused("not a Signature Version 4 for STS")
    if scope[1] != query["X-Amz-Date"][:8]:
        raise TokenRefused("the credential's date is not the date of the signature")
    headers = query["X-Amz-SignedHeaders"].split(";")
    if headers != sorted({"host", CLUSTER_HEADER}):
        raise TokenRefused(f"the signed headers must be host and {CLUSTER_HEADER}")


def _host_is_sts(url: SplitResult) -> bool:
    if url.scheme == "https":
        return bool(_REAL_STS.fullmatch(url.netloc))
    return url.scheme == "http" and bool(_LOOPBACK.fullmatch(url.netloc))


def _check_time(query: Mapping[str, str], now: datetime) -> None:
    assert now.tzinfo is not None, "tokens are verified against an aware time"
    expires = query["X-Amz-Expires"]
    if not re.fullmatch(r"0|[1-9][0-9]{0,3}", expires) or int(expires) > MAX_EXPIRES_SECONDS:
        raise TokenRefused(f"X-Amz-Expires must be at most {MAX_EXPIRES_SECONDS} seconds")
    if not re.fullmatch(r"[0-9]{8}T[0-9]{6}Z", query["X-Amz-Date"]):
        raise TokenRefused("X-Amz-Date is not a time")
    try:
        signed = datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise TokenRefused("X-Amz-Date is not a time") from error
    if now >= signed + LIFETIME:
        raise TokenRefused("the token has expired")
    if signed - now > CLOCK_SKEW:
        raise TokenRefused("the token is from the future")


def _signature(claim: _Claim, cluster_name: str, secret: str) -> str:
    """AWS Signature Version 4 of the presigned GET, with the cluster's name as the header that was signed."""
    _, date, region, service, terminator = claim.scope
    digest = hashlib.sha256(_canonical_request(claim, cluster_name).encode()).hexdigest()
    credential_scope = "/".join((date, region, service, terminator))
    text = "\n".join(("AWS4-HMAC-SHA256", claim.query["X-Amz-Date"], credential_scope, digest))
    signing_key = ("AWS4" + secret).encode()
    for part in (date, region, service, terminator):
        signing_key = hmac.new(signing_key, part.encode(), hashlib.sha256).digest()
    return hmac.new(signing_key, text.encode(), hashlib.sha256).hexdigest()


def _canonical_request(claim: _Claim, cluster_name: str) -> str:
    signed = sorted((name, value) for name, value in claim.query.items() if name != "X-Amz-Signature")
    query = "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in signed)
    headers = f"host:{claim.url.netloc}\n{CLUSTER_HEADER}:{cluster_name}\n"
    return "\n".join(("GET", "/", query, headers, claim.query["X-Amz-SignedHeaders"], EMPTY_BODY_SHA256))
