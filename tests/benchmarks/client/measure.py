"""One run of one sender: its time, its processor time and its memory, as the kernel counted them."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.benchmarks.client.peers import Sender, clean_environment


@dataclass(frozen=True)
class Run:
    wall: float
    """Seconds, of the process from its start to its end."""
    inside: float
    """Seconds of the transfer, as the program itself says; the process's where it says nothing."""
    cpu: float
    """Seconds, of the whole process."""
    cpu_inside: float
    """Of the transfer, where the program says it; else of the process."""
    rss: int
    """Bytes at most."""


def run(sender: Sender, folder: Path, cores: Sequence[int]) -> Run:
    """Raises RuntimeError when the sender fails."""
    report = folder / "report.json"
    launcher = [sys.executable, "-S", str(Path(__file__).with_name("launch.py"))]
    launcher += [",".join(map(str, cores)), str(report)]
    ended = subprocess.run(
        [*launcher, *sender.command],
        env={**clean_environment(), **sender.environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode != 0:
        raise RuntimeError(f"{sender.name} failed: {ended.stderr[-2000:]}")
    used = json.loads(report.read_text())
    said = _said(ended.stdout)
    return Run(
        used["wall"],
        said.get("seconds", used["wall"]),
        used["cpu"],
        said.get("cpu", used["cpu"]),
        used["rss"],
    )


def middle(runs: list[Run]) -> Run:
    return Run(
        median(one.wall for one in runs),
        median(one.inside for one in runs),
        median(one.cpu for one in runs),
        median(one.cpu_inside for one in runs),
        int(median(one.rss for one in runs)),
    )


def _said(output: str) -> dict[str, float]:
    """What a sender of ours prints last; programs of others print what they like."""
    try:
        found = json.loads(output.strip().splitlines()[-1])
    except (ValueError, IndexError):
        return {}
    return found if isinstance(found, dict) and "seconds" in found else {}
