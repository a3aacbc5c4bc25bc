"""Walks the bodies of functions and notes what they do to containers, whom they call, and what they log."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from gctail.golang.source.assignments import Assignments
from gctail.golang.source.declarations import Function, Package, full_name, parameters_of, shown_name, signature
from gctail.golang.source.facts import COMPUTED, FIXED, Call, Local, LogCall, Spot, Tags, Use
from gctail.golang.source.logcalls import library_of, message_of
from gctail.golang.source.scopes import Binding, Held, Scopes
from gctail.golang.source.tree import DEEPEST, Unreadable, bare, line_of, named, of_type, text_of
from gctail.golang.source.types import CONTAINERS, OTHER

if TYPE_CHECKING:
    from tree_sitter import Node

COMPARISONS = frozenset({"<", ">", "<=", ">=", "=="})
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
SERVES = re.compile(r"Serve[A-Z]\w*$")
"""ServeHTTP, ServeDNS, ServeTCP: what they are given comes from other machines, whatever its type is called."""
FILLS = re.compile(r"(?:Unmarshal|Decode|Bind|Scan|Parse|Read|Recv|Receive)\w*$|ShouldBind")
"""Calls that fill what they are given a pointer to: `json.NewDecoder(r.Body).Decode(&order)`."""
NIL_CHECK = re.compile(r"(?:==\s*nil|len\([^()]*\)\s*==\s*0)")


class Facts(Struct):
    """All that the bodies of a package say."""

    uses: list[Use] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    logs: list[LogCall] = field(default_factory=list)
    locals: list[Local] = field(default_factory=list)
    made: list[tuple[str, str]] = field(default_factory=list)
    """By folder, what `main` makes once: names of types and of functions."""


class Walk(Assignments):
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
        """Where a node is."""
        return Spot(
            self.path, line_of(node), self.package.folder, full_name(self.function), shown_name(self.function),
            self.closure, bool(self.recurring),
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
        self.visit(node.child_by_field_name("body"))
        self.scopes.pop()
        self.function = Function("", (), OTHER)

    def _parameters(self, node: Node) -> None:
        served = SERVES.match(self.function.name) is not None
        for name, typed in parameters_of(node.child_by_field_name("parameters")):
            self.scopes.parameter(name, typed, served=served)

    def _func_literal(self, node: Node) -> None:
        outer, parent = self.closure, node.parent
        at_once = (
            parent is not None and parent.type == "call_expression" and parent.child_by_field_name("function") == node
        )
        rounds = self.rounds
        self.closure = self.scopes.closure = line_of(node)
        self.recurring += not at_once
        self.rounds = 0
        self.scopes.push()
        self._parameters(node)
        self.visit(node.child_by_field_name("body"))
        self.scopes.pop()
        self.recurring -= not at_once
        self.closure = self.scopes.closure = outer
        self.rounds = rounds

    def _block(self, node: Node) -> None:
        self.scopes.push()
        self.children(node)
        self.scopes.pop()

    def _go_statement(self, node: Node) -> None:
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
            origin = self.scopes.origin(right)
            for name in named(clause.child_by_field_name("left")):
                if name.type == "identifier":
                    self.scopes.bind(text_of(name), Binding(origin=origin))
        for child in named(node):
            if child is not clause and child.type != "range_clause":
                self.visit(child)
        self.recurring -= endless
        self.rounds -= endless
        self.scopes.pop()

    def _is_endless(self, node: Node, clause: Node | None) -> bool:
        """`for {`, `for condition {`, `for x := 0; ; x++ {`, and `for x := range channel`: nobody knows how often."""
        if clause is None:
            counted = next(of_type(node, "for_clause"), None)
            return counted is None or counted.child_by_field_name("condition") is None
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
            self.facts.calls.append(Call(name, self.spot(node), as_value=True))

    def _selector_expression(self, node: Node) -> None:
        operand = node.child_by_field_name("operand")
        callee = self._callee(node)
        if callee is not None and callee.rpartition(".")[2] in self.method_names:
            self.facts.calls.append(Call(callee, self.spot(node), as_value=True))
        if operand is not None and operand.type != "identifier":
            self.visit(operand)

    def _call_expression(self, node: Node) -> None:
        function, arguments = node.child_by_field_name("function"), node.child_by_field_name("arguments")
        once = function is not None and text_of(function).endswith(".Do")
        self.lazy += once
        self.visit(arguments)
        self.lazy -= once
        if function is None:
            return
        if function.type == "selector_expression":
            operand = function.child_by_field_name("operand")
            if operand is not None and operand.type != "identifier":
                self.visit(operand)
        elif function.type != "identifier":
            self.visit(function)
        self._log(node, function, arguments)
        self._filled(function, named(arguments))
        self._container_call(node, function, named(arguments))

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
        if pieces:
            self.facts.logs.append(LogCall(self.spot(node), library, level, pieces))

    def _type_name(self, node: Node) -> str:
        node = bare(node) or node
        if node.type != "identifier":
            return self.scopes.held(node).type.name
        name = text_of(node)
        binding, variable = self.scopes.find(name), self.package.variables.get(name)
        typed = binding.type if binding is not None else variable.type if variable is not None else OTHER
        return typed.name

    def _container_call(self, node: Node, function: Node, arguments: list[Node]) -> None:
        called = text_of(function)
        action = BUILTIN_USES.get(called.partition("[")[0])
        if action is not None and arguments:
            held = self.scopes.held(arguments[0])
            if held.id is not None and not self.is_new(held):
                self.use(held.id, action, node, COMPUTED)
            return
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

    def _ordinary_call(self, node: Node, function: Node, arguments: list[Node]) -> None:
        callee = self._callee(function)
        if callee is None:
            return
        passed = tuple(self._passed(each) for each in arguments)
        origins: tuple[Tags, ...] = tuple(self.scopes.origin(each) for each in arguments)
        self.facts.calls.append(Call(callee, self.spot(node), origins, passed))
        path = callee.partition("|")[0] if "|" in callee else ""
        if path and "." not in path.partition("/")[0]:
            return  # the standard library reads what it is given
        for container in passed:
            if container is not None:
                self.use(container, "escape", node, to=callee)

    def _passed(self, node: Node) -> str | None:
        held = self.scopes.held(node)
        return held.id if held.type.kind in CONTAINERS else None

    def _callee(self, function: Node) -> str | None:
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

    # -- what leaves a function

    def _return_statement(self, node: Node) -> None:
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

    def is_new(self, held: Held) -> bool:
        """A field of something that was made here a moment ago, and is filled before anybody else has it."""
        return held.made and not self.rounds and held.id is not None and "." in held.id

    def use(self, container: str, action: str, node: Node, origin: Tags = FIXED, key: str = "", to: str = "") -> None:  # noqa: PLR0913, PLR0917 - what a use is made of
        """Note what happens to a container."""
        down = node.type == "dec_statement"
        self.facts.uses.append(Use(container, action, self.spot(node), origin, key[:80], to, down))
