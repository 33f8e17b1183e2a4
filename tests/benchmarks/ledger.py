"""The ledger's parts: through the repository against raw asyncpg, in one run, because only the ratio survives a machine.

Raw is the least that could do the work: an asyncpg pool of the same size and one `unnest` upsert that neither asks
whether the upload is open nor keeps what an earlier claim said. Rounds of both take turns; medians. CPU is this
process's alone, wall time has the server's in it.

    python tests/benchmarks/ledger.py [--rounds 9] [--loop uvloop]

It starts a Postgres of its own, unless TEST_DATABASE_URL names one.
"""

import argparse
import asyncio
import functools
import gc
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

import asyncpg
import uvloop

from coordinator.database.engine import create_engine
from coordinator.database.migrations import upgrade
from coordinator.database.uploads import Uploads
from coordinator.uploads.model import Claim, Upload
from coordinator.uploads.state import State
from tests.integration.database.ledger import LEASE, ME, OWNER, Ledger, an_upload
from tests.postgres import any_postgres, new_database

BATCHES = (1, 10, 100, 1_000)
READ = 10_000
PER_ROUND = 4_000
"""Parts written in a round; of single ones and tens, as many calls as make a round of fair length."""
CALLS = 400
ETAG = "d41d8cd98f00b204e9800998ecf8427e"

RAW_UPSERT = """
    INSERT INTO parts (upload_id, part_number, size, etag, md5, sha256)
    SELECT $1, * FROM unnest($2::int[], $3::bigint[], $4::text[], $5::text[], $6::text[])
    ON CONFLICT (upload_id, part_number) DO UPDATE SET size = EXCLUDED.size, etag = EXCLUDED.etag,
        md5 = EXCLUDED.md5, sha256 = EXCLUDED.sha256, recorded_at = now()
"""
RAW_READ = """
    SELECT part_number, size, etag, md5, sha256, recorded_at FROM parts WHERE upload_id = $1 ORDER BY part_number
"""
RAW_ROW = "SELECT * FROM uploads WHERE id = $1 AND tenant = $2 AND owner = $3"

Work = Callable[[], Awaitable[object]]


class Spent(NamedTuple):
    """Seconds a call."""

    cpu: float
    wall: float


def main() -> None:
    parser = argparse.ArgumentParser(description="The ledger's parts, through the repository and without it.")
    parser.add_argument("--rounds", type=int, default=9, help="rounds a row (default 9)")
    parser.add_argument("--loop", choices=("uvloop", "asyncio"), default="uvloop")
    asked = parser.parse_args()
    runner = uvloop.run if asked.loop == "uvloop" else asyncio.run
    runner(compare(asked.rounds))


async def compare(rounds: int) -> None:
    async with any_postgres() as server, new_database(server) as url:
        await asyncio.to_thread(upgrade, url)
        engine = create_engine(url, pool_size=2)
        async with asyncpg.create_pool(url, min_size=2, max_size=2) as pool:
            ledger = Ledger(Uploads(engine), engine)
            await written(ledger, pool, rounds)
            await read(ledger, pool, rounds)
            await small(ledger, pool, rounds)
        await engine.dispose()


