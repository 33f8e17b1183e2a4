"""Whether what is asked fits the upload: its state, its plan, its declared size. Pure; each refusal names the way out."""

from collections.abc import Mapping, Sequence
from typing import Final

from coordinator.errors import (
    AlreadyCompleted,
    BucketElsewhere,
    Completing,
    FieldError,
    PartChanged,
    PartOutsidePlan,
    SizeNotAllowed,
    StreamEnded,
    UploadGone,
    UploadNotOpen,
    ValidationFailed,
)
from coordinator.uploads.model import Claim, Method, NewUpload, Part, Upload
from coordinator.uploads.plan import AWS_LIMITS, Plan, PlanError, S3Limits, plan_parts, plan_stream
from coordinator.uploads.requests import Rules, StartRequest, WantedPart
from coordinator.uploads.state import State
from coordinator.uploads.store import LonePut

__all__ = [
    "SIZE_PATH",
    "completed_plan",
    "make_plan",
    "method_of",
    "refuse_changed_parts",
    "refuse_elsewhere",
    "refuse_other_content",
    "refuse_other_end",
    "refuse_other_file",
    "refuse_other_object",
    "require_open",
    "sized_claims",
    "sized_wanted",
    "stream_end",
]

SIZE_PATH: Final = "$.parts[{}].size"


def require_open(upload: Upload) -> Upload:
    """Raises AlreadyCompleted, Completing, UploadNotOpen or UploadGone when the upload is not open."""
    members: dict[str, object] = {"state": upload.state.value}
    match upload.state:
        case State.OPEN:
            return upload
        case State.COMPLETED:
            raise AlreadyCompleted("The upload is completed; there is nothing more to send.", members=members)
        case State.COMPLETING:
            raise Completing(
                "The upload is being completed. Ask for its state again.", members=members, retry_after=2
            )
        case State.CREATING:
            raise UploadNotOpen(
                "The upload is still being created at the store. Send the start again with the same Idempotency-Key.",
                members=members,
                retry_after=2,
            )
        case State.ABORTING | State.ABORTED | State.FAILED:
            members |= {"reason": upload.reason.value if upload.reason else None, "restart": True}
            raise UploadGone(
                f"The upload is {upload.state.value}. Start a new one with the same file.", members=members
            )


def refuse_elsewhere(upload: Upload, bucket: str) -> Upload:
    """Raises BucketElsewhere when the store, asked about the upload's key in `bucket`, would speak of another object."""
    if upload.bucket != bucket:
        raise BucketElsewhere(
            f"The upload lives in the bucket {upload.bucket!r}, and this service serves {bucket!r}. Ask where the "
            "former is served, or start a new upload with the same file.",
            retry_after=30,
        )
    return upload


def make_plan(request: StartRequest, rules: Rules, limits: S3Limits = AWS_LIMITS) -> Plan:
    """Raises SizeNotAllowed when the policy or the store cannot take the file in such parts."""
    if rules.max_size is not None and request.size is not None and request.size > rules.max_size:
        raise SizeNotAllowed(
            f"The policy {rules.name!r} takes files of at most {rules.max_size} bytes, and this one has {request.size}."
        )
    if (
        rules.max_part_size is not None
        and request.part_size is not None
        and request.part_size > rules.max_part_size
    ):
        raise SizeNotAllowed(f"The policy {rules.name!r} takes parts of at most {rules.max_part_size} bytes.")
    try:
        if request.size is None:
            return plan_stream(part_size=request.part_size, limits=limits)
        return plan_parts(request.size, part_size=request.part_size, limits=limits)
    except PlanError as refused:
        raise SizeNotAllowed(f"{str(refused)[0].upper()}{str(refused)[1:]}.") from None


def method_of(plan: Plan, request: StartRequest, rules: Rules, lone_put: LonePut | None) -> Method:
    """A file of one part goes up in one PutObject where its URL can be held to one content.

    By the store, which then refuses to write over an object, or by the MD5 that the start names.
    """
    one_part = plan.size is not None and plan.part_count == 1
    fenced = lone_put is not None and (lone_put.once or request.md5 is not None)
    return Method.PUT if one_part and fenced and rules.small_files is Method.PUT else Method.MULTIPART


def sized_wanted(
    upload: Upload, wanted: Sequence[WantedPart], size_path: str = SIZE_PATH
) -> list[tuple[WantedPart, int]]:
    """Each part to send with its exact size. `size_path` says where a size was given, `{}` standing for the position.

    Raises PartOutsidePlan, StreamEnded or ValidationFailed.
    """
    _inside(upload, [part.part_number for part in wanted])
    sizes = [_size(upload, part.part_number, part.size, size_path.format(n)) for n, part in enumerate(wanted)]
    return list(zip(wanted, sizes, strict=True))


def sized_claims(upload: Upload, claims: Sequence[Claim]) -> list[Claim]:
    """The claims with their sizes filled in. Raises as `sized_wanted`."""
    _inside(upload, [claim.part_number for claim in claims])
    return [
        Claim(
            claim.part_number,
            _size(upload, claim.part_number, claim.size, f"$.parts[{n}].size", default=upload.part_size),
            claim.etag,
            claim.md5,
            claim.sha256,
        )
        for n, claim in enumerate(claims)
    ]


def stream_end(upload: Upload, sized: Sequence[tuple[WantedPart, int]]) -> int | None:
    """The part count that a batch fixes: a part smaller than the part size is a stream's last. None: it fixes none."""
    if upload.size is not None or upload.part_count is not None:
        return None
    short = [wanted.part_number for wanted, size in sized if size < upload.part_size]
    if not short:
        return None
    end = min(short)
    _refuse_beyond([wanted.part_number for wanted, _ in sized if wanted.part_number > end], end)
    return end


