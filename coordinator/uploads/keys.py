"""Where an object lives in the bucket, under which name a browser saves it, and with which headers it is put there.

The server makes every key: `{tenant}/{owner}/{upload_id}/{safe filename}`. The upload id makes it unique, so nothing a
client says can overwrite anything. Keys have at most 700 bytes and segments at most 255 (SeaweedFS, Ceph and rclone
fail Complete beyond that); no segment is `.` or `..`, which HTTP clients fold away and every signature then breaks.
"""

import re
import unicodedata
from typing import Final
from urllib.parse import quote

from coordinator.uploads.model import MARK_NAME, Upload, UploadId

__all__ = ["content_disposition", "make_key", "object_headers", "safe_filename"]

_MAX_NAME: Final = 200
_MAX_PREFIX: Final = 128
_KEPT: Final = frozenset("._-")
_SPACES: Final = re.compile(" {2,}")


def make_key(tenant: str, owner: str, upload_id: UploadId, filename: str) -> str:
    prefix = [_segment(name, _MAX_PREFIX) for name in (tenant, owner)]
    return "/".join([*prefix, str(upload_id), safe_filename(filename)])


def safe_filename(filename: str) -> str:
    """Letters and digits of any script, dots, dashes and underscores; at most 200 bytes, the ending kept."""
    return _segment(filename, _MAX_NAME, fallback="file")


def content_disposition(filename: str) -> str:
    """`attachment` with the user's own filename (RFC 6266, RFC 8187), so that no object opens as a page.

    Without runs of spaces, which a signature folds and a header does not.
    """
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\%' else "_" for c in filename)
    return f"attachment; filename=\"{_SPACES.sub(' ', plain)}\"; filename*=UTF-8''{quote(filename, safe='')}"


def object_headers(upload: Upload, *, once: bool) -> dict[str, str]:
    """What the PutObject of a `put` upload says of its object; `once`: only where there is none yet."""
    headers = {
        "content-type": " ".join(upload.content_type.split()),
        "content-disposition": content_disposition(upload.filename),
        f"x-amz-meta-{MARK_NAME}": str(upload.mark),
    }
    if upload.content_encoding is not None:
        headers["content-encoding"] = upload.content_encoding
    return headers | ({"if-none-match": "*"} if once else {})


def _segment(text: str, limit: int, fallback: str = "_") -> str:
    normal = unicodedata.normalize("NFC", text)
    safe = "".join(c if c.isalnum() or c in _KEPT else "_" for c in normal).lstrip(".")
    if len(safe.encode()) <= limit:
        return safe or fallback
    stem, dot, ending = safe.rpartition(".")
    if not dot or len(ending.encode()) > 16:
        return _cut(safe, limit)
    return f"{_cut(stem, limit - len(ending.encode()) - 1)}.{ending}"


def _cut(text: str, limit: int) -> str:
    return text.encode()[:limit].decode(errors="ignore")