async def written(ledger: Ledger, pool: Any, rounds: int) -> None:
    print(f"{'record_parts':26} {'parts/s':>22} {'CPU us a part':>20} {'ratio':>14}")
    print(f"{'':26} {'raw':>11}{'ours':>11} {'raw':>10}{'ours':>10} {'CPU':>7}{'wall':>7}")
    for batch in BATCHES:
        calls = min(CALLS, max(PER_ROUND // batch, 4))
        uploads = [await ledger.at(State.OPEN) for _ in range(2)]
        raw, ours = await rounds_of(
            rounds,
            calls,
            writing(batch, calls * (rounds + 1), functools.partial(raw_record, pool, uploads[0])),
            writing(
                batch, calls * (rounds + 1), functools.partial(ledger.uploads.record_parts, uploads[1].id)
            ),
        )
        print(
            f"{f'batches of {batch:,}':26} {batch / raw.wall:>11,.0f}{batch / ours.wall:>11,.0f}"
            f" {raw.cpu / batch * 1e6:>10.2f}{ours.cpu / batch * 1e6:>10.2f} {ratios(raw, ours)}"
        )


def writing(batch: int, times: int, write: Callable[[Sequence[Claim]], Awaitable[object]]) -> Work:
    """Each call writes the next parts: to write the same rows again and again would measure their old versions."""
    made = [
        [Claim(number, 8 * 2**20, ETAG) for number in range(first, first + batch)]
        for first in range(1, batch * times + 1, batch)
    ]
    batches = iter(made)
    return lambda: write(next(batches))


async def read(ledger: Ledger, pool: Any, rounds: int) -> None:
    row = await ledger.at(State.OPEN)
    for start in range(1, READ + 1, 1_000):
        await ledger.uploads.record_parts(
            row.id, [Claim(number, 8 * 2**20, ETAG) for number in range(start, start + 1_000)]
        )
    await ledger.sql("ANALYZE parts")
    raw, ours = await rounds_of(
        rounds, 5, lambda: pool.fetch(RAW_READ, row.id), lambda: ledger.uploads.parts(row.id)
    )
    heading("milliseconds", f"parts, {READ:,} read back", raw, ours, 1e3)


async def small(ledger: Ledger, pool: Any, rounds: int) -> None:
    """What a signature costs the ledger: one row read, now and then one written."""
    row = await ledger.at(State.OPEN)
    raw, ours = await rounds_of(
        rounds,
        CALLS,
        lambda: pool.fetchrow(RAW_ROW, row.id, "acme", "ada"),
        lambda: ledger.uploads.get(row.id, OWNER),
    )
    heading("microseconds", "get", raw, ours, 1e6)
    until = row.now + timedelta(minutes=15)
    raw, ours = await rounds_of(
        rounds,
        CALLS,
        lambda: pool.fetchrow("UPDATE uploads SET urls_until = $2 WHERE id = $1 RETURNING id", row.id, until),
        lambda: ledger.uploads.extend(row, urls_until=until, active_at=None),
    )
    heading("microseconds", "extend", raw, ours, 1e6)
    raw, ours = await rounds_of(
        rounds,
        100,
        lambda: raw_start(pool, row),
        lambda: ledger.uploads.start(an_upload(), None, ME, LEASE),
    )
    heading("microseconds", "start", raw, ours, 1e6)


async def raw_record(pool: Any, row: Upload, claims: Sequence[Claim]) -> None:
    columns = [
        [getattr(claim, name) for claim in claims]
        for name in ("part_number", "size", "etag", "md5", "sha256")
    ]
    await pool.execute(RAW_UPSERT, row.id, *columns)


async def raw_start(pool: Any, row: Upload) -> None:
    """The row and its event in one transaction."""
    new = an_upload()
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(
            "INSERT INTO uploads (id, tenant, owner, policy, state, filename, content_type, metadata, size, part_size,"
            " part_count, bucket, key, mark, lifetime, wake_at, expires_at, hard_expires_at)"
            " SELECT $1, tenant, owner, policy, 'creating', filename, content_type, metadata, size, part_size,"
            " part_count, bucket, $2, $3, lifetime, now(), now(), now() FROM uploads WHERE id = $4",
            new.id,
            new.key,
            new.mark,
            row.id,
        )
        await connection.execute(
            "INSERT INTO events (upload_id, tenant, owner, type, epoch, payload)"
            " VALUES ($1, 'acme', 'ada', 'upload.created', 1, '{}')",
            new.id,
        )


async def rounds_of(rounds: int, calls: int, raw: Work, ours: Work) -> tuple[Spent, Spent]:
    """Medians a call."""
    await spent(raw, calls)
    await spent(ours, calls)
    theirs, mine = [], []
    for _ in range(rounds):
        theirs.append(await spent(raw, calls))
        mine.append(await spent(ours, calls))
    return median(theirs), median(mine)


async def spent(work: Work, calls: int) -> Spent:
    gc.collect()  # each pays for the garbage it makes and not for the other's
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(calls):
        await work()
    return Spent((time.process_time() - cpu) / calls, (time.perf_counter() - wall) / calls)


def median(all_spent: Sequence[Spent]) -> Spent:
    return Spent(
        statistics.median(one.cpu for one in all_spent), statistics.median(one.wall for one in all_spent)
    )


def heading(unit: str, what: str, raw: Spent, ours: Spent, factor: float) -> None:
    wall = f"{raw.wall * factor:>11,.2f}{ours.wall * factor:>11,.2f}"
    cpu = f"{raw.cpu * factor:>10,.2f}{ours.cpu * factor:>10,.2f}"
    print(f"{f'{what} ({unit})':38}wall{wall}   CPU{cpu} {ratios(raw, ours)}")


def ratios(raw: Spent, ours: Spent) -> str:
    return f"{ours.cpu / raw.cpu:>6.2f}x{ours.wall / raw.wall:>6.2f}x"


if __name__ == "__main__":
    main()
