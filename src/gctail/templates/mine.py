"""What one process said between its collections, in bounded memory: text in, courses out.

    mine = Mine()
    mine.read(passage.text, passage.wrapper)     # what the application wrote
    mine.tick(cycle.uptime_s, heap_live_mib)     # a collection: closes the interval
    mine.courses()                               # templates, keys and numbers, by time

Text is kept raw until there is enough to read it in bulk, or until a time bin closes. Blocks are cut at places that
depend on the text alone, so it does not matter in which pieces it comes; a message of several lines stays in one
(`multiline`) and is one line from then on. Of a bin with much text only some blocks are
read closely (at least one). In the others lines are counted by template (`skim`), and those of rare templates read.

Memory: nothing before the first text; a service with 40 kinds of lines takes about 200 KiB. At most
`catalog.MOST_TEMPLATES` templates of `sketch.MOST_SLOTS` slots of 5 KiB, which only a hostile log reaches.
"""

from __future__ import annotations

from operator import sub
from typing import Any

from gctail.parsing.newlines import newlines
from gctail.templates.catalog import Catalog
from gctail.templates.courses import Courses
from gctail.templates.grid import MOST_BINS, Grid
from gctail.templates.lines import Lines
from gctail.templates.multiline import end_of_message, joined
from gctail.templates.skim import Skim

VERSION = 5
BLOCK_BYTES = 1 << 16
CLOSELY_BYTES = 1 << 19
"""Of each bin; half as much where a share is read. As a log grows its bins do, and the work for each stays the same."""
LEAST_BYTES = 1 << 11
"""Of every bin."""
USUAL_BYTES = 1 << 10
"""For each group of lines in a block of a usual log; where there are more, most are new."""
GROUP_COST_BYTES, NEW_COST_BYTES, FUTILE_COST_BYTES = 1 << 10, 1 << 12, 1 << 14
"""A group of lines with words of their own costs as much as so many bytes of lines that are known (10 to 30 µs), and
one that makes a new template more (70 µs). Where templates had to be forgotten for others, a group is worth less: most
likely it is forgotten, too; and where most bring fields of which no more are kept."""
DULL = 1.5
"""Where lines that are unlike all others make a block so much dearer, counting what is not read is not worth it."""
RARE = 0.02
"""Of all lines: a template that has fewer is read whole. As this grows more keys are exact, and more time is needed."""
FIRST_LINES = 1024
"""Of each template that are read closely, whatever there is of it."""
MOST_AHEAD_BYTES = 1 << 19
"""So many bytes of rare lines may be read before their share is held against that of all."""
FEW_BYTES = 1 << 14
"""Of every bin, where it is not its turn."""
TEMPLATE_KIB, SLOT_KIB, ROUTE_KIB = 8, 4, 2
"""What one takes, about, when all time bins are full (measured by what a process of many services holds)."""


