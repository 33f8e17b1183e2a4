"""What an audit reads of the ledger: rows by ascending id, page by page, and what statements alone can prove wrong.

Nothing here writes. A page costs the same however deep it lies, and every check looks only at the page it is given, so
that a million rows are a matter of time and not of memory. Each check is one statement and so sees one moment: a move
writes row and event together, and never stands half done before it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from coordinator.database.engine import execute
from coordinator.database.rows import to_upload, yielding_uploads
from coordinator.uploads.model import Upload, UploadId

__all__ = [
    "QuotaDrift",
    "drifted_quotas",
    "estimated_uploads",
    "page_of_uploads",
    "uploads_by_id",
    "violations",
    "without_upload",
]

_PAGE: Final = yielding_uploads(
    "(SELECT * FROM uploads WHERE id > CAST(:after AS uuid) ORDER BY id LIMIT CAST(:limit AS bigint))",
    rest="ORDER BY u.id",
)

_BY_ID: Final = yielding_uploads("uploads", rest="WHERE u.id = ANY(CAST(:ids AS uuid[]))")

_ESTIMATE: Final = text(
    "SELECT CAST(reltuples AS bigint) AS uploads FROM pg_class WHERE oid = CAST('uploads' AS regclass)"
)

_VIOLATIONS: Final = text("""
    WITH looked AS (
        SELECT *, state IN ('aborted', 'completed', 'failed') AS ended
        FROM uploads WHERE id = ANY(CAST(:ids AS uuid[]))
    ), told AS (
        SELECT upload_id, count(*) AS events, min(epoch) AS first, max(epoch) AS last,
               count(*) FILTER (WHERE type IN ('upload.aborted', 'upload.completed', 'upload.failed')) AS ends,
               (array_agg(type ORDER BY epoch DESC))[1] AS latest
        FROM events WHERE upload_id = ANY(CAST(:ids AS uuid[])) GROUP BY upload_id
    ), checked AS (
        SELECT looked.id,
            told.events IS DISTINCT FROM looked.epoch OR told.first <> 1 OR told.last <> looked.epoch AS "ledger.events",
            CASE WHEN looked.ended
                THEN told.ends IS DISTINCT FROM 1 OR told.latest <> 'upload.' || looked.state
                ELSE told.ends > 0 END AS "ledger.end",
            looked.ended AND EXISTS (SELECT FROM parts WHERE upload_id = looked.id) AS "ledger.parts_left",
            EXISTS (SELECT FROM parts
                    WHERE upload_id = looked.id AND part_number > COALESCE(looked.part_count, 10000)) AS "ledger.outside_plan",
            NOT looked.ended AND looked.wake_at IS NULL AS "ledger.asleep",
            looked.state = 'completed'
                AND (looked.etag IS NULL OR looked.size IS NULL OR looked.completed_at IS NULL) AS "ledger.unproven",
            looked.state IN ('open', 'completing')
                AND (looked.method = 'put') = (looked.multipart_upload_id IS NOT NULL) AS "ledger.unknown_to_store",
            looked.state = 'completing' AND (
                looked.manifest IS NULL OR looked.complete_attempted_at IS NULL
                OR jsonb_array_length(looked.manifest) IS DISTINCT FROM looked.part_count
                OR EXISTS (SELECT FROM jsonb_array_elements(looked.manifest) WITH ORDINALITY AS part (value, place)
                           WHERE CAST(part.value ->> 0 AS bigint) <> part.place)
                OR looked.size IS DISTINCT FROM (
                    SELECT COALESCE(sum(CAST(part.value ->> 2 AS bigint)), 0)
                    FROM jsonb_array_elements(looked.manifest) AS part (value))) AS "ledger.manifest",
            looked.ended AND looked.lease_owner IS NOT NULL AS "ledger.lease"
        FROM looked LEFT JOIN told ON told.upload_id = looked.id
    )
    SELECT checked.id, held.key AS name
    FROM checked CROSS JOIN LATERAL jsonb_each(to_jsonb(checked) - 'id') AS held
    WHERE held.value = 'true'
    ORDER BY checked.id, held.key
