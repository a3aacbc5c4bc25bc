"""From a log line to the call that wrote it, and to the containers that the same function fills."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from gctail.golang.source.containers import Container
from gctail.golang.source.counting import NAME_BEFORE
from gctail.golang.source.facts import Leftover, LogCall
from gctail.golang.source.reading import Sources
from gctail.golang.source.routing import Handler, handlers_of
from gctail.golang.source.strings import letters_of, shown
from gctail.parsing.messages import read_message

PLACEHOLDER = re.compile(r"<[^<>\s]{0,24}>|\{[^{}\s]{0,24}\}|\*|…")
FEWEST_LETTERS = 4
LEAST_COVERED = 0.5
"""Of the letters of the message, so many must come from the call."""
BEGINS_LETTERS, BEGINS_COVERED = 10, 0.25
"""Where the message begins with the text of the call, so few are enough: values that never change stand in it too."""
MOST_MATCHES = 5
DEEPEST_CALLS = 2
NEAR_LINES, MOST_LEFT = 40, 2
"""A function literal beside the one of the log call counts where it is so near."""
UNBOUNDED, EMPTIED = frozenset({"unbounded"}), frozenset({"emptied", "bounded"})


class CallSite(Struct, frozen=True):
    """A log call that may have written a line; `covered` is the share of the line's fixed text that it explains."""

    file: str
    line: int
    function: str
    library: str
    level: str
    text: str
    covered: float
    package: str
    closure: int

    def distance(self, container: Container) -> int:
        """How many lines lie between the call and the nearest write of its function."""
        lines = [place.line for place in container.writes if place.file == self.file]
        return min((abs(line - self.line) for line in lines), default=1 << 30)


def match_message(logs: Iterable[LogCall], message: str, *, template: str = "", example: str = "") -> list[CallSite]:
    """The calls that wrote a message, best first; several where several fit equally well, none where none fits.

    `message` is the line's text without its variables, `template` the same with placeholders, `example` a whole line.
    """
    texts = [_plain(text) for text in (message, template, example) if text]
    wanted = letters_of(PLACEHOLDER.sub(" ", message or template))
    sites = []
    for call in logs:
        covered = _covered(call, texts, wanted)
        if covered:
            at = call.at
            sites.append(
                CallSite(
                    at.file, at.line, at.shown, call.library, call.level, shown(call.pieces).strip(), round(covered, 3),
                    at.package, at.closure,
                )
            )  # fmt: skip
    sites = [site for site in sites if site.library != "record"] or sites
    best = max((site.covered for site in sites), default=0.0)
    told = _caller(example)
    at_once: dict[tuple[str, int], CallSite] = {}
    for site in sorted(sites, key=lambda site: site.covered):
        at_once[site.file, site.line] = site  # a helper's call has several texts: the best of them
    sites = list(at_once.values())
    sites.sort(key=lambda site: (not _is_at(site, told), -site.covered, site.library == "own", site.file, site.line))
    if sites and _is_at(sites[0], told):
        return sites[:1]
    return [site for site in sites if site.covered >= 0.9 * best][:MOST_MATCHES]


def containers_of(sources: Sources, site: CallSite, verdicts: frozenset[str] = UNBOUNDED) -> list[Container]:
    """The containers that the function of a log call fills, or what it calls from there; those nearest to it first."""
    here = [(site.package, site.function, site.closure)]
    found = _written_by(sources, here, verdicts)
    reached = [(site.package, site.function, closure) for closure in _together(sources, site)]
    found = sorted(found or _written_by(sources, reached, verdicts), key=site.distance)
    for _ in range(DEEPEST_CALLS):
        if found:
            return found
        reached = [
            (folder, name, -1)
            for package, function, closure in reached
            for folder, name, at in sources.calls.get((package, function), ())
            if closure in {-1, at}
        ]
        found = _written_by(sources, list(dict.fromkeys(reached)), verdicts)
    return found


def leftovers_of(sources: Sources, site: CallSite) -> list[Leftover]:
    """What the function of a log call may leave behind, or what it calls; the nearest first."""
    together = _together(sources, site)
    called = {
        (folder, name) for folder, name, at in sources.calls.get((site.package, site.function), ()) if at in together
    }
    here = [
        each
        for each in sources.leftovers
        if (each.at.file, each.at.shown) == (site.file, site.function)
        and (each.at.closure == site.closure or abs(each.at.line - site.line) <= NEAR_LINES)
    ]
    here.sort(key=lambda each: (each.at.closure != site.closure, abs(each.at.line - site.line)))
    return (here or [each for each in sources.leftovers if (each.at.package, each.at.shown) in called])[:MOST_LEFT]


def told_left(leftover: Leftover) -> dict[str, Any]:
    """A leftover as JSON has it."""
    at = leftover.at
    return {"file": at.file, "line": at.line, "function": at.shown, "says": leftover.says}


def source_of(sources: Sources, suspect: Mapping[str, Any]) -> dict[str, Any] | None:
    """`source` of a suspect: the place of the call, its function, and the containers that nobody deletes from.

    Where there are none, `emptied` has those that the function fills and that something deletes from or bounds: most
    leaks that are found in the field are deletes that not every path comes to. `left_open` has what the function opens
    and no defer ends, and goroutines that it starts and that may wait for ever.

    Where the suspect's `field` is the size of a container, it is that one which is told, whoever fills it; `counts` is
    the field's value in the source, such as `len(pending)`.

    Where the call fills nothing, or there is none, and the lines are of an access log, it is the handler of their
    `route` that is told, as it is registered: `PUT /objects/{id}`; None for a log call.

    `suspect` has `message`, `template` and `example`, as in the JSON. None where no call fits. Where several fit
    equally well, the one whose function fills a container comes first, and `others` names the rest.
    """
    words = {name: str(suspect.get(name) or "") for name in ("template", "example")}
    found = _told_of(sources, match_message(sources.logs, str(suspect.get("message") or ""), **words), _field(suspect))
    if found is not None and any(found[name] for name in ("containers", "counts", "left_open", "emptied")):
        return found
    handled = handlers_of(sources.handlers, suspect)
    sites = [_handling(each, *run) for each in handled for run in each.runs]
    return _told_of(sources, sites, "", handled[0].shown if handled else None) or found


