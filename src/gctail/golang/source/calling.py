"""Calls inside functions: what they do to containers, whom they mean, and which of them write log lines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from gctail.golang.source.assignments import Assignments
from gctail.golang.source.counting import MOST_FIELDS, counted, fields_of
from gctail.golang.source.facts import COMPUTED, FIXED, Call, Forward, LogCall, Route, Tags
from gctail.golang.source.leftovers import labelled, lingering
from gctail.golang.source.logcalls import FIRST_ARGUMENTS, library_of, literals, message_of, recorded
from gctail.golang.source.routing import called_for, registered
from gctail.golang.source.strings import Pieces, letters_of, pieces_of
from gctail.golang.source.tree import bare, called, named, text_of
from gctail.golang.source.types import CONTAINERS, OTHER

if TYPE_CHECKING:
    from tree_sitter import Node

WORDED = frozenset(
    {"interpreted_string_literal", "raw_string_literal", "binary_expression", "call_expression", "identifier"}
)
FORWARDED = frozenset({"identifier", "binary_expression"})
MOST_FORWARDED = 8
STORES = {
    "Store": "write", "LoadOrStore": "write", "Swap": "write", "Set": "write", "LoadOrCompute": "write",
    "Compute": "write", "SetIfAbsent": "write", "Upsert": "write", "PushBack": "write", "PushFront": "write",
    "Delete": "delete", "LoadAndDelete": "delete", "CompareAndDelete": "delete", "Clear": "delete", "Remove": "delete",
    "Pop": "delete", "Init": "delete", "RemoveCb": "delete",
}  # fmt: skip
"""Methods of sync.Map, container/list and the well-known concurrent maps."""
ALIEN_METHODS = frozenset({"sync.Map", "list", "concurrent map"})
BUILTIN_USES = {
    "delete": "delete", "clear": "delete", "maps.DeleteFunc": "delete", "slices.Delete": "delete",
    "slices.DeleteFunc": "delete", "maps.Copy": "write", "heap.Pop": "delete", "heap.Push": "write",
    "heap.Remove": "delete",
}  # fmt: skip
FILLS = re.compile(r"(?:Unmarshal|Decode|Bind|Scan|Parse|Read|Recv|Receive)\w*$|ShouldBind")
"""Calls that fill what they are given a pointer to: `json.NewDecoder(r.Body).Decode(&order)`."""


ONCE = re.compile(r"sync\.Once(?:Func|Values?)$")


class Calling(Assignments):
    """The part of the walk that knows calls."""

    imports: dict[str, str]
    once_next: bool

    def children(self, node: Node) -> None:
        """See `Walk`."""
        raise NotImplementedError

    def _call_expression(self, node: Node) -> None:
        function, arguments = node.child_by_field_name("function"), node.child_by_field_name("arguments")
        lazy = function is not None and text_of(function).endswith(".Do")
        once = function is not None and self._is_once(function)
        self.lazy += lazy
        self.once_next = once
        self.visit(arguments)
        self.once_next = False
        self.lazy -= lazy
        if function is None:
            return
        if function.type == "selector_expression":
            operand = function.child_by_field_name("operand")
            if operand is not None and operand.type != "identifier":
                self.visit(operand)
        elif function.type != "identifier":
            self.visit(function)
        self._log(node, function, arguments)
        self._route(node, function, named(arguments))
        self.left_over(node, lingering(node) or labelled(node, self.scopes.origin))
        self._filled(function, named(arguments))
        self._container_call(node, function, named(arguments))

    def _is_once(self, function: Node) -> bool:
        """What it is given runs once: `loaded.Do(func() {…})` of a sync.Once, `sync.OnceFunc(func() {…})`."""
        if ONCE.match(text_of(function)) is not None:
            return True
        operand, method = function.child_by_field_name("operand"), text_of(function.child_by_field_name("field"))
        return operand is not None and method == "Do" and self._type_name(operand).endswith("Once")

    def _filled(self, function: Node, arguments: list[Node]) -> None:
        """A variable whose address goes to a decoder holds what the decoder reads from."""
        targets = [text_of(bare(each)) for each in arguments if each.type == "unary_expression"]
        method = text_of(function.child_by_field_name("field")) or text_of(function)
        if not targets or FILLS.search(method) is None:
            return
        origin = self.scopes.origin(function.child_by_field_name("operand"))
        for each in arguments:
            origin |= self.scopes.origin(each) if each.type != "unary_expression" else FIXED
        for name in targets:
            known = self.scopes.find(name)
            if known is not None:
                self.scopes.rebind(name, replace(known, origin=known.origin | origin))

    def _log(self, node: Node, function: Node, arguments: Node | None) -> None:
        found = library_of(function, self.imports, self._type_name)
        if found is None:
            return
        library, level = found
        method = text_of(function.child_by_field_name("field")) or text_of(function)
        pieces = message_of(arguments, library, method, self.scopes.pieces)
        letters = letters_of("".join(piece for piece in pieces if piece))
        for name in self._forwarded(arguments) if None in pieces or not pieces else ():
            self.facts.forwards.append(Forward(self.spot(node), name, level, letters))
        if pieces:
            self._logged(node, library, level, pieces)

    def _composite_literal(self, node: Node) -> None:
        """A record with a message may be written somewhere: it counts as a log call where no call fits better."""
        for element in named(node.child_by_field_name("body")):
            pieces = recorded(element, self.scopes.pieces)
            if pieces:
                self._logged(node, "record", "", pieces)
        self.children(node)

    def _logged(self, node: Node, library: str, level: str, pieces: Pieces) -> None:
        numbers = tuple(
            (name, tags, text_of(value)[:80])
            for name, value in fields_of(node)
            if (tags := counted(value, self.scopes, self._callee_of(value)))
        )[:MOST_FIELDS]
        self.facts.logs.append(LogCall(self.spot(node), library, level, pieces, literals(node, pieces), numbers))

    def _route(self, node: Node, function: Node, arguments: list[Node]) -> None:
        found = registered(node, function, arguments, self.scopes.pieces)
        if found is not None:
            verb, path, handler = found
            literal, names = called_for(handler, self.callee)
            at = self.spot(node)
            at = replace(at, closure=literal) if literal is not None else at
            if literal is not None or names:
                self.facts.routes.append(Route(at, verb, path, tuple(names)))

    def _callee_of(self, value: Node | None) -> str | None:
        function = called(value)
        return self.callee(function) if function is not None else None

    def _forwarded(self, arguments: Node | None) -> list[str]:
        """Parameters of this function that go into the message of a log call."""
        strings = {name for name, typed in self.function.parameters if typed.name == "string"}
        tags = [
            self.scopes.origin(each)
            for each in named(arguments)[:MOST_FORWARDED]
            if each.type in FORWARDED or text_of(called(each)) == "fmt.Sprintf"
        ]
        return [name for name in sorted(strings) if any(f"param:{name}" in each for each in tags)]

    def _type_name(self, node: Node) -> str:
        node = bare(node) or node
        if node.type != "identifier":
            return self.scopes.held(node).type.name
        name = text_of(node)
        binding, variable = self.scopes.find(name), self.package.variables.get(name)
        typed = binding.type if binding is not None else variable.type if variable is not None else OTHER
        return typed.name

    def _container_call(self, node: Node, function: Node, arguments: list[Node]) -> None:
        action = BUILTIN_USES.get(text_of(function).partition("[")[0])
        if action is not None and arguments:
            held = self.scopes.held(arguments[0])
            if held.id is not None and not self.is_new(held):
                self.use(held.id, action, node, COMPUTED)
            return
        self._count_call(node, function, arguments)
        if function.type == "selector_expression":
            held = self.scopes.held(function.child_by_field_name("operand"))
            method = text_of(function.child_by_field_name("field"))
            if held.id is not None and held.type.kind in ALIEN_METHODS | {"foreign"} and method in STORES:
                if self.is_new(held):
                    return
                key = arguments[0] if arguments else None
                self.use(held.id, STORES[method], node, self.scopes.origin(key), text_of(key))
                return
        self._ordinary_call(node, function, arguments)

    def _count_call(self, node: Node, function: Node, arguments: list[Node]) -> None:
        """`atomic.AddInt64(&open, 1)`, `open.Add(1)`."""
        name = text_of(function)
        if arguments and name.startswith("atomic.Add"):
            self.counted(arguments[0], node)
        elif function.type == "selector_expression" and name.endswith(".Add"):
            self.counted(function.child_by_field_name("operand"), node)

    def _ordinary_call(self, node: Node, function: Node, arguments: list[Node]) -> None:
        callee = self.callee(function)
        if callee is None:
            return
        passed = tuple(self._passed(each) for each in arguments)
        origins: tuple[Tags, ...] = tuple(self.scopes.origin(each) for each in arguments)
        texts = tuple(
            (at, told) for at, each in enumerate(arguments[:FIRST_ARGUMENTS]) if any(told := self._text(each))
        )
        keys = literals(node, texts[0][1]) if texts else ()
        self.facts.calls.append(Call(callee, self.spot(node), origins, passed, texts=texts, keys=keys))
        path = callee.partition("|")[0] if "|" in callee else ""
        if path and "." not in path.partition("/")[0]:
            return  # the standard library reads what it is given
        for container in passed:
            if container is not None:
                self.use(container, "escape", node, to=callee)

    def _text(self, node: Node) -> Pieces:
        return pieces_of(node, self.scopes.pieces) if node.type in WORDED else ()

    def _passed(self, node: Node) -> str | None:
        held = self.scopes.held(node)
        return held.id if held.type.kind in CONTAINERS else None

    def callee(self, function: Node) -> str | None:
        """How facts call it: see `Call.callee`."""
        if function.type in {"index_expression", "type_instantiation_expression"}:
            function = next(iter(named(function)), function)
        if function.type == "identifier":
            name = text_of(function)
            return name if self.scopes.find(name) is None and name in self.package.functions else None
        if function.type != "selector_expression":
            return None
        name, operand = text_of(function.child_by_field_name("field")), function.child_by_field_name("operand")
        if operand is not None and operand.type == "identifier" and self.scopes.find(text_of(operand)) is None:
            path = self.imports.get(text_of(operand))
            if path is not None:
                return f"{path}|{name}"
        typed = self.scopes.held(operand).type
        return f"{typed.name}.{name}" if f"{typed.name}.{name}" in self.package.functions else f".{name}"
