"""Reads Go files, given as bytes, to what is known of their containers and their log calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby

from msgspec import Struct, field
from msgspec.structs import replace

from gctail.golang.source.bodies import Walk
from gctail.golang.source.callers import Callers
from gctail.golang.source.containers import Candidate, Container, Uses, candidates, judged
from gctail.golang.source.counting import Counts
from gctail.golang.source.declarations import Function, Package, shown_name
from gctail.golang.source.facts import Call, Facts, Leftover, LogCall, Route
from gctail.golang.source.forwarding import forwarded
from gctail.golang.source.makings import let_go
from gctail.golang.source.routing import Handler
from gctail.golang.source.tree import GoParser, Unreadable, left_out
from gctail.golang.source.types import Type

MOST_SKIPPED = 200


class Sources(Struct):
    """What was read of a tree of Go files.

    `skipped` names files that should have been read and could not, with the reason; `left_out` counts those that were
    left out on purpose, by reason.
    """

    files: int = 0
    bytes: int = 0
    logs: list[LogCall] = field(default_factory=list)
    containers: list[Container] = field(default_factory=list)
    leftovers: list[Leftover] = field(default_factory=list)
    handlers: list[Handler] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)
    calls: dict[tuple[str, str], list[tuple[str, str, int]]] = field(default_factory=dict)
    """By folder and function (as Go prints it): the functions that it calls, and from which function literal."""
    launched: dict[tuple[str, int], int] = field(default_factory=dict)
    """See `Facts.launched`."""
    counted: dict[tuple[str, int, str], tuple[str, list[Container]]] = field(default_factory=dict)
    """By file, line and field of a log call: the source of its value, and the containers that it is the size of."""

    def log_calls(self) -> int:
        """How many calls write log lines; one through a helper, or with two texts, is one."""
        return len({(each.at.file, each.at.line) for each in self.logs if each.library != "record"})

    def unbounded(self) -> list[Container]:
        """What `gctail scan` lists: the worst first."""
        order = {"critical": 0, "warning": 1, "info": 2}
        listed = [each for each in self.containers if each.told and is_long_lived(each)]
        return sorted(listed, key=lambda each: (order[each.severity], each.file, each.line, each.name))


def is_long_lived(container: Container) -> bool:
    """Not a local variable, unless function literals of `main` keep it."""
    return container.scope != "local" or (bool(container.writes) and container.writes[0].function == "main")


def read_sources(files: Iterable[tuple[str, bytes]]) -> Sources:
    """Read files, given as path and bytes; those of one folder must come one after the other."""
    parser, sources = GoParser(), Sources()
    counts: Counter[str] = Counter()
    whole, found, functions = Facts(), [], {}
    for folder, group in groupby(files, key=lambda file: file[0].rpartition("/")[0]):
        package = Package(folder)
        for path, data in _wanted(group, counts):
            sources.files += 1
            sources.bytes += len(data)
            try:
                package.add(path, parser.parse(data))
            except Unreadable as error:
                _skip(sources, path, str(error))
        facts = _walked(package, sources)
        _gather(whole, facts)
        functions.update({(folder, name): function for name, function in package.functions.items()})
        package.files.clear()  # the trees are large, and nobody needs them any more
        found.append((package, [*candidates(package), *_locals(facts)]))
    sources.left_out = dict(counts)
    sources.logs, sources.leftovers, sources.launched = whole.logs, whole.leftovers, whole.launched
    _judge(sources, whole, found, functions)
    return sources


def _wanted(files: Iterable[tuple[str, bytes]], counts: Counter[str]) -> Iterator[tuple[str, bytes]]:
    for path, data in files:
        reason = left_out(path, data)
        if reason is None:
            yield path, data
        else:
            counts[reason] += 1


def _skip(sources: Sources, path: str, reason: str) -> None:
    if len(sources.skipped) < MOST_SKIPPED:
        sources.skipped.append((path, reason))


def _walked(package: Package, sources: Sources) -> Facts:
    """The facts of all bodies of a package; a file that is nested too deeply says so and gives none."""
    whole = Facts()
    for path, root in package.files.items():
        facts = Facts()
        try:
            Walk(package, path, facts).file(root)
        except Unreadable as error:
            _skip(sources, path, str(error))
            continue
        _gather(whole, facts)
    return whole


def _gather(whole: Facts, facts: Facts) -> None:
    whole.uses += facts.uses
    whole.calls += facts.calls
    whole.logs += facts.logs
    whole.forwards += facts.forwards
    whole.leftovers += facts.leftovers
    whole.routes += facts.routes
    whole.locals += facts.locals
    whole.made += facts.made
    whole.makings += facts.makings
    whole.returned += facts.returned
    whole.launched.update(facts.launched)


def _locals(facts: Facts) -> list[Candidate]:
    """Maps and slices of a function that function literals inside it write to: they live as long as those."""
    kept = {(use.container, use.at.closure) for use in facts.uses if use.action == "write" and use.at.closure}
    inside: dict[str, set[int]] = {}
    for container, closure in kept:
        inside.setdefault(container, set()).add(closure)
    return [
        Candidate(local.container, f"{local.name} in {local.at.shown}", Type(local.kind, text=local.type), "local",
                  local.at.file, local.at.line, None)
        for local in facts.locals
        if inside.get(local.container, set()) - {local.at.closure}
    ]  # fmt: skip


def _made(facts: Facts, callers: Callers) -> set[tuple[str, str]]:
    """The types of what `main` makes once, each with its folder."""
    found = set()
    for folder, name in facts.made:
        path, bar, label = name.partition("|")
        where, what = (callers.folder_of(path), label) if bar else (folder, name)
        if where is not None:
            function = callers.functions.get((where, what))
            found.add((where, function.result.name if function is not None else what))
    return found


def _kept_elsewhere(packages: list[Package], callers: Callers) -> set[tuple[str, str]]:
    """The types of package-level variables of other packages: `var sessions = store.New()`."""
    found = set()
    for package in packages:
        for variable in package.variables.values():
            local, dot, name = variable.type.name.partition(".")
            path = package.imports.get(variable.file, {}).get(local) if dot else None
            folder = callers.folder_of(path) if path is not None else None
            if folder is not None:
                function = callers.functions.get((folder, name))
                found.add((folder, function.result.name if function is not None else name))
    return found


def _handler(route: Route, callers: Callers) -> Handler:
    at = route.at
    if not route.handlers:
        return Handler(route.verb, route.path, at, ((at.package, at.shown, at.closure),))
    meant = [each for name in route.handlers for each in callers.meant(Call(name, at))]
    runs = tuple((folder, shown_name(callers.functions[folder, name]), -1) for folder, name in meant)
    return Handler(route.verb, route.path, at, runs)


def _judge(
    sources: Sources,
    facts: Facts,
    found: list[tuple[Package, list[Candidate]]],
    functions: dict[tuple[str, str], Function],
) -> None:
    callers = Callers(functions, facts.calls)
    facts.logs += forwarded(facts.forwards, facts.calls, callers, facts.logs)
    uses = Uses(facts.uses, callers)
    made = _made(facts, callers) | _kept_elsewhere([package for package, _ in found], callers)
    brief = let_go(facts.makings, facts.calls, callers)
    by_id: dict[tuple[str, str], Container] = {}
    for package, declared in found:
        for each in declared:
            once = each.scope == "field" and (package.folder, each.id.partition(".")[0]) in made
            gone = each.scope == "field" and (package.folder, each.id.partition(".")[0]) in brief
            candidate = replace(each, scope="singleton") if once else replace(each, let_go=gone)
            variable = package.variables.get(candidate.id)
            names = [candidate.id]
            if variable is not None and variable.type.kind == "named":
                names.append(variable.type.name)
            container = judged(candidate, package, uses.of(package.folder, *names), callers)
            sources.containers.append(container)
            by_id[package.folder, candidate.id] = container
    sources.handlers = [handler for route in facts.routes if (handler := _handler(route, callers)).runs]
    counts = Counts(facts, callers, by_id)
    for log in facts.logs:
        for name, tags, text in log.counted:
            sources.counted.setdefault((log.at.file, log.at.line, name), (text, counts.of(tags, log.at)))
    for call in facts.calls:
        if call.callee == ".ServeHTTP":
            continue  # a middleware calls whichever handler comes next
        for folder, name in callers.meant(call):
            key = call.at.package, call.at.shown
            sources.calls.setdefault(key, []).append((folder, shown_name(functions[folder, name]), call.at.closure))
