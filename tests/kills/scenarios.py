"""The lives of uploads that together reach every point: what a client does, what the store does to us, how it ends.

Each plays the same whether and wherever the server dies meanwhile: `Stage.arm` marks from where on it may. What a
scenario answers is the state that the client was told last, which must be the one that the audit finds.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import httpx2

from tests.e2e.device import Json
from tests.kills.audit import End
from tests.kills.stage import Stage
from tests.kills.wire import Answer, answer_lost, promised, refused, request_lost

__all__ = ["SCENARIOS", "Scenario"]

Play = Callable[[Stage], Awaitable[str | None]]

COMPLETED: Final = ("completed", None)
ABORTED: Final = ("aborted", "client")

SMALL: Final = {"policy": "default"}
"""Wishes for an upload of method `put`."""

NO_ANSWER: Final = refused(500, "InternalError")
NOT_SO: Final = refused(400, "InvalidPart")


@dataclass(frozen=True, slots=True)
class Scenario:
    play: Play
    ends: tuple[End, ...]
    nothing: bool = False
    """Whether there may be no upload at all: its client gave up before it was known."""
    slow: bool = False
    """Whether it is played for those points alone that no other one reaches."""

    @property
    def name(self) -> str:
        return self.play.__name__


def state_told(answer: httpx2.Response) -> str:
    """By an answer to complete or abort."""
    said: Json = answer.json()
    if answer.status_code == 200:
        return str(said["state"])
    told = "completed" if said["code"] == "already_completed" else said.get("state")
    assert told, f"no word of how it ended: {said}"
    return str(told)


async def a_whole_life(stage: Stage) -> str:
    stage.arm()
    return state_told(await stage.complete(await stage.sent()))


async def a_stream(stage: Stage) -> str:
    wishes = {"size": None, "sign": 0}
    upload = await stage.started(**wishes)
    stage.arm()
    await stage.send(upload, [{"part_number": 1, "size": len(stage.content)}])
    return state_told(await stage.complete(upload, size=len(stage.content)))


async def a_create_whose_answer_is_lost(stage: Stage) -> str:
    stage.wire.once("create_multipart_upload", answer_lost)
    stage.arm()
    return state_told(await stage.complete(await stage.sent()))


async def a_create_taken_up_later(stage: Stage) -> str:
    """A second upload stands under the key as well: a create of ours that was sent twice on its way."""

    async def twice(pass_on: Answer) -> None:
        await pass_on()
        await pass_on()

    stage.wire.once("create_multipart_upload", twice)
    stage.wire.once("list_multipart_uploads", NO_ANSWER)
    stage.arm()
    return state_told(await stage.complete(await stage.sent()))


async def a_create_given_up(stage: Stage) -> None:
    stage.wire.always("create_multipart_upload", NO_ANSWER)
    stage.arm()
    with suppress(httpx2.TransportError):
        await stage.ask_start()
    await stage.audit.pool.execute(
        "UPDATE uploads SET created_at = created_at - interval '11 minutes' WHERE filename = $1",
        stage.filename,
    )


async def an_abort_of_what_is_not_created(stage: Stage) -> str | None:
    stage.wire.once("create_multipart_upload", answer_lost)
    stage.wire.once("list_multipart_uploads", NO_ANSWER)
    # or the sweep would create it after all
    stage.still = True
    stage.arm()
    with suppress(httpx2.TransportError):
        await stage.ask_start()
    upload = await stage.known()
    told = None if upload is None else state_told(await stage.abort(upload))
    stage.still = False
    return told


async def an_abort(stage: Stage) -> str:
    upload = await stage.sent()
    stage.arm()
    return state_told(await stage.abort(upload))


async def an_abort_that_fails_at_first(stage: Stage) -> str:
    upload = await stage.sent()
    stage.wire.once("abort_multipart_upload", NO_ANSWER)
    stage.arm()
    return state_told(await stage.abort(upload))


async def an_abort_of_what_is_complete(stage: Stage) -> str:
    """Complete was refused, and then somebody who had every right to completed it: what is complete stays so."""
    upload = await stage.sent()
    stage.wire.always("complete_multipart_upload", NOT_SO)
    stage.arm()
    assert (await stage.complete(upload)).json()["code"] == "parts_mismatch"
    await complete_behind_our_back(stage)
    return state_told(await stage.abort(upload))


async def a_complete_refused_once(stage: Stage) -> str:
    upload = await stage.sent()
    stage.wire.once("complete_multipart_upload", NOT_SO)
    stage.arm()
    return state_told(await stage.complete(upload))


async def a_complete_that_never_arrives(stage: Stage) -> str:
    upload = await stage.sent()
    stage.wire.once("complete_multipart_upload", request_lost)
    stage.arm()
    return state_told(await stage.complete(upload))


async def a_complete_whose_answer_is_lost(stage: Stage) -> str:
    upload = await stage.sent()
    stage.wire.once("complete_multipart_upload", answer_lost)
    stage.arm()
    return state_told(await stage.complete(upload))


async def a_complete_that_takes_long(stage: Stage) -> str:
    upload = await stage.sent()

    async def until_the_lease_is_renewed(pass_on: Answer) -> bytes:
        begun = await stage.row()
        answer = await pass_on()

        async def renewed() -> bool:
            row = await stage.row()
            return bool(row["lease_until"] != begun["lease_until"] or row["epoch"] != begun["epoch"])

        with suppress(TimeoutError):
            await asyncio.wait_for(stage.until(renewed), 5)
        return answer

    stage.wire.once("complete_multipart_upload", until_the_lease_is_renewed)
    stage.arm()
    return state_told(await stage.complete(upload))


async def an_upload_lost_while_completing(stage: Stage) -> str:
    upload = await stage.sent()

    async def gone(_: Answer) -> None:
        await abort_behind_our_back(stage)

    stage.wire.always("complete_multipart_upload", gone)
    stage.arm()
    return state_told(await stage.complete(upload))


async def a_complete_promised_in_vain(stage: Stage) -> str:
    """Each time: what the store goes on listing is aborted in the end, and only then it is lost."""
    upload = await stage.sent()
    stage.wire.always("complete_multipart_upload", promised)
    stage.arm()
    return state_told(await stage.complete(upload))


async def an_upload_lost_while_open(stage: Stage) -> str:
    upload = await stage.sent()
    await abort_behind_our_back(stage)
    stage.arm()
    return state_told(await stage.complete(upload))


async def an_upload_completed_behind_our_back(stage: Stage) -> str:
    upload = await stage.sent()
    await complete_behind_our_back(stage)
    stage.arm()
    return state_told(await stage.complete(upload))


async def an_upload_that_nobody_works_on(stage: Stage) -> None:
    await stage.started()
    stage.arm()
    stage.idle = True


async def a_small_file(stage: Stage) -> str:
    stage.arm()
    return state_told(await stage.complete(await stage.sent(**SMALL)))


async def an_abort_of_a_small_file(stage: Stage) -> str:
    upload = await stage.sent(**SMALL)
    stage.arm()
    return state_told(await stage.abort(upload))


async def a_delete_whose_answer_is_lost(stage: Stage) -> str:
    upload = await stage.sent(**SMALL)
    stage.wire.once("delete_object", answer_lost)
    stage.arm()
    return state_told(await stage.abort(upload))


async def a_small_file_that_lands_after_its_abort(stage: Stage) -> str:
    upload = await stage.started(**SMALL)
    [part] = await stage.client.sign(upload, [1])
    # or the late check would come before what is late
    stage.still = True
    stage.arm()
    told = state_told(await stage.abort(upload))
    await stage.client.send(part, stage.content)
    stage.still = False
    return told


async def a_small_file_that_nobody_completes(stage: Stage) -> None:
    await stage.sent(**SMALL)
    stage.arm()
    stage.idle = True


async def a_small_file_whose_key_is_taken(stage: Stage) -> str:
    """By somebody who may write into the bucket, and did."""
    upload = await stage.started(**SMALL)
    await stage.audit.store.put_object(Bucket=stage.audit.bucket, Key=upload["key"], Body=b"not ours")
    stage.arm()
    return state_told(await stage.complete(upload))


async def a_relayed_part(stage: Stage) -> str:
    upload = await stage.started()
    stage.arm()
    await stage.relay(upload)
    return state_told(await stage.complete(upload))


async def a_relayed_small_file(stage: Stage) -> str:
    upload = await stage.started(**SMALL)
    stage.arm()
    await stage.relay(upload)
    return state_told(await stage.complete(upload))


async def abort_behind_our_back(stage: Stage) -> None:
    row = await stage.row()
    for key, made in await stage.audit.multipart_uploads(row["key"]):
        await stage.audit.store.abort_multipart_upload(Bucket=stage.audit.bucket, Key=key, UploadId=made)


async def complete_behind_our_back(stage: Stage) -> None:
    row = await stage.row()
    names = {
        "Bucket": stage.audit.bucket,
        "Key": row["key"],
        "UploadId": row["multipart_upload_id"],
    }
    listed = await stage.audit.store.list_parts(**names)
    parts = [{"PartNumber": part["PartNumber"], "ETag": part["ETag"]} for part in listed["Parts"]]
    await stage.audit.store.complete_multipart_upload(**names, MultipartUpload={"Parts": parts})


SCENARIOS: Final = {
    scenario.name: scenario
    for scenario in (
        Scenario(a_whole_life, (COMPLETED,)),
        Scenario(a_stream, (COMPLETED,)),
        Scenario(a_create_whose_answer_is_lost, (COMPLETED,)),
        Scenario(a_create_taken_up_later, (COMPLETED,)),
        Scenario(a_create_given_up, (("failed", "create_lost"),), nothing=True),
        Scenario(an_abort_of_what_is_not_created, (ABORTED,), nothing=True),
        Scenario(an_abort, (ABORTED,)),
        Scenario(an_abort_that_fails_at_first, (ABORTED,)),
        Scenario(an_abort_of_what_is_complete, (COMPLETED,)),
        Scenario(a_complete_refused_once, (COMPLETED,)),
        Scenario(a_complete_that_never_arrives, (COMPLETED,)),
        Scenario(a_complete_whose_answer_is_lost, (COMPLETED,)),
        Scenario(a_complete_that_takes_long, (COMPLETED,)),
        Scenario(an_upload_lost_while_completing, (("failed", "lost"),)),
        Scenario(a_complete_promised_in_vain, (("failed", "lost"),)),
        Scenario(an_upload_lost_while_open, (("failed", "lost"),), slow=True),
        Scenario(an_upload_completed_behind_our_back, (COMPLETED,)),
        Scenario(an_upload_that_nobody_works_on, (("aborted", "stale"),)),
        Scenario(a_small_file, (COMPLETED,)),
        Scenario(an_abort_of_a_small_file, (ABORTED,)),
        Scenario(a_delete_whose_answer_is_lost, (ABORTED,)),
        Scenario(a_small_file_that_lands_after_its_abort, (ABORTED,)),
        Scenario(a_small_file_that_nobody_completes, (("aborted", "stale"),)),
        Scenario(a_relayed_part, (COMPLETED,)),
        Scenario(a_relayed_small_file, (COMPLETED,)),
        Scenario(a_small_file_whose_key_is_taken, (("failed", "conflict"),)),
    )
}
