"""A heap sample in the making: readings are gathered under their names, and judged together when all are there."""

from __future__ import annotations

import re
from math import isfinite

from gctail.parsing.metrics_names import MEMSTATS, MIB, SECONDS, SIZES, Meaning, is_size, meaning_of
from gctail.parsing.times import parse_time
from gctail.records import HeapSample

MOST_BYTES = 2.0**62
"""No limit (MaxInt64), no goal (GOGC=off) and an overflow are no sizes."""
MOST_COUNT = 2.0**53
SMALLEST_HEAP_BYTES = 1 << 16
"""Go's runtime alone allocates more before `main`: a smaller number without a unit is in another unit …"""
MOST_BARE_MIB = 1 << 14
"""… and up to this, in MiB, as people divide twice by 1024. Between the two nobody can tell."""
ENOUGH_NAMES = 6
"""So many names spelled as in runtime.MemStats are that structure, printed."""
NO_GOGC = 1e9

# 12.5MiB   1,234,567 bytes   1.2e+07   123i (Influx)
QUANTITY = re.compile(
    r"(\d{1,3}(?>(?:,\d{3})+)(?!\d)|\d{1,20}+)(\.\d{1,20}+)?([eE][+-]?\d{1,3})?"
    r"(?:[ \t]?([kKmMgGtT]i?[bB]?|[bB](?:ytes?)?|[kK]ilobytes|[mM]egabytes|[gG]igabytes"
    r"|ns|µs|\u03bcs|us|ms|secs?|s|i))?(?![\w%]|\.\d)"
)
_DURATION = re.compile(r"(\d{1,18}(?:\.\d{1,18})?)(h|ms|m|s|µs|\u03bcs|us|ns)")
_DURATIONS = re.compile(r"(?:\d{1,18}(?:\.\d{1,18})?(?:h|ms|m|s|µs|\u03bcs|us|ns)){1,4}")
_SECONDS_PER = {**SECONDS, "m": 60.0, "h": 3600.0}


class Draft:
    """Readings of one process at one moment."""

    __slots__ = ("_bare", "_go", "_sure", "_values", "exact", "names", "time_s")

    def __init__(self) -> None:
        self._values: dict[str, tuple[int, float]] = {}
        self._bare: set[str] = set()
        self._sure = False
        self._go = False
        self.names: set[str] = set()
        self.exact = 0
        self.time_s: float | None = None

    @property
    def has_heap(self) -> bool:
        """Whether the size of a heap has been read, and that it is Go's."""
        there = "heap_alloc_mib" in self._values or "heap_live_mib" in self._values
        return there and (self._sure or self._go or "sys_mib" in self._values)

    def take(self, name: str, value: float | str, unit: str = "") -> bool:
        """One reading; whether the name is known. A value that cannot be is left out."""
        meaning = meaning_of(name)
        if meaning is None:
            return False
        self.exact += name in MEMSTATS
        self._go |= meaning.go
        self.names.add(name if len(self.names) < 256 else "")
        if meaning.field:
            self._keep(meaning, value, unit)
        return True

    def _keep(self, meaning: Meaning, value: float | str, unit: str) -> None:
        field = meaning.field
        if isinstance(value, str):
            number = _read_text(field, value)
            if number is None:
                return
            value, unit = number
        read = _read_number(meaning, float(value), unit.lower())
        if read is None or not self._counts(field, meaning.rank):
            return
        self._sure |= meaning.sure
        self._values[field] = (meaning.rank, read)
        if is_size(field):
            (self._bare.discard if meaning.unit or unit.lower() in SIZES else self._bare.add)(field)

    def _counts(self, field: str, rank: int) -> bool:
        known = self._values.get(field)
        return known is None or rank < known[0]

    def sample(self, source: str, instance: str | None = None) -> HeapSample | None:
        """All readings together; None where no heap is among them, or where nobody can tell in which unit it is."""
        if not self.has_heap:
            return None
        values = {field: value for field, (_, value) in self._values.items()}
        if source == "logged":
            if not self._settle_unit(values):
                return None
            source = "memstats" if self.exact >= ENOUGH_NAMES else source
        if source == "prometheus" and not values.get("gc_cpu_fraction"):
            values.pop("gc_cpu_fraction", None)  # client_golang 1.12 prints 0 and means nothing by it
        whole = {field: int(values.pop(field)) for field in ("number", "goroutines", "objects") if field in values}
        return HeapSample(source, instance=instance, time_s=self.time_s, **values, **whole)  # type: ignore[arg-type]

    def _settle_unit(self, values: dict[str, float]) -> bool:
        """Sizes without a unit: bytes where that can be, else MiB. False where neither can."""
        heap = next(field for field in ("heap_alloc_mib", "heap_live_mib") if field in values)
        if heap not in self._bare or values[heap] * MIB >= SMALLEST_HEAP_BYTES or values[heap] == 0:
            return True
        if values[heap] * MIB > MOST_BARE_MIB or not (self._sure or self.exact > 1):
            return False
        for field in self._bare:
            values[field] *= MIB
        return True


def _read_text(field: str, text: str) -> tuple[float, str] | None:
    """A number and its unit from `12.5MiB`, `1.2s` or a date."""
    text = text[:80].strip()
    if field in {"last_gc_s", "start_s"} and len(text) > 9 and text[4] == "-":
        seconds = parse_time(text.encode())
        return None if seconds is None else (seconds, "s")
    found = QUANTITY.fullmatch(text)
    if found is not None:
        return float(found[1].replace(",", "") + (found[2] or "") + (found[3] or "")), found[4] or ""
    if field == "pause_total_ms" and _DURATIONS.fullmatch(text):  # 1m2.5s, as Go prints a Duration
        return sum(float(count) * _SECONDS_PER[unit] for count, unit in _DURATION.findall(text)), "s"
    return None


def _read_number(meaning: Meaning, number: float, unit: str) -> float | None:
    """The value of the field, in its own unit; None where it cannot be."""
    field = meaning.field
    if field == "gogc_percent" and isfinite(number):
        return -1.0 if number < 0 or number > NO_GOGC else number
    if not isfinite(number) or number < 0:
        return None
    if is_size(field):
        size = number * (SIZES.get(unit) or meaning.unit or 1.0)
        return size / MIB if size < MOST_BYTES else None
    if field in {"last_gc_s", "start_s"}:
        return _moment(number)
    most = MOST_COUNT
    if field == "pause_total_ms":
        number = round(number * (SECONDS.get(unit) or meaning.unit or 1e-9) * 1e3, 6)
    elif field == "gc_cpu_fraction":
        most = 1.0
    return number if number <= most else None


def _moment(number: float) -> float | None:
    """Unix seconds from seconds, ms, µs or ns since 1970; None for 0 (no collection yet) and for a time span."""
    for least, unit in ((1e17, 1e-9), (1e14, 1e-6), (1e11, 1e-3), (1e8, 1.0)):
        if number >= least:
            return number * unit if number < least * 1e3 else None
    return None
