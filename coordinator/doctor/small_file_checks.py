"""What small files need that go up in one PutObject: its headers hold, it can be undone, and it writes once."""

import base64
import hashlib
from typing import Final

from coordinator.doctor.bench import BODY, OTHER_BODY, Bench
from coordinator.doctor.check import Check
from coordinator.doctor.finding import Verdict, failed, passed, warning
from coordinator.uploads.model import MARK_NAME
from coordinator.uploads.store import StoreError

__all__ = ["SMALL_FILE_CHECKS"]

_MARKED: Final = f"x-amz-meta-{MARK_NAME}"
_IN_PARTS: Final = "Set `small_files` of every policy to `multipart`, or use another release of the store."


async def delete(bench: Bench) -> Verdict:
    probe = await bench.completed("delete")
    found = await bench.store.head_object(probe.key)
    try:
        await bench.store.delete_object(probe.key, found.version_id if found else None)
    except StoreError as refused:
        return warning(
            f"objects may not be deleted ({refused}), so that small files go up in parts, with three requests more",
            "Allow the access key s3:DeleteObject on the bucket's objects, and s3:DeleteObjectVersion where it keeps "
            "versions: an aborted upload of a small file is undone by it.",
        )
    if await bench.store.head_object(probe.key) is not None:
        return failed("an object that was deleted is still there", _IN_PARTS)
    return passed("objects can be deleted")


async def put(bench: Bench) -> Verdict:
    key, mark = bench.scratch.key("small"), bench.patient.new_name()
    answer = await bench.put(bench.object(key, {_MARKED: mark}))
    if not answer.accepted:
        return failed(f"a small file is not taken in one request ({answer.said})", _IN_PARTS)
    found = await bench.store.head_object(key)
    if found is None or found.mark != mark:
        return failed(
            "metadata given with a PUT is not on the object: it could not be proven ours", _IN_PARTS
        )
    return passed("a small file goes up in one request, with its metadata")


async def bound(bench: Bench) -> Verdict:
    key = bench.scratch.key("small-bound")
    signed = bench.object(key, {_MARKED: "ours"})
    for headers in ({}, {_MARKED: "another"}):
        answer = await bench.put(signed._replace(headers=headers))
        if answer.accepted:
            return failed("metadata bound into a URL can be left out or changed", _IN_PARTS)
    return passed("metadata bound into a URL cannot be changed")


async def once(bench: Bench) -> Verdict:
    key = bench.scratch.key("small-once")
    signed = bench.object(key, {"if-none-match": "*"})
    if (await bench.put(signed)).accepted and not (await bench.put(signed, OTHER_BODY)).accepted:
        return passed("what was put once is not written over")
    md5 = base64.b64encode(hashlib.md5(BODY, usedforsecurity=False).digest()).decode()
    bound_to_one = bench.object(bench.scratch.key("small-md5"), {"content-md5": md5})
    if (await bench.put(bound_to_one, OTHER_BODY)).accepted:
        return failed(
            "a URL for a small file can write any content again and again: neither If-None-Match nor Content-MD5 holds",
            _IN_PARTS,
        )
    return warning(
        "the store does not enforce If-None-Match: small files go up in one request only if their MD5 is named",
        "Nothing to do: clients with digests switched on name it, and without one the file goes up in parts.",
    )


_NEEDS: Final = ("store.complete", "store.missing_key")

SMALL_FILE_CHECKS: Final = (
    Check("small.delete", delete, needs=_NEEDS),
    Check("small.put", put, needs=("small.delete", "store.metadata")),
    Check("small.bound", bound, needs=("small.put",)),
    Check("small.once", once, needs=("small.put",)),
)
