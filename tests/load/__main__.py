"""`python -m tests.load`: a crowd of clients at three servers over one Postgres and one SeaweedFS, servers killed meanwhile.

Ends with 1 when anything was lost, wrong, told falsely or left behind.
"""

import argparse
import asyncio
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median, quantiles
from time import monotonic

from coordinator.database.migrations import upgrade
from tests.e2e.device import device
from tests.kills.campaign import left_behind
from tests.kills.stage import Stage
from tests.load.crowd import Crowd, Told, killing
from tests.postgres import any_postgres, new_database
from tests.races.field import Field, field
from tests.seaweedfs import PAGE_ORIGIN, new_seaweedfs


async def load(options: argparse.Namespace) -> list[str]:
    async with AsyncExitStack() as ending:
        folder = Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="load-")))
        postgres = await ending.enter_async_context(any_postgres())
        url = await ending.enter_async_context(new_database(postgres))
        store = await ending.enter_async_context(new_seaweedfs(folder, origins=[PAGE_ORIGIN]))
        await asyncio.to_thread(upgrade, url)
        made = await ending.enter_async_context(field(folder, url, store, "load", mortal=True))
        stages = [await _client_of(made, number, ending) for number in range(options.clients)]
        crowd = Crowd(until=monotonic() + options.seconds)
        began = monotonic()
        clients = (crowd.client(stage, f"{options.seed} {number}") for number, stage in enumerate(stages))
        deaths, _ = await asyncio.gather(
            killing(made.stages, options.kill_every, crowd.until), asyncio.gather(*clients)
        )
        _tell(crowd, monotonic() - began, deaths)
        wrong = [one for told in crowd.told for one in await _wrong(told)]
        return [*wrong, *await left_behind(made.stages[0])]


async def _client_of(made: Field, number: int, ending: AsyncExitStack) -> Stage:
    server = made.stages[number % len(made.stages)]
    key = server.client.api.headers["Authorization"].removeprefix("Bearer ")
    user = await ending.enter_async_context(device(server.lives.url, key))
    return Stage(server.lives, server.wire, user, server.audit)


async def _wrong(told: Told) -> list[str]:
    """What is not as its client was told, when all is settled."""
    told.stage.filename = told.filename
    async with told.stage.time_passing():
        await told.stage.until(lambda: told.stage.audit.settled(told.filename))
    return await told.stage.audit.wrong(told.filename, told.content, [told.end], told.end[0], nothing=False)


def _tell(crowd: Crowd, seconds: float, deaths: int) -> None:
    print(f"{len(crowd.told)} uploads in {seconds:.0f} s, {deaths} servers killed")
    for what, took in sorted(crowd.took.items()):
        worst = quantiles(took, n=100)[98] if len(took) > 1 else took[0]
        print(
            f"{what:10} {len(took):7} times, median {median(took) * 1000:6.1f} ms, "
            f"99th {worst * 1000:7.1f} ms, {crowd.asked_again[what]} asked again"
        )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.load", description=__doc__)
    parser.add_argument("--clients", type=int, default=24)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument(
        "--kill-every", type=float, default=0, help="seconds between two deaths; 0: nobody dies"
    )
    parser.add_argument("--seed", type=int, default=1)
    wrong = asyncio.run(load(parser.parse_args()))
    print("\n".join(wrong[:50]))
    print(f"{len(wrong)} lost, wrong, told falsely or left behind")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