class Mine:
    """The templates of one process, and what they did over time."""

    def __init__(self, share: float = 1.0, bins: int = MOST_BINS, closely_bytes: int = CLOSELY_BYTES) -> None:
        """`bins` is the finest that time is divided, at least 2.

        `share` of the text is read closely, 0 to 1, and not much more than `closely_bytes` of any bin, evenly spread.
        """
        self.share, self.closely_bytes = share, closely_bytes
        self.grid = Grid(bins)
        self.catalog = Catalog()
        self.bytes_seen = self.bytes_read = 0
        self._pending = bytearray()
        self._wrapper: str | None = None
        self._skipping = False  # inside a line that is longer than a block
        self._owed = 0.0
        self._bin_bytes = self._last_bin_bytes = 0
        self._cost = 1.0  # of the last block that was read, for each byte
        self._rare, self._rare_bytes = RARE, 0
        self._held_kib, self._weighed = 0, 0
        self._lines = Lines(self.catalog)
        self._skim = Skim(self.catalog, self._lines)

    def read(self, text: bytes | bytearray | memoryview, wrapper: str | None = None) -> None:
        """Text of the application, still inside `wrapper`, in pieces of any size."""
        if wrapper != self._wrapper:
            self._flush(everything=True)
            self._wrapper = wrapper
        pending = self._pending
        pending += text
        while len(pending) >= BLOCK_BYTES:
            end = pending.rfind(b"\n", 0, BLOCK_BYTES) + 1
            if end:
                self._take(end_of_message(pending, end))
            else:
                self._skipping = True
                del pending[:BLOCK_BYTES]

    def hear(self, lines: int, sample: bytes) -> None:
        """So many lines were read elsewhere, and a part of them came here."""
        self.read(sample)
        heard = newlines(sample)
        messages = newlines(joined(sample, None)[0])
        self.grid.open["lines"] += (lines - heard) * messages / max(heard, 1)

    def tick(self, uptime_s: float, live_mib: float) -> None:
        """A collection closed the interval; `live_mib` is the live heap after it. Constant time but for full bins."""
        if not self.bytes_seen and not self._pending:
            return
        pending = len(self._pending)
        if self.grid.tick(uptime_s, live_mib, (self._bin_bytes + pending) / (self.bytes_seen + pending)):
            self._flush()
            self.catalog.close(self.grid.bins, self.grid.closed_s, uptime_s)
            self.grid.close()
            self._bin_bytes, self._last_bin_bytes = 0, self._bin_bytes
            if self.grid.full:
                self._last_bin_bytes *= 2
                self.grid.halve()
                for tally in self.catalog:
                    tally.halve()

    @property
    def sampled(self) -> float:
        """The share of the text that was read closely."""
        return self.bytes_read / self.bytes_seen if self.bytes_seen else 1.0

    @property
    def held_kib(self) -> int:
        """What is remembered takes about so much memory."""
        if self._weighed != self.bytes_read:
            self._weighed = self.bytes_read
            slots = sum(len(tally.slots) for tally in self.catalog)
            routes = sum(tally.routes for tally in self.catalog)
            self._held_kib = TEMPLATE_KIB * len(self.catalog.tallies) + SLOT_KIB * slots + ROUTE_KIB * routes
        return self._held_kib

    def courses(self) -> Courses:
        """All that is known, in closed bins."""
        grid = self.grid
        lines, read = grid.whole("lines"), grid.whole("read")
        scale = [every / some if some else 1.0 for every, some in zip(lines, read, strict=True)]
        live_sum, collections = grid.whole("live_sum_mib"), grid.whole("collections")
        templates = tuple(tally.shown(grid, scale) for tally in self.catalog if tally.total > tally.now)
        counts = [template.count for template in templates]
        return Courses(
            uptime_s=grid.whole("uptime_s"),
            live_mib=grid.whole("live_mib"),
            live_mean_mib=[total / count for total, count in zip(live_sum, collections, strict=True)],
            live_low_mib=grid.whole("live_low_mib"),
            collections=collections,
            lines=lines,
            other=[max(0.0, every - sum(some)) for every, *some in zip(lines, *counts, strict=True)],
            templates=templates,
            sampled=self.sampled,
        )

    def _flush(self, *, everything: bool = False) -> None:
        """Read what is pending; a line that is not complete stays, unless `everything` is over."""
        end = self._pending.rfind(b"\n") + 1
        if everything and len(self._pending) > end:
            self._pending += b"\n"
            end = len(self._pending)
        if end:
            self._take(end)

    def _take(self, end: int) -> None:
        """A block of whole lines: read it closely if it is its turn."""
        block = bytes(self._pending[:end])
        del self._pending[:end]
        if self._skipping:
            block = block[block.find(b"\n") + 1 :]
            self._skipping = False
        block, wrapper = joined(block, self._wrapper)
        size, lines = len(block), newlines(block)
        self.grid.open["lines"] += lines
        self.bytes_seen += len(block)
        self._bin_bytes += len(block)
        expected = max(self._bin_bytes, self._last_bin_bytes) * self._cost
        most_bytes = self.closely_bytes if self.share >= 1.0 else self.closely_bytes / 2
        if expected > most_bytes and self._cost >= DULL:  # hardly a line is like another: a part is enough
            most = max(int(self.share * most_bytes / self._cost), LEAST_BYTES)
            block = block[: block.rfind(b"\n", 0, most) + 1] or block
        self._owed += self.share * min(1.0, most_bytes / expected) * len(block) if block else 0.0
        closely = len(block)
        if self._owed * 2 < closely:
            closely = 0 if self.grid.open["read"] else block.find(b"\n", FEW_BYTES) + 1 or closely
        if closely:
            self._read(block[:closely], wrapper, lines if closely == size else newlines(block[:closely]))
        if closely < len(block) and self._cost < DULL:
            self._count(block[closely:], wrapper)

    def _read(self, block: bytes, wrapper: str | None, lines: int) -> None:
        """So many whole lines, closely."""
        self._owed = max(self._owed - len(block), -float(BLOCK_BYTES))
        self.grid.open["read"] += lines
        self.bytes_read += len(block)
        before = self._lines.effort
        self._lines.read(block, wrapper, self.grid.last_uptime_s)
        groups, new, refused = map(sub, self._lines.effort, before)
        futile = self.catalog.forgotten or refused > groups / 2
        group_bytes, usual = FUTILE_COST_BYTES if futile else GROUP_COST_BYTES, len(block) / USUAL_BYTES
        dear = max(0.0, groups - usual) * group_bytes + max(0.0, new - usual) * NEW_COST_BYTES
        self._cost = 1.0 + dear / max(len(block), 1)

    def _count(self, block: bytes, wrapper: str | None) -> None:
        """Whole lines that there is no time for: they are counted by template, and those of rare ones are read."""
        lines = sum(self.grid.whole("lines")) + self.grid.open["lines"]
        found = self._skim.read(block, wrapper, self.grid.last_uptime_s, max(self._rare * lines, FIRST_LINES))
        self.grid.open["read"] += found.lines
        self.bytes_read += found.read_bytes
        self._rare_bytes += found.read_bytes
        if self._rare_bytes > self.share * self.bytes_seen / 2 + MOST_AHEAD_BYTES:  # so many cannot be called rare
            self._rare, self._rare_bytes = self._rare / 2, 0
        if found.strange:
            self._cost = DULL

    def state(self) -> dict[str, Any]:
        """Everything as plain data, for JSON: what `restore` makes goes on exactly from here."""
        return {
            "version": VERSION,
            "share": self.share,
            "grid": self.grid.state(),
            "catalog": self.catalog.state(),
            "bytes_seen": self.bytes_seen,
            "bytes_read": self.bytes_read,
            "pending": self._pending.decode("latin-1"),
            "wrapper": self._wrapper,
            "skipping": self._skipping,
            "closely_bytes": self.closely_bytes,
            "owed": self._owed,
            "bin_bytes": self._bin_bytes,
            "last_bin_bytes": self._last_bin_bytes,
            "cost": self._cost,
            "rare": self._rare,
            "rare_bytes": self._rare_bytes,
        }

    @classmethod
    def restore(cls, state: dict[str, Any]) -> Mine:
        """The mine that `state` was taken of. Raises ValueError where a newer program wrote it."""
        if state["version"] > VERSION:
            raise ValueError(f"state of templates: version {state['version']} is newer than this program's {VERSION}")
        mine = cls(state["share"], closely_bytes=state["closely_bytes"])
        mine.grid, mine.catalog = Grid.restore(state["grid"]), Catalog.restore(state["catalog"])
        mine._lines = Lines(mine.catalog)
        mine._skim = Skim(mine.catalog, mine._lines)
        mine.bytes_seen, mine.bytes_read = state["bytes_seen"], state["bytes_read"]
        mine._pending, mine._wrapper = bytearray(state["pending"].encode("latin-1")), state["wrapper"]
        mine._skipping, mine._owed, mine._cost = state["skipping"], state["owed"], state["cost"]
        mine._rare, mine._rare_bytes = state.get("rare", RARE), state.get("rare_bytes", 0)
        mine._bin_bytes, mine._last_bin_bytes = state["bin_bytes"], state["last_bin_bytes"]
        return mine
