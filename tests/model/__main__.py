"""`python -m tests.model --sequences 10000 --seed 1`: as many sequences as you like, on a Postgres of its own."""

import argparse
import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager

from coordinator.database.migrations import upgrade
from tests.model.campaign import run_campaign
from tests.model.floor import floor_over
from tests.postgres import any_postgres, new_database


async def _database(until: AsyncExitStack) -> str:
    server = await until.enter_async_context(any_postgres())
    return await until.enter_async_context(new_database(server))


@contextmanager
def migrated_database() -> Iterator[str]:
    """A database that nobody else uses, on a server that lives as long as the block."""
    with asyncio.Runner() as runner:
        until = AsyncExitStack()
        try:
            url = runner.run(_database(until))
            upgrade(url)
            yield url
        finally:
            runner.run(until.aclose())


def main() -> None:
    asked = argparse.ArgumentParser(prog="python -m tests.model", description=__doc__)
    asked.add_argument("--sequences", type=int, default=None, help="how many; no end without")
    asked.add_argument("--seconds", type=float, default=None, help="for how long at most")
    asked.add_argument("--seed", type=int, default=1, help="of the first batch; each batch adds one")
    chosen = asked.parse_args()
    if os.environ.get("PYTHONHASHSEED") != "0":
        # the order of sets is part of a sequence
        os.execve(
            sys.executable,
            [sys.executable, "-m", "tests.model", *sys.argv[1:]],
            os.environ | {"PYTHONHASHSEED": "0"},
        )
    with migrated_database() as url, floor_over(url) as floor:
        journal = run_campaign(
            floor,
            first_seed=chosen.seed,
            sequences=chosen.sequences,
            seconds=chosen.seconds,
            progress=lambda ended, took: print(
                f"{ended} sequences, {took:.0f} s, {ended / took:.1f} a second", flush=True
            ),
        )
    for move, times in sorted(journal.moves.items()):
        print(f"{times:8}  {move}")
    print(f"{journal.ended} sequences, no breach; {journal.unrepeatable} batches ended early")


main()
