"""Send a file, or a folder, with our client: URL KEY SOURCE DIGESTS ("" for none) asyncio|uvloop."""

import asyncio
import json
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

from coordinator.client import AsyncClient


async def main(url: str, key: str, source: Path, digests: str) -> None:
    options: Any = {"restart": True, "digests": digests or "auto"}
    single = source.is_file()  # noqa: ASYNC240 - nothing else runs yet
    async with AsyncClient(url, token=key) as client:
        began = time.perf_counter()
        if single:
            await client.upload(source, **options)
        else:
            async for outcome in client.upload_many([source], **options):
                if outcome.error is not None:
                    raise outcome.error
        print(json.dumps({"seconds": time.perf_counter() - began}))


if __name__ == "__main__":
    loop = import_module("uvloop").new_event_loop if sys.argv[5] == "uvloop" else None
    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), sys.argv[4]))
