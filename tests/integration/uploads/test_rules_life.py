"""Uploads that go well, and what is asked of them that does not fit."""

import asyncio
from datetime import timedelta

import pytest

from coordinator.errors import (
    AlreadyCompleted,
    IdempotencyInProgress,
    IdempotencyKeyReuse,
    NotCompleted,
    NotFound,
    PartChanged,
    PartsMismatch,
    PartsMissing,
    StreamEnded,
    UploadGone,
    ValidationFailed,
)
from coordinator.storage.faults import FailBefore, Hold
from coordinator.uploads.model import Claim, Digest, Identity, Upload
from coordinator.uploads.plan import MIB
from coordinator.uploads.requests import WantedPart
from coordinator.uploads.state import State
from tests.integration.uploads.house import ADA, RULES, House, Replica, a_key, a_request, now, started, until

MD5, OTHER_MD5 = "AAAAAAAAAAAAAAAAAAAAAA==", "BBBBBBBBBBBBBBBBBBBBBA=="


async def test_a_whole_life(house: House, replica: Replica) -> None:
    service = replica.service
    begun, signed = await service.start("acme", "ada", a_request(sign=2), RULES)
    upload = begun.upload
    assert (begun.kind, upload.state, upload.part_count) == ("created", State.OPEN, 3)
    assert [(part.part_number, part.offset, part.size) for part in signed] == [
        (1, 0, 8 * MIB),
        (2, 8 * MIB, 8 * MIB),
    ]
    assert all(f"/uploads/{upload.key}?partNumber=" in part.url for part in signed)
    [third] = await service.sign(upload.id, ADA, [WantedPart(3)])
    assert (third.offset, third.size) == (16 * MIB, 4 * MIB)
    house.send(upload)
    recorded = await service.record(upload.id, ADA, [Claim(number) for number in (3, 1, 2)])
    assert (recorded.parts_uploaded, recorded.bytes_uploaded) == (3, 20 * MIB)
    with pytest.raises(NotCompleted):
        await service.download(upload.id, ADA)

    digest = Digest("sha256", "s")
    done = await service.complete(upload.id, ADA, digest=digest)
    stored = await house.store.head_object(upload.key)
    assert stored is not None
    assert (done.state, done.etag, done.digest, stored.size) == (
        State.COMPLETED,
        stored.etag,
        digest,
        20 * MIB,
    )
    assert (done.parts_uploaded, done.bytes_uploaded, done.wake_at, done.manifest) == (
        3,
        20 * MIB,
        None,
        None,
    )
    assert stored.mark == done.mark
    assert await house.events(upload) == ["created", "opened", "completing", "completed"]
    assert (await service.download(upload.id, ADA)).url.startswith(
        f"https://store.example/uploads/{upload.key}?"
    )


async def test_a_completed_upload_says_so_ever_after(house: House, replica: Replica) -> None:
    upload = await house.sent(replica)
    done = await replica.service.complete(upload.id, ADA)
    again = await replica.service.complete(upload.id, ADA, size=done.size)
    assert (again.state, again.epoch, again.etag) == (State.COMPLETED, done.epoch, done.etag)
    for asked in (
        replica.service.complete(upload.id, ADA, size=1),
        replica.service.abort(upload.id, ADA),
        replica.service.sign(upload.id, ADA, [WantedPart(1)]),
        replica.service.record(upload.id, ADA, [Claim(1)]),
    ):
        with pytest.raises(AlreadyCompleted):
            await asked
    assert house.completes() == 1
    assert "abort_multipart_upload" not in house.store.calls


async def test_an_empty_file(house: House, replica: Replica) -> None:
    begun, [only] = await replica.service.start("acme", "ada", a_request(0, sign=5), RULES)
    assert (only.part_number, only.size) == (1, 0)
    with pytest.raises(PartsMissing):
        await replica.service.complete(begun.upload.id, ADA)
    house.send(begun.upload)
    assert (await replica.service.complete(begun.upload.id, ADA)).state is State.COMPLETED


