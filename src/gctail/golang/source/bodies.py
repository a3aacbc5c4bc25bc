"""Walks the bodies of functions and notes what they do to containers, whom they call, and what they log."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from gctail.golang.source.calling import Calling
from gctail.golang.source.counting import counted
from gctail.golang.source.declarations import Function, Package, full_name, parameters_of, shown_name, signature
from gctail.golang.source.facts import COMPUTED, FIXED, Call, Leftover, Spot, Tags, Use
from gctail.golang.source.leftovers import waiting
from gctail.golang.source.scopes import Binding, Held, Scopes
from gctail.golang.source.tree import DEEPEST, Unreadable, bare, line_of, named, of_type, text_of
from gctail.golang.source.types import CONTAINERS, OTHER

if TYPE_CHECKING:
    from tree_sitter import Node

    from gctail.golang.source.facts import Facts

COMPARISONS = frozenset({"<", ">", "<=", ">=", "=="})
COUNTED = re.compile(r"(?<![\w.])(\w+)(?:\+\+|--|\s*[-+*/]=)")
"""A variable that an endless loop counts with is another in every round: `i++`."""
SERVES = re.compile(r"Serve[A-Z]\w*$")
"""ServeHTTP, ServeDNS, ServeTCP: what they are given comes from other machines, whatever its type is called."""
LAUNCHES = re.compile(r"(?:\bAfterFunc|\.Go|\.Submit|^safego|^goSafe)$")
"""Calls that run the function literal that they are given, once, now or later."""
NIL_CHECK = re.compile(r"(?:==\s*nil|len\([^()]*\)\s*==\s*0)")


class Walk(Calling):
    """One file's walk. Everything that is met goes into `facts`."""

    def __init__(self, package: Package, path: str, facts: Facts) -> None:
        super().__init__()
        self.package, self.path, self.facts = package, path, facts
        self.imports = package.imports[path]
        self.scopes = Scopes(package, self.imports)
        self.function = Function("", (), OTHER)
        self.closure = 0
        self.recurring = 0
        self.rounds = 0
        self.lazy = 0
        self.once = self.once_next = False
        """This runs once; the next function literal does."""
        self.body: Node | None = None
        self.depth = 0
        self.method_names = frozenset(name.rpartition(".")[2] for name in package.functions)

    def file(self, root: Node) -> None:
        """All functions and initialisers of the file."""
        for node in named(root):
            if node.type in {"function_declaration", "method_declaration"}:
                self._function(node)
            elif node.type == "var_declaration":
                for spec in of_type(node, "var_spec"):
                    self.visit(spec.child_by_field_name("value"))

    def spot(self, node: Node) -> Spot:
        """Where a node is; what runs once is as good as a part of the start."""
        return Spot(
            self.path, line_of(node), self.package.folder, full_name(self.function), shown_name(self.function),
            self.closure, bool(self.recurring) and not self.once, self.once,
        )  # fmt: skip

    def visit(self, node: Node | None) -> None:
        """Note what a node and all inside it do."""
        if node is None:
            return
        self.depth += 1
        if self.depth > DEEPEST:
            raise Unreadable(f"is nested more than {DEEPEST} levels deep at line {line_of(node)}")
        method = getattr(self, "_" + node.type, None)
        if method is not None:
            method(node)
        else:
            self.children(node)
        self.depth -= 1

    def children(self, node: Node) -> None:
        """Note what the parts of a node do."""
        for child in node.named_children:
            if child.named_child_count or child.type == "identifier":
                self.visit(child)

    # -- blocks and functions

    def _function(self, node: Node) -> None:
        self.function = signature(node)
        self.scopes.push()
        typed = self.package.types.get(self.function.receiver)
        if self.function.receiver_name and typed is not None:
            receiver = next(iter(parameters_of(node.child_by_field_name("receiver"))))[1]
            whole = self.package.resolved(receiver)
            container = self.function.receiver if whole.kind in CONTAINERS else None
            self.scopes.bind(self.function.receiver_name, Binding(receiver, container, COMPUTED))
        self._parameters(node)
        self.body = node.child_by_field_name("body")
        self.visit(self.body)
        self.body = None
        self.scopes.pop()
        self.function = Function("", (), OTHER)

    def _parameters(self, node: Node) -> None:
        served = SERVES.match(self.function.name) is not None
        results = node.child_by_field_name("result")
        for name, typed in parameters_of(results if results is not None and results.type == "parameter_list" else None):
            self.scopes.bind(name, Binding(typed, made=True, closure=self.closure))
        for name, typed in parameters_of(node.child_by_field_name("parameters")):
            self.scopes.parameter(name, typed, served=served)

    def _func_literal(self, node: Node) -> None:
        outer, parent = self.closure, node.parent
        at_once = (
            parent is not None and parent.type == "call_expression" and parent.child_by_field_name("function") == node
        )
        rounds, once = self.rounds, self.once
        if at_once or _is_launched(node):
            self.facts.launched.setdefault((self.path, line_of(node)), outer)
        self.once, self.once_next = self.once_next, False
        self.closure = self.scopes.closure = line_of(node)
        self.recurring += not at_once
        self.rounds = 0
        self.scopes.push()
        self._parameters(node)
        around, self.body = self.body, node.child_by_field_name("body")
        self.visit(self.body)
        self.body = around
        self.scopes.pop()
        self.recurring -= not at_once
        self.closure = self.scopes.closure = outer
        self.rounds, self.once = rounds, once

    def _block(self, node: Node) -> None:
        self.scopes.push()
        self.children(node)
        self.scopes.pop()

    def _go_statement(self, node: Node) -> None:
        self.left_over(node, waiting(node, self.body))
        self.recurring += 1
        self.children(node)
        self.recurring -= 1

    def _for_statement(self, node: Node) -> None:
        self.scopes.push()
        clause = next(of_type(node, "range_clause"), None)
        endless = self._is_endless(node, clause)
        self.recurring += endless
        self.rounds += endless
        if clause is not None:
            right = clause.child_by_field_name("right")
            self.visit(right)
            self._ranges(named(clause.child_by_field_name("left")), right)
        for child in named(node):
            if child.type == "block" and endless:
                self._counts(node)
            if child is not clause and child.type != "range_clause":
                self.visit(child)
        self.recurring -= endless
        self.rounds -= endless
        self.scopes.pop()

    def _ranges(self, names: list[Node], over: Node | None) -> None:
        """`for key, value := range`: the value is of what is ranged over."""
        origin, inner = self.scopes.origin(over), self.scopes.inside(self.scopes.held(over))
        for at, name in enumerate(names):
            if name.type == "identifier":
                kept = inner.id if inner.type.kind != "slice" else None  # appending to a copy of a slice keeps nothing
                binding = Binding(inner.type, kept, origin, made=inner.made, closure=self.closure)
                self.scopes.bind(text_of(name), binding if at else Binding(origin=origin))

    def _counts(self, loop: Node) -> None:
        for name in COUNTED.findall(text_of(loop)):
            known = self.scopes.find(name)
            if known is not None:
                self.scopes.rebind(name, replace(known, origin=known.origin | COMPUTED))

    def _is_endless(self, node: Node, clause: Node | None) -> bool:
        """`for {`, `for ready {`, `for i := 0; ; i++ {`, `for x := range channel`: nobody knows how often.

        Neither does anybody where a loop counts and something else than the count ends it: `; time.Now().Before(end);`.
        """
        if clause is None:
            counted = next(of_type(node, "for_clause"), None)
            condition = counted.child_by_field_name("condition") if counted is not None else None
            return condition is None or condition.type != "binary_expression"
        if len(named(clause.child_by_field_name("left"))) > 1:
            return False
        right = bare(clause.child_by_field_name("right"))
        held = self.scopes.held(right)
        if held.type.kind != "other":
            return held.type.kind == "channel"
        return right is not None and right.type in {"call_expression", "selector_expression"}

    def _if_statement(self, node: Node) -> None:
        self.scopes.push()
        self.visit(node.child_by_field_name("initializer"))
        condition = node.child_by_field_name("condition")
        self.visit(condition)
        lazy = NIL_CHECK.search(text_of(condition)) is not None
        self.lazy += lazy
        self.visit(node.child_by_field_name("consequence"))
        self.lazy -= lazy
        self.visit(node.child_by_field_name("alternative"))
        self.scopes.pop()

    # -- expressions

    def _binary_expression(self, node: Node) -> None:
        self.children(node)
        if text_of(node.child_by_field_name("operator")) not in COMPARISONS:
            return
        sides = node.child_by_field_name("left"), node.child_by_field_name("right")
        for side, other in (sides, sides[::-1]):
            if text_of(other) in {"0", "1"}:
                continue
            for tag in sorted(self.scopes.origin(side)):
                if tag.startswith("len:"):
                    self.use(tag[4:], "bound", node)

    def _identifier(self, node: Node) -> None:
        """A function that is mentioned and not called may be called by anybody."""
        name = text_of(node)
        if name in self.package.functions and self.scopes.find(name) is None:
            self._mentioned(name, node)

    def _selector_expression(self, node: Node) -> None:
        operand = node.child_by_field_name("operand")
        callee = self.callee(node)
        if callee is not None and callee.rpartition(".")[2] in self.method_names:
            self._mentioned(callee, node)
        if operand is not None and operand.type != "identifier":
            self.visit(operand)

    def _mentioned(self, callee: str, node: Node) -> None:
        spot = self.spot(node)
        once = replace(spot, once=True, recurring=False) if self.once_next else spot
        self.facts.calls.append(Call(callee, once, as_value=not self.once_next))

    # -- what leaves a function

    def _return_statement(self, node: Node) -> None:
        values = [each for part in named(node) for each in (named(part) if part.type == "expression_list" else [part])]
        tags = counted(values[0], self.scopes, self._callee_of(values[0])) if values and not self.closure else FIXED
        if tags:
            self.facts.returned.append((tags, self.spot(node)))
        self._given_away(node)

    def _literal_element(self, node: Node) -> None:
        self._given_away(node)

    def _given_away(self, node: Node) -> None:
        for value in named(node):
            for each in named(value) if value.type == "expression_list" else [value]:
                held = self.scopes.held(each)
                if held.id is not None and each.type in {"identifier", "selector_expression", "unary_expression"}:
                    is_container = held.type.kind in CONTAINERS and not held.id.startswith("parameter ")
                    if is_container and not (held.type.kind == "slice" and each.type != "unary_expression"):
                        self.use(held.id, "escape", node, to="return")
        self.children(node)

    def left_over(self, node: Node, says: str) -> None:
        """Note what may stay when the function is over."""
        if says:
            self.facts.leftovers.append(Leftover(self.spot(node), says))

    def is_new(self, held: Held) -> bool:
        """A field of something that was made here a moment ago, and is filled before anybody else has it."""
        return held.made and not self.rounds and held.id is not None and "." in held.id

    def use(self, container: str, action: str, node: Node, origin: Tags = FIXED, key: str = "", to: str = "") -> None:  # noqa: PLR0913, PLR0917 - what a use is made of
        """Note what happens to a container."""
        down = node.type == "dec_statement"
        self.facts.uses.append(Use(container, action, self.spot(node), origin, key[:80], to, down))


def _is_launched(literal: Node) -> bool:
    """`time.AfterFunc(d, func() {…})`, `group.Go(func() error {…})`."""
    arguments = literal.parent
    call = arguments.parent if arguments is not None and arguments.type == "argument_list" else None
    return call is not None and LAUNCHES.search(text_of(call.child_by_field_name("function"))) is not None
