"""The signer against botocore, byte for byte, over everything a deployment or a user may bring."""

import base64
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, Literal
from unittest import mock

import botocore.compat
import botocore.credentials
import botocore.session
import pytest
from botocore.config import Config
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coordinator.signing.credentials import Credentials, StaticCredentials
from coordinator.signing.presigner import Addressing, PresignedRequest, Presigner

NOW = datetime(2026, 11, 21, 7, 8, 9, tzinfo=UTC)
ENDPOINTS = (
    "https://s3.eu-west-1.amazonaws.com",
    "https://s3.amazonaws.com",
    "https://S3.Example.com/",
    "https://account.r2.cloudflarestorage.com:443",
    "http://localhost:9000",
    "http://store:80",
    "https://127.0.0.1:8333",
    "http://192.168.1.20",
    "http://[::1]:9000",
)
IP_ENDPOINTS = ("https://127", "http://192", "http://[")
REGIONS = ("us-east-1", "eu-west-1", "auto", "cn-north-1", "garage")
BUCKETS = ("bucket", "my-bucket", "my.bucket", "a..b", "My_Bucket", "ab", "192.168.1.1", "-x-", "x" * 64)


@cache
def botocore_session() -> Any:
    return botocore.session.Session()


@cache
def botocore_client(endpoint_url: str, region: str, style: Literal["path", "virtual"]) -> Any:
    return botocore_session().create_client(
        "s3",
        region_name=region,
        endpoint_url=endpoint_url,
        aws_access_key_id="replaced",
        aws_secret_access_key="for each URL",
        config=Config(
            signature_version="s3v4",
            s3={"addressing_style": style},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )


@dataclass(frozen=True)
class Deployment:
    addressing: Addressing
    credentials: Credentials
    now: datetime

    @property
    def presigner(self) -> Presigner:
        source = StaticCredentials(self.credentials)
        return Presigner(addressing=self.addressing, credentials=source, clock=lambda: self.now)

    def botocore_url(self, operation: str, parameters: dict[str, Any], expires_in: int) -> str:
        at = self.addressing
        client = botocore_client(at.endpoint_url, at.region, at.style)
        client._request_signer._credentials = botocore.credentials.Credentials(
            self.credentials.access_key_id, self.credentials.secret_access_key, self.credentials.session_token
        )
        parameters = {"Bucket": at.bucket, **parameters}
        naive = self.now.replace(tzinfo=None)
        with mock.patch("botocore.auth.get_current_datetime", return_value=naive):
            url: str = client.generate_presigned_url(operation, Params=parameters, ExpiresIn=expires_in)
        return url


def resolvable(addressing: Addressing) -> bool:
    """botocore would make `my.bucket.127.0.0.1` of the others; `test_addressing.py` says what we do."""
    at_ip = addressing.endpoint_url.startswith(IP_ENDPOINTS)
    return not (addressing.style == "virtual" and at_ip and "." in addressing.bucket)


def base64_of(length: int) -> st.SearchStrategy[str]:
    return st.binary(min_size=length, max_size=length).map(lambda digest: base64.b64encode(digest).decode())


text = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
awkward = st.sampled_from([*" +~/%.?#&=;:@'*\\<\"$_-aB7é日🎉\u0301\0\n\t", "//", "%2F", "%25", "./", "../"])
keys = text | st.lists(awkward, min_size=1, max_size=25).map("".join)
upload_ids = text | st.text("abcXYZ019._~+/=-", min_size=1, max_size=130)
styles: st.SearchStrategy[Literal["path", "virtual"]] = st.sampled_from(["path", "virtual"])
addressings = st.builds(
    Addressing, st.sampled_from(ENDPOINTS), st.sampled_from(REGIONS), st.sampled_from(BUCKETS), styles
)
session_tokens = st.none() | text | st.text("aZ9+/=", min_size=1, max_size=900)
clocks = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - Hypothesis wants naive bounds
deployments = st.builds(
    Deployment, addressings.filter(resolvable), st.builds(Credentials, text, text, session_tokens), clocks
)
lifetimes = st.integers(1, 604_800)
part_numbers = st.integers(1, 10_000)
header_values = st.from_regex(r"[!-~]+( [!-~]+)*", fullmatch=True)
sizes = st.integers(0, 5 * 1024**3) | st.sampled_from([0, 1, 5 * 1024**3])
checksum_lengths = {"crc32": 4, "crc32c": 4, "crc64nvme": 8, "sha1": 20, "sha256": 32}
checksums = st.fixed_dictionaries(
    {}, optional={algorithm: base64_of(length) for algorithm, length in checksum_lengths.items()}
)

thorough = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def test_botocore_signs_in_python() -> None:
    assert not botocore.compat.HAS_CRT


@thorough
@given(
    deployment=deployments,
    expires_in=lifetimes,
    key=keys,
    multipart_upload_id=upload_ids,
    part_number=part_numbers,
    size=sizes,
)
def test_a_part_is_signed_as_botocore_signs_it(
    *,
    deployment: Deployment,
    expires_in: int,
    key: str,
    multipart_upload_id: str,
    part_number: int,
    size: int,
) -> None:
    batch = deployment.presigner.multipart(key, multipart_upload_id, expires_in=expires_in)
    parameters = {
        "Key": key,
        "PartNumber": part_number,
        "UploadId": multipart_upload_id,
        "ContentLength": size,
    }
    url = deployment.botocore_url("upload_part", parameters, expires_in)
    expected = PresignedRequest("PUT", url, {}, batch.expires_at)
    assert batch.part(part_number, size) == expected
    assert batch.parts([(part_number, size)]) == [url]


@thorough
@given(
    deployment=deployments,
    key=keys,
    part_number=part_numbers,
    size=sizes,
    md5=st.none() | base64_of(16),
    checksums=checksums,
)
def test_digests_are_signed_as_botocore_signs_them(
    *,
    deployment: Deployment,
    key: str,
    part_number: int,
    size: int,
    md5: str | None,
    checksums: dict[str, str],
) -> None:
    parameters: dict[str, Any] = {
        "Key": key,
        "PartNumber": part_number,
        "UploadId": "u+/=",
        "ContentLength": size,
        **({} if md5 is None else {"ContentMD5": md5}),
        **{f"Checksum{algorithm.upper()}": value for algorithm, value in checksums.items()},
    }
    batch = deployment.presigner.multipart(key, "u+/=", expires_in=900)
    request = batch.part(part_number, size, md5=md5, checksums=checksums)
    assert request.url == deployment.botocore_url("upload_part", parameters, 900)
    sent = {f"x-amz-checksum-{algorithm}": value for algorithm, value in checksums.items()}
    assert request.headers == (sent if md5 is None else {"content-md5": md5, **sent})


@thorough
@given(
    deployment=deployments,
    key=keys,
    size=sizes,
    md5=st.none() | base64_of(16),
    once=st.booleans(),
    encoding=st.none() | st.just("gzip"),
    disposition=header_values,
    mark=header_values,
)
def test_an_object_is_signed_as_botocore_signs_it(
    *,
    deployment: Deployment,
    key: str,
    size: int,
    md5: str | None,
    once: bool,
    encoding: str | None,
    disposition: str,
    mark: str,
) -> None:
    said = {
        "ContentMD5": ("content-md5", md5),
        "IfNoneMatch": ("if-none-match", "*" if once else None),
        "ContentEncoding": ("content-encoding", encoding),
        "ContentType": ("content-type", "text/plain; charset=utf-8"),
        "ContentDisposition": ("content-disposition", disposition),
    }
    parameters: dict[str, Any] = {name: value for name, (_, value) in said.items() if value is not None}
    headers = {header: value for header, value in said.values() if value is not None}
    headers["x-amz-meta-coordinator-mark"] = mark
    request = deployment.presigner.put_object(key, size, headers=headers, expires_in=900)
    parameters |= {"Key": key, "ContentLength": size, "Metadata": {"coordinator-mark": mark}}
    assert request.url == deployment.botocore_url("put_object", parameters, 900)
    assert (request.method, request.headers) == ("PUT", headers)


@thorough
@given(
    deployment=deployments,
    expires_in=lifetimes,
    key=keys,
    version_id=st.none() | text,
    disposition=st.none() | text | st.just(""),
    content_type=st.none() | text,
)
def test_a_download_is_signed_as_botocore_signs_it(
    *,
    deployment: Deployment,
    expires_in: int,
    key: str,
    version_id: str | None,
    disposition: str | None,
    content_type: str | None,
) -> None:
    given_parameters = {
        "Key": key,
        "ResponseContentDisposition": disposition,
        "ResponseContentType": content_type,
        "VersionId": version_id,
    }
    parameters = {name: value for name, value in given_parameters.items() if value is not None}
    request = deployment.presigner.get_object(
        key,
        expires_in=expires_in,
        version_id=version_id,
        response_content_disposition=disposition,
        response_content_type=content_type,
    )
    assert request.method == "GET"
    assert request.headers == {}
    assert request.url == deployment.botocore_url("get_object", parameters, expires_in)
    asked = deployment.presigner.head_object(key, expires_in=expires_in)
    assert (asked.method, asked.headers) == ("HEAD", {})
    assert asked.url == deployment.botocore_url("head_object", {"Key": key}, expires_in)


@pytest.mark.parametrize(
    "key", ["/", "//", "/a", "a/", ".", "..", "a/./b", "a/../b", "a//b", "a?b#c", "a%2Fb", "+", "~"]
)
@pytest.mark.parametrize("style", ["path", "virtual"])
def test_keys_that_other_signers_normalise(key: str, style: Literal["path", "virtual"]) -> None:
    addressing = Addressing("http://localhost:9000", "us-east-1", "bucket", style)
    deployment = Deployment(addressing, Credentials("AKIDEXAMPLE", "secret", "a+/=token"), NOW)
    parameters = {"Key": key, "PartNumber": 1, "UploadId": "u", "ContentLength": 1}
    request = deployment.presigner.multipart(key, "u", expires_in=60).part(1, 1)
    assert request.url == deployment.botocore_url("upload_part", parameters, 60)


def test_a_long_batch_is_signed_as_botocore_signs_each_part() -> None:
    addressing = Addressing("https://s3.eu-west-1.amazonaws.com", "eu-west-1", "my-bucket", "virtual")
    deployment = Deployment(addressing, Credentials("AKIDEXAMPLE", "secret", "t" * 900), NOW)
    items = [(number, 8 * 1024**2 if number % 7 else number) for number in (*range(1, 150), 9_999, 10_000)]
    batch = deployment.presigner.multipart("a/b c.bin", "upload+/=", expires_in=3600)
    for (number, size), url in zip(items, batch.parts(iter(items)), strict=True):
        parameters = {
            "Key": "a/b c.bin",
            "PartNumber": number,
            "UploadId": "upload+/=",
            "ContentLength": size,
        }
        assert url == deployment.botocore_url("upload_part", parameters, 3600)
        assert url == batch.part(number, size).url
