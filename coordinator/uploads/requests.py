"""What is asked of the rules and what they answer, already validated in shape by whoever asks.

`Rules` is a policy as the rules see it. A `SignedPart` holds a presigned URL, which is a password: it is answered to
the one who asked, and never stored or logged.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from coordinator.uploads.model import Method

__all__ = ["Download", "Rules", "SignedPart", "StartRequest", "WantedPart"]


@dataclass(frozen=True, slots=True)
class Rules:
    """What an upload may be, in bytes and seconds; None means: the store's own limit."""

    name: str
    max_size: int | None
    max_part_size: int | None
    content_types: tuple[str, ...]
    lifetime: int
    small_files: Method = Method.PUT
    """How a file of one part is sent, where the store allows the choice."""


@dataclass(frozen=True, slots=True)
class StartRequest:
    filename: str
    size: int | None
    content_type: str | None
    content_encoding: str | None
    metadata: Mapping[str, str]
    part_size: int | None
    fingerprint: str | None
    sign: int
    md5: str | None = None
    sha256: str | None = None
    """Of a file that turns out to be one part, in base64: bound into that part's URL."""


@dataclass(frozen=True, slots=True)
class WantedPart:
    """A part to sign. `size` only for streams, where the client decides it; digests in base64 are bound into the URL."""

    part_number: int
    size: int | None = None
    md5: str | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class SignedPart:
    part_number: int
    offset: int
    size: int
    url: str = field(repr=False)
    headers: Mapping[str, str]
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Download:
    url: str = field(repr=False)
    expires_at: datetime
