"""From suspects and heap profiles to the Go source: who logs the line, and which containers its function only fills."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from msgspec.structs import replace

from gctail.amounts import size
from gctail.golang.source import CallSite, Container, Sources, containers_of, source_of
from gctail.postmortem.certificate import Certificate, Hold, Place

MOST_PLACES, MOST_UNPOINTED, MOST_TEXT = 12, 3, 80
SURE = {"likely": 0.8, "possible": 0.5}
LITERAL = re.compile(r"(?:\.func\d+|\.\d+|-range\d+|-fm)+$|\.gowrap\d+.*$")
"""What the compiler appends to the name of a function for what is written inside it."""


def with_source(certificate: Certificate, sources: Sources) -> Certificate:
    """The certificate with `source` in its suspects, the places that they lead to, and its holds tied to both."""
    suspects = tuple({**each, "source": source_of(sources, each)} for each in certificate.suspects)
    holds = tuple(_tied(each, suspects, sources) for each in certificate.holds)
    places: dict[tuple[str, int | None, str], Place] = {}
    for each in [*_of_suspects(suspects), *_of_holds(holds, sources)]:
        places.setdefault((each.file, each.line, each.symbol), each)
    if not places and (certificate.verdict or {}).get("leak"):
        unpointed = sources.unbounded()[:MOST_UNPOINTED]
        for each in [_container(container, "; no suspect leads here") for container in unpointed]:
            places.setdefault((each.file, each.line, each.symbol), each)
    told = tuple(places.values())[:MOST_PLACES]
    return replace(certificate, suspects=suspects, holds=holds, places=told)


def _of_suspects(suspects: tuple[dict[str, Any], ...]) -> list[Place]:
    """The call that wrote each suspect's line, and after it the containers that its function fills."""
    found = []
    for suspect in suspects:
        source = suspect["source"]
        if source is None:
            continue
        others = f"; or at {', '.join(source['others'][:3])}" if source["others"] else ""
        number = f", whose {suspect.get('field')} is {source['counts']}" if source["counts"] else ""
        does = f"handles {source['route']}" if source["route"] else f'logs "{source["text"][:MOST_TEXT]}"'
        says = f"{does}{number}{others}"
        found.append(Place(source["file"], source["line"], source["function"], says, source["covered"]))
        found += [_container(msgspec.convert(each, Container)) for each in source["containers"][:3]]
        found += [Place(each["file"], each["line"], each["function"], each["says"]) for each in source["left_open"]]
        found += [_emptied(msgspec.convert(each, Container)) for each in source["emptied"][:2]]
    return found


def _of_holds(holds: tuple[Hold, ...], sources: Sources) -> list[Place]:
    """The containers that a line of the heap profile writes to, or that keep what it makes."""
    return [
        _container(container, f"; the heap profile has {size(hold.mib)} {'from there' if hold.container else 'for it'}")
        for hold in holds
        for container in sources.containers
        if container.name in {hold.container, hold.kept_in} and container.unbounded
    ]


def _container(container: Container, more: str = "") -> Place:
    write = container.writes[0] if container.writes else None
    by = f": {write.function or 'an initialiser'} writes it at {write.file}:{write.line}" if write is not None else ""
    keyed = write is not None and write.key and container.kind not in {"slice", "list"}
    key = f" (key {write.key[:60]})" if write is not None and keyed else ""
    chosen = "; requests choose the keys" if keyed else "; requests fill it"
    keys = chosen if container.keys == "request" else ""
    says = f"{container.type} that only grows{by}{key}, nothing deletes from it or bounds it{keys}{more}"
    return Place(container.file, container.line, container.name, says, SURE.get(container.certainty), grows=True)


def _emptied(container: Container) -> Place:
    """What the function fills and something takes from: the reader's next question is whether it always does."""
    write, taken = container.writes[0], (*container.deletes, *container.bounds)[:2]
    where = " and ".join(f"{place.file}:{place.line}" for place in taken)
    by = f"{write.function or 'an initialiser'} writes it at {write.file}:{write.line}"
    does = "takes from it or replaces it" if container.verdict == "emptied" else "compares its length"
    says = f"{container.type}: {by}; {where} {does}: does every path come there, and often enough?"
    return Place(container.file, container.line, container.name, says, None)


def _tied(hold: Hold, suspects: tuple[dict[str, Any], ...], sources: Sources) -> Hold:
    """The hold with the container that its line fills, and with the suspect that a function on its stack logs."""
    for container in sources.containers:
        if any(write.line == hold.line and is_same_file(hold.file, write.file) for write in container.writes):
            hold = replace(hold, container=container.name, kind=hold.kind or container.kind)
            break
    else:
        hold = replace(hold, kept_in=_keeper(hold, sources))
    for suspect in suspects:
        source = suspect["source"]
        if source is not None and any(_is_in(caller, source) for caller in hold.callers):
            return replace(hold, suspect=str(suspect.get("message") or suspect.get("template") or ""))
    return hold


def _keeper(hold: Hold, sources: Sources) -> str:
    """The only container that the innermost caller who fills any puts things into: there what was made may be kept."""
    known = {*sources.calls, *((each.package, write.function) for each in sources.containers for write in each.writes)}
    for caller in hold.callers:
        function, _, place = caller.rpartition(" ")
        path = place.rpartition(":")[0]
        for folder, name in sorted(known):
            if name in {"main", "init"} or not is_same_function(function, name):
                continue
            if is_same_file(path.rpartition("/")[0], folder) or not folder:
                found = containers_of(sources, CallSite(path, 0, name, "", "", "", 0.0, folder, -1))
                if found:
                    return found[0].name if len(found) == 1 else ""
    return ""


def _is_in(caller: str, source: dict[str, Any]) -> bool:
    function, _, place = caller.rpartition(" ")
    file = place.rpartition(":")[0]
    return is_same_function(function, source["function"]) and is_same_file(file, source["file"])


def is_same_function(compiled: str, written: str) -> bool:
    """Whether `shop/cache.(*Cache[...]).Put.func1` is what the source calls `(*Cache).Put`."""
    name = re.sub(r"\[.*\]", "", compiled).rpartition("/")[2].partition(".")[2]
    return LITERAL.sub("", name) == written


def is_same_file(compiled: str | None, written: str) -> bool:
    """Whether the path that the compiler kept ends in the path below the folder of the source."""
    return compiled is not None and f"/{compiled}".replace("\\", "/").endswith(f"/{written}")
