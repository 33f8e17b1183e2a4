"""What a caller may ask of one upload."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

from coordinator.client.digests import Algorithm, Digests
from coordinator.client.errors import WrongUse

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

    def __post_init__(self) -> None:
        """Raises WrongUse."""
        _check("digests", self.digests, get_args(Digests))
        _check("file_digest", self.file_digest, (None, *get_args(Algorithm)))


def _check(name: str, given: object, allowed: tuple[object, ...]) -> None:
    if given not in allowed:
        raise WrongUse(f"{name} must be one of {', '.join(map(repr, allowed))}, not {given!r}.")