def refuse_changed_parts(wanted: Sequence[WantedPart | Claim], recorded: Mapping[int, Part]) -> None:
    """Raises PartChanged when a digest differs from the one recorded for that part: the file is not the same."""
    changed = [
        part.part_number
        for part in wanted
        if (known := recorded.get(part.part_number)) is not None
        and (_differ(part.md5, known.md5) or _differ(part.sha256, known.sha256))
    ]
    if changed:
        raise PartChanged(
            "The digests of the parts in `part_numbers` differ from those recorded: the file has changed. "
            "Abort this upload and start a new one.",
            members={"part_numbers": changed},
        )


def refuse_other_content(upload: Upload, md5: str | None) -> None:
    """Raises PartChanged when the upload's URLs are bound to another MD5 than this one."""
    if _differ(md5, upload.bound_md5):
        raise PartChanged(
            "The upload was started with another MD5: the file has changed. Abort this upload and start a new one.",
            members={"part_numbers": [1]},
        )


def refuse_other_end(upload: Upload, size: int | None) -> Upload:
    """Raises AlreadyCompleted when the completed upload has another size than who completes it again says that he sent."""
    if size is not None and size != upload.size:
        raise AlreadyCompleted(
            f"The upload was completed with {upload.size} bytes, and {size} is not that: somebody else has completed it. "
            "Start a new one with what is to be sent.",
            members={"state": upload.state.value},
        )
    return upload


def refuse_other_object(stored: int, size: int | None) -> None:
    """Raises ValidationFailed when the object that there is has another size than `size`; None: no size was given."""
    if size is not None and size != stored:
        raise _invalid("$.size", f"the object at the store has {stored} bytes, and {size} is not that")


def refuse_other_file(upload: Upload, new: NewUpload) -> None:
    """Raises ValidationFailed or PartChanged when the upload that a fingerprint found is not of the file that is to be started."""
    if upload.content_encoding != new.content_encoding:
        # its object says so of all its bytes
        raise _invalid(
            "$.fingerprint",
            f"A live upload with this fingerprint has `content_encoding` {upload.content_encoding or 'null'}: start with the "
            "same, or abort that one first",
        )
    if upload.size != new.plan.size:
        said = "is a stream without a size" if upload.size is None else f"has {upload.size} bytes"
        raise _invalid(
            "$.fingerprint", f"A live upload with this fingerprint {said}, so one of the two is wrong"
        )
    refuse_other_content(upload, new.digest.value if new.digest else None)


def completed_plan(upload: Upload, size: int | None, limits: S3Limits = AWS_LIMITS) -> Plan:
    """The plan with its final size. Raises ValidationFailed when `size` is missing for a stream, or contradicts."""
    if upload.size is not None:
        if size is not None and size != upload.size:
            raise _invalid(
                "$.size", f"the upload was started with {upload.size} bytes, and {size} is not that"
            )
        return upload.plan
    if size is None:
        raise _invalid("$.size", "a stream's size must be given when it is completed")
    if size > limits.max_object_size:
        raise _invalid("$.size", f"an object has at most {limits.max_object_size} bytes")
    plan = upload.plan.of(size)
    count = plan.part_count or 1
    if count > limits.max_parts:
        raise _invalid(
            "$.size", f"a stream of such parts has at most {limits.max_parts * upload.part_size} bytes"
        )
    if upload.part_count is not None and count != upload.part_count:
        raise _invalid(
            "$.size", f"{size} bytes are {count} parts, and the stream ended with part {upload.part_count}"
        )
    return plan


def _inside(upload: Upload, numbers: Sequence[int]) -> None:
    count = AWS_LIMITS.max_parts if upload.part_count is None else upload.part_count
    outside = [number for number in numbers if not 1 <= number <= count]
    if upload.size is None and upload.part_count is not None:
        _refuse_beyond([number for number in outside if number > count], count)
    if outside:
        raise PartOutsidePlan(
            f"This upload has the parts 1 to {count}; those in `part_numbers` are outside.",
            members={"part_numbers": outside},
        )


def _refuse_beyond(beyond: Sequence[int], end: int) -> None:
    if beyond:
        raise StreamEnded(
            f"The stream ends with part {end}, which is smaller than the others; those in `part_numbers` come after "
            "it. If the stream goes on, abort this upload and start a new one.",
            members={"part_numbers": list(beyond)},
        )


def _size(upload: Upload, number: int, given: int | None, path: str, default: int | None = None) -> int:
    if upload.size is not None:
        planned = upload.plan.size_of(number)
        if given is not None and given != planned:
            raise _invalid(path, f"part {number} has {planned} bytes in this plan")
        return planned
    size = default if given is None else given
    if size is None:
        raise _invalid(path, "a stream's parts are signed with their size")
    if size > upload.part_size:
        raise _invalid(path, f"a part of this stream has at most {upload.part_size} bytes")
    if size == 0 and number > 1:
        raise _invalid(path, f"a stream that has bytes ends with part {number - 1}, not with an empty one")
    if upload.part_count is not None and number < upload.part_count and size < upload.part_size:
        raise _invalid(path, f"only the last part of this stream, {upload.part_count}, may be smaller")
    return size


def _differ(new: str | None, known: str | None) -> bool:
    return new is not None and known is not None and new != known


def _invalid(path: str, message: str) -> ValidationFailed:
    return ValidationFailed.of(FieldError(path, message))
