"""From rows to the values the rules speak of, and the one list of columns that every statement about uploads yields.

Columns are named, never `*`: a replica of the release before must go on working while a newer migration adds columns.
The counts of parts are those of the part rows while there are any, and those kept at the terminal move afterwards.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import TextClause, text

from coordinator.database.engine import Record
from coordinator.uploads.model import Digest, Manifest, ManifestPart, Method, Part, Upload
from coordinator.uploads.state import Reason, State

__all__ = ["PART_COLUMNS", "digest_json", "manifest_json", "to_part", "to_upload", "yielding_uploads"]

_COLUMNS: Final = """
    u.id, u.tenant, u.owner, u.policy, u.state, u.reason, u.reason_text, u.epoch, u.filename, u.content_type,
    u.content_encoding, u.metadata, u.method, u.size, u.part_size, u.part_count, u.bucket, u.key, u.mark, u.multipart_upload_id,
    u.fingerprint, u.manifest, u.complete_attempted_at, u.lease_owner, u.lease_until, u.wake_at, u.attempts,
    u.gone_since, u.lifetime, u.urls_until, u.expires_at, u.hard_expires_at, u.etag, u.version_id, u.digest,
    u.created_at, u.updated_at, u.completed_at,
    COALESCE(u.stored_parts, counted.parts) AS parts_uploaded,
    COALESCE(u.stored_bytes, counted.bytes) AS bytes_uploaded,
    COALESCE(u.stored_first_at, counted.first_at) AS first_part_at,
    COALESCE(u.stored_last_at, counted.last_at) AS last_part_at,
    now() AS now
"""

PART_COLUMNS: Final = "part_number, size, etag, md5, sha256, recorded_at"
"""The fields of Part, in their order."""

_COUNTED: Final = """
    SELECT count(*)::int AS parts, COALESCE(sum(size), 0)::bigint AS bytes,
           min(recorded_at) AS first_at, max(recorded_at) AS last_at
    FROM parts WHERE upload_id = u.id AND u.stored_parts IS NULL
"""


def yielding_uploads(source: str, *, given: str = "", rest: str = "") -> TextClause:
    """A statement whose rows `to_upload` reads.

    `source` is a table, a subquery, or one of the common table expressions of `given`; in `rest` its rows are `u`.
    """
    statement = (
        f"{given} SELECT {_COLUMNS} FROM {source} AS u CROSS JOIN LATERAL ({_COUNTED}) AS counted {rest}"  # noqa: S608 - put together from this package's constants only
    )
    return text(statement)


def to_upload(row: Record) -> Upload:
    values = dict(row)
    values["id"] = UUID(int=values["id"].int)  # the driver's own subclass stays inside
    values["state"] = State(values["state"])
    values["method"] = Method(values["method"])
    for name, read in _READ.items():
        if values[name] is not None:
            values[name] = read(values[name])
    return Upload(**values)


def to_part(row: Record) -> Part:
    """From PART_COLUMNS, by position: ten thousand of them are read at once."""
    return Part(*row)


def manifest_json(manifest: Manifest | None) -> str | None:
    if manifest is None:
        return None
    return msgspec.json.encode([(part.part_number, part.etag, part.size) for part in manifest]).decode()


def digest_json(digest: Digest | None) -> str | None:
    return None if digest is None else msgspec.json.encode(asdict(digest)).decode()


def _to_manifest(stored: list[tuple[int, str, int]]) -> Manifest:
    return tuple(ManifestPart(part_number, etag, size) for part_number, etag, size in stored)


_READ: Final[Mapping[str, Callable[[Any], object]]] = {
    "reason": Reason,
    "manifest": _to_manifest,
    "digest": lambda stored: Digest(**stored),
}
"""Of the columns that may be null."""
