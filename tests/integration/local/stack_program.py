"""The stack in a process of its own, for tests that kill it: says in JSON that it is ready, and ends on SIGINT."""

import asyncio
import json
import signal
import sys
from dataclasses import asdict
from pathlib import Path

from coordinator.local.stack import LocalStack


async def main(data_dir: Path) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, stop.set)
    async with LocalStack(data_dir) as stack:
        ready = {"port": stack.port, "database_url": stack.database_url, "store": asdict(stack.store)}
        print(json.dumps(ready), flush=True)
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
