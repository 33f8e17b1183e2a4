"""How the store ends an upload, above all when it is asked twice: what recovery's decision tables build on."""

from typing import Final

from coordinator.doctor.bench import BODY, OTHER_BODY, Bench, Probe
from coordinator.doctor.bucket import BucketRefused
from coordinator.doctor.check import Check
from coordinator.doctor.finding import Verdict, failed, passed, warning
from coordinator.uploads.model import ManifestPart
from coordinator.uploads.store import StoreError, StoreUploadGone

__all__ = ["ENDING_CHECKS"]

_ANOTHER_STORE: Final = "Use another store, or another release of it: what it acknowledged is lost."


async def repeated_complete(bench: Bench) -> Verdict:
    probe = await bench.open("repeated-complete")
    manifest = [await bench.accepted_part(probe)]
    await bench.complete(probe, manifest)
    try:
        await bench.complete(probe, manifest)
        answer = "as the first time"
    except StoreUploadGone:
        answer = "that the upload is gone"
    except StoreError as refused:
        answer = f"{refused.operation}: {refused.code}"
    if await bench.content(probe.key) != BODY:
        return failed("a second Complete destroys the object", _ANOTHER_STORE)
    if answer.startswith("complete"):
        return warning(
            f"a second Complete is answered with {answer}",
            "Nothing to do: the service finds out by reading; completing after a crash takes a little longer.",
        )
    return passed(f"a second Complete is answered {answer}")


async def repeated_abort(bench: Bench) -> Verdict:
    probe = await bench.open("repeated-abort")
    await bench.store.abort_multipart_upload(probe.key, probe.multipart_upload_id)
    try:
        await bench.store.abort_multipart_upload(probe.key, probe.multipart_upload_id)
    except StoreUploadGone:
        return passed("a second Abort is answered that the upload is gone")
    except StoreError as refused:
        return warning(
            f"a second Abort is answered with {refused.code}",
            "Nothing to do: the service finds out by reading; aborting after a crash takes a little longer.",
        )
    return passed("a second Abort is answered as the first time")


async def late_abort(bench: Bench) -> Verdict:
    probe = await bench.completed("late-abort")
    try:
        await bench.store.abort_multipart_upload(probe.key, probe.multipart_upload_id)
    except StoreError as refused:
        said = refused.code
    else:
        said = "accepted"
    if await bench.content(probe.key) != BODY:
        return failed("an Abort after Complete destroys the object", _ANOTHER_STORE)
    return passed(f"an Abort after Complete leaves the object as it is ({said})")


async def wrong_etag(bench: Bench) -> Verdict:
    async with bench.upload("wrong-etag") as probe:
        part = await bench.accepted_part(probe)
        try:
            await bench.complete(probe, [ManifestPart(1, "0" * 32, len(BODY))])
        except StoreError:
            return await _still_open(bench, probe, part)
        return failed(
            "Complete accepts an ETag that no part has",
            "Use another store: this one cannot tell which bytes it joins.",
        )


async def _still_open(bench: Bench, probe: Probe, part: ManifestPart) -> Verdict:
    try:
        await bench.complete(probe, [part])
    except StoreError as refused:
        return failed(
            f"a Complete that was refused destroys the upload ({refused.code})",
            "Use another store: a refused Complete cannot be mended here, and every part is sent again.",
        )
    return passed("a Complete with a wrong ETag is refused, and the upload stays")


async def replaced_part(bench: Bench) -> Verdict:
    probe = await bench.open("replaced-part")
    await bench.accepted_part(probe, OTHER_BODY)
    try:
        part = await bench.accepted_part(probe, BODY)
    except StoreError as refused:
        return failed(
            f"a part cannot be sent a second time ({refused.code})",
            "Use another store: after a broken connection clients must send a part again.",
        )
    await bench.complete(probe, [part])
    if await bench.content(probe.key) != BODY:
        return failed("the object holds a part that was replaced before Complete", _ANOTHER_STORE)
    return passed("a part may be sent again, and the later one counts")


async def conditional_complete(bench: Bench) -> Verdict:
    """The service relies on unique keys; the condition would be a second fence."""
    probe = await bench.completed("conditional")
    second = await bench.store.create_multipart_upload(
        probe.key,
        mark=probe.mark,
        content_type="application/octet-stream",
        content_encoding=None,
        content_disposition="attachment",
    )
    again = probe._replace(multipart_upload_id=second.multipart_upload_id)
    part = await bench.accepted_part(again)
    try:
        await bench.bucket.complete_if_absent(again.key, again.multipart_upload_id, (part,))
    except BucketRefused as refused:
        if refused.status in {409, 412}:
            return passed("a Complete that must not overwrite is refused")
        return warning(f"conditional Completes are not supported ({refused.code})", _UNIQUE_KEYS)
    return warning("a Complete that must not overwrite overwrites", _UNIQUE_KEYS)


_UNIQUE_KEYS: Final = "Nothing to do: keys are unique; but let nobody else write into this bucket."


async def part_after_complete(bench: Bench) -> Verdict:
    probe = await bench.completed("part-after-complete")
    answer = await bench.put(bench.part(probe, size=len(OTHER_BODY)), OTHER_BODY)
    if await bench.content(probe.key) != BODY:
        return failed("a part's URL, used after Complete, destroys the object", _ANOTHER_STORE)
    if answer.accepted:
        return warning(
            "a part's URL is accepted after Complete, though the object stays as it is",
            "Keep COORDINATOR_URL_EXPIRES short.",
        )
    return passed(f"a part's URL is refused after Complete ({answer.said})")


_READS_BACK: Final = ("store.complete", "presign.download")

ENDING_CHECKS: Final = (
    Check("store.repeated_complete", repeated_complete, needs=_READS_BACK),
    Check("store.repeated_abort", repeated_abort, needs=("store.abort",)),
    Check("store.late_abort", late_abort, needs=("store.abort", *_READS_BACK)),
    Check("store.wrong_etag", wrong_etag, needs=("store.complete",)),
    Check("store.replaced_part", replaced_part, needs=_READS_BACK),
    Check("store.conditional_complete", conditional_complete, needs=("store.complete",)),
    Check("store.part_after_complete", part_after_complete, needs=_READS_BACK),
)
