"""Sinks, sources and detectors that other packages add: what such a package imports, and how it is found.

A package declares an entry point in the group `gctail.sinks`, `gctail.sources` or `gctail.detectors`. Its name is the
`kind` that a table of the configuration asks for, and it names a module with

    sinks       Settings (a Route) and letters(settings, notices, now_s) -> list[Letter]
    sources     Settings (a Struct) and open_source(settings) -> Source
    detectors   Settings (a Struct) and new_detector(settings) -> Detector

Nothing is loaded because it is installed: only what the configuration names.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType
from typing import Any

from msgspec import Struct

from gctail.detectors.added import Detector
from gctail.detectors.values import Moment, Signal
from gctail.errors import UnreadableInput, UsageError
from gctail.sinks.letters import Letter, Undelivered
from gctail.sinks.notices import Notice
from gctail.sinks.route import Route, key
from gctail.sources import Source

__all__ = [
    "Detector", "Letter", "Moment", "Notice", "Route", "Signal", "Source", "Struct", "Undelivered", "installed", "key",
    "opened", "plugin", "settings_of",
]  # fmt: skip

PLUGGABLE = {"sinks": "letters", "sources": "open_source", "detectors": "new_detector"}
"""The tables of the configuration whose kinds may be plugins; the function that the module of such a one has."""


def installed(table: str) -> list[EntryPoint]:
    """The plugins that are there for a table of the configuration, loaded or not, in the order of their names."""
    return sorted(entry_points(group=f"gctail.{table}"), key=lambda each: (each.name, each.value))


def shown(point: EntryPoint) -> str:
    """`queue (queue-reader 1.2)`: its kind, and the package that brings it."""
    return f"{point.name} ({point.dist.name} {point.dist.version})" if point.dist is not None else point.name


def plugin(table: str, kind: str) -> ModuleType | None:
    """The module of a plugin; None where none of this kind is installed. Raises UsageError where it cannot be used."""
    found = [each for each in installed(table) if each.name == kind]
    if not found:
        return None
    if len({each.value for each in found}) > 1:
        named = ", ".join(map(shown, found))
        raise UsageError(f'{len(found)} packages bring "{kind}": {named}; uninstall all but one')
    try:
        module: ModuleType = found[0].load()
    except (Exception, SystemExit) as error:
        raise UsageError(f"{shown(found[0])} cannot be loaded: {type(error).__name__}: {error}") from error
    shape, function = getattr(module, "Settings", None), PLUGGABLE[table]
    wanted = Route if table == "sinks" else Struct
    if not (isinstance(shape, type) and issubclass(shape, wanted)):
        raise UsageError(f"{shown(found[0])}: {found[0].value} has no Settings that are a {wanted.__name__}")
    if not callable(getattr(module, function, None)):
        raise UsageError(f"{shown(found[0])}: {found[0].value} has no {function}")
    return module


def settings_of(table: str, kind: str) -> type[Struct] | None:
    """The settings of a plugin; None where none of this kind is installed. Raises UsageError as `plugin` does."""
    module = plugin(table, kind)
    shape: type[Struct] | None = module.Settings if module is not None else None
    return shape


def made(settings: Struct, function: str) -> Callable[[], Any]:
    """What makes a source or a detector with these settings: it stands in the module of their class."""
    make = getattr(sys.modules[type(settings).__module__], function)
    return lambda: make(settings)


def opened(name: str, settings: Struct) -> Contained:
    """A source of the configuration, opened. Raises UnreadableInput where that does not work."""
    try:
        return Contained(made(settings, "open_source")())
    except (Exception, SystemExit) as error:
        raise UnreadableInput(f"source:{name}: cannot be opened: {type(error).__name__}: {error}") from error


class Contained:
    """A source of somebody else's: what it raises ends it, as a file that cannot be read on."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.broken: list[str] = []

    @property
    def notes(self) -> list[str]:
        """Sentences about what was lost."""
        return [*map(str, getattr(self._source, "notes", ()))]

    def readinto(self, buffer: memoryview, /) -> int:
        """The next bytes; 0 where there are no more, or it has failed."""
        try:
            count = self._source.readinto(buffer)
            if not isinstance(count, int) or not 0 <= count <= len(buffer):
                raise ValueError(f"it says that it put {count!r} bytes into a buffer of {len(buffer)}")  # noqa: TRY301
        except (Exception, SystemExit) as error:  # noqa: BLE001 - as above
            self.broken.append(f"reading broke off: {type(error).__name__}: {error}")
            return 0
        return count

    def close(self) -> None:
        """Give up what is held."""
        try:
            self._source.close()
        except (Exception, SystemExit) as error:  # noqa: BLE001 - as above
            self.broken.append(f"it could not be closed: {type(error).__name__}: {error}")
