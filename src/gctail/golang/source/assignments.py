"""Assignments and declarations inside functions: what they write, what they replace, and what names then stand for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from gctail.golang.source.facts import COMPUTED, FIXED, Call, Local, Tags
from gctail.golang.source.leftovers import opened
from gctail.golang.source.makings import is_let_go
from gctail.golang.source.scopes import FRESH, Binding, Held
from gctail.golang.source.strings import pieces_of
from gctail.golang.source.tree import bare, called, named, of_type, text_of
from gctail.golang.source.types import CONTAINERS, type_of, value_type

if TYPE_CHECKING:
    from tree_sitter import Node

    from gctail.golang.source.declarations import Function, Package
    from gctail.golang.source.facts import Facts, Spot
    from gctail.golang.source.scopes import Scopes
    from gctail.golang.source.types import Type


MAKES = re.compile(r"(?:\w+\.)?(?:[Nn]e[wW]|[Mm]ake)(?:[A-Z]\w*)?$")
"""Calls that give back something that nobody else has: `new`, `NewServer`, `makePool`."""


NUMBERED = frozenset({"identifier", "selector_expression"})


class Assignments:
    """The part of the walk that knows `=`, `:=`, `++` and `var`."""

    package: Package
    scopes: Scopes
    facts: Facts
    function: Function
    closure: int
    lazy: int
    body: Node | None

    def visit(self, node: Node | None) -> None:
        """See `Walk`."""
        raise NotImplementedError

    def spot(self, node: Node) -> Spot:
        """See `Walk`."""
        raise NotImplementedError

    def use(self, container: str, action: str, node: Node, origin: Tags = FIXED, key: str = "", to: str = "") -> None:  # noqa: PLR0913, PLR0917 - what a use is made of
        """See `Walk`."""
        raise NotImplementedError

    def left_over(self, node: Node, says: str) -> None:
        """See `Walk`."""
        raise NotImplementedError

    def callee(self, function: Node) -> str | None:
        """See `Calling`."""
        raise NotImplementedError

    def is_new(self, held: Held) -> bool:
        """See `Walk`."""
        raise NotImplementedError

    # -- declarations

    def _short_var_declaration(self, node: Node) -> None:
        names, values = named(node.child_by_field_name("left")), named(node.child_by_field_name("right"))
        self._declare(names, values, None)
        self.left_over(node, opened(names, values[0] if len(values) == 1 else None, self.body))
        self._makes(names, values)
        self.visit(node.child_by_field_name("right"))

    def _var_declaration(self, node: Node) -> None:
        for spec in of_type(node, "var_spec"):
            values = named(spec.child_by_field_name("value"))
            names = spec.children_by_field_name("name")
            self._declare(names, values, spec.child_by_field_name("type"))
            self._makes(names, values)
            self.visit(spec.child_by_field_name("value"))

    def _makes(self, names: list[Node], values: list[Node]) -> None:
        """Of what calls give back, what the function has to itself, and nobody else when it is over."""
        for name, value in zip(names, values, strict=False):
            function = called(value)
            callee = self.callee(function) if function is not None else None
            if callee is not None and is_let_go(name, self.body):
                self.facts.makings.append(Call(callee, self.spot(name)))

    def _const_declaration(self, node: Node) -> None:
        for spec in of_type(node, "const_spec"):
            values = named(spec.child_by_field_name("value"))
            for at, name in enumerate(spec.children_by_field_name("name")):
                pieces = pieces_of(values[at], self.scopes.pieces) if at < len(values) else None
                self.scopes.bind(text_of(name), Binding(origin=FIXED, pieces=pieces))

    def _type_declaration(self, node: Node) -> None:
        """A type inside a function says nothing of who holds what."""

    def _type_switch_statement(self, node: Node) -> None:
        origin = self.scopes.origin(node.child_by_field_name("value"))
        self.scopes.push()
        for name in named(node.child_by_field_name("alias")):
            self.scopes.bind(text_of(name), Binding(origin=origin))
        for child in named(node):
            self.visit(child)
        self.scopes.pop()

    def _declare(self, names: list[Node], values: list[Node], declared: Node | None) -> None:
        """Names come to stand for values, before the values themselves are looked at."""
        bindings = []
        for at in range(len(names)):
            value = values[at] if at < len(values) else values[0] if values else None
            alone = len(values) == len(names) or not values or at == 0
            bindings.append(self._binding(names[at], value, declared) if alone else self._other_result(value))
        for name, binding in zip(names, bindings, strict=True):
            if name.type == "identifier":
                self.scopes.bind(text_of(name), binding)

    def _other_result(self, value: Node | None) -> Binding:
        return Binding(origin=self.scopes.origin(value))

    def _binding(self, name: Node, value: Node | None, declared: Node | None) -> Binding:
        origin = self.scopes.origin(value) if value is not None else COMPUTED
        typed = type_of(declared) if declared is not None else value_type(value)
        inner = bare(value)
        held = self.scopes.held(value) if value is not None else Held(None, typed)
        if typed.kind in {"other", "call"} and held.type.kind != "other":
            typed = held.type
        fresh = inner is None or (inner.type in FRESH and held.id is None)
        kind = self.package.resolved(typed).kind
        container = held.id if kind != "slice" else None
        if kind in CONTAINERS and fresh and container is None:
            container = f"{self.spot(name).function}:{text_of(name)}@{self.spot(name).line}"
            self.facts.locals.append(Local(container, text_of(name), kind, typed.text, self.spot(name)))
        if self.function.name == "main" and not self.closure:
            self._made_in_main(value, typed)
        pieces = pieces_of(value, self.scopes.pieces) if value is not None else None
        known = pieces if pieces and any(pieces) else None
        return Binding(
            typed, container, origin, known, fresh=fresh, made=fresh and _is_made(inner), closure=self.closure
        )

    def _made_in_main(self, value: Node | None, typed: Type) -> None:
        """What `main` makes outside its function literals lives as long as the program."""
        made = value_type(value)
        name = made.name if made.kind in {"call", "named"} else typed.name
        package, dot, function = name.partition(".")
        path = self.scopes.imports.get(package) if dot else None
        self.facts.made.append((self.package.folder, f"{path}|{function}" if path else name))

    # -- assignments

    def _inc_statement(self, node: Node) -> None:
        for target in named(node):
            self._written(target, node, COMPUTED)
            self.counted(target, node)
            self.visit(target)

    _dec_statement = _inc_statement

    def _assignment_statement(self, node: Node) -> None:
        left = named(node.child_by_field_name("left"))
        right = named(node.child_by_field_name("right"))
        for at, target in enumerate(left):
            value = right[at] if at < len(right) else right[0] if right else None
            inner = bare(target)
            if inner is not None and inner.type == "index_expression":
                self._written(inner, node, self.scopes.origin(value))
            elif inner is not None:
                self._assigned(inner, value, node)
                if text_of(node.child_by_field_name("operator")) in {"+=", "-="}:
                    self.counted(inner, node)
        for each in (*left, *right):
            self.visit(each)

    def counted(self, target: Node | None, node: Node) -> None:
        """A number goes up or down: a variable of the package, or a field."""
        target = bare(target)
        held = self.scopes.held(target) if target is not None and target.type in NUMBERED else None
        if held is not None and held.id is not None and held.type.kind not in CONTAINERS:
            self.use(held.id, "count", node)

    def _written(self, target: Node, node: Node, _: Tags) -> None:
        """`x[k] = v`: a write if x is a map; an element of a slice that is set makes nothing grow."""
        if target.type != "index_expression":
            return
        held = self.scopes.held(target.child_by_field_name("operand"))
        if held.id is None or held.type.kind not in {"map", "foreign"} or self.is_new(held):
            return
        index = target.child_by_field_name("index")
        self.use(held.id, "write", node, self.scopes.origin(index), text_of(index))

    def _assigned(self, target: Node, value: Node | None, node: Node) -> None:
        """`x = …`: append writes, anything else replaces; and a local name stands for something new."""
        held = self.scopes.held(target)
        name = text_of(target)
        binding = self.scopes.find(name) if target.type == "identifier" else None
        if held.id is not None and held.type.kind in CONTAINERS | {"foreign"}:
            self._replaced(held, name, value, node)
        if binding is not None and value is not None:
            origin = binding.origin | self.scopes.origin(value)
            made = binding.made and _is_made(bare(value))
            self.scopes.rebind(name, replace(binding, origin=origin, pieces=None, made=made))

    def _replaced(self, held: Held, name: str, value: Node | None, node: Node) -> None:
        if held.id is None or (held.fresh and "." in held.id) or self.is_new(held):
            return
        inner = bare(value)
        if inner is not None and inner.type == "call_expression" and _called(inner) == "append":
            arguments = named(inner.child_by_field_name("arguments"))
            first = arguments[0] if arguments else None
            if first is not None and text_of(first) != name and name in text_of(first):
                self.use(held.id, "delete", node)
            elif any(text_of(each).removesuffix("...") == name for each in arguments):
                origin: Tags = FIXED
                for each in arguments[1:]:
                    origin |= self.scopes.origin(each)
                self.use(held.id, "write", node, origin or COMPUTED, ", ".join(map(text_of, arguments[1:])))
            else:
                self.use(held.id, "replace", node)
        elif not self.lazy:
            self.use(held.id, "replace", node)


def _is_made(value: Node | None) -> bool:
    """Nobody else has it yet."""
    return value is not None and (value.type == "composite_literal" or MAKES.match(_called(value)) is not None)


def _called(node: Node) -> str:
    return text_of(node.child_by_field_name("function"))
