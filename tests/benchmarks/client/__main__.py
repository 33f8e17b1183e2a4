"""The Python client and `coordinator upload` against boto3, boto3 with awscrt, aws-cli, s5cmd and rclone, in turns, another
one first each round: the transfer and the whole process, medians and ratios.

    python -m tests.benchmarks.client tls|plain|shaped|small|small-far|real [--rounds 5] [--seconds S] [--size 1024] [--folder DIR]
        [--only NAMES] [--unbound]

Senders run on core 0; the sink (or SeaweedFS), and for our side the service and its Postgres, on the others; with --unbound
everybody runs where the system puts them. Ours sends through the service: start, signing, reports, completion are in its
time. `tls`, `plain`, `shaped`: one file of --size MiB into the sink. `small`, `small-far`: 1,000 files of 10 KiB into the
plain sink, and into the shaped one. `real`: one file into SeaweedFS. The peers' environment is made in --folder when it is
not there.
"""

import argparse
import asyncio
import os
import secrets
import signal
import time
from pathlib import Path

from tests.benchmarks.client import ours
from tests.benchmarks.client.measure import Run, run
from tests.benchmarks.client.peers import environment_of_peers, senders
from tests.benchmarks.client.stage import folders, service, stage
from tests.benchmarks.client.table import MEGABYTE, table

MIB = 1024 * 1024
FILES = 1000


def new_source(folder: Path, kind: str, size: int) -> Path:
    if not kind.startswith("small"):
        path = folder / "source"
        with path.open("wb") as file:
            for _ in range(size):
                file.write(secrets.token_bytes(MIB))
        return path
    path = folder / "files"
    path.mkdir()
    for number in range(FILES):
        (path / f"{number:04}.bin").write_bytes(secrets.token_bytes(10 * 1024))
    return path


async def main(programs: Path, given: argparse.Namespace) -> None:
    kind, only = given.kind, given.only
    cores = sorted(os.sched_getaffinity(0))
    its_own = cores if given.unbound else cores[:1]
    os.sched_setaffinity(0, cores if given.unbound else cores[1:] or cores)
    with folders() as (fast, slow):
        source = new_source(fast, kind, given.size)
        async with (
            stage(kind, slow) as (store, seen),
            service(slow, store, seen.endpoint_url) as (server, key),
        ):
            every = [
                *ours.senders(server.url, key, seen, source, slow / "state"),
                *senders(programs, seen, source),
            ]
            wanted = [one for one in every if not only or one.name in only]
            runs: dict[str, list[Run]] = {one.name: [] for one in wanted}
            until = time.monotonic() + given.seconds
            for done in range(given.rounds):
                if done and time.monotonic() > until:
                    break
                first = done % len(wanted)
                for one in wanted[first:] + wanted[:first]:
                    os.sync()  # nobody's bytes are written to the disk in another's time
                    runs[one.name].append(await asyncio.to_thread(run, one, slow, its_own))
            small = kind.startswith("small")
            amount = FILES if small else given.size * MIB / MEGABYTE
            print(table(kind, amount, "files/s" if small else "MB/s", runs), flush=True)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("kind", choices=["tls", "plain", "shaped", "small", "small-far", "real"])
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--seconds", type=float, default=1e9, help="no new round after so many")
    arguments.add_argument("--size", type=int, default=1024, help="MiB")
    arguments.add_argument("--folder", type=Path, default=Path(".benchmark"))
    arguments.add_argument("--only", nargs="*", default=[], help="names of senders, as the table has them")
    arguments.add_argument("--unbound", action="store_true", help="no core is anybody's own")
    given = arguments.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that nothing is left running
    given.folder.mkdir(parents=True, exist_ok=True)
    programs = environment_of_peers(given.folder.absolute())
    asyncio.run(main(programs, given))