""")

# From one upload to the next by the index: an upload may have ten thousand parts.
_WITHOUT_UPLOAD: Final = {
    table: text(f"""
    WITH RECURSIVE named AS (
        (SELECT upload_id FROM {table} WHERE upload_id > CAST(:after AS uuid) ORDER BY upload_id LIMIT 1)
        UNION ALL
        SELECT (SELECT later.upload_id FROM {table} AS later WHERE later.upload_id > named.upload_id
                ORDER BY later.upload_id LIMIT 1)
        FROM named WHERE named.upload_id IS NOT NULL
    ), page AS (
        SELECT upload_id FROM named WHERE upload_id IS NOT NULL LIMIT CAST(:limit AS bigint)
    )
    SELECT upload_id, EXISTS (SELECT FROM uploads WHERE id = upload_id) AS known FROM page
    """)  # noqa: S608 - the two names below
    for table in ("parts", "events")
}

# Only rows that are not settled have a wake-up time, and these are few: the index on it finds them.
_DRIFTED: Final = text("""
    WITH live AS (
        SELECT tenant, owner, quota_reserved, quota_owner FROM uploads
        WHERE wake_at IS NOT NULL AND quota_reserved IS NOT NULL
          AND state NOT IN ('aborted', 'completed', 'failed')
    ), counted AS (
        SELECT tenant, '' AS owner, sum(quota_reserved) AS reserved, count(*) AS live FROM live GROUP BY tenant
        UNION ALL
        SELECT tenant, owner, sum(quota_reserved), count(*) FROM live WHERE quota_owner GROUP BY tenant, owner
    )
    SELECT tenant, owner, quotas.reserved, quotas.live, quotas.used, quotas.bytes_limit,
           COALESCE(counted.reserved, 0)::bigint AS counted_reserved, COALESCE(counted.live, 0)::bigint AS counted_live
    FROM quotas LEFT JOIN counted USING (tenant, owner)
    WHERE quotas.reserved <> COALESCE(counted.reserved, 0) OR quotas.live <> COALESCE(counted.live, 0)
       OR quotas.reserved + quotas.used > quotas.bytes_limit
    ORDER BY tenant, owner LIMIT CAST(:limit AS bigint)
""")

_FIRST: Final = UUID(int=0)


@dataclass(frozen=True, slots=True)
class QuotaDrift:
    """A quota whose counts are not those of the rows. `owner` '' is the tenant as a whole; sizes in bytes."""

    tenant: str
    owner: str
    reserved: int
    live: int
    used: int
    bytes_limit: int | None
    counted_reserved: int
    counted_live: int


async def page_of_uploads(engine: AsyncEngine, *, after: UploadId | None, limit: int) -> Sequence[Upload]:
    """The next rows by ascending id."""
    rows = await execute(engine, _PAGE, {"after": after or _FIRST, "limit": limit})
    return [to_upload(row) for row in rows]


async def uploads_by_id(engine: AsyncEngine, ids: Sequence[UploadId]) -> Mapping[UploadId, Upload]:
    """Those there are."""
    found = [to_upload(row) for row in await execute(engine, _BY_ID, {"ids": ids})] if ids else []
    return {upload.id: upload for upload in found}


async def estimated_uploads(engine: AsyncEngine) -> int | None:
    """How many rows there are, as the server's statistics have it; None before there are any. Costs nothing."""
    [row] = await execute(engine, _ESTIMATE, {})
    return None if row["uploads"] < 0 else int(row["uploads"])


async def violations(engine: AsyncEngine, ids: Sequence[UploadId]) -> Sequence[tuple[UploadId, str]]:
    """What these rows, their events and their parts break, by the names of docs/audit.md."""
    rows = await execute(engine, _VIOLATIONS, {"ids": ids})
    return [(UploadId(UUID(int=row["id"].int)), row["name"]) for row in rows]


async def without_upload(
    engine: AsyncEngine, table: Literal["parts", "events"], *, after: UploadId | None, limit: int
) -> tuple[Sequence[UploadId], UploadId | None]:
    """Of the next `limit` uploads that the table names, those that are not there; and where the next page begins."""
    rows = await execute(engine, _WITHOUT_UPLOAD[table], {"after": after or _FIRST, "limit": limit})
    named = [(UploadId(UUID(int=row["upload_id"].int)), row["known"]) for row in rows]
    following = named[-1][0] if len(named) == limit else None
    return [upload_id for upload_id, known in named if not known], following


async def drifted_quotas(engine: AsyncEngine, limit: int) -> Sequence[QuotaDrift]:
    return [QuotaDrift(**dict(row)) for row in await execute(engine, _DRIFTED, {"limit": limit})]
