"""Lines of an application as they come: wrappers and colours off, then JSON by columns and text by forms."""

from __future__ import annotations

from gctail.parsing.text import plain
from gctail.templates.catalog import Catalog
from gctail.templates.columns import Columns
from gctail.templates.forms import Forms
from gctail.templates.multiline import unwrapped_block
from gctail.templates.sketch import sketch
from gctail.templates.slots import When
from gctail.templates.tally import Tally

_DIRT = (b"\0", b"\r", b"\x1b")
_MARK = b"\xef\xbb\xbf"  # what terminals and copies of files leave in a text; looking for three bytes takes longest


class Lines:
    """Reads lines into a catalog."""

    def __init__(self, catalog: Catalog) -> None:
        self._texts = Forms(catalog, lambda line, _: sketch(line), lines=True)
        self._columns = Columns(catalog)
        self._catalog = catalog

    @property
    def effort(self) -> tuple[int, int, int]:
        """What reading all blocks so far cost, and whether for nothing.

        Groups of lines that looked alike, templates that were new, and values for which no slot was left.
        """
        catalog = self._catalog
        return self._texts.count + self._columns.forms.count, catalog.found, sum(tally.refused for tally in catalog)

    def template(self, line: bytes, wrapper: str | None, now_s: float) -> Tally | None:
        """Take in one line, and say of which template it is; None where it is blank."""
        return next(iter(self.read(line, wrapper, now_s)), None)

    def read(self, block: bytes, wrapper: str | None, now_s: float) -> list[Tally]:
        """Take in whole lines, still inside `wrapper`; the templates that they are of."""
        if any(each in block for each in _DIRT) or (not block.isascii() and _MARK in block):
            block = b"\n".join(map(plain, block.split(b"\n")))
        found: list[Tally] = []
        if wrapper is None and block[:1] == b"{" and self._columns.read_block(block, now_s, found):
            return found
        lines = block.split(b"\n") if wrapper is None else unwrapped_block(block, wrapper)
        if block[:1] == b"{" or b"\n{" in block or (wrapper is not None and b"{" in block):
            objects = [line for line in lines if line[:1] == b"{"]
            others = [line for line in lines if line[:1] != b"{"] if len(objects) < len(lines) else []
            lines = others + self._columns.read(objects, now_s, found) if objects else lines
        lines, begin = list(filter(None, lines)), self._catalog.lines
        for form, places, columns in self._texts.read(lines, None, now_s) if lines else ():
            form.tally.add(len(places), now_s)
            found.append(form.tally)
            when = When(now_s, begin + places[-1], begin + places[0], form.named(columns))
            for (key, slot, _), column in zip(form.slots, columns, strict=True):
                for at, route in form.tally.fill(key, slot.name, slot.kind, column, when).items():
                    route.exemplify(lines[places[at]])
        self._catalog.lines += len(lines)
        return found
