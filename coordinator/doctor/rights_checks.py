"""What the access key may do, each right by its own call, and that the bucket keeps what recovery builds on."""

from collections.abc import Awaitable, Callable
from typing import Final

from coordinator.doctor.bench import Bench
from coordinator.doctor.check import Check
from coordinator.doctor.finding import Verdict, failed, passed, warning
from coordinator.uploads.store import StoreError, StoreRefused

__all__ = ["RIGHTS_CHECKS"]

_SEGMENT: Final = 255
"""Bytes: the longest segment of a key the service makes (`uploads.keys`)."""

_LONG_NAME: Final = "Größe + 100%25 (ein paar) = 'viel' & "


def right(does: Callable[[Bench], Awaitable[str]], *, action: str) -> Callable[[Bench], Awaitable[Verdict]]:
    """A check that passes with what `does` returns, and asks for the right to `action` where the store refuses."""

    async def check(bench: Bench) -> Verdict:
        try:
            return passed(await does(bench))
        except StoreError as refused:
            return failed(str(refused), f"Allow the access key {action}.")

    return check


async def create(bench: Bench) -> str:
    async with bench.upload("create"):
        return "uploads can be created"


async def list_uploads(bench: Bench) -> str:
    async with bench.upload("list-uploads") as probe:
        listed = await bench.store.list_multipart_uploads(probe.key)
    if [each.multipart_upload_id for each in listed] != [probe.multipart_upload_id]:
        raise StoreRefused("list_multipart_uploads", "NotListed", "an upload just made is not listed")
    return "uploads are listed by their key"


async def list_parts(bench: Bench) -> str:
    async with bench.upload("list-parts") as probe:
        part = await bench.accepted_part(probe)
        listed = await bench.store.list_parts(probe.key, probe.multipart_upload_id)
    if len(listed) != 1 or listed[0].etag != (part.etag or listed[0].etag):
        raise StoreRefused("list_parts", "NotListed", "a part just sent is not listed with its ETag")
    return "parts are listed with their ETags"


async def complete(bench: Bench) -> str:
    await bench.completed("complete")
    return "uploads can be completed"


async def abort(bench: Bench) -> Verdict:
    probe = await bench.open("abort")
    await bench.accepted_part(probe)
    try:
        await bench.store.abort_multipart_upload(probe.key, probe.multipart_upload_id)
    except StoreError as refused:
        return failed(str(refused), "Allow the access key s3:AbortMultipartUpload on the bucket's objects.")
    if await bench.store.list_multipart_uploads(probe.key):
        return warning(
            "an aborted upload is still listed",
            "Look at it later: parts of aborted uploads cost space until they go.",
        )
    return passed("uploads can be aborted")


async def missing_key(bench: Bench) -> Verdict:
    try:
        found = await bench.store.head_object(bench.scratch.key("missing"))
    except StoreError as refused:
        return failed(
            f"a missing object is not answered with 404 ({refused})",
            "Allow the access key s3:ListBucket on the bucket: without it recovery is blind and `serve` refuses to start.",
        )
    if found is not None:
        return failed(
            "an object that nobody wrote is there", "Is it an S3 store that answers at this address?"
        )
    return passed("a missing object is answered with 404")


async def metadata(bench: Bench) -> Verdict:
    probe = await bench.completed("metadata")
    found = await bench.store.head_object(probe.key)
    if found is None or found.mark != probe.mark:
        return failed(
            "metadata given at the start is not on the object: no completed upload could be proven ours",
            "Use a store or gateway that keeps x-amz-meta-* headers of CreateMultipartUpload.",
        )
    return passed("the object carries the metadata of its upload")


async def list_pages(bench: Bench) -> Verdict:
    async with bench.upload("list-pages") as probe:
        for number in (1, 2, 3):
            await bench.accepted_part(probe, part_number=number)
        found = await bench.bucket.part_numbers_by_ones(probe.key, probe.multipart_upload_id)
    if sorted(set(found)) != [1, 2, 3]:
        return failed(
            f"pages of a listing hold parts {found} of 1, 2, 3",
            "Use another release of the store: parts it hides would be sent again and again.",
        )
    return passed("listings can be read page by page")


async def key_names(bench: Bench) -> Verdict:
    name = _LONG_NAME + "x" * (_SEGMENT - len(_LONG_NAME.encode()))
    probe = await bench.completed(name)
    if await bench.store.head_object(probe.key) is None:
        return failed("an object with a long name is not found again", "Use another release of the store.")
    return passed(f"names of {_SEGMENT} bytes and of any letters work")


_OBJECTS: Final = "on the bucket's objects"
_BUCKET: Final = ("store.bucket",)
_CAN_SEND: Final = ("presign.upload_part",)

RIGHTS_CHECKS: Final = (
    Check("store.missing_key", missing_key, needs=_BUCKET),
    Check("store.create", right(create, action=f"s3:PutObject {_OBJECTS}"), needs=_BUCKET),
    Check("store.abort", abort, needs=("store.create", *_CAN_SEND)),
    Check(
        "store.list_uploads",
        right(list_uploads, action="s3:ListBucketMultipartUploads on the bucket"),
        needs=("store.create",),
    ),
    Check(
        "store.list_parts",
        right(list_parts, action=f"s3:ListMultipartUploadParts {_OBJECTS}"),
        needs=_CAN_SEND,
    ),
    Check("store.list_pages", list_pages, needs=("store.list_parts",)),
    Check("store.complete", right(complete, action=f"s3:PutObject {_OBJECTS}"), needs=_CAN_SEND),
    Check("store.metadata", metadata, needs=("store.complete", "store.missing_key")),
    Check("store.key_names", key_names, needs=("store.complete", "store.missing_key")),
)
