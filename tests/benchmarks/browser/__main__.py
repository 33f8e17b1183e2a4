"""Our engine against Uppy's S3 plugin in Chromium: one run, interleaved; rate, main thread and memory of each.

    python -m tests.benchmarks.browser [--rounds 5] [--shaped-rounds 3] [--rate 80] [--only ours,uppy5]

Each measurement has a browser of its own. The file lies on disk and is given as a person would give it. Uppy is bundled
by esbuild, as its users do; ours are the modules as they are.
"""

import argparse
import asyncio
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from tests.benchmarks.browser.measure import Measured, measure

HERE: Final = Path(__file__).parent
CLIENT: Final = HERE.parents[2] / "static" / "client"
MIB: Final = 1 << 20
SIZE: Final = 512 * MIB
PORTS: Final = (10_471, 10_472)

CANDIDATES: Final = {
    "ours": "ours.html",
    "uppy5": "uppy5.html",
    "uppy5 16 MiB": f"uppy5.html?part={16 * MIB}",
    "uppy6": "uppy6.html",
    "ours sha256": "ours.html?digests=sha256",
    "ours md5": "ours.html?digests=md5",
}
SLOW: Final = frozenset({"uppy6"})


def install(name: str) -> Path:
    folder = HERE / name
    if not (folder / "node_modules").is_dir():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--silent"], cwd=folder, check=True)
    return folder


def build(served: Path) -> None:
    """Everything that the pages load."""
    shutil.copytree(CLIENT, served / "client")
    shutil.copy(HERE / "pages" / "ours.js", served / "ours.js")
    page = (HERE / "pages" / "page.html").read_text()
    (served / "ours.html").write_text(page.replace("SCRIPT", "/ours.js"))
    for name in ("uppy5", "uppy6"):
        folder = install(name)
        esbuild = [
            str(folder / "node_modules" / ".bin" / "esbuild"),
            "page.js",
            "--bundle",
            "--minify",
            "--format=esm",
        ]
        subprocess.run(
            [*esbuild, "--log-level=error", f"--outfile={served / name}.js"], cwd=folder, check=True
        )
        (served / f"{name}.html").write_text(page.replace("SCRIPT", f"/{name}.js"))


@asynccontextmanager
async def sink(served: Path, rate: int | None) -> AsyncIterator[str]:
    pages, store = PORTS
    arguments = [str(served), str(pages), str(store), *([str(rate)] if rate else [])]
    process = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", f"{__package__}.sink", *arguments],
        cwd=HERE.parents[2],
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"ready\n"
        yield f"http://127.0.0.1:{pages}"
    finally:
        process.terminate()
        await process.wait()


async def compare(
    served: Path, file: Path, names: list[str], rounds: int, rate: int | None = None
) -> dict[str, list[Measured]]:
    found: dict[str, list[Measured]] = {name: [] for name in names}
    async with sink(served, rate) as url:
        for turn in range(rounds):
            for name in names:
                if rate and name in SLOW and turn >= 3:
                    continue
                measured = await measure(f"{url}/{CANDIDATES[name]}", file)
                found[name].append(measured)
                print(f"  {turn + 1} {name:14} {SIZE / measured.seconds / 1e6:7.1f} MB/s", file=sys.stderr)
    return found


def show(title: str, found: dict[str, list[Measured]]) -> None:
    print(f"\n{title}\n")
    print(
        "| | MB/s min/median/max | ours is | main thread busy ms | long tasks ms | JS heap MB | private MB | page's process MB | CPU s |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    rates = {name: sorted(SIZE / one.seconds / 1e6 for one in runs) for name, runs in found.items() if runs}
    ours = statistics.median(rates["ours"]) if "ours" in rates else 0
    for name, runs in found.items():
        if not runs:
            continue
        low, middle, high = rates[name][0], statistics.median(rates[name]), rates[name][-1]
        of = [statistics.median(getattr(one, member) for one in runs) for member in Measured.SHOWN]
        cells = " | ".join(
            [
                f"{value:.{1 if member in Measured.FINE else 0}f}"
                for member, value in zip(Measured.SHOWN, of, strict=True)
            ]
        )
        print(f"| {name} | {low:.0f}/{middle:.0f}/{high:.0f} | {ours / middle:.2f}x | {cells} |")


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--shaped-rounds", type=int, default=3)
    parser.add_argument("--rate", type=int, default=80, help="of the shaped sink: MB/s a connection")
    parser.add_argument("--only", default="")
    chosen = parser.parse_args()
    names = [name for name in CANDIDATES if not chosen.only or name in chosen.only.split(",")]
    with tempfile.TemporaryDirectory() as folder:
        served, file = Path(folder) / "served", Path(folder) / "file.bin"
        served.mkdir()
        build(served)
        piece = bytes(range(256)) * (MIB // 256)
        with file.open("wb") as out:
            for number in range(SIZE // MIB):
                out.write(number.to_bytes(8) + piece[8:])
        if chosen.rounds:
            show("No delay", await compare(served, file, names, chosen.rounds))
        if chosen.shaped_rounds:
            title = f"50 ms a response, {chosen.rate} MB/s a connection, 50 ms a call"
            rate = chosen.rate * 1_000_000
            show(title, await compare(served, file, names, chosen.shaped_rounds, rate))


asyncio.run(main())
