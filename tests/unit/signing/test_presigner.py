"""Lifetimes, limits and refusals: what botocore does not check."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from coordinator.signing.credentials import (
    Credentials,
    CredentialsExpired,
    CredentialsUnavailable,
    StaticCredentials,
)
from coordinator.signing.presigner import Addressing, MultipartPresigner, Presigner

NOW = datetime(2026, 11, 21, 7, 8, 9, 500_000, tzinfo=UTC)
WHOLE_SECOND = NOW.replace(microsecond=0)
BUCKET = Addressing("https://store.example", "auto", "bucket", "path")
MD5 = base64.b64encode(bytes(16)).decode()
SHA256 = base64.b64encode(bytes(32)).decode()


class Rotating:
    """Answers what it is told to."""

    def __init__(self, credentials: Credentials | None) -> None:
        self.credentials = credentials

    def current(self) -> Credentials:
        if self.credentials is None:
            raise CredentialsUnavailable("none")
        return self.credentials


def presigner(life: timedelta | None = None) -> Presigner:
    credentials = Credentials("AKIDEXAMPLE", "hush", None, None if life is None else NOW + life)
    return Presigner(addressing=BUCKET, credentials=StaticCredentials(credentials), clock=lambda: NOW)


def multipart() -> MultipartPresigner:
    return presigner().multipart("key", "upload", expires_in=900)


def query(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def test_a_url_ends_when_it_says() -> None:
    batch = multipart()
    assert batch.expires_at == WHOLE_SECOND + timedelta(seconds=900)
    assert batch.expires_at.tzinfo is UTC
    assert batch.part(1, 1).expires_at == batch.expires_at
    assert query(batch.part(1, 1).url)["X-Amz-Expires"] == "900"


@pytest.mark.parametrize(
    ("life", "seconds"),
    [
        (timedelta(seconds=90), 30),  # of the 90.5 seconds after the second that is signed, 60 are kept back
        (timedelta(seconds=500), 440),
        (timedelta(seconds=959), 899),
        (timedelta(seconds=960), 900),
        (timedelta(days=1), 900),
    ],
)
def test_the_credentials_life_caps_the_urls(life: timedelta, seconds: int) -> None:
    batch = presigner(life).multipart("key", "upload", expires_in=900)
    assert query(batch.part(1, 1).url)["X-Amz-Expires"] == str(seconds)
    assert batch.expires_at == WHOLE_SECOND + timedelta(seconds=seconds)
    download = presigner(life).get_object("key", expires_in=900)
    assert query(download.url)["X-Amz-Expires"] == str(seconds)
    assert download.expires_at == batch.expires_at


@pytest.mark.parametrize("life", [timedelta(seconds=89), timedelta(0), timedelta(days=-1)])
def test_credentials_about_to_end_sign_nothing(life: timedelta) -> None:
    with pytest.raises(CredentialsExpired):
        presigner(life).multipart("key", "upload", expires_in=900)
    with pytest.raises(CredentialsExpired):
        presigner(life).get_object("key", expires_in=900)


def test_what_is_asked_at_once_is_signed_to_the_very_end() -> None:
    asked = presigner(timedelta(seconds=1)).head_object("key", expires_in=900)
    assert query(asked.url)["X-Amz-Expires"] == "900"


@pytest.mark.parametrize("expires_in", [0, -1, 604_801, True, 1.5, "900", None])
def test_other_lifetimes_are_refused(expires_in: Any) -> None:
    with pytest.raises(ValueError, match=r"expires_in"):
        presigner().multipart("key", "upload", expires_in=expires_in)
    with pytest.raises(ValueError, match=r"expires_in"):
        presigner().get_object("key", expires_in=expires_in)


@pytest.mark.parametrize("part_number", [0, -1, 10_001, True, 1.0, "1", "abc", None])
def test_other_part_numbers_are_refused(part_number: Any) -> None:
    """Several stores take `?partNumber=abc` for a plain PutObject."""
    with pytest.raises(ValueError, match=r"part_number"):
        multipart().part(part_number, 1)
    with pytest.raises(ValueError, match=r"part_number"):
        multipart().parts([(1, 1), (part_number, 1)])


@pytest.mark.parametrize("size", [-1, 5 * 1024**3 + 1, True, 1.0, "1", None])
def test_other_sizes_are_refused(size: Any) -> None:
    with pytest.raises(ValueError, match=r"size"):
        multipart().part(1, size)
    with pytest.raises(ValueError, match=r"size"):
        multipart().parts([(1, 1), (2, size)])


def test_empty_names_are_refused() -> None:
    with pytest.raises(ValueError, match=r"key"):
        presigner().multipart("", "upload", expires_in=900)
    with pytest.raises(ValueError, match=r"key"):
        presigner().get_object("", expires_in=900)
    with pytest.raises(ValueError, match=r"multipart_upload_id"):
        presigner().multipart("key", "", expires_in=900)


def test_digests_become_signed_headers_and_never_query_parameters() -> None:
    request = multipart().part(1, 1, md5=MD5, sha256=SHA256)
    assert request.headers == {"content-md5": MD5, "x-amz-checksum-sha256": SHA256}
    signed = query(request.url)
    assert signed["X-Amz-SignedHeaders"] == "content-length;content-md5;host;x-amz-checksum-sha256"
    assert not {name.lower() for name in signed} & {"content-md5", "x-amz-checksum-sha256"}
    assert request == multipart().part(1, 1, md5=MD5, checksums={"sha256": SHA256})


@pytest.mark.parametrize(
    "wrong", ["", "AAAA", MD5.rstrip("="), MD5 + "\n", SHA256, "A" * 21 + "B==", "é" * 24, "*" * 24]
)
def test_other_md5_values_are_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"md5"):
        multipart().part(1, 1, md5=wrong)


@pytest.mark.parametrize("wrong", ["", MD5, "00" * 32, SHA256.rstrip("="), f"{SHA256}\r\nx: y"])
def test_other_sha256_values_are_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"sha256"):
        multipart().part(1, 1, sha256=wrong)


@pytest.mark.parametrize(
    "checksums", [{"md5": MD5}, {"crc32": MD5}, {"SHA256": SHA256}, {"crc32\r\nx": "AAAAAA=="}]
)
def test_other_checksums_are_refused(checksums: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"must be"):
        multipart().part(1, 1, checksums=checksums)


def test_a_digest_given_twice_is_refused() -> None:
    with pytest.raises(ValueError, match=r"twice"):
        multipart().part(1, 1, sha256=SHA256, checksums={"sha256": SHA256})


def test_an_empty_batch_is_no_error() -> None:
    assert multipart().parts([]) == []


def test_reprs_hold_no_signature_and_no_secret() -> None:
    batch = multipart()
    for text in (repr(batch), repr(batch.part(1, 1)), str(batch.part(1, 1)), repr(presigner())):
        assert "Signature" not in text
        assert "hush" not in text


def test_rotated_credentials_sign_the_next_batch() -> None:
    source = Rotating(Credentials("FIRST", "hush"))
    rotating = Presigner(addressing=BUCKET, credentials=source, clock=lambda: NOW)
    first = rotating.get_object("key", expires_in=60).url
    source.credentials = Credentials("FIRST", "other secret")
    second = rotating.get_object("key", expires_in=60).url
    assert query(first)["X-Amz-Credential"] == query(second)["X-Amz-Credential"]
    assert query(first)["X-Amz-Signature"] != query(second)["X-Amz-Signature"]
    source.credentials = None
    with pytest.raises(CredentialsUnavailable):
        rotating.get_object("key", expires_in=60)


def test_a_new_day_brings_a_new_key() -> None:
    times = [NOW, NOW + timedelta(days=1)]
    credentials = StaticCredentials(Credentials("AKIDEXAMPLE", "hush"))
    lasting = Presigner(addressing=BUCKET, credentials=credentials, clock=lambda: times[0])
    lasting.get_object("key", expires_in=60)
    times.pop(0)
    fresh = Presigner(addressing=BUCKET, credentials=credentials, clock=lambda: times[0])
    assert lasting.get_object("key", expires_in=60) == fresh.get_object("key", expires_in=60)


def test_a_clock_without_a_time_zone_is_refused() -> None:
    naive = Presigner(
        addressing=BUCKET,
        credentials=StaticCredentials(Credentials("AKIDEXAMPLE", "hush")),
        clock=lambda: NOW.replace(tzinfo=None),
    )
    with pytest.raises(ValueError, match=r"time zone"):
        naive.get_object("key", expires_in=60)


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"host": "elsewhere"},
        {"content-length": "1"},
        {"content-type": ""},
        {"content-type": "two  spaces"},
        {"content-type": " leading"},
        {"content-type": "l\u00e4nger"},
        {"content-type": "a\r\nx-amz-acl: public-read"},
        {"bad name": "x"},
    ],
)
def test_a_header_that_would_not_arrive_as_signed_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"header|ASCII"):
        presigner().put_object("key", 1, headers=headers, expires_in=900)


@pytest.mark.parametrize("size", [-1, 5 * 1024**3 + 1, 1.0, True])
def test_an_object_of_one_put_has_a_size_within_s3s_bounds(size: int) -> None:
    with pytest.raises(ValueError, match="size"):
        presigner().put_object("key", size, headers={}, expires_in=900)
