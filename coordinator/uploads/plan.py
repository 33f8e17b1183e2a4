"""How a file is cut into parts.

S3's limits are data (`S3Limits`), so that a store with other ones, or a test, brings its own. A plan is made once, at
the start of an upload, and stored in its row: changing a default later never moves a byte of a running upload.
All parts but the last have the same size, as Cloudflare R2 demands and every other store allows.

Source: Amazon S3 User Guide, "Amazon S3 multipart upload limits" (48.8 TiB objects, 10,000 parts, 5 MiB to 5 GiB).
"""

from dataclasses import dataclass
from typing import Final

__all__ = [
    "AWS_LIMITS",
    "GIB",
    "KIB",
    "MIB",
    "STREAM_PART_SIZE",
    "TIB",
    "Plan",
    "PlanError",
    "S3Limits",
    "plan_parts",
    "plan_stream",
]

KIB: Final = 1024
MIB: Final = 1024 * KIB
GIB: Final = 1024 * MIB
TIB: Final = 1024 * GIB


@dataclass(frozen=True, slots=True)
class S3Limits:
    """What a store allows, sizes in bytes. The last part may be smaller than `min_part_size`."""

    min_part_size: int = 5 * MIB
    max_part_size: int = 5 * GIB
    max_parts: int = 10_000
    max_object_size: int = 48 * TIB + 819 * GIB + 204 * MIB + 819 * KIB + 204  # 48.8 TiB, rounded down


AWS_LIMITS: Final = S3Limits()

_STEPS: Final = ((256 * MIB, 8 * MIB), (4 * GIB, 16 * MIB), (64 * GIB, 32 * MIB))
"""(up to this file size, this part size): few round trips for small files, at most some 2,000 parts up to 64 GiB."""

_LARGE_PART: Final = 64 * MIB

_CONNECTIONS: Final = 6
"""What browsers open to one HTTP/1.1 host: parts go in waves of six, and a last wave of one takes as long as a full one."""

_GRAIN: Final = 64 * KIB

STREAM_PART_SIZE: Final = 16 * MIB
"""A stream may grow to 10,000 of these: 156 GiB."""


class PlanError(ValueError):
    """No plan fits. The message says what was asked for and what is allowed."""


@dataclass(frozen=True, slots=True)
class Plan:
    """`part_count` parts of `part_size` bytes, the last one holding the rest.

    `size` and `part_count` are None while a stream's length is unknown. A file of zero bytes is one empty part.
    """

    size: int | None
    part_size: int
    part_count: int | None

    def of(self, size: int) -> "Plan":
        """The same with its length known."""
        return Plan(size, self.part_size, max(1, -(-size // self.part_size)))

    def may_make(self, size: int) -> bool:
        """Whether an object of `size` bytes can be what this plan makes, as far as the length is known."""
        if self.size is not None:
            return size == self.size
        return self.part_count in {None, self.of(size).part_count}

    def offset(self, part_number: int) -> int:
        return (part_number - 1) * self.part_size

    def size_of(self, part_number: int) -> int:
        """Bytes of one part. Raises PlanError outside 1..part_count or when the length is unknown."""
        if self.size is None or self.part_count is None:
            raise PlanError("the length of this stream is not known yet")
        if not 1 <= part_number <= self.part_count:
            raise PlanError(f"part {part_number} is outside 1 to {self.part_count}")
        return min(self.part_size, self.size - self.offset(part_number))


def plan_parts(size: int, *, part_size: int | None = None, limits: S3Limits = AWS_LIMITS) -> Plan:
    """Cut `size` bytes (0 to limits.max_object_size) into equal parts, of `part_size` bytes when that is given.

    Raises PlanError when the size is out of bounds, when `part_size` is, or when it would need too many parts.
    """
    if not 0 <= size <= limits.max_object_size:
        raise PlanError(f"the size must be from 0 to {limits.max_object_size} bytes, and {size} is not")
    chosen = _default_part_size(size, limits) if part_size is None else part_size
    if not limits.min_part_size <= chosen <= limits.max_part_size:
        raise PlanError(
            f"a part must have from {limits.min_part_size} to {limits.max_part_size} bytes, and {chosen} has not"
        )
    count = max(1, -(-size // chosen))
    if count > limits.max_parts:
        least = -(-size // limits.max_parts)
        raise PlanError(
            f"{size} bytes in parts of {chosen} are {count} parts and at most {limits.max_parts} are allowed: "
            f"choose a part size of at least {least} bytes"
        )
    return Plan(size=size, part_size=chosen, part_count=count)


def plan_stream(*, part_size: int | None = None, limits: S3Limits = AWS_LIMITS) -> Plan:
    """The plan of a stream whose length is not known: at most `limits.max_parts` parts of `part_size` bytes.

    Raises PlanError when `part_size` is out of bounds.
    """
    chosen = max(STREAM_PART_SIZE, limits.min_part_size) if part_size is None else part_size
    if not limits.min_part_size <= chosen <= limits.max_part_size:
        raise PlanError(
            f"a part must have from {limits.min_part_size} to {limits.max_part_size} bytes, and {chosen} has not"
        )
    return Plan(size=None, part_size=chosen, part_count=None)


def _default_part_size(size: int, limits: S3Limits) -> int:
    wanted = next((part for up_to, part in _STEPS if size <= up_to), _LARGE_PART)
    if (count := -(-size // wanted)) > _CONNECTIONS:
        even = count - count % _CONNECTIONS
        wanted = -(-size // (even * _GRAIN)) * _GRAIN
    needed = -(-size // limits.max_parts)
    rounded = -(-needed // MIB) * MIB if limits.min_part_size >= MIB else needed
    return min(max(wanted, rounded, limits.min_part_size), limits.max_part_size)
