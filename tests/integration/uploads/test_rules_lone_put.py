"""Method `put`: a file of one part is one PutObject, with the same promises as an upload of many parts."""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from coordinator.errors import PartChanged, PartsMismatch, PartsMissing, StorageUnavailable
from coordinator.storage.faults import Refuse
from coordinator.uploads.model import Claim, Digest, Method
from coordinator.uploads.plan import GIB, MIB
from coordinator.uploads.requests import StartRequest, WantedPart
from coordinator.uploads.state import State
from coordinator.uploads.store import LonePut, StoreRefused
from tests.integration.uploads.house import ADA, DOWN, RULES, House, Replica, a_key, a_request
from tests.integration.uploads.lone_files import (
    ETAG,
    MD5,
    MORE_THAN_ONCE,
    ONCE,
    OTHER,
    OTHER_MD5,
    a_file,
    begun,
    send,
)


@pytest.fixture
def replica(house: House) -> Replica:
    return house.replica(ONCE)


@pytest.fixture
def other(house: House, replica: Replica) -> Replica:
    return house.replica(ONCE)


async def test_a_small_file_is_open_at_once_signed_put_and_completed(house: House, replica: Replica) -> None:
    upload, signed = await begun(replica)
    assert (upload.state, upload.method, upload.part_count) == (State.OPEN, Method.PUT, 1)
    assert house.store.calls == []
    etag = send(house, upload, signed)
    completed = await replica.service.complete(upload.id, ADA)
    assert (completed.state, completed.etag, completed.bytes_uploaded) == (State.COMPLETED, etag, 10)
    assert await house.events(upload) == ["created", "completed"]
    assert house.store.calls == ["head_object"]
    assert (await replica.service.complete(upload.id, ADA)).state is State.COMPLETED


async def test_its_url_is_bound_to_the_object_it_makes(replica: Replica) -> None:
    upload, signed = await begun(replica)
    assert signed.headers == {
        "content-disposition": "attachment; filename=\"film.mov\"; filename*=UTF-8''film.mov",
        "content-type": "application/octet-stream",
        "if-none-match": "*",
        "x-amz-meta-coordinator-mark": upload.mark,
    }
    query = parse_qs(urlsplit(signed.url).query)
    bound = query["X-Amz-SignedHeaders"][0].split(";")
    assert set(bound) == {*signed.headers, "content-length", "host"}
    assert "uploadId" not in query
    assert urlsplit(signed.url).path == f"/uploads/{upload.key}"


async def test_the_row_knows_how_long_the_url_lives_before_it_is_answered(
    house: House, replica: Replica
) -> None:
    upload, signed = await begun(replica)
    assert upload.urls_until is not None
    assert upload.urls_until > signed.expires_at + timedelta(seconds=50)
    unsigned, _ = await replica.service.start("acme", "ada", a_file(sign=0), RULES)
    assert unsigned.upload.urls_until is None
    [later] = await replica.service.sign(unsigned.upload.id, ADA, [WantedPart(1)])
    until = (await house.row(unsigned.upload)).urls_until
    assert until is not None
    assert until > later.expires_at


@pytest.mark.parametrize(
    ("request_of", "lone_put", "method"),
    [
        (a_file(b""), ONCE, Method.PUT),
        (a_request(8 * MIB), ONCE, Method.PUT),
        (replace(a_request(5 * GIB), part_size=5 * GIB), ONCE, Method.PUT),
        (a_request(8 * MIB + 1), ONCE, Method.MULTIPART),
        (a_request(None), ONCE, Method.MULTIPART),
        (a_file(), None, Method.MULTIPART),
        (a_file(), MORE_THAN_ONCE, Method.MULTIPART),
        (a_file(md5=MD5), MORE_THAN_ONCE, Method.PUT),
        (a_file(md5=MD5), ONCE, Method.PUT),
    ],
)
async def test_it_is_chosen_for_one_part_that_can_be_held_to_one_content(
    house: House, request_of: StartRequest, lone_put: LonePut | None, method: Method
) -> None:
    started, _ = await house.replica(lone_put).service.start("acme", "ada", request_of, RULES)
    assert started.upload.method is method
    assert (started.upload.multipart_upload_id is None) == (method is Method.PUT)


async def test_a_policy_switches_it_off(replica: Replica) -> None:
    rules = replace(RULES, small_files=Method.MULTIPART)
    started, [signed] = await replica.service.start("acme", "ada", a_file(md5=MD5), rules)
    assert started.upload.method is Method.MULTIPART
    assert signed.headers == {"content-md5": MD5}
    assert started.upload.digest is None


async def test_an_md5_named_at_the_start_is_in_every_url(replica: Replica) -> None:
    upload, signed = await begun(replica, a_file(md5=MD5))
    assert signed.headers["content-md5"] == MD5
    assert upload.digest == Digest("md5", MD5)
    [again] = await replica.service.sign(upload.id, ADA, [WantedPart(1)])
    assert again.headers == signed.headers
    with pytest.raises(PartChanged):
        await replica.service.sign(upload.id, ADA, [WantedPart(1, md5=OTHER_MD5)])
    with pytest.raises(PartChanged):
        await replica.service.complete(upload.id, ADA, digest=Digest("md5", OTHER_MD5))


