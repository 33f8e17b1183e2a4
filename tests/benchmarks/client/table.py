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
        rates = _spread([amount / one.inside for one in runs[name]], "{:.0f}")
        walls = _spread([one.wall for one in runs[name]], "{:.2f}")
        inside, wall = (
            _times(mid, library, lambda one: one.inside),
            _times(mid, library, lambda one: one.wall),
        )
        whole = _times(mid, program, lambda one: one.wall)
        share = "" if library is None else f"{library.cpu / mid.cpu:.2f}"
        used = f"{mid.cpu:.2f} | {share} | {mid.rss / MEGABYTE:.0f}"
        lines.append(f"| {name} | {rates} | {inside} | {walls} | {wall} | {whole} | {used} |")
    return "\n".join(lines)


def _spread(values: Sequence[float], form: str) -> str:
    return "/".join(form.format(one) for one in (min(values), median(values), max(values)))


def _times(one: Run, base: Run | None, of: Callable[[Run], float]) -> str:
    return "" if base is None else f"{of(one) / of(base):.2f}"
