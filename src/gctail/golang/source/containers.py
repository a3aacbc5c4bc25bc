"""Who holds memory: containers that outlive their function, what is done to them, and whether anything bounds them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

from msgspec import Struct

from gctail.golang.source.callers import DEAD, START, Callers
from gctail.golang.source.certainty import GROWS, LIKELY, UNLIKELY, Holder, certainty
from gctail.golang.source.declarations import Package
from gctail.golang.source.facts import Use
from gctail.golang.source.types import CONTAINERS, FINITE_KEYS, Type

MOST_PLACES = 12
WORKS = re.compile(r"(?:sync|syncs|atomic|errgroup|semaphore)\.|context\.CancelFunc$")
"""Types of fields of what several goroutines share, or what is stopped one day: it lives for a while."""


class Place(Struct, frozen=True):
    """A place in the source as it is told: file, line, function; `key` is the key's source and `often` how often."""

    file: str
    line: int
    function: str
    key: str = ""
    often: str = ""
    closure: int = 0


class Container(Struct, frozen=True):
    """A map, slice, sync.Map or list that outlives its function.

    `scope` is package (a package-level variable, or a field of one), singleton (a field of what `main` makes once),
    field (of a struct whose holder is not known) or local (kept alive by function literals). `verdict` is unbounded,
    bounded, emptied, filled-at-start, few-keys or never-written; `certainty` of unbounded is likely, possible or
    unlikely, and `why` says why. `keys` says where keys come from.
    """

    name: str
    kind: str
    type: str
    scope: str
    file: str
    line: int
    package: str
    verdict: str
    certainty: str
    why: str
    keys: str
    mutex: str | None
    writes: tuple[Place, ...]
    deletes: tuple[Place, ...]
    bounds: tuple[Place, ...]

    @property
    def unbounded(self) -> bool:
        """It is written again and again, and nothing takes out or stops."""
        return self.verdict == "unbounded"

    @property
    def severity(self) -> str:
        """critical where requests choose the keys, warning where it is likely, info where it is only possible.

        A field is never critical: it may go when what holds it goes.
        """
        if self.certainty != LIKELY:
            return "info"
        return "critical" if self.keys == "request" and self.scope != "field" else "warning"

    @property
    def told(self) -> bool:
        """It is worth a reader's time by itself, without a log line that leads there."""
        return self.unbounded and self.certainty != UNLIKELY


class Candidate(Struct, frozen=True):
    """A container that was declared, before anything is known of its uses."""

    id: str
    name: str
    type: Type
    scope: str
    file: str
    line: int
    mutex: str | None
    lasting: bool = True
    """Of a field: its struct is shared or can be stopped, so it lives for a while."""
    let_go: bool = False
    """Of a field: those who have its struct made mostly let it go when they are over."""


class Uses:
    """The uses of a whole tree by container, with those that happen in functions to which it is handed."""

    def __init__(self, uses: Iterable[Use], callers: Callers) -> None:
        self.callers = callers
        self._by_id: dict[tuple[str, str], list[Use]] = defaultdict(list)
        for use in uses:
            path, bar, name = use.container.partition("|")
            folder = callers.folder_of(path) if bar else use.at.package
            if folder is not None:
                self._by_id[folder, name if bar else use.container].append(use)

    def of(self, folder: str, *names: str) -> list[Use]:
        """What happens to the container of these names."""
        found = [use for name in names for use in self._by_id.get((folder, name), [])]
        return [each for use in found for each in (self._inside(use) if use.action == "escape" else [use])]

    def _inside(self, escape: Use) -> list[Use]:
        """A container that was handed to one of our functions is what that function does to its parameter."""
        function = self.callers.functions.get((escape.at.package, escape.to))
        if function is None:
            return [escape]
        calls = self.callers.of(escape.at.package, escape.to)
        indices = {index for call in calls for index, passed in enumerate(call.passed) if passed == escape.container}
        found = []
        for index in sorted(indices):
            if index < len(function.parameters):
                name = f"parameter {function.parameters[index][0]}"
                inside = self._by_id.get((escape.at.package, name), [])
                found += [use for use in inside if use.at.function == escape.to]
        return found