async def test_without_the_condition_the_md5_holds_the_url_to_one_content(house: House) -> None:
    replica = house.replica(MORE_THAN_ONCE)
    upload, signed = await begun(replica, a_file(md5=MD5))
    assert "if-none-match" not in signed.headers
    send(house, upload, signed)
    await replica.service.complete(upload.id, ADA)
    with pytest.raises(StoreRefused, match="BadDigest"):
        send(house, upload, signed, OTHER)
    send(house, upload, signed)
    assert (await replica.service.get(upload.id, ADA)).etag == ETAG


async def test_what_the_etag_repeats_is_proven(house: House, replica: Replica) -> None:
    upload, signed = await begun(replica, a_file(md5=MD5))
    send(house, upload, signed)
    assert (await replica.service.complete(upload.id, ADA)).digest == Digest("md5", MD5, verified=True)
    upload, signed = await begun(replica)
    send(house, upload, signed)
    claimed = Digest("md5", OTHER_MD5)
    assert (await replica.service.complete(upload.id, ADA, digest=claimed)).digest == claimed


async def test_a_second_put_is_refused_and_changes_nothing(house: House, replica: Replica) -> None:
    upload, signed = await begun(replica)
    send(house, upload, signed)
    with pytest.raises(StoreRefused, match="PreconditionFailed"):
        send(house, upload, signed, OTHER)
    completed = await replica.service.complete(upload.id, ADA)
    assert completed.etag == ETAG
    with pytest.raises(StoreRefused, match="PreconditionFailed"):
        send(house, upload, signed, OTHER)


async def test_complete_before_the_put_names_the_part_and_stays_open(house: House, replica: Replica) -> None:
    upload, signed = await begun(replica)
    with pytest.raises(PartsMissing) as missing:
        await replica.service.complete(upload.id, ADA)
    assert missing.value.members == {"part_numbers": [1]}
    send(house, upload, signed)
    assert (await replica.service.complete(upload.id, ADA)).state is State.COMPLETED


async def test_another_etag_than_the_reported_one_is_not_completed(house: House, replica: Replica) -> None:
    upload, signed = await begun(replica)
    send(house, upload, signed)
    await replica.service.record(upload.id, ADA, [Claim(1, etag="0" * 32)])
    with pytest.raises(PartsMismatch) as differs:
        await replica.service.complete(upload.id, ADA)
    assert differs.value.members == {"part_numbers": [1]}
    await replica.service.record(upload.id, ADA, [Claim(1, etag=ETAG)])
    assert (await replica.service.complete(upload.id, ADA)).state is State.COMPLETED


async def test_asking_the_store_finds_what_was_never_reported(house: House, replica: Replica) -> None:
    upload, signed = await begun(replica)
    assert (await replica.service.parts(upload.id, ADA, refresh=True))[0] == []
    send(house, upload, signed)
    [part], _ = await replica.service.parts(upload.id, ADA, refresh=True)
    assert (part.part_number, part.size, part.etag) == (1, 10, ETAG)


async def test_the_same_file_again_finds_it_and_what_was_sent(house: House, replica: Replica) -> None:
    request = replace(a_file(), fingerprint="0" * 64)
    upload, signed = await begun(replica, request)
    send(house, upload, signed)
    again, missing = await replica.service.start("acme", "ada", request, RULES)
    assert (again.kind, again.upload.id, missing) == ("resumed", upload.id, [])
    assert (await replica.service.complete(upload.id, ADA)).state is State.COMPLETED


async def test_another_content_of_the_same_fingerprint_is_refused(replica: Replica) -> None:
    request = replace(a_file(md5=MD5), fingerprint="0" * 64)
    await begun(replica, request)
    with pytest.raises(PartChanged):
        await replica.service.start("acme", "ada", replace(request, md5=OTHER_MD5), RULES)


async def test_a_start_whose_answer_was_lost_is_the_same_upload(replica: Replica, other: Replica) -> None:
    first, _ = await replica.service.start("acme", "ada", a_file(), RULES, a_key())
    again, [signed] = await other.service.start("acme", "ada", a_file(), RULES, a_key())
    assert (again.kind, again.upload.id) == ("replayed", first.upload.id)
    assert signed.headers["x-amz-meta-coordinator-mark"] == first.upload.mark


async def test_a_store_that_does_not_answer_leaves_it_open(house: House, replica: Replica) -> None:
    upload, signed = await begun(replica)
    send(house, upload, signed)
    house.store.script("head_object", Refuse(DOWN))
    with pytest.raises(StorageUnavailable):
        await replica.service.complete(upload.id, ADA)
    assert (await house.row(upload)).state is State.OPEN
    assert (await replica.service.complete(upload.id, ADA)).state is State.COMPLETED
