"""HTTP clients for parts: ours, aiohttp and httpx, 1 GiB in parts of 16 MiB, eight at once, into the same sinks, in turns.

    python -m tests.benchmarks.client.http_clients [--rounds 5] [--size 1024] [--folder DIR]

No service takes part: addresses look like presigned ones, and the sink takes any. Senders run on core 0, the sink on the
others. The CPU seconds are those of the transfer; what a library's import costs is left out.
"""

import argparse
import os
import signal
import sys
from itertools import product
from pathlib import Path
from statistics import median

from tests.benchmarks.client.__main__ import MIB, new_source
from tests.benchmarks.client.measure import Run, run
from tests.benchmarks.client.peers import Sender, environment_of_peers
from tests.benchmarks.client.sink import BUCKET
from tests.benchmarks.client.stage import folders, sink
from tests.benchmarks.client.table import MEGABYTE, rates_of

SIGNED = (
    "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=key%2F20260101%2Fus-east-1%2Fs3%2Faws4_request"
    f"&X-Amz-Date=20260101T000000Z&X-Amz-Expires=3600&X-Amz-SignedHeaders=content-length%3Bhost&X-Amz-Signature={'0' * 64}"
)
LOOPS = ("asyncio", "uvloop")
BODIES = ("pieces", "parts")
LIBRARIES = ("ours", "aiohttp", "httpx")


def senders(programs: Path, url: str, source: Path, certificate: str) -> list[Sender]:
    environment = {"SSL_CERT_FILE": certificate, "PYTHONPATH": str(Path.cwd())}
    program = str(Path(__file__).with_name("by_http.py"))
    return [
        Sender(
            f"{library}, {body}, {loop}",
            [
                sys.executable if library == "ours" else str(programs / "python"),
                *(program, library, body, loop, url, str(source)),
            ],
            environment,
        )
        for library, body, loop in product(LIBRARIES, BODIES, LOOPS)
    ]


def print_table(title: str, amount: float, runs: dict[str, list[Run]]) -> None:
    first = next(iter(runs.values()))
    ours = median(one.inside for one in first)
    print(
        f"\n| {title} | MB/s least/median/most | ours is faster | CPU s of the transfer | RSS, MB |\n|---|---|---|---|---|"
    )
    for name, found in sorted(runs.items(), key=lambda one: median(each.inside for each in one[1])):
        spread = rates_of([one.inside for one in found], amount)
        times = median(one.inside for one in found) / ours
        cpu, rss = median(one.cpu_inside for one in found), median(one.rss for one in found) / MEGABYTE
        print(f"| {name} | {spread} | {times:.2f} | {cpu:.2f} | {rss:.0f} |", flush=True)


def main(programs: Path, rounds: int, size: int) -> None:
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cores[1:] or cores)
    with folders() as (fast, slow), sink(slow) as doors:
        source = new_source(fast, "file", size)
        for door, scheme in (("tls", "https"), ("plain", "http")):
            url = f"{scheme}://localhost:{doors[door]}/{BUCKET}/file?{SIGNED}"
            wanted = senders(programs, url, source, doors["certificate"])
            runs: dict[str, list[Run]] = {one.name: [] for one in wanted}
            for _ in range(rounds):
                for one in wanted:
                    runs[one.name].append(run(one, slow, cores[:1]))
            print_table(door, size * MIB / MEGABYTE, runs)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--size", type=int, default=1024, help="MiB")
    arguments.add_argument("--folder", type=Path, default=Path(".benchmark"))
    given = arguments.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that nothing is left running
    given.folder.mkdir(parents=True, exist_ok=True)
    main(environment_of_peers(given.folder.absolute()), given.rounds, given.size)