def candidates(package: Package) -> list[Candidate]:
    """Package-level variables that are containers, and struct fields that are."""
    found = []
    held = {package.resolved(variable.type).name for variable in package.variables.values()}
    held |= {
        package.resolved(variable.type).element.lstrip("*").partition("[")[0] for variable in package.variables.values()
    }
    for variable in package.variables.values():
        typed = package.resolved(variable.type)
        if typed.kind in CONTAINERS:
            mutex = _mutex_beside(package, variable.name)
            found.append(Candidate(variable.name, variable.name, typed, "package", variable.file, variable.line, mutex))
        elif typed.kind == "struct" and not typed.name:
            found += _fields(package, variable.name, typed, "package", variable.file)
    for name, declared in package.types.items():
        if declared.type.kind == "struct":
            scope = "package" if name in held - {""} else "field"
            found += _fields(package, name, declared.type, scope, declared.file)
    return found


def _fields(package: Package, owner: str, struct: Type, scope: str, file: str) -> list[Candidate]:
    mutex = next((name for name, typed, _ in struct.fields if typed.kind == "mutex"), None)
    lasting = any(typed.kind in {"mutex", "channel"} or WORKS.match(typed.name) for _, typed, _ in struct.fields)
    found = []
    for name, typed, line in struct.fields:
        inner = package.resolved(typed)
        if inner.kind in CONTAINERS:
            found.append(Candidate(f"{owner}.{name}", f"{owner}.{name}", inner, scope, file, line, mutex, lasting))
    return found


def _mutex_beside(package: Package, name: str) -> str | None:
    """The mutex that a package-level variable is most likely guarded by: the one declared nearest in its file."""
    variable = package.variables[name]
    mutexes = [each for each in package.variables.values() if each.type.kind == "mutex" and each.file == variable.file]
    return min(mutexes, key=lambda each: (abs(each.line - variable.line), each.name)).name if mutexes else None


def judged(candidate: Candidate, package: Package, uses: list[Use], callers: Callers) -> Container:
    """What its uses say of a container."""
    often = {use: callers.often(use.at) for use in uses}
    writes = [use for use in uses if use.action == "write"]
    running = [use for use in writes if often[use] not in {START, DEAD}]
    deletes = [
        use for use in uses
        if (use.action == "delete" and often[use] != DEAD)
        or (use.action == "replace" and often[use] not in {START, DEAD})
    ]  # fmt: skip
    bounds = [use for use in uses if use.action == "bound" and often[use] != DEAD]
    origins = _origins(running, callers)
    verdict, why = _verdict(candidate, package, writes, running, deletes, bounds, origins)
    sure = "certain"
    if verdict == "unbounded":
        holder = Holder(
            candidate.scope, candidate.id.rpartition(".")[0] if candidate.scope != "local" else "",
            lasting=candidate.lasting, let_go=candidate.let_go, is_list=candidate.type.kind in {"slice", "list"},
        )  # fmt: skip
        sure, why = certainty(holder, uses, {use: often[use] for use in running}, origins)
    return Container(
        candidate.name, candidate.type.kind, candidate.type.text, candidate.scope, candidate.file, candidate.line,
        package.folder, verdict, sure, why, _keys(origins), candidate.mutex,
        _places(writes, often), _places(deletes, often), _places(bounds, often),
    )  # fmt: skip


def _origins(writes: list[Use], callers: Callers) -> frozenset[str]:
    found: frozenset[str] = frozenset()
    for use in writes:
        found |= callers.origin(use.origin, use.at)
    return found


def _keys(origins: frozenset[str]) -> str:
    return next(
        (name for name in ("request", "parameter", "computed", "finite", "constant") if name in origins), "none"
    )


def _verdict(  # noqa: PLR0911, PLR0913, PLR0917 - one line for every reason
    candidate: Candidate, package: Package, writes: list[Use], running: list[Use], deletes: list[Use],
    bounds: list[Use], origins: frozenset[str],
) -> tuple[str, str]:  # fmt: skip
    if not writes:
        return "never-written", "nothing here writes to it"
    if deletes:
        return "emptied", "something takes out, clears or replaces it"
    if bounds:
        return "bounded", "its length is compared"
    if not running:
        return "filled-at-start", "it is written while the program starts only"
    keyed = candidate.type.kind not in {"slice", "list"}
    key = candidate.type.key
    if keyed and (key in FINITE_KEYS or key in package.enumerations):
        return "few-keys", f"there are only so many values of {key}"
    if keyed and origins <= {"constant", "finite"}:
        return "few-keys", "its keys are fixed in the source"
    return "unbounded", GROWS


def _places(uses: list[Use], often: dict[Use, str]) -> tuple[Place, ...]:
    found: dict[Place, None] = {}
    for use in uses:
        found[Place(use.at.file, use.at.line, use.at.shown, use.key, often[use], use.at.closure)] = None
    return tuple(found)[:MOST_PLACES]
