"""The SDK's client asks the configured store, whatever the environment says."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from coordinator.signing.credentials import Credentials, StaticCredentials
from coordinator.storage.connection import connect
from coordinator.storage.options import S3Options
from coordinator.storage.s3 import S3Store, open_s3_store
from coordinator.uploads.model import MultipartUploadId
from coordinator.uploads.store import StoreMisconfigured
from tests.unit.storage.canned import Canned, answer

AWS = S3Options(
    endpoint_url=None,
    region="us-east-1",
    bucket="uploads",
    credentials=StaticCredentials(Credentials("the-key-id", "the-secret", "the-session-token")),
)


def test_options_do_not_show_their_secrets() -> None:
    assert "the-secret" not in repr(AWS)
    assert "the-session-token" not in repr(AWS)


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1"])
async def test_without_an_endpoint_it_is_the_regions_own(
    monkeypatch: pytest.MonkeyPatch, region: str
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://elsewhere.example")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://elsewhere.example")
    async with connect(replace(AWS, region=region)) as clients:
        for client in (clients.usual, clients.completing):
            assert cast("Any", client).meta.endpoint_url == f"https://s3.{region}.amazonaws.com"


async def test_a_store_on_this_machine_is_asked_without_the_networks_proxy(
    monkeypatch: pytest.MonkeyPatch, canned: Canned
) -> None:
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    canned.answers = [answer(404), answer(200, "", 'ETag: "etag"')]
    async with open_s3_store(replace(AWS, endpoint_url=canned.endpoint_url)) as store:
        assert await store.head_object("key") is None
        assert await _relayed(store) == "etag"
    assert canned.requests[0].startswith("head /uploads/key?")
    assert canned.requests[1].startswith("put /uploads/key?")


async def test_what_goes_to_a_far_store_goes_through_the_networks_proxy(
    monkeypatch: pytest.MonkeyPatch, canned: Canned
) -> None:
    monkeypatch.setenv("http_proxy", canned.endpoint_url)
    monkeypatch.setenv("no_proxy", "")
    canned.answers = [answer(200, "", 'ETag: "etag"'), answer(404)]
    async with open_s3_store(replace(AWS, endpoint_url="http://store.example")) as store:
        assert await _relayed(store) == "etag"
        assert await store.head_object("key") is None
    assert canned.requests[0].startswith("put http://store.example/uploads/key?")
    assert canned.requests[1].startswith("head http://store.example/uploads/key?")


async def test_a_part_trusts_the_certificates_that_the_sdk_is_told_to(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told = tmp_path / "own.pem"
    told.write_text("no certificate")
    monkeypatch.setenv("AWS_CA_BUNDLE", str(told))
    with pytest.raises(StoreMisconfigured, match="AWS_CA_BUNDLE"):
        async with connect(AWS):
            pass


async def _relayed(store: S3Store) -> str:
    async def body() -> AsyncIterator[bytes]:
        yield b"part"

    return await store.upload_part("key", MultipartUploadId("upload"), 1, body(), size=4)


@pytest.mark.parametrize("wrong", [{"endpoint_url": "no address"}, {"region": "no region"}])
async def test_what_no_client_can_be_made_of_is_refused_at_once(wrong: dict[str, str]) -> None:
    with pytest.raises(StoreMisconfigured, match=r"store\.endpoint_url, store\.region"):
        async with connect(replace(AWS, **wrong)):  # type: ignore[arg-type]  # both settings are strings
            pass
