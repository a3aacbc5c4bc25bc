"""The heads of a wrapper as one pattern for whole blocks of lines."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from operator import itemgetter

_NAMED = re.compile(r"\(\?P<(\w+)>")
_WHO = ("stream", "service", "pod", "container")


class Heads:
    """Takes lines apart that all stand behind one of the heads; the first one that fits counts.

    `run` matches as many such lines as there are. `rows` finds for each of them what stands before the text, the
    groups of the heads, and the text. `who` gives what a row says of where the line comes from.
    """

    def __init__(self, sources: Sequence[str], but: str = "") -> None:
        """No text begins with `but`. Raises re.error where the heads cannot be put together."""
        text = (rf"(?!{but})" if but else "") + r"[^\n]*+"
        numbered = [_NAMED.sub(rf"(?P<\1_{number}>", source) for number, source in enumerate(sources)]
        rows = re.compile(rf"((?>{'|'.join(numbered)}))()({text})\n".encode(), re.DOTALL)
        run = re.compile(rf"(?>(?:(?>{_NAMED.sub('(?:', '|'.join(sources))}){text}\n)*)".encode(), re.DOTALL)
        places = {name: place - 1 for name, place in rows.groupindex.items()}
        said = [place for name, place in places.items() if name.rpartition("_")[0] in _WHO]
        self._stamps = [place for name, place in places.items() if name.rpartition("_")[0] == "time"]
        self.data = tuple(place for name, place in places.items() if name.rpartition("_")[0] == "data")
        """The groups in which the fields of a row may stand."""
        self.run: Callable[[bytearray, int, int], re.Match[bytes] | None] = run.match
        self.rows: Callable[[bytearray, int, int], list[tuple[bytes, ...]]] = rows.findall
        self.who: Callable[[tuple[bytes, ...]], bytes | tuple[bytes, ...]] = itemgetter(*said or (rows.groups - 2,))

    def stamp(self, row: tuple[bytes, ...]) -> bytes:
        """The time stamp of a row, empty where it has none."""
        return next(filter(None, (row[place] for place in self._stamps)), b"")