async def test_a_client_that_never_reports_completes_all_the_same(house: House, replica: Replica) -> None:
    upload = await house.sent(replica)
    assert await replica.service.parts(upload.id, ADA) == ([], None)
    parts, after = await replica.service.parts(upload.id, ADA, refresh=True, limit=2)
    assert ([part.part_number for part in parts], after) == ([1, 2], 2)
    assert all(part.etag for part in parts)
    assert (await replica.service.complete(upload.id, ADA)).state is State.COMPLETED


async def test_only_parts_of_the_plan_that_nobody_reported_are_merged(house: House, replica: Replica) -> None:
    upload = await started(replica)
    assert upload.multipart_upload_id is not None
    await replica.service.record(upload.id, ADA, [Claim(1, etag="reported")])
    for number, size in ((1, 8 * MIB), (2, 8 * MIB), (3, 4 * MIB - 1), (4, 8 * MIB)):
        house.store.put_part(upload.key, upload.multipart_upload_id, number, size)
    parts, _ = await replica.service.parts(upload.id, ADA, refresh=True)
    assert [part.part_number for part in parts] == [1, 2]
    assert parts[0].etag == "reported"


async def test_what_is_missing_or_differs_is_named_and_the_upload_stays_open(
    house: House, replica: Replica
) -> None:
    upload = await started(replica)
    house.send(upload, 2)
    with pytest.raises(PartsMissing) as missing:
        await replica.service.complete(upload.id, ADA)
    assert missing.value.members == {"part_numbers": [1, 3]}
    house.send(upload)
    await replica.service.record(upload.id, ADA, [Claim(2, etag="another")])
    with pytest.raises(PartsMismatch) as differing:
        await replica.service.complete(upload.id, ADA)
    assert differing.value.members == {"part_numbers": [2]}
    assert (await house.row(upload)).state is State.OPEN
    assert house.completes() == 0
    await replica.service.record(upload.id, ADA, [Claim(2, etag=(await house.manifest(upload))[1].etag)])
    assert (await replica.service.complete(upload.id, ADA)).state is State.COMPLETED


async def test_nobody_reaches_another_owner_s_upload(replica: Replica) -> None:
    upload = await started(replica)
    for stranger in (Identity("acme", "eve"), Identity("evil", "ada"), Identity("evil", None)):
        for asked in (
            replica.service.get(upload.id, stranger),
            replica.service.sign(upload.id, stranger, [WantedPart(1)]),
            replica.service.record(upload.id, stranger, [Claim(1)]),
            replica.service.complete(upload.id, stranger),
            replica.service.abort(upload.id, stranger),
            replica.service.parts(upload.id, stranger),
            replica.service.download(upload.id, stranger),
        ):
            with pytest.raises(NotFound):
                await asked
    assert (await replica.service.get(upload.id, Identity("acme", None))).state is State.OPEN


async def test_no_url_outlives_what_the_row_says(house: House, replica: Replica) -> None:
    upload = await started(replica)
    [signed] = await replica.service.sign(upload.id, ADA, [WantedPart(1)])
    row = await house.row(upload)
    assert row.urls_until == signed.expires_at + timedelta(seconds=60)
    await replica.service.sign(upload.id, ADA, [WantedPart(2)])
    assert (await house.row(upload)).urls_until == row.urls_until
    await replica.service.abort(upload.id, ADA)
    with pytest.raises(UploadGone):
        await replica.service.sign(upload.id, ADA, [WantedPart(1)])
    late = (await house.row(upload)).wake_at
    assert late is not None
    assert late >= row.urls_until + timedelta(minutes=59)


async def stream(replica: Replica) -> Upload:
    upload = await started(replica, None)
    assert (upload.size, upload.part_count, upload.part_size) == (None, None, 16 * MIB)
    return upload


