"""What an operator's mistake or a broken network looks like through S3Store."""

import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest

from coordinator.local.bucket import LocalStore
from coordinator.signing.credentials import Credentials, StaticCredentials
from coordinator.storage.options import S3Options
from coordinator.storage.s3 import S3Store, open_s3_store
from coordinator.uploads.store import StoreMisconfigured, StoreOutcomeUnknown
from tests.contract.bench import RealBench, create, manifest_of, options_of, real_bench
from tests.contract.wire import Wire, wire_to
from tests.stores.known import SEAWEEDFS
from tests.stores.running import RunningStore


@pytest.fixture
def running(seaweedfs: LocalStore) -> RunningStore:
    return RunningStore("seaweedfs", seaweedfs, SEAWEEDFS)


@pytest.fixture
def keys(seaweedfs: LocalStore) -> Credentials:
    return Credentials(seaweedfs.access_key_id, seaweedfs.secret_access_key)


@pytest.fixture
def options(running: RunningStore) -> S3Options:
    return options_of(running)


@pytest.fixture
async def straight(running: RunningStore) -> AsyncIterator[RealBench]:
    async with real_bench(running) as bench:
        yield bench


@pytest.fixture
async def wire(seaweedfs: LocalStore) -> AsyncIterator[Wire]:
    async with wire_to(seaweedfs.endpoint_url) as wire:
        yield wire


@pytest.fixture
async def over_wire(options: S3Options, wire: Wire) -> AsyncIterator[S3Store]:
    async with open_s3_store(replace(options, endpoint_url=wire.endpoint_url)) as store:
        yield store


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port where nobody answers, for as long as the test runs."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


async def check(options: S3Options) -> None:
    async with open_s3_store(options) as store:
        await store.check()


@pytest.mark.parametrize(
    ("bucket", "code"), [("no-such-bucket", "NoSuchBucket"), ("not a bucket", "ValueError")]
)
async def test_a_wrong_bucket_is_named(options: S3Options, bucket: str, code: str) -> None:
    with pytest.raises(StoreMisconfigured, match=r"store\.bucket") as refused:
        await check(replace(options, bucket=bucket))
    assert refused.value.code == code


def wrongly_keyed(options: S3Options, keys: Credentials, setting: str) -> S3Options:
    wrong = replace(keys, **{setting: "wrong"})  # type: ignore[arg-type]  # both are strings
    return replace(options, credentials=StaticCredentials(wrong))


@pytest.mark.parametrize(
    ("setting", "code"),
    [("access_key_id", "InvalidAccessKeyId"), ("secret_access_key", "SignatureDoesNotMatch")],
)
async def test_wrong_credentials_are_named(
    options: S3Options, keys: Credentials, setting: str, code: str
) -> None:
    with pytest.raises(StoreMisconfigured, match=f"store.{setting}") as refused:
        await check(wrongly_keyed(options, keys, setting))
    assert refused.value.code == code


@pytest.mark.parametrize("setting", ["access_key_id", "secret_access_key"])
async def test_every_call_says_when_the_credentials_are_refused(
    options: S3Options, keys: Credentials, key: str, setting: str
) -> None:
    async with open_s3_store(wrongly_keyed(options, keys, setting)) as store:
        with pytest.raises(StoreMisconfigured):
            await create(store, key)
        with pytest.raises(StoreMisconfigured, match="403"):
            await store.head_object(key)


async def test_an_address_that_is_none_is_refused_before_anything_is_sent(options: S3Options) -> None:
    with pytest.raises(StoreMisconfigured, match=r"store\.endpoint_url"):
        await check(replace(options, endpoint_url="no address"))


async def test_of_a_store_that_is_down_nothing_is_known(
    options: S3Options, key: str, silent_port: int
) -> None:
    down = replace(options, endpoint_url=f"http://127.0.0.1:{silent_port}")
    async with open_s3_store(down) as store:
        with pytest.raises(StoreOutcomeUnknown) as lost:
            await create(store, key)
        with pytest.raises(StoreOutcomeUnknown, match=r"store\.endpoint_url"):
            await store.check()
    assert lost.value.code == "EndpointConnectionError"
    assert str(silent_port) not in str(lost.value)
    assert lost.value.__suppress_context__, "the SDK's error, with the URL in it, would be printed along"


@pytest.mark.parametrize("cut_after", [0, 12, 40])
async def test_a_lost_answer_to_create_leaves_one_upload_to_be_found(
    straight: RealBench, over_wire: S3Store, wire: Wire, key: str, cut_after: int
) -> None:
    wire.cut_after = cut_after
    with pytest.raises(StoreOutcomeUnknown):
        await create(over_wire, key)
    assert wire.answers_cut == 1, "the call was sent again"

    (found,) = await straight.store.list_multipart_uploads(key)
    await straight.store.abort_multipart_upload(key, found.multipart_upload_id)


async def test_a_lost_answer_to_complete_leaves_the_object(
    straight: RealBench, over_wire: S3Store, wire: Wire, key: str
) -> None:
    upload = await create(over_wire, key)
    await straight.put_part(key, upload, 1, b"whole")
    manifest = manifest_of(*await over_wire.list_parts(key, upload))

    wire.cut_after = 0
    with pytest.raises(StoreOutcomeUnknown):
        await over_wire.complete_multipart_upload(key, upload, manifest)
    assert wire.answers_cut == 1, "the call was sent again"

    found = await straight.store.head_object(key)
    assert found is not None
    assert (found.mark, found.size) == ("ours", 5)
