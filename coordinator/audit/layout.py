"""Which keys are of our making, as far as a key can show it.

A key says so when `uploads.keys.make_key` could have made it: four segments, the third a UUIDv7 in its canonical
spelling, the others already as safe as we make them. A multipart upload's metadata cannot be read, so for those
nothing but the key and the time speaks: ours begins within minutes of the time its own id holds.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import RFC_4122, UUID

from coordinator.uploads.keys import make_key
from coordinator.uploads.model import UploadId

__all__ = ["KeyOfOurs", "key_of_ours"]

_WITHIN: Final = timedelta(hours=1)
"""A start is given up ten minutes after its intent; the rest is for clocks that differ."""


@dataclass(frozen=True, slots=True)
class KeyOfOurs:
    upload_id: UploadId
    started: datetime
    """When the id was made, by the clock of whoever made it (RFC 9562 section 5.7)."""

    def began(self, initiated: datetime) -> bool:
        """Whether a multipart upload that the store says was begun at `initiated` can be the one of this key."""
        return abs(initiated - self.started) <= _WITHIN


def key_of_ours(key: str) -> KeyOfOurs | None:
    """None: nothing shows that the key is ours."""
    segments = key.split("/")
    upload_id = _uuid7(segments[2]) if len(segments) == 4 else None
    if upload_id is None or make_key(segments[0], segments[1], upload_id, segments[3]) != key:
        return None
    try:
        started = datetime.fromtimestamp((upload_id.int >> 80) / 1000, UTC)
    except (OverflowError, ValueError):
        return None
    return KeyOfOurs(upload_id, started)


def _uuid7(text: str) -> UploadId | None:
    try:
        value = UUID(text)
    except ValueError:
        return None
    return UploadId(value) if (value.version, value.variant, str(value)) == (7, RFC_4122, text) else None
