"""Tables on a terminal: as wide as it is, with ids that can be copied whole; where they do not fit,
a block of lines for each row. Colours only where the terminal and NO_COLOR let them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

_GOOD, _WAITING, _BAD = "green", "yellow", "bold red"
STYLES = {
    **dict.fromkeys(("ok", "sent", "active", "new", "unchanged", "acknowledged"), _GOOD),
    **dict.fromkeys(("!", "due", "leased", "held", "pending", "paused", "suspended"), _WAITING),
    **dict.fromkeys(("BAD", "failed", "disabled", "network", "http_error", "tls"), _BAD),
    **dict.fromkeys(("layout_changed", "yield_dropped", "blocked", "own_network"), _BAD),
}
"""Of cells that are a state or an outcome and nothing else."""

_GAP = 2
_WORD = 36  # of an id: what is longer, as an address, may be folded
_NARROWEST = 12  # of a column that is folded


def echo_fitting(
    columns: Sequence[str], cells: Sequence[Sequence[str]], console: Console | None = None
) -> None:
    """Rows as a table, where each has room; else each as lines of `column  cell`."""
    from rich.console import Console

    shown = console or Console(highlight=False, soft_wrap=False)
    if _least_width(columns, cells) <= shown.width:
        _echo_table(columns, cells, shown)
    else:
        _echo_blocks(columns, cells, shown)


def _is_word(column: int, cells: Sequence[Sequence[str]]) -> bool:
    """Whether a column holds ids, states and the like: none of them is folded."""
    return all(len(row[column]) <= _WORD and " " not in row[column] for row in cells)


def _least_width(columns: Sequence[str], cells: Sequence[Sequence[str]]) -> int:
    widths = []
    for number, name in enumerate(columns):
        widest = max([len(name), *(len(row[number]) for row in cells)])
        widths.append(widest if _is_word(number, cells) else min(widest, _NARROWEST))
    return sum(widths) + _GAP * (len(columns) - 1)


def _echo_table(columns: Sequence[str], cells: Sequence[Sequence[str]], console: Console) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for number, name in enumerate(columns):
        table.add_column(name, overflow="fold", no_wrap=_is_word(number, cells))
    for row in cells:
        table.add_row(*(Text(cell, STYLES.get(cell, "")) for cell in row))
    console.print(table)


def _echo_blocks(columns: Sequence[str], cells: Sequence[Sequence[str]], console: Console) -> None:
    from rich.text import Text

    for number, row in enumerate(cells):
        if number:
            console.print()
        line = Text()
        for name, cell in zip(columns, row, strict=True):
            if cell:
                line.append(f"{name}: " if name else "").append(cell, STYLES.get(cell, ""))
            if name:
                if line:
                    console.print(line, soft_wrap=True)
                line = Text()
            else:  # a mark: it stands before what it is about
                line.append(" ")