def _handling(handler: Handler, package: str, function: str, closure: int) -> CallSite:
    at = handler.at
    return CallSite(at.file, at.line, function, "route", "", handler.shown, 1.0, package, closure)


def _told_of(sources: Sources, sites: list[CallSite], field: str, route: str | None = None) -> dict[str, Any] | None:
    """The best of several places, with what it fills; None where there is none."""
    if not sites:
        return None
    counts = [sources.counted.get((site.file, site.line, field), ("", [])) for site in sites]
    held = [(site, [] if counts[at][1] else containers_of(sources, site)) for at, site in enumerate(sites)]
    at = max(range(len(sites)), key=lambda at: (bool(counts[at][1]), bool(held[at][1]), sites[at].covered))
    (site, containers), (number, sizes) = held[at], counts[at]
    if sizes:
        containers = [each for each in sizes if each.unbounded]
        emptied = [each for each in sizes if each.verdict in EMPTIED and each.writes]
    else:
        emptied = [] if containers else containers_of(sources, site, EMPTIED)
    return {
        "file": site.file,
        "line": site.line,
        "function": site.function,
        "text": site.text,
        "route": route,
        "covered": site.covered,
        "containers": [told(container) for container in containers],
        "counts": number or None,
        "left_open": [told_left(each) for each in (() if containers or sizes else leftovers_of(sources, site))],
        "emptied": [told(each) for each in emptied],
        "others": [f"{each.file}:{each.line}" for each in sites if each is not site],
    }


def _field(suspect: Mapping[str, Any]) -> str:
    """The name of the suspect's number; of one that has none (`#2`) the word before it in the template."""
    name, template = str(suspect.get("field") or ""), str(suspect.get("template") or "")
    if not (name[:1] == "#" and name[1:].isdecimal()):
        return name
    found = NAME_BEFORE.search("".join(template.split("<*>")[int(name[1:]) - 1 : int(name[1:])]))
    return found[1] if found is not None else ""


def told(container: Container) -> dict[str, Any]:
    """A container as JSON has it."""
    values: dict[str, Any] = msgspec.to_builtins(container)
    return {**values, "severity": container.severity}


def _together(sources: Sources, site: CallSite) -> list[int]:
    """The closures that run together with that of a log call: those that it launches, and that it was launched from.

    `main` launches all there is: what it does outside its function literals has nothing to do with one of them.
    """
    starts = site.function in {"main", "init"}
    found = [site.closure]
    while (outer := sources.launched.get((site.file, found[-1]))) is not None and outer not in found:
        if starts and not outer:
            break
        found.append(outer)
    inside = [] if starts and not site.closure else [site.closure]
    for closure in inside:
        inside += [
            line for (file, line), outer in sources.launched.items()
            if file == site.file and outer == closure and line not in inside
        ]  # fmt: skip
    return list(dict.fromkeys([*inside, *found]))


def _written_by(sources: Sources, functions: list[tuple[str, str, int]], verdicts: frozenset[str]) -> list[Container]:
    return [
        container
        for container in sources.containers
        if container.verdict in verdicts
        and any(
            container.package == folder and place.function == function and closure in {-1, place.closure}
            for place in container.writes
            for folder, function, closure in functions
        )
    ]


def _caller(line: str) -> tuple[str, int] | None:
    """File and line of the call, where the logger tells them: `caller=cart/main.go:42`."""
    file, _, number = (read_message(line.encode("utf-8", "replace")).caller or "").rpartition(":")
    return (file, int(number)) if number.isdigit() else None


def _is_at(site: CallSite, told: tuple[str, int] | None) -> bool:
    """The logger told this call: a path, of which it may have cut off the beginning, and the line."""
    if told is None or site.line != told[1]:
        return False
    file = told[0]
    return f"/{file}".endswith(f"/{site.file}") or f"/{site.file}".endswith(f"/{file}")


def _plain(text: str) -> str:
    return " ".join(text.split())


def _covered(call: LogCall, texts: list[str], wanted: int) -> float:
    """How much of the message the call explains: 0 where a piece of it is missing, or out of order."""
    pieces = [_plain(piece) for piece in call.pieces if piece is not None]
    pieces = [piece for piece in pieces if piece]
    letters = sum(map(letters_of, pieces))
    whole = len(call.pieces) == 1 and pieces and pieces[0] in texts
    if not letters or not texts or (letters < FEWEST_LETTERS and not whole):
        return 0.0
    if whole:
        return 1.0
    if not any(_in_order(pieces, text) for text in texts):
        return 0.0
    explained = letters + call.around + sum(letters_of(key) for key in call.keys if any(key in text for text in texts))
    covered = min(explained / max(wanted, 1), 1.0)
    begins = call.pieces[0] is not None and letters >= BEGINS_LETTERS and texts[0].startswith(pieces[0])
    return covered if covered >= (BEGINS_COVERED if begins else LEAST_COVERED) else 0.0


def _in_order(pieces: list[str], text: str) -> bool:
    at = 0
    for piece in pieces:
        found = text.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return True
