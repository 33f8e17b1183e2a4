"""What must be true of an upload afterwards, asked of the database and of the store, and never of the service."""

from dataclasses import dataclass
from typing import Any

import asyncpg
from botocore.exceptions import ClientError

from coordinator.local.bucket import LocalStore, store_client

TERMINAL = ("completed", "aborted", "failed")
TERMINAL_EVENTS = [f"upload.{state}" for state in TERMINAL]


@dataclass(frozen=True, slots=True)
class Audit:
    database_url: str
    store: LocalStore

    async def rows(self, statement: str, *arguments: object) -> list[dict[str, Any]]:
        connection = await asyncpg.connect(self.database_url)
        try:
            return [dict(row) for row in await connection.fetch(statement, *arguments)]
        finally:
            await connection.close()

    async def row(self, upload_id: str) -> dict[str, Any]:
        [row] = await self.rows("SELECT * FROM uploads WHERE id = $1", upload_id)
        return row

    async def named(self, filename: str) -> list[dict[str, Any]]:
        """Every upload of that name, whoever started it."""
        return await self.rows("SELECT * FROM uploads WHERE filename = $1", filename)

    async def at_store(self, key: str) -> tuple[list[str], bytes | None, str | None]:
        """The multipart uploads under the key; the object's bytes and mark, if there is one."""
        names = {"Bucket": self.store.bucket}
        async with store_client(self.store) as client:
            listed = await client.list_multipart_uploads(**names, Prefix=key)
            uploads = [found["UploadId"] for found in listed.get("Uploads", []) if found["Key"] == key]
            try:
                answer = await client.get_object(**names, Key=key)
            except ClientError as refused:
                if refused.response["Error"]["Code"] != "NoSuchKey":
                    raise
                return uploads, None, None
            return uploads, await answer["Body"].read(), answer["Metadata"].get("coordinator-mark")

    async def open(self, upload_id: str) -> None:
        """Open, with exactly one multipart upload at the store: the one that the row knows."""
        row = await self.row(upload_id)
        assert (row["state"], row["wake_at"] is None) == ("open", False)
        assert await self.at_store(row["key"]) == ([row["multipart_upload_id"]], None, None)

    async def ended(self, upload_id: str, state: str, *, reason: str | None, content: bytes | None) -> None:
        """Ended once, as said, with no part rows and nothing but the object at the store."""
        row = await self.row(upload_id)
        assert (row["state"], row["reason"], row["lease_owner"]) == (state, reason, None)
        told = "SELECT type FROM events WHERE upload_id = $1 AND type = ANY($2)"
        assert await self.rows(told, upload_id, TERMINAL_EVENTS) == [{"type": f"upload.{state}"}]
        assert await self.rows("SELECT FROM parts WHERE upload_id = $1", upload_id) == []
        mark = None if content is None else row["mark"]
        uploads, found, found_mark = await self.at_store(row["key"])
        assert (uploads, found_mark) == ([], mark)
        assert found == content, "the object's bytes"
