"""The ledger of parts: batches in, one statement each; no ORM and no row by row work.

Recording locks the upload's row FOR SHARE within the statement: it either sees `open` and every move waits for it, or
it writes nothing. Of a `put` upload, whose one part is hardly ever reported, it touches the row instead, so that a last
move that did not see the report makes none (moves.py). Digests are text, base64 as the client sent it: as bytes they would be 8 and 12 bytes shorter a
part, and be decoded and encoded on every way in and out.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from coordinator.database.engine import execute
from coordinator.database.rows import PART_COLUMNS, to_part
from coordinator.uploads.model import Claim, Part, UploadId

__all__ = ["parts", "parts_by_number", "record"]

# What was recorded is kept where the claim is silent, but only if nothing the claim does say contradicts it.
_RECORD: Final = text("""
    WITH sharing AS (
        SELECT id FROM uploads WHERE id = :id AND state = 'open' AND method <> 'put' FOR SHARE
    ), touching AS (
        UPDATE uploads SET updated_at = clock_timestamp()
        WHERE id = :id AND state = 'open' AND method = 'put'
        RETURNING id
    ), taking AS (
        SELECT id FROM sharing UNION ALL SELECT id FROM touching
    ), written AS (
        INSERT INTO parts AS kept (upload_id, part_number, size, etag, md5, sha256)
        SELECT taking.id, claim.*
        FROM taking, unnest(
            CAST(:part_numbers AS int[]), CAST(:sizes AS bigint[]), CAST(:etags AS text[]), CAST(:md5s AS text[]),
            CAST(:sha256s AS text[])
        ) AS claim (part_number, size, etag, md5, sha256)
        ON CONFLICT (upload_id, part_number) DO UPDATE SET
            (size, etag, md5, sha256, recorded_at) = (
                SELECT EXCLUDED.size,
                       COALESCE(EXCLUDED.etag, CASE WHEN agrees THEN kept.etag END),
                       COALESCE(EXCLUDED.md5, CASE WHEN agrees THEN kept.md5 END),
                       COALESCE(EXCLUDED.sha256, CASE WHEN agrees THEN kept.sha256 END),
                       now()
                FROM (SELECT kept.size = EXCLUDED.size
                    AND COALESCE(kept.etag = EXCLUDED.etag, true)
                    AND COALESCE(kept.md5 = EXCLUDED.md5, true)
                    AND COALESCE(kept.sha256 = EXCLUDED.sha256, true) AS agrees) AS compared
            )
    )
    SELECT id FROM taking
""")

_PARTS: Final = text(
    f"SELECT {PART_COLUMNS} FROM parts WHERE upload_id = :id AND part_number > :after "  # noqa: S608 - a constant
    "ORDER BY part_number LIMIT CAST(:limit AS bigint)"
)

_BY_NUMBER: Final = text(
    f"SELECT {PART_COLUMNS} FROM parts WHERE upload_id = :id "  # noqa: S608 - a constant
    "AND part_number = ANY(CAST(:part_numbers AS int[]))"
)


async def record(engine: AsyncEngine, upload_id: UploadId, claims: Sequence[Claim]) -> bool:
    """Write a batch; of several claims for one part the last one counts. False when the upload is not open."""
    last = {claim.part_number: claim for claim in claims}
    ordered = [last[number] for number in sorted(last)]  # one order for all writers: no deadlocks
    parameters = {
        "id": upload_id,
        "part_numbers": [claim.part_number for claim in ordered],
        "sizes": [claim.size for claim in ordered],
        "etags": [claim.etag for claim in ordered],
        "md5s": [claim.md5 for claim in ordered],
        "sha256s": [claim.sha256 for claim in ordered],
    }
    return bool(await execute(engine, _RECORD, parameters))


async def parts(engine: AsyncEngine, upload_id: UploadId, *, after: int, limit: int | None) -> Sequence[Part]:
    rows = await execute(engine, _PARTS, {"id": upload_id, "after": after, "limit": limit})
    return [to_part(row) for row in rows]


async def parts_by_number(
    engine: AsyncEngine, upload_id: UploadId, part_numbers: Sequence[int]
) -> Mapping[int, Part]:
    rows = await execute(engine, _BY_NUMBER, {"id": upload_id, "part_numbers": list(part_numbers)})
    return {row["part_number"]: to_part(row) for row in rows}
