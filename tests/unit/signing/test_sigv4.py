"""Vectors published by AWS, which depend on no SDK."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta, timezone

from coordinator.signing.credentials import Credentials, StaticCredentials
from coordinator.signing.presigner import Addressing, Presigner
from coordinator.signing.sigv4 import SigningKey, encode_path, encode_query_value

EXAMPLE_SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
EXAMPLE = Credentials("AKIAIOSFODNN7EXAMPLE", EXAMPLE_SECRET)
EXAMPLE_BUCKET = Addressing("https://s3.amazonaws.com", "us-east-1", "examplebucket", "virtual")


def example_url(now: datetime) -> str:
    presigner = Presigner(
        addressing=EXAMPLE_BUCKET, credentials=StaticCredentials(EXAMPLE), clock=lambda: now
    )
    return presigner.get_object("test.txt", expires_in=86_400).url


PUBLISHED_URL = (
    "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256"
    "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
    "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
    "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
)
"""Amazon S3 API reference, "Authenticating Requests: Using Query Parameters", the example at its end."""


def test_the_published_presigned_url() -> None:
    assert example_url(datetime(2013, 5, 24, tzinfo=UTC)) == PUBLISHED_URL


def test_the_clock_may_run_in_any_time_zone_and_with_fractions() -> None:
    tokyo = timezone(timedelta(hours=9))
    assert example_url(datetime(2013, 5, 24, 9, 0, 0, 999_999, tzinfo=tokyo)) == PUBLISHED_URL


def test_the_signing_key_continues_to_the_hmac_of_the_published_derivation() -> None:
    """Same key as in the S3 documentation's header example; here the HMAC is checked against the plain one."""
    key = f"AWS4{EXAMPLE_SECRET}".encode()
    for step in (b"20130524", b"us-east-1", b"s3", b"aws4_request"):
        key = hmac.digest(key, step, "sha256")
    state = SigningKey(EXAMPLE, "20130524", "us-east-1")
    message = b"a message of more than the 64 bytes that SHA-256 takes at once, so that more than the padded key is absorbed"
    inner = state.inner.copy()
    inner.update(message)
    outer = state.outer.copy()
    outer.update(inner.digest())
    assert outer.digest() == hmac.new(key, message, hashlib.sha256).digest()
    assert state.scope == "20130524/us-east-1/s3/aws4_request"


def test_paths_keep_slashes_and_values_do_not() -> None:
    assert encode_path("/a//b/../é +~%") == "/a//b/../%C3%A9%20%2B~%25"
    assert encode_query_value("a/b+=~ é") == "a%2Fb%2B%3D~%20%C3%A9"
