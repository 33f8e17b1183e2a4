"""The runs as a table: each sender's transfer and its whole process, and how many times as fast ours are.

A library's transfer is what it does once it is imported and set up; of a program no more is known than its start and its end.
Both are given for all, and programs are to be compared with programs.
"""

from collections.abc import Callable, Mapping, Sequence
from statistics import median

from tests.benchmarks.client.measure import Run, middle
from tests.benchmarks.client.ours import LIBRARY, PROGRAM

MEGABYTE = 1e6


def table(title: str, amount: float, unit: str, runs: Mapping[str, list[Run]]) -> str:
    """`amount` in `unit` was sent in each run. The quickest process comes first."""
    rounds = max(len(found) for found in runs.values())
    lines = [
        f"{rounds} rounds; least/median/most; times: how many times as long the sender takes",
        f"| {title} | transfer, {unit} | times `{LIBRARY}` | start to end, s | times `{LIBRARY}` | times `{PROGRAM}` | CPU s | `{LIBRARY}` takes | RSS, MB |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    mids = {name: middle(found) for name, found in runs.items()}
    library, program = mids.get(LIBRARY), mids.get(PROGRAM)
    for name, mid in sorted(mids.items(), key=lambda one: one[1].wall):
        rates = rates_of([one.inside for one in runs[name]], amount)
        seconds = [one.wall for one in runs[name]]
        walls = f"{min(seconds):.2f}/{mid.wall:.2f}/{max(seconds):.2f}"
        inside, wall = (
            _times(mid, library, lambda one: one.inside),
            _times(mid, library, lambda one: one.wall),
        )
        whole = _times(mid, program, lambda one: one.wall)
        share = "" if library is None else f"{library.cpu / mid.cpu:.2f}"
        used = f"{mid.cpu:.2f} | {share} | {mid.rss / MEGABYTE:.0f}"
        lines.append(f"| {name} | {rates} | {inside} | {walls} | {wall} | {whole} | {used} |")
    return "\n".join(lines)


def rates_of(seconds: Sequence[float], amount: float) -> str:
    """Least, median and most; the median is that of the seconds, so that it agrees with the ratios."""
    return "/".join(f"{amount / of(seconds):.0f}" for of in (max, median, min))


def _times(one: Run, base: Run | None, of: Callable[[Run], float]) -> str:
    return "" if base is None else f"{of(one) / of(base):.2f}"
