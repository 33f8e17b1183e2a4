"""Lists of uploads, newest first, page by page: ids grow with time, so the last id of a page is where the next begins.

A page costs the same however deep it lies. Conditions are added only when asked for, so that each list finds the index
made for it.
"""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncEngine

from coordinator.database.engine import execute
from coordinator.database.rows import to_upload, yielding_uploads
from coordinator.uploads.ledger import ListFilter
from coordinator.uploads.model import Upload, UploadId

__all__ = ["find"]


async def find(engine: AsyncEngine, query: ListFilter) -> tuple[Sequence[Upload], UploadId | None]:
    """At most `query.limit` uploads, and the cursor of the next page when there is one."""
    conditions, parameters = _conditions(query)
    parameters["limit"] = query.limit + 1
    page = f"(SELECT * FROM uploads WHERE {' AND '.join(conditions)} ORDER BY id DESC LIMIT :limit)"  # noqa: S608 - conditions are the constants below
    statement = yielding_uploads(page, rest="ORDER BY u.id DESC")
    found = [to_upload(row) for row in await execute(engine, statement, parameters)]
    if len(found) <= query.limit:
        return found, None
    return found[:-1], found[-2].id


def _conditions(query: ListFilter) -> tuple[list[str], dict[str, object]]:
    wanted: list[tuple[str, str, object]] = [
        ("tenant = :tenant", "tenant", query.identity.tenant),
        ("owner = :owner", "owner", query.identity.owner),
        ("state = ANY(:states)", "states", [state.value for state in query.states] or None),
        ("created_at < :created_before", "created_before", query.created_before),
        ("starts_with(filename, :filename_prefix)", "filename_prefix", query.filename_prefix),
        ("id < :cursor", "cursor", query.cursor),
    ]
    asked = [(condition, name, value) for condition, name, value in wanted if value is not None]
    return [condition for condition, _, _ in asked], {name: value for _, name, value in asked}
