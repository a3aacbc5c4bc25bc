"""What a number in a log line counts: the field's value in the call, and the container whose size that is."""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING

from gctail.golang.source.facts import Call
from gctail.golang.source.strings import VERB, unquoted
from gctail.golang.source.tree import bare, called, named, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

    from gctail.golang.source.callers import Callers
    from gctail.golang.source.containers import Container
    from gctail.golang.source.facts import Facts, Spot, Tags
    from gctail.golang.source.scopes import Scopes

LITERALS = frozenset({"interpreted_string_literal", "raw_string_literal"})
NAME_BEFORE = re.compile(r"([\w.\-]+)\W{0,3}$")
"""`size=%d`, `pending: %d`, `and %d`: the word before the number."""
CONVERTS = re.compile(r"(?:u?int(?:8|16|32|64)?|float(?:32|64)|atomic\.Load\w+)$")
MOST_NODES, MOST_FIELDS = 400, 24
DEEPEST = 3


def fields_of(call: Node) -> Iterator[tuple[str, Node]]:
    """The named values of a log call: `"n", len(m)`, `zap.Int("n", len(m))`, `Fields{"n": len(m)}`, `n=%d`."""
    waiting = [call]
    for _ in range(MOST_NODES):
        if not waiting:
            return
        node = waiting.pop()
        if node.type == "func_literal":
            continue
        waiting += reversed(node.named_children)
        parts = named(node) if node.type in {"argument_list", "keyed_element"} else []
        values = [bare(next(iter(named(part)), None)) if part.type == "literal_element" else part for part in parts]
        for at, (name, value) in enumerate(pairwise(values)):
            if name is None or value is None or name.type not in LITERALS:
                continue
            verbs = [verb for verb in VERB.finditer(unquoted(name)) if verb[0] != "%%"]
            yield from _printed(unquoted(name), verbs, values[at + 1 :])
            if not verbs and value.type not in LITERALS:
                yield unquoted(name), value


def _printed(text: str, verbs: list[re.Match[str]], values: list[Node | None]) -> Iterator[tuple[str, Node]]:
    for verb, value in zip(verbs, values, strict=False):
        before = NAME_BEFORE.search(text[: verb.start()])
        if before is not None and value is not None:
            yield before[1], value


def counted(node: Node | None, scopes: Scopes, callee: str | None, depth: int = 0) -> Tags:
    """What a number is made of: `len:CONTAINER`, `count:VARIABLE`, `call:FUNCTION`; `callee` is that of a call."""
    node = bare(node)
    if node is None or depth > DEEPEST:
        return frozenset()
    lengths = frozenset(tag for tag in scopes.origin(node) if tag.startswith("len:"))
    if lengths:
        return lengths
    if node.type == "call_expression":
        inner = _read(node)
        if inner is not None:
            return counted(inner, scopes, callee, depth + 1)
        return frozenset({f"call:{callee}"}) if callee is not None else frozenset()
    if node.type == "binary_expression":
        sides = (counted(node.child_by_field_name(side), scopes, None, depth + 1) for side in ("left", "right"))
        return frozenset[str]().union(*sides)
    held = scopes.held(node) if node.type in {"identifier", "selector_expression"} else None
    return frozenset({f"count:{held.id}"}) if held is not None and held.id is not None else frozenset()


def _read(call: Node) -> Node | None:
    """What `int64(n)`, `atomic.LoadInt64(&n)` and `n.Load()` read; None of another call."""
    function, arguments = called(call), named(call.child_by_field_name("arguments"))
    if arguments and CONVERTS.match(text_of(function)):
        return arguments[0]
    if function is not None and text_of(function.child_by_field_name("field")) == "Load":
        return function.child_by_field_name("operand")
    return None


class Counts:
    """Leads what a number is made of to the containers that it is the size of."""

    def __init__(self, facts: Facts, callers: Callers, containers: dict[tuple[str, str], Container]) -> None:
        self.facts, self.callers, self.containers = facts, callers, containers
        self._counters: dict[tuple[str, str], list[Spot]] = defaultdict(list)
        for use in facts.uses:
            if use.action == "count":
                self._counters[use.at.package, use.container].append(use.at)

    def of(self, tags: Tags, at: Spot, depth: int = 0) -> list[Container]:
        """The containers whose size a number is, or that are filled where it is counted up; each once."""
        found: list[Container] = []
        for tag in sorted(tags):
            kind, _, name = tag.partition(":")
            if kind == "len":
                path, bar, label = name.partition("|")
                folder = self.callers.folder_of(path) if bar else at.package
                container = self.containers.get((folder or "", label if bar else name))
                found += [container] if container is not None else []
            elif kind == "count":
                found += self._filled(self._counters.get((at.package, name), []))
            elif depth < DEEPEST:
                meant = self.callers.meant(Call(name, at))
                for returned, where in self.facts.returned:
                    if (where.package, where.function) in meant:
                        found += self.of(returned, where, depth + 1)
        return list({(each.package, each.name, each.line): each for each in found}.values())

    def _filled(self, spots: list[Spot]) -> list[Container]:
        places = {(spot.package, spot.shown, spot.closure) for spot in spots}
        return [
            container
            for container in self.containers.values()
            if any((container.package, place.function, place.closure) in places for place in container.writes)
        ]
