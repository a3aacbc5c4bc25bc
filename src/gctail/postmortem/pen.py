"""What the text of a certificate is written with: escaped, folded at 80 columns, in colours or without."""

from __future__ import annotations

from gctail.parsing.text import show
from gctail.parsing.widths import cut, wrapped

WIDTH = 80
RED, YELLOW, BLUE, GREEN, DIM, BOLD, PLAIN = (
    "\x1b[31m", "\x1b[33m", "\x1b[36m", "\x1b[32m", "\x1b[2m", "\x1b[1m", "\x1b[0m"
)  # fmt: skip


class Pen:
    """Writes lines: escaped, wrapped, in colours or without."""

    def __init__(self, *, colour: bool, lines: int = 10) -> None:
        self.colour, self.last_lines = colour, lines

    def paint(self, text: str, code: str) -> str:
        """The text in a colour where colours are wanted."""
        return f"{code}{text}{PLAIN}" if self.colour and text else text

    def head(self, text: str) -> str:
        """A heading."""
        return self.paint(text, BOLD)

    def wrapped(self, text: str, first: str = "  ", rest: str | None = None) -> list[str]:
        """Text folded at 80 columns."""
        return wrapped(show(text, 2000), WIDTH, first, first if rest is None else rest) or [first.rstrip()]

    def cut(self, text: str, indent: str = "  ") -> str:
        """One line, shortened at the right."""
        return indent + cut(show(text[: 2 * WIDTH], 8 * WIDTH), WIDTH - len(indent))
