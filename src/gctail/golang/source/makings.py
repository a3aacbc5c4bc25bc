"""What functions make for themselves and let go when they are over: a collector, a combiner, a walk through a tree."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from gctail.golang.source.callers import AGAIN, Callers
from gctail.golang.source.facts import Call
from gctail.golang.source.tree import text_of

if TYPE_CHECKING:
    from tree_sitter import Node

MOST_NODES = 4000
MOSTLY = 2 / 3
"""So many of those who make one let it go: then that is what it is for."""
KEEPS = re.compile(
    r"(?:append|(?:\w+\.)*(?:[Nn]ew|[Aa]dd|[Rr]egister|[Ss]tore|LoadOrStore|[Ss]et|[Pp]ut|[Pp]ush|[Tt]rack|[Kk]eep|[Aa]ttach"
    r"|[Ss]ubscribe|[Ww]ith)[A-Z_]?\w*)$"
)
"""Calls after which somebody else may have what they are given."""


def is_let_go(name: Node, body: Node | None) -> bool:
    """Nobody is given what the variable of this name holds: it is not returned, put into anything, sent or kept."""
    if body is None or name.type != "identifier":
        return False
    wanted, stack = text_of(name), [body]
    for _ in range(MOST_NODES):
        if not stack:
            return True
        node = stack.pop()
        if node.type == "identifier" and node != name and text_of(node) == wanted and _is_given_away(node):
            return False
        stack += node.named_children
    return False


def _is_given_away(mention: Node) -> bool:
    """It leaves the function from there; a call of its methods, or an argument of most calls, is a use only."""
    node: Node = mention
    while node.parent is not None and node.parent.type in {"unary_expression", "parenthesized_expression"}:
        node = node.parent
    parent = node.parent
    while parent is not None and parent.type == "expression_list":
        node, parent = parent, parent.parent
    if parent is None:
        return True
    if parent.type == "argument_list":
        call = parent.parent
        return call is None or KEEPS.match(text_of(call.child_by_field_name("function")).partition("[")[0]) is not None
    if parent.type in {"assignment_statement", "short_var_declaration"}:
        return parent.child_by_field_name("right") == node
    return parent.type in {"return_statement", "literal_element", "keyed_element", "send_statement", "var_spec"}


def let_go(makings: Iterable[Call], calls: Iterable[Call], callers: Callers) -> set[tuple[str, str]]:
    """The types, each with its folder, that most of those who have them made let go. `makings` let go of theirs.

    A type is made by functions of its own folder that give one back. What is made once, or for a connection or a
    goroutine, lives for long in its function, too, and does not count as let go.
    """
    brief = [each for each in makings if not each.at.recurring and callers.often(each.at) == AGAIN]
    gone, made = (Counter(_makers(each, callers)) for each in (brief, calls))
    return {each for each, count in gone.items() if count >= MOSTLY * made[each]}


def _makers(calls: Iterable[Call], callers: Callers) -> Iterator[tuple[str, str]]:
    for call in calls:
        here = callers.functions.get((call.at.package, call.at.function))
        for folder, name in callers.meant(call) if not call.as_value else ():
            result = callers.functions[folder, name].result.name
            delegates = here is not None and call.at.package == folder and here.result.name == result
            if result and not delegates:
                yield folder, result
