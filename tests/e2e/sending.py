"""A program that uploads with our client, to be watched and killed: URL KEY STATE SOURCE [OPTIONS as JSON].

It says every progress as a line of JSON, or its error's code.
"""

import asyncio
import json
import sys
from typing import Any

from coordinator.client import AsyncClient, ClientError


async def main(url: str, key: str, state: str, source: str, options: dict[str, Any]) -> int:
    limit, upload_id = options.pop("limit", None), options.pop("resume", None)
    async with AsyncClient(url, token=key, state=state, limit=limit) as client:
        given = sys.stdin.buffer if source == "-" else source
        if upload_id is None:
            sending = client.uploading(given, **options)
        else:
            sending = client.resuming(upload_id, given, **options)
        async for progress in sending:
            print(progress.json().decode(), flush=True)
        try:
            await sending
        except ClientError as error:
            print(json.dumps({"error": error.code}), flush=True)
            return 1
        finally:
            print(json.dumps({"warnings": sending.warnings}), flush=True)
        return 0


if __name__ == "__main__":
    url, key, state, source, *more = sys.argv[1:]
    sys.exit(asyncio.run(main(url, key, state, source, json.loads(more[0]) if more else {})))