async def test_a_stream_ends_with_its_first_smaller_part(house: House, replica: Replica) -> None:
    upload, service = await stream(replica), replica.service
    assert upload.multipart_upload_id is not None
    with pytest.raises(ValidationFailed):
        await service.sign(upload.id, ADA, [WantedPart(1)])
    await service.sign(upload.id, ADA, [WantedPart(1, 16 * MIB), WantedPart(2, 16 * MIB)])
    assert (await house.row(upload)).part_count is None
    [last] = await service.sign(upload.id, ADA, [WantedPart(3, 7)])
    assert (last.offset, last.size) == (32 * MIB, 7)
    assert (await house.row(upload)).part_count == 3
    with pytest.raises(StreamEnded) as later:
        await service.sign(upload.id, ADA, [WantedPart(4, 16 * MIB)])
    assert (later.value.status, later.value.members) == (409, {"part_numbers": [4]})
    with pytest.raises(ValidationFailed):
        await service.sign(upload.id, ADA, [WantedPart(2, 9)])

    for number, size in ((1, 16 * MIB), (2, 16 * MIB), (3, 7)):
        house.store.put_part(upload.key, upload.multipart_upload_id, number, size)
    for wrong in (None, 32 * MIB, 48 * MIB + 1, 2**53 - 1):
        with pytest.raises(ValidationFailed):
            await service.complete(upload.id, ADA, size=wrong)
    with pytest.raises(PartsMismatch):
        await service.complete(upload.id, ADA, size=32 * MIB + 8)
    done = await service.complete(upload.id, ADA, size=32 * MIB + 7)
    assert (done.state, done.size, done.part_count) == (State.COMPLETED, 32 * MIB + 7, 3)


@pytest.mark.parametrize("size", [0, 1, 16 * MIB])
async def test_a_stream_may_be_one_part(house: House, replica: Replica, size: int) -> None:
    upload = await stream(replica)
    assert upload.multipart_upload_id is not None
    await replica.service.sign(upload.id, ADA, [WantedPart(1, size)])
    house.store.put_part(upload.key, upload.multipart_upload_id, 1, size)
    done = await replica.service.complete(upload.id, ADA, size=size)
    assert (done.state, done.size, done.part_count) == (State.COMPLETED, size, 1)


async def test_two_ends_of_one_stream_agree_on_the_first(
    house: House, replica: Replica, other: Replica
) -> None:
    upload = await stream(replica)
    answers = await asyncio.gather(
        replica.service.sign(upload.id, ADA, [WantedPart(2, 7)]),
        other.service.sign(upload.id, ADA, [WantedPart(3, 7)]),
        return_exceptions=True,
    )
    end = (await house.row(upload)).part_count
    refused = [answer for answer in answers if isinstance(answer, BaseException)]
    # whoever lost asked for a part after the end, or for a smaller one before it
    assert [type(refusal) for refusal in refused] == [StreamEnded if end == 2 else ValidationFailed]


async def test_another_digest_than_the_recorded_one_is_another_file(replica: Replica) -> None:
    upload = await started(replica)
    await replica.service.record(upload.id, ADA, [Claim(1, md5=MD5)])
    [signed] = await replica.service.sign(upload.id, ADA, [WantedPart(1, md5=MD5)])
    assert signed.headers["content-md5"] == MD5
    with pytest.raises(PartChanged) as refused:
        await replica.service.sign(upload.id, ADA, [WantedPart(1, md5=OTHER_MD5), WantedPart(2, md5=MD5)])
    assert refused.value.members == {"part_numbers": [1]}


async def test_a_start_repeated_with_its_key_is_the_same_upload(
    house: House, replica: Replica, other: Replica
) -> None:
    begun, _ = await replica.service.start("acme", "ada", a_request(), RULES, a_key())
    again, signed = await other.service.start("acme", "ada", a_request(sign=1), RULES, a_key())
    assert (again.kind, again.upload.id, len(signed)) == ("replayed", begun.upload.id, 1)
    assert house.store.calls.count("create_multipart_upload") == 1
    with pytest.raises(IdempotencyKeyReuse):
        await replica.service.start("acme", "ada", a_request(1), RULES, a_key(content=b"else"))


