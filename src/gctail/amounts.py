"""How numbers, sizes, times and growths are said wherever a person reads them: three digits, in the unit that fits."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

_SIZES = ((1024.0**2, "TiB"), (1024.0, "GiB"), (1.0, "MiB"), (1 / 1024, "KiB"))
_SPANS = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"))


class Per(NamedTuple):
    """A unit of growth."""

    seconds: float
    name: str


GROWTHS = (Per(1.0, "MiB/s"), Per(60.0, "MiB/min"), Per(3600.0, "MiB/h"), Per(86400.0, "MiB/d"))


def many(number: int, thing: str) -> str:
    """`1 collection`, `4,648 lines`."""
    return f"{number:,} {thing}{'s' if number != 1 else ''}"


def missing(collections: int) -> str:
    """`2 collections are missing`, as the numbers of the others prove."""
    return f"{many(collections, 'collection')} {'is' if collections == 1 else 'are'} missing"


def size(mib: float) -> str:
    """`16 TiB`, `3.2 GiB`, `255 MiB`, `12 KiB`, `16 bytes`."""
    if mib == 0:
        return "0 MiB"
    unit_mib, unit = next((each for each in _SIZES if abs(mib) >= each[0]), (1 / 1024**2, "bytes"))
    return f"{_digits(mib / unit_mib)} {unit}"


def duration(seconds: float) -> str:
    """Two leading units: `3 h 20 min`, `45 s`, `4.5 s`, `350 ms`."""
    if seconds < 0:
        return f"−{duration(-seconds)}"
    if seconds < 9.95:
        return f"{1000 * seconds:.0f} ms" if 0 < seconds < 1 else f"{seconds:.2g} s"
    for (size_s, unit), (part_s, part) in pairwise(_SPANS):
        whole, rest = divmod(round(seconds / part_s) * part_s, size_s)
        if whole >= 1.0:
            return f"{whole:.0f} {unit}" + (f" {rest / part_s:.0f} {part}" if rest >= part_s else "")
    return f"{seconds:.0f} s"


def pause(ms: float) -> str:
    """`0.71 ms`, `25.1 ms`, `160 ms`, and of a second or more `1.7 s`."""
    return f"{_digits(float(f'{ms:.3g}'))} ms" if ms < 999.5 else duration(max(ms / 1000, 1.0))


def growth(mib_per_s: float) -> str:
    """A growth in the unit in which it can be read: MiB a second, a minute, an hour or a day."""
    per = unit_of_growth(mib_per_s)
    return f"{_digits(mib_per_s * per.seconds)} {per.name}"


def unit_of_growth(mib_per_s: float) -> Per:
    """The unit in which a growth has no zeros in front: the shortest in which it is a tenth of a MiB or more."""
    return next((per for per in GROWTHS if abs(mib_per_s) * per.seconds >= 0.1), GROWTHS[-1])


def _digits(value: float) -> str:
    """Three digits, and all of a whole number's."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
