"""Rows of a progress display: as much of each as the terminal is wide."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len, set_cell_size
from rich.console import RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from coordinator.cli.failure import one_line
from coordinator.cli.units import shown_seconds, shown_size

__all__ = ["Row", "bars", "shortened"]

_NARROW: Final = 60
"""Columns from which there is room for a bar and the time left."""
_WIDE: Final = 100
"""And for bytes."""
_LONGEST_NAME: Final = 40


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    sent: int
    size: int | None
    speed: int | None
    """Bytes a second."""
    left: float | None
    """Seconds."""
    instead: str = ""
    """What stands in the speed's place, where nothing is being sent."""


def bars(rows: Sequence[Row], width: int) -> Table:
    # room for the ^C that the terminal writes at the end: one that wraps would spoil the next redrawing
    width -= 3
    names = max(8, min(_LONGEST_NAME, width // 3, max(cell_len(one_line(row.name)) for row in rows)))
    grid = Table.grid(padding=(0, 1, 0, 0), pad_edge=False)
    grid.width = width if width >= _NARROW else None
    grid.add_column(no_wrap=True, width=names)
    if width >= _NARROW:
        grid.add_column(ratio=1)
    grid.add_column(no_wrap=True, width=4, justify="right")
    if width >= _WIDE:
        grid.add_column(no_wrap=True, width=21, justify="right")
    grid.add_column(no_wrap=True, width=12, justify="right")
    if width >= _NARROW:
        grid.add_column(no_wrap=True, width=8, justify="right")
    for row in rows:
        grid.add_row(*_cells(row, names, width))
    return grid


def shortened(text: str, width: int) -> str:
    """At most `width` columns; the middle goes, because the ends of names tell files apart."""
    if cell_len(text) <= width:
        return text
    head = set_cell_size(text, (width - 1) // 2)
    tail = text
    while cell_len(tail) > width - 1 - cell_len(head):
        tail = tail[1:]
    return f"{head}…{tail}"


def _cells(row: Row, names: int, width: int) -> list[RenderableType]:
    percent = None if not row.size else min(100, row.sent * 100 // row.size)
    cells: list[RenderableType] = [Text(shortened(one_line(row.name), names))]
    if width >= _NARROW:
        cells.append(ProgressBar(total=row.size or 1, completed=row.sent if row.size else 0))
    cells.append("" if percent is None else f"{percent}%")
    if width >= _WIDE:
        cells.append(
            shown_size(row.sent) if row.size is None else f"{shown_size(row.sent)}/{shown_size(row.size)}"
        )
    cells.append(_speed(row, told=width >= _WIDE or percent is not None))
    if width >= _NARROW:
        cells.append("" if row.left is None else shown_seconds(row.left))
    return cells


def _speed(row: Row, *, told: bool) -> str:
    if not told:
        # of a stream there is no percentage: how far it is says more than how fast
        return shown_size(row.sent)
    return f"{shown_size(row.speed)}/s" if row.speed else row.instead