async def test_a_repetition_while_the_first_still_runs_waits_its_turn(
    house: House, replica: Replica, other: Replica
) -> None:
    hold = Hold()
    house.store.script("create_multipart_upload", hold)
    first = asyncio.create_task(replica.service.start("acme", "ada", a_request(), RULES, a_key()))
    await hold.reached.wait()
    for service in (other.service, replica.service):
        with pytest.raises(IdempotencyInProgress):
            await service.start("acme", "ada", a_request(), RULES, a_key())
    hold.released.set()
    begun, _ = await first
    again, _ = await other.service.start("acme", "ada", a_request(), RULES, a_key())
    assert (again.upload.id, again.upload.state) == (begun.upload.id, State.OPEN)
    assert house.store.calls.count("create_multipart_upload") == 1


async def test_a_live_file_is_resumed_with_what_is_missing(
    house: House, replica: Replica, other: Replica
) -> None:
    upload = await started(replica, fingerprint="f" * 64)
    await replica.service.record(upload.id, ADA, [Claim(1)])
    again, signed = await other.service.start("acme", "ada", a_request(sign=5, fingerprint="f" * 64), RULES)
    assert (again.kind, again.upload.id) == ("resumed", upload.id)
    assert [part.part_number for part in signed] == [2, 3]


async def test_a_resumed_upload_asks_for_no_part_that_the_store_has(
    house: House, replica: Replica, other: Replica
) -> None:
    upload = await started(replica, fingerprint="f" * 64)
    house.send(upload, 2)
    _, signed = await other.service.start("acme", "ada", a_request(sign=5, fingerprint="f" * 64), RULES)
    assert [part.part_number for part in signed] == [1, 3]
    house.store.script("list_parts", FailBefore())
    _, signed = await other.service.start("acme", "ada", a_request(sign=5, fingerprint="f" * 64), RULES)
    assert [part.part_number for part in signed] == [1, 3]


async def test_a_file_whose_upload_the_store_has_lost_starts_anew(
    house: House, replica: Replica, other: Replica
) -> None:
    upload = await started(replica, fingerprint="f" * 64)
    house.store.lose(upload)
    begun, _ = await other.service.start("acme", "ada", a_request(fingerprint="f" * 64), RULES)
    assert (begun.kind, begun.upload.state) == ("created", State.OPEN)
    assert begun.upload.id != upload.id
    assert (await house.row(upload)).state is State.FAILED


async def test_a_key_names_the_upload_that_took_a_lost_one_s_place(house: House, replica: Replica) -> None:
    request = a_request(fingerprint="f" * 64)
    lost, _ = await replica.service.start("acme", "ada", request, RULES, a_key("zero"))
    house.store.lose(lost.upload)
    anew, _ = await replica.service.start("acme", "ada", request, RULES, a_key("one"))
    again, _ = await replica.service.start("acme", "ada", request, RULES, a_key("one"))
    assert anew.upload.id != lost.upload.id
    assert (again.kind, again.upload.id) == ("replayed", anew.upload.id)


async def test_a_fingerprint_of_another_size_is_refused(replica: Replica) -> None:
    await started(replica, fingerprint="f" * 64)
    with pytest.raises(ValidationFailed, match="fingerprint"):
        await replica.service.start("acme", "ada", a_request(size=7, fingerprint="f" * 64), RULES)


async def test_reports_keep_an_upload_alive(house: House, replica: Replica) -> None:
    upload = await started(replica)
    aged = await house.age(upload, timedelta(minutes=30))
    assert aged.expires_at < now() + timedelta(minutes=31)

    async def alive() -> bool:
        return (await replica.service.record(upload.id, ADA, [Claim(1)])).expires_at > now() + timedelta(
            minutes=59
        )

    await until(alive)
