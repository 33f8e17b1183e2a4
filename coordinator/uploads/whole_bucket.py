"""A second, small contract: a bucket's listings, page by page. The audit alone needs it; the rules never do.

`ports.ObjectStore` answers questions about one key. Who looks for what no row knows of has to read the whole bucket,
which may hold millions: so a page is one request, and where the next one begins is the caller's to keep. No order of
the rows is promised: S3 lists by key, others (SeaweedFS) list multipart uploads by their ids.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from coordinator.uploads.model import MultipartUploadId

__all__ = ["KeyedMultipartUpload", "KeyedObject", "Marker", "Page", "WholeBucket"]

Row = TypeVar("Row")

Marker = tuple[str, ...]
"""Where a listing goes on, in the store's own words."""


@dataclass(frozen=True, slots=True)
class KeyedMultipartUpload:
    key: str
    multipart_upload_id: MultipartUploadId = field(repr=False)
    initiated: datetime


@dataclass(frozen=True, slots=True)
class KeyedObject:
    key: str
    size: int
    last_modified: datetime


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """At most 1,000 rows. `following` None: there is no further page."""

    rows: Sequence[Row]
    following: Marker | None


class WholeBucket(Protocol):
    """Each call is one request, sent exactly once. Raises StoreError only."""

    async def page_of_multipart_uploads(
        self, prefix: str, after: Marker | None
    ) -> Page[KeyedMultipartUpload]: ...

    async def page_of_objects(self, prefix: str, after: Marker | None) -> Page[KeyedObject]: ...
