"""The colours of the terminal view: those of the report and the page, told apart by every kind of colour blindness."""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="gctail-dark", dark=True,
    primary="#63b1f2", secondary="#97a1ac", accent="#c39de9", warning="#dcae4c", error="#ff7d61", success="#6fbdb3",
    foreground="#e4e7ea", background="#131619", surface="#131619", panel="#232930",
)  # fmt: skip
LIGHT = Theme(
    name="gctail-light", dark=False,
    primary="#0b62a8", secondary="#5c6570", accent="#7b4fa3", warning="#8f6400", error="#b8321c", success="#2f716a",
    foreground="#1a1d21", background="#fdfdfc", surface="#fdfdfc", panel="#e6e9ec",
)  # fmt: skip
