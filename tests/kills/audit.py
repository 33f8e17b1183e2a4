"""What must be true of every upload when all is settled, asked of the database and of the store alone."""

from collections.abc import Collection
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import asyncpg
from botocore.exceptions import ClientError

from coordinator.uploads.state import TERMINAL

__all__ = ["Audit", "End"]

TERMINAL_EVENTS = {f"upload.{state.value}" for state in TERMINAL}

End = tuple[str, str | None]
"""A state and its reason."""


@dataclass(frozen=True, slots=True)
class Audit:
    pool: Any
    """Of connections to the ledger, of the test's own."""
    store: Any
    """A client of the store, of the test's own."""
    bucket: str

    async def rows(self, filename: str) -> list[dict[str, Any]]:
        return [
            dict(row) for row in await self.pool.fetch("SELECT * FROM uploads WHERE filename = $1", filename)
        ]

    async def settled(self, filename: str) -> bool:
        """Every upload of that name has ended, and nothing wakes it any more."""
        return all(row["state"] in TERMINAL and row["wake_at"] is None for row in await self.rows(filename))

    async def wrong(
        self, filename: str, content: bytes, ends: Collection[End], told: str | None, *, nothing: bool
    ) -> list[str]:
        """Everything that is not as it must be, in words. `told` is what the client was told last.

        `nothing`: there may be no row at all.
        """
        rows = await self.rows(filename)
        if not rows:
            return [] if nothing and told is None else ["the upload is not in the ledger"]
        if len(rows) > 1:
            return [f"{len(rows)} uploads where one was asked for"]
        [row] = rows
        found = [] if (row["state"], row["reason"]) in ends else [f"ended {row['state']}, {row['reason']}"]
        if told is not None and told in TERMINAL and told != row["state"]:
            found.append(f"the client was told {told}, and it is {row['state']}")
        return found + await self._wrong_in_ledger(row) + await self._wrong_at_store(row, content)

    async def _wrong_in_ledger(self, row: dict[str, Any]) -> list[str]:
        told = await self.pool.fetch(
            "SELECT type, epoch FROM events WHERE upload_id = $1 ORDER BY id", row["id"]
        )
        found = []
        if [event["epoch"] for event in told] != list(range(1, row["epoch"] + 1)):
            found.append(f"epochs {[event['epoch'] for event in told]} of {row['epoch']}")
        if [event["type"] for event in told if event["type"] in TERMINAL_EVENTS] != [
            f"upload.{row['state']}"
        ]:
            found.append(f"events {[event['type'] for event in told]}")
        if await self.pool.fetchval("SELECT count(*) FROM parts WHERE upload_id = $1", row["id"]):
            found.append("part rows of an ended upload")
        if row["lease_owner"] is not None or row["manifest"] is not None:
            found.append("a lease or a manifest of an ended upload")
        return found

    async def _wrong_at_store(self, row: dict[str, Any], content: bytes) -> list[str]:
        held = await self.object(row["key"])
        found = []
        if row["state"] == "completed":
            wanted = (row["mark"], len(content), sha256(content).hexdigest(), row["etag"])
            if held is None:
                found.append("completed, and there is no object")
            elif held != wanted:
                found.append(f"completed, and the object differs: {held[1:]} for {wanted[1:]}")
            if row["size"] != len(content):
                found.append(f"completed with {row['size']} bytes in the ledger")
        elif held is not None and held[0] == row["mark"]:
            found.append(f"{row['state']}, and there is an object")
        if left := await self.multipart_uploads(row["key"]):
            found.append(f"{len(left)} multipart uploads left")
        return found

    async def object(self, key: str) -> tuple[str | None, int, str, str] | None:
        """Mark, size, digest and ETag."""
        try:
            answer = await self.store.get_object(Bucket=self.bucket, Key=key)
        except ClientError as refused:
            if refused.response["Error"]["Code"] != "NoSuchKey":
                raise
            return None
        content = await answer["Body"].read()
        mark, etag = answer["Metadata"].get("coordinator-mark"), answer["ETag"].strip('"')
        return mark, len(content), sha256(content).hexdigest(), etag

    async def multipart_uploads(self, prefix: str = "") -> list[tuple[str, str]]:
        """Key and id of those that stand under the prefix; in the whole bucket when it is empty."""
        answer = await self.store.list_multipart_uploads(Bucket=self.bucket, Prefix=prefix)
        return [(found["Key"], found["UploadId"]) for found in answer.get("Uploads", [])]

    async def awake(self) -> list[str]:
        """Rows that nobody would ever look at again although they have not ended."""
        rows = await self.pool.fetch(
            "SELECT id FROM uploads WHERE wake_at IS NULL AND NOT (state = ANY($1))", [*TERMINAL]
        )
        return [str(row["id"]) for row in rows]


async def connections(database_url: str) -> Any:
    return await asyncpg.create_pool(database_url, min_size=1, max_size=4)
