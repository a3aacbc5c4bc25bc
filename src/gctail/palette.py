"""Colours at a terminal, or none: the codes, and who paints with them."""

from __future__ import annotations

RED, YELLOW, GREEN, BLUE, DIM, BOLD, PLAIN = (
    "\x1b[31m", "\x1b[33m", "\x1b[32m", "\x1b[36m", "\x1b[2m", "\x1b[1m", "\x1b[0m"
)  # fmt: skip


class Palette:
    """Colours, or none."""

    def __init__(self, *, colour: bool) -> None:
        self.colour = colour

    def paint(self, text: str, code: str) -> str:
        """The text in a colour where colours are wanted."""
        return f"{code}{text}{PLAIN}" if self.colour and text else text
