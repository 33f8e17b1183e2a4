"""What a caller may ask of one upload."""

from collections.abc import Mapping
from dataclasses import dataclass

from coordinator.client.digests import Algorithm, Digests

__all__ = ["UploadOptions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadOptions:
    name: str | None = None
    filename: str | None = None
    metadata: Mapping[str, str] | None = None
    policy: str | None = None
    content_type: str | None = None
    digests: Digests = "auto"
    file_digest: Algorithm | None = None
    part_size: int | None = None
    restart: bool = False
    gzip: bool = False
