"""From the route in an access line to the handler that it is registered for: net/http, gorilla, chi, gin, echo, fiber.

An access line is written by a middleware, which keeps nothing. What fills a map is the handler of the route.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from gctail.golang.source.strings import Pieces, pieces_of
from gctail.golang.source.tree import named, text_of
from gctail.templates.routes import VERBS, address_in

if TYPE_CHECKING:
    from tree_sitter import Node

    from gctail.golang.source.facts import Spot

VERB = "|".join(VERBS)
REGISTERS = re.compile(rf"(?:Handle(?:r|Func|rFunc)?|Method(?:Func)?|Add|Any|All|(?i:{VERB}))$")
VERB_ALONE = re.compile(rf"(?:\"|(?:\w+\.)?Method)(?i:({VERB}))\"?$")
"""`"PUT"`, `http.MethodPut`."""
PATTERN = re.compile(rf"(?:(?P<verb>{VERB}) )?[\w.-]*(?P<path>/[^\s?]*)$")
ASKED = re.compile(rf"\b(?P<verb>{VERB})\b(?:\W{{1,3}}(?P<path>[^\s\"?]*/[^\s\"?]*))?")
MOST_NODES = 200


class Handler(Struct, frozen=True):
    """What is called for a route: `PUT /objects/{id}`, registered at `at`; `verb` is empty where any will do.

    `runs` has folder, function (as Go prints it) and function literal (see `Spot.closure`; -1: any of it).
    """

    verb: str
    path: str
    at: Spot
    runs: tuple[tuple[str, str, int], ...]

    @property
    def shown(self) -> str:
        """As a reader knows it from the access line."""
        return f"{self.verb} {self.path}".strip()


def registered(
    call: Node, function: Node, arguments: list[Node], known: Callable[[str], Pieces | None]
) -> tuple[str, str, Node] | None:
    """The verb, the path and the handler of a call that registers one; None where it does not."""
    method = text_of(function.child_by_field_name("field"))
    if len(arguments) < 2 or REGISTERS.match(method) is None:
        return None
    verb = method.upper() if method.upper() in VERBS else ""
    said = VERB_ALONE.match(text_of(arguments[0]))
    if said is not None:  # Handle("PUT", "/objects/:id", put)
        verb, arguments = said[1].upper(), arguments[1:]
    pieces = pieces_of(arguments[0], known)
    found = PATTERN.match(pieces[0] or "") if len(pieces) == 1 else None
    if found is None or len(arguments) == 1:
        return None
    return found["verb"] or verb or _narrowed(call), found["path"], arguments[-1]


def _narrowed(call: Node) -> str:
    """gorilla says it behind: `r.HandleFunc("/objects/{id}", put).Methods("PUT")`."""
    selector = call.parent
    after = selector.parent if selector is not None and selector.type == "selector_expression" else None
    if after is None or selector is None or text_of(selector.child_by_field_name("field")) != "Methods":
        return ""
    said = next((VERB_ALONE.match(text_of(each)) for each in named(after.child_by_field_name("arguments"))), None)
    return said[1].upper() if said is not None else ""


def called_for(handler: Node, callee: Callable[[Node], str | None]) -> tuple[int | None, list[str]]:
    """The function literal of a handler, by its line, or the functions that it names, through what wraps it."""
    names: list[str] = []
    waiting = [handler]
    for _ in range(MOST_NODES):
        if not waiting:
            break
        node = waiting.pop(0)
        if node.type == "func_literal":
            return node.start_point.row + 1, []
        if node.type == "composite_literal":
            names.append(f"{text_of(node.child_by_field_name('type'))}.ServeHTTP")
        elif node.type in {"identifier", "selector_expression"}:
            name = callee(node)
            names += [name] if name is not None else []
        elif node.type == "call_expression":
            waiting += named(node.child_by_field_name("arguments"))
        else:
            waiting += named(node)
    return None, names


def asked_for(suspect: Mapping[str, Any]) -> tuple[str, list[str]] | None:
    """The verb (empty where none is told) and the words between slashes of what a suspect's lines ask for."""
    only, example = str(suspect.get("only") or ""), str(suspect.get("example") or "")
    said = next((found for text in (only, example) if (found := ASKED.search(text)) is not None), None)
    path = said["path"] if said is not None else None
    if path is None:
        address = address_in(example.encode("utf-8", "replace")) or b""
        path = only.partition("=")[2] if "/" in only else address.decode("utf-8", "replace")
    words = [word for word in path.partition("?")[0].split("/") if word]
    return (said["verb"] if said is not None else "", words) if words else None


def handlers_of(handlers: Iterable[Handler], suspect: Mapping[str, Any]) -> list[Handler]:
    """The handlers of what an access line asks for, those that fit best; none where it is no such line."""
    asked = asked_for(suspect)
    if asked is None:
        return []
    verb, words = asked
    fits = [(_fit(each.path, words), each) for each in handlers if not each.verb or not verb or each.verb == verb]
    best = max((fit for fit, _ in fits), default=(0, 0))
    return [each for fit, each in fits if fit == best] if best[0] else []


def _fit(path: str, words: list[str]) -> tuple[int, int]:
    """How many words the pattern fixes, and how many it has; (0, 0) where it does not fit.

    The groups and mounts above it are not followed: the pattern is the end of what was asked for.
    """
    pattern = [word for word in path.split("/") if word]
    below = path.endswith("/") or (bool(pattern) and (pattern[-1].startswith("*") or "...}" in pattern[-1]))
    if pattern and pattern[-1].startswith("*"):
        pattern.pop()
    for at in range(len(words) - len(pattern), -1, -1):
        here = words[at : at + len(pattern)]
        fixed = sum(word == said for word, said in zip(pattern, here, strict=True))
        if fixed and all(word == said or word[0] in "{:*" for word, said in zip(pattern, here, strict=True)):
            return fixed, len(pattern)
        if not below:
            break
    return 0, 0
