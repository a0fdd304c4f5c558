"""A page of lines and tables, rendered to text: as wide as the terminal, or plain and wide elsewhere."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from router.units import usd_text

PLAIN_WIDTH = 120
NARROW = 112
"""Below this width some columns go under others."""
GAP = 3
"""Between two columns."""
_EIGHTHS = " ▏▎▍▌▋▊▉"
Column = tuple[str, str]
"""Heading, and ``left``, ``whole`` (left, never broken) or ``right``."""


class Page:
    """Lines and tables, rendered to text."""

    def __init__(self, width: int | None, *, colour: bool) -> None:
        self.width = width or PLAIN_WIDTH
        self.narrow = self.width < NARROW
        self._out = io.StringIO()
        self._console = Console(
            file=self._out, width=self.width, force_terminal=colour, no_color=not colour, highlight=False,
            markup=False, emoji=False, legacy_windows=False,
        )  # fmt: skip

    def line(self, text: str, style: str = "") -> None:
        """Add a line; plain text, never markup."""
        self._console.print(Text(text, style=style))

    def fits(self, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> bool:
        """Whether a table is no wider than the page without a word being broken."""
        cells = zip([heading for heading, _ in columns], *rows, strict=True)
        parts = (
            (part for cell in column for part in (cell.split() if justify == "left" else [cell]))
            for (_, justify), column in zip(columns, cells, strict=True)
        )
        needed = sum(max(map(len, words), default=0) for words in parts) + GAP * (len(columns) - 1)
        return needed <= self.width

    def table(self, columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> None:
        """Add a table and an empty line; cells are plain text, never markup."""
        table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
        for heading, justify in columns:
            right = justify == "right"
            table.add_column(
                Text(heading), justify="right" if right else "left", no_wrap=justify != "left", overflow="fold"
            )
        for row in rows:
            table.add_row(*(Text(cell) for cell in row))
        self._console.print(table)
        self._console.print()

    def text(self) -> str:
        """What was added, without spaces at the ends of lines."""
        return "\n".join(line.rstrip() for line in self._out.getvalue().rstrip().splitlines()) + "\n"


def cents(amount: Decimal) -> Decimal:
    """A sum in cents; what is less than ten cents keeps all its decimals."""
    return amount if abs(amount) < Decimal("0.1") else amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def usd(amount: Decimal | None) -> str:
    """A sum in cents, as it is shown; nothing for none."""
    return "" if amount is None else usd_text(cents(amount))


def bar_text(share: float, room: int) -> str:
    """A bar of eighths of a block; what is not nothing shows something.

    >>> bar_text(0.5, 4), bar_text(0.001, 4), bar_text(0, 4)
    ('██', '▏', '')
    """
    eighths = round(share * room * 8)
    if share and not eighths:
        eighths = 1
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()
