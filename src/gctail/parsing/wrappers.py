"""What container runtimes, journald, syslog, shippers and command lines put around a log line, taken off again.

The wrappers themselves are data: data/wrappers.toml. Here is what one input teaches about them: which of them is in
force, which lines are still unfinished, and what lies inside one another (Filebeat's JSON around a CRI line).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gctail.parsing.entry import Entry
from gctail.parsing.formats import Formats, formats
from gctail.parsing.joins import Joins
from gctail.parsing.journal_export import JournalExport
from gctail.parsing.wrapper_formats import Wrapper, combined

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gctail.parsing.formats import Matcher
    from gctail.parsing.wrapper_heads import Heads

__all__ = ["Entry", "Unwrapper", "Wrapper", "wrappers"]

MAX_DEPTH = 4  # wrappers around wrappers
MAX_THIN = 4  # `> > 2016/07/06 18:35:09 gc 1 …`: thin ones around thin ones

# A wrapper that looks like an application's own line stays in force while the lines keep its form: each that does is
# worth 1 point up to the limit, each that does not costs 8, and at 0 it has to convince again.
_TRUST_AT_FIRST = 16
_TRUST_LIMIT = 64
_TRUST_COST = 8

# Frames of a stack count as runtime output in thin wrappers only this many lines after its head (or a collection).
_FRAMES_AFTER_LINES = 512


def wrappers() -> tuple[Wrapper, ...]:
    """All wrappers in the order in which they are tried."""
    return formats().wrappers


class Unwrapper:
    """Takes the wrappers off the lines of one input, and remembers which one was there.

    Memory: the unfinished lines (joins.py bounds them) and one name per depth.
    """

    def __init__(self, forced: str | None = None, year: int | None = None, known: Formats | None = None) -> None:
        """`forced` is the name of the only wrapper to take, or "none"; `year` completes times that have none.

        `known` are the wrappers to try, gctail's own by default. Raises UsageError where none has the forced name.
        """
        known = known or formats()
        self.year = year
        pinned = known.named(forced) if forced not in (None, "none") else None
        self._off = forced == "none"
        self.plain_json = known.plain_json
        self.known = known
        self._layers = [_Layer(depth, known, pinned if depth == 0 else None, year) for depth in range(MAX_DEPTH)]

    @property
    def name(self) -> str | None:
        """The wrapper in force, the outermost where there are several."""
        in_force = self._layers[0].in_force
        return in_force.name if in_force else None

    @property
    def nested(self) -> bool:
        """Another wrapper stands inside the outermost one."""
        return self._layers[1].in_force is not None

    @property
    def holding(self) -> bool:
        """The beginning of a line is held until the rest of it comes."""
        return any(layer.holding for layer in self._layers)

    @property
    def heads(self) -> Heads | None:
        """The wrapper in force as a pattern for blocks of lines; None where it takes more than that to unwrap one."""
        outer, inner = self._layers[:2]
        wrapper = outer.in_force
        if self._off or wrapper is None or wrapper.in_bulk is None or inner.opens or self.holding:
            return None
        return wrapper.in_bulk

    def by_heads(self, line: bytes) -> Entry | None:
        """What the `heads` in force say of a line of theirs; None where another wrapper stands in such lines."""
        outer, inner = (layer.in_force for layer in self._layers[:2])
        taken = outer.take(line, year=self.year) if outer else None
        return taken[0] if taken and not (inner and _may_stand(inner, taken[0])) else None

    def trust(self, lines: int) -> None:
        """So many lines were taken by its `heads`."""
        self._layers[0].trust(lines)

    def unwrap(self, line: bytes) -> Sequence[Entry] | None:
        """The entries that `line` (without its newline) holds, inner wrappers taken off as well.

        None: no wrapper takes this line. Empty: it was taken, and is held until the rest of it comes.
        """
        if self._off:
            return None
        taken = self._layers[0].take(line, None)
        return taken and self._inside(taken, 1)

    def flush(self) -> Sequence[Entry]:
        """What is still held, at the end of the input."""
        flushed: list[Entry] = []
        for layer in self._layers:
            flushed += self._inside(layer.flush(), layer.depth + 1)
        return flushed

    def _inside(self, entries: Sequence[Entry], depth: int) -> Sequence[Entry]:
        if depth == MAX_DEPTH:
            return entries
        layer = self._layers[depth]
        if len(entries) == 1:  # nearly always
            inner = layer.take(entries[0].text, entries[0]) if not entries[0].thin else None
            return entries if inner is None else self._inside(inner, depth + 1)
        found: list[Entry] = []
        for entry in entries:
            inner = layer.take(entry.text, entry) if not entry.thin else None
            found += (entry,) if inner is None else self._inside(inner, depth + 1)
        return found


def unwrapped(lines: list[str], wrapper: str) -> list[str]:
    """Lines without the named wrapper; what it does not take stays as it is."""
    unwrapper, found = Unwrapper(wrapper), []
    for line in lines:
        entries = unwrapper.unwrap(line.encode("utf-8", "surrogateescape"))
        found += [line] if entries is None else [entry.text.decode("utf-8", "replace") for entry in entries]
    return found


class _Layer:
    """One depth of one input: the wrapper in force there, and the lines that are unfinished."""

    def __init__(self, depth: int, known: Formats, pinned: Wrapper | None, year: int | None) -> None:
        self.depth = depth
        self._known = known
        self.in_force = pinned
        self._pinned = pinned is not None
        self._year = year
        self._trust = 0
        self._joins = Joins()
        self._export = JournalExport()
        self._in_export = False
        self._by_newline = False
        self._frames_left = 0

    @property
    def holding(self) -> bool:
        return self._in_export or bool(self._joins.held)

    @property
    def opens(self) -> bool:
        """More may be taken off a line of any service than its beginning tells."""
        return self._frames_left > 0 or (self.in_force is not None and not self.in_force.definition.within)

    def trust(self, lines: int) -> None:
        """The wrapper in force took so many lines."""
        if self.in_force is not None and self.in_force.evidence:
            self._trust = min(self._trust + lines, max(self._trust, _TRUST_LIMIT))

    def take(self, line: bytes, outer: Entry | None) -> Sequence[Entry] | None:
        """The entries of a line, the lines it finishes; None where no wrapper takes it."""
        if self._in_export:
            return self._take_export(line, outer)
        wrapper = self.in_force
        if wrapper is not None and (outer is None or _may_stand(wrapper, outer)):
            taken = wrapper.take(line, year=self._year)
            if taken:
                self.trust(1)
                return self._finish(wrapper, taken, line, outer)
            if wrapper.evidence and not self._pinned:
                self._lose_trust()
        if self._pinned or (self.depth and not self._frames_left and not self._known.more_inside(line)):
            return None
        for found in self._known.takers(line, self._year):
            if outer is None or _may_stand(found[0], outer):
                self.in_force, taken = found
                break
        else:
            return self._take_thin(line, outer)
        self._trust = _TRUST_AT_FIRST
        return self._finish(self.in_force, taken, line, outer)

    def flush(self) -> Sequence[Entry]:
        """What is still held."""
        entries = list(self._export_entry(self._export.end(), None)) if self._export.open else []
        return [*self._joins.flush(by_newline=self._by_newline), *entries]

    def _lose_trust(self) -> None:
        self._trust -= _TRUST_COST
        if self._trust <= 0:
            self.in_force = None

    def _finish(self, wrapper: Wrapper, taken: Sequence[Entry], line: bytes, outer: Entry | None) -> Sequence[Entry]:
        if wrapper.definition.fields:
            return self._take_export(line, outer) or ()
        if outer is not None:
            taken = [combined(entry, outer) for entry in taken]
        joins, self._by_newline = self._joins, wrapper.by_newline
        if not joins.held and len(taken) == 1 and not taken[0].partial and (joins.newline_seen or not self._by_newline):
            return taken  # nearly always
        if len(taken) == 1:
            return self._joins.add(taken[0], by_newline=self._by_newline)
        return [whole for entry in taken for whole in self._joins.add(entry, by_newline=self._by_newline)]

    def _take_export(self, line: bytes, outer: Entry | None) -> Sequence[Entry]:
        fed = self._export.feed(line)
        self._in_export = self._export.open
        if isinstance(fed, dict):
            return self._export_entry(fed, outer)
        if fed:
            return ()
        stray = Entry(line) if outer is None else outer  # the format broke off: nothing vanishes
        return [*self._export_entry(self._export.end(), outer), stray]

    def _export_entry(self, fields: dict[str, str], outer: Entry | None) -> Sequence[Entry]:
        """The entry that the fields of journald's export make; an entry without MESSAGE has nothing to tell."""
        for name in self.in_force.definition.fields if self.in_force else ():
            reader = self._known.named(name).reader
            taken = reader.entries(fields) if reader else None
            if taken:
                whole = [one for entry in taken for one in self._joins.add(entry)]
                return whole if outer is None else [combined(entry, outer) for entry in whole]
        return ()

    def _take_thin(self, line: bytes, outer: Entry | None) -> Sequence[Entry] | None:
        """What stands inside thin wrappers, if it is the runtime's own output.

        Inside another wrapper that must be certain, for the caller sees no difference; behind the head of a stack its
        frames count as well.
        """
        certain = outer is not None and not self._frames_left
        known = self._known
        if not (known.thin_strict if certain else known.thin_runtime)(line) or known.strict_start(line):
            self._frames_left = max(0, self._frames_left - 1)
            return None
        taken = _peel_thin(known.thin, line, known.strict_start if certain else known.runtime_start)
        if taken is None or outer is None:
            return taken
        self._frames_left = _FRAMES_AFTER_LINES
        return [combined(entry, outer) for entry in taken]


def _may_stand(wrapper: Wrapper, outer: Entry) -> bool:
    """Whether this wrapper can stand inside what the outer one has said."""
    definition = wrapper.definition
    return not (definition.time_only and outer.time_s is not None) and (
        not definition.within or outer.service == definition.service
    )


def _peel_thin(thin: Sequence[Wrapper], line: bytes, begins: Matcher, depth: int = 0) -> Sequence[Entry] | None:
    """The entries inside thin wrappers whose text begins as `begins` demands."""
    for wrapper in thin:
        taken = wrapper.take(line)
        if not taken:
            continue
        if begins(taken[0].text):
            return taken
        if depth < MAX_THIN and len(taken[0].text) < len(line):
            inner = _peel_thin(thin, taken[0].text, begins, depth + 1)
            if inner is not None:
                return [combined(entry, taken[0]) for entry in inner]
    return None
