"""Tokens of ``aws eks get-token``: a good one names its bearer, anything else is refused."""

from __future__ import annotations

import base64
import string
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import pytest
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import assume, given
from hypothesis import strategies as st

from wavetank.cloud.callers import AccessKey, Identity
from wavetank.cloud.tokens import PREFIX, TokenRefused, verify

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ADA = Identity("arn:aws:iam::111122223333:user/ada", "111122223333", "AIDA1")
KEYS = {
    "AKIAADA": AccessKey("AKIAADA", "s3cret/with+signs=", None, ADA),
    "ASIASESSION": AccessKey("ASIASESSION", "other", "session//token==", ADA),
}


class SignedThen(SigV4QueryAuth):
    """botocore's own presigner, with NOW as its clock."""

    def add_auth(self, request: Any) -> None:
        signer: Any = self  # the steps of the signature are private to botocore
        request.context["timestamp"] = NOW.strftime("%Y%m%dT%H%M%SZ")
        signer._modify_request_before_signing(request)
        text = signer.string_to_sign(request, signer.canonical_request(request))
        signer._inject_signature_to_request(request, signer.signature(text, request))


def presigned(
    key: AccessKey = KEYS["AKIAADA"],
    cluster: str = "c",
    base: str = "http://127.0.0.1:4566/",
    *,
    expires_seconds: int = 60,
    action: str = "GetCallerIdentity",
    method: str = "GET",
    service: str = "sts",
) -> str:
    """The URL that an SDK presigns for the AWS CLI."""
    request = AWSRequest(method, f"{base}?Action={action}&Version=2011-06-15", headers={"x-k8s-aws-id": cluster})
    credentials = Credentials(key.access_key_id, key.secret, key.session_token)
    SignedThen(credentials, service, "ap-southeast-2", expires=expires_seconds).add_auth(request)
    return str(request.url)


def token(url: str) -> str:
    return PREFIX + base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")


def bearer(text: str, *, now: datetime = NOW, cluster: str = "c") -> Identity:
    return verify(text, cluster, now, KEYS.get)


def refused(text: str, *, now: datetime = NOW, cluster: str = "c") -> bool:
    try:
        bearer(text, now=now, cluster=cluster)
    except TokenRefused:
        return True
    return False


GOOD = presigned()


@pytest.mark.parametrize(
    "base", ["http://127.0.0.1:4566/", "http://localhost:5000/", "https://sts.eu-west-1.amazonaws.com/"]
)
def test_a_good_token_names_its_bearer(base: str) -> None:
    assert bearer(token(presigned(base=base))) == ADA


def test_a_session_token_is_part_of_the_proof() -> None:
    url = presigned(KEYS["ASIASESSION"])
    assert bearer(token(url)) == ADA
    scheme, host, path, query, _ = urlsplit(url)
    without = [(name, value) for name, value in parse_qsl(query) if name != "X-Amz-Security-Token"]
    assert refused(token(urlunsplit((scheme, host, path, urlencode(without), ""))))
    stolen = AccessKey("ASIASESSION", "other", "another session", ADA)
    assert refused(token(presigned(stolen)))


def test_it_is_for_one_cluster_only() -> None:
    assert refused(token(GOOD), cluster="d")
    assert bearer(token(presigned(cluster="d")), cluster="d") == ADA


def test_it_lives_for_fifteen_minutes_whatever_it_says() -> None:
    good = token(presigned(expires_seconds=60))
    assert not refused(good, now=NOW + timedelta(minutes=14, seconds=59))
    assert refused(good, now=NOW + timedelta(minutes=15))
    assert not refused(good, now=NOW - timedelta(minutes=5))
    assert refused(good, now=NOW - timedelta(minutes=5, seconds=1))
    assert refused(token(presigned(expires_seconds=901)))


@pytest.mark.parametrize(
    "url",
    [
        presigned(AccessKey("AKIANOBODY", "x", None, ADA)),
        presigned(AccessKey("AKIAADA", "wrong", None, ADA)),
        presigned(action="GetSessionToken"),
        presigned(method="POST"),
        presigned(service="iam"),
        presigned(base="http://127.0.0.1:4566/other"),
        presigned(base="http://evil.example.com/"),
        presigned(base="http://sts.amazonaws.com/"),
        presigned(base="https://sts.amazonaws.com.evil.example/"),
        presigned(base="https://127.0.0.1:4566/"),
        GOOD + "&X-Amz-Expires=60",
        GOOD + "&extra=1",
        GOOD + "#fragment",
        GOOD.replace("http://", "HTTP://"),
        GOOD.replace("http://", "http://user@"),
        GOOD.replace("%2F", "%2f"),
        GOOD.replace("host%3Bx-k8s-aws-id", "host"),
        GOOD.replace("127.0.0.1", "127.0.0.2"),
        GOOD.replace(":4566", ":04566"),
        "http://[",
        "",
    ],
)
def test_what_no_sdk_would_sign_is_refused(url: str) -> None:
    assert refused(token(url))


@pytest.mark.parametrize(
    "text",
    ["", "k8s-aws-v1.", "k8s-aws-v2." + token(GOOD)[11:], token(GOOD) + "=", token(GOOD) + "A", token(GOOD) + "\n", "é" * 50,
     PREFIX + "A" * 5000, PREFIX + "!!!!", PREFIX + base64.urlsafe_b64encode(b"\xff\xfe").decode()],
)  # fmt: skip
def test_what_is_no_token_is_refused(text: str) -> None:
    assert refused(text)


printable = st.characters(codec="ascii", exclude_categories=())


@given(st.integers(0, len(GOOD) - 1), printable)
def test_changing_any_character_of_the_url_is_refused(place: int, character: str) -> None:
    assume(GOOD[place] != character)
    assert refused(token(GOOD[:place] + character + GOOD[place + 1 :]))


@given(st.integers(0, len(GOOD)), st.text(printable, min_size=1, max_size=5))
def test_inserting_anything_into_the_url_is_refused(place: int, text: str) -> None:
    assert refused(token(GOOD[:place] + text + GOOD[place:]))


@given(st.integers(0, len(GOOD) - 1), st.integers(1, 40))
def test_removing_any_part_of_the_url_is_refused(place: int, count: int) -> None:
    assert refused(token(GOOD[:place] + GOOD[place + count :]))


@given(st.integers(len(PREFIX), len(token(GOOD)) - 1), st.sampled_from(string.ascii_letters + string.digits + "-_=+/."))
def test_changing_any_character_of_the_token_is_refused(place: int, character: str) -> None:
    good = token(GOOD)
    assume(good[place] != character)
    assert refused(good[:place] + character + good[place + 1 :])


@given(st.sampled_from(sorted(name for name, _ in parse_qsl(urlsplit(GOOD).query))), st.data())
def test_changing_dropping_or_doubling_any_parameter_is_refused(name: str, data: st.DataObject) -> None:
    pairs = parse_qsl(urlsplit(GOOD).query)
    value = dict(pairs)[name]
    other = data.draw(st.text(printable, max_size=20).filter(lambda text: text != value))
    changes: list[Callable[[list[tuple[str, str]]], list[tuple[str, str]]]] = [
        lambda all_: [(key, other if key == name else old) for key, old in all_],
        lambda all_: [(key, old) for key, old in all_ if key != name],
        lambda all_: [*all_, (name, value)],
    ]
    change = data.draw(st.sampled_from(changes))
    query = "&".join(f"{key}={urlencode({'': text})[1:].replace('+', '%20')}" for key, text in change(pairs))
    assert refused(token(urlunsplit(urlsplit(GOOD)._replace(query=query))))
