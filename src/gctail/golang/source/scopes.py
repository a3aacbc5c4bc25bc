"""Names inside a function: what they stand for, from the innermost block outwards."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from gctail.golang.source.declarations import Package
from gctail.golang.source.facts import COMPUTED, FINITE, FIXED, REQUEST, Tags
from gctail.golang.source.strings import Pieces
from gctail.golang.source.tree import bare, named, text_of
from gctail.golang.source.types import CONTAINERS, FINITE_KEYS, OTHER, Type, named_type

if TYPE_CHECKING:
    from tree_sitter import Node

FROM_OUTSIDE = re.compile(
    r"(?:http|fasthttp|gin|echo|fiber|chi|iris|beego|events|sarama|kafka|kgo|nats|jetstream|amqp|mqtt|pubsub|sqs|net|"
    r"websocket|redis|tgbotapi)\.(?:Request|RequestCtx|Context|Ctx|ConsumerMessage|Message|Msg|Record|Delivery|Conn|"
    r"\w*Event|\w*Request|Update)$|(?:^|\.|[a-z])(?:Request|Req)$"
)
"""Types of what comes in from other machines."""
FRESH = frozenset({"composite_literal", "call_expression"})
MOST_TAGS = 16
TYPE_OF_VALUE = re.compile(r"^reflect\.TypeOf$|\.Type(?:\(\)\.Elem)?$")
"""A program has only so many types."""
MODULO = re.compile(r"%\s*\d{1,4}$")
BELOW = re.compile(r"\.(?:Int(?:31|63)?n|U?[Ii]nt(?:32|64)?N|N)\(\d{1,4}\)$")
"""`n % 64`, `rand.Intn(40)`: so many values, and no more."""
PURE = re.compile(
    r"(?:fmt\.Sprint|strings\.|strconv\.|path\.|filepath\.|string$|int\d*$|uint\d*$|float\d*$|min$|max$|append$)"
)
"""What makes the same of the same."""


class Binding(Struct, frozen=True):
    """What a name stands for; `container` where it is one, or another name of one; `fresh`: made in this function."""

    type: Type = OTHER
    container: str | None = None
    origin: Tags = COMPUTED
    pieces: Pieces | None = None
    fresh: bool = False
    made: bool = False
    """It stands for something that this function makes and has to itself as yet."""
    closure: int = 0


class Held(Struct, frozen=True):
    """What an expression leads to: a container or a holder of one, and its type."""

    id: str | None
    type: Type
    fresh: bool = False
    made: bool = False


NOTHING = Held(None, OTHER)


class Scopes:
    """The names that can be seen from where the walk is."""

    def __init__(self, package: Package, imports: dict[str, str]) -> None:
        self.package, self.imports = package, imports
        self._stack: list[dict[str, Binding]] = [{}]
        self.closure = 0

    def push(self) -> None:
        """Enter a block."""
        self._stack.append({})

    def pop(self) -> None:
        """Leave it."""
        self._stack.pop()

    def bind(self, name: str, binding: Binding) -> None:
        """A name is declared here."""
        if name not in {"_", ""}:
            self._stack[-1][name] = binding

    def rebind(self, name: str, binding: Binding) -> None:
        """A name stands for something new, wherever it was declared."""
        for scope in reversed(self._stack):
            if name in scope:
                scope[name] = binding
                return

    def parameter(self, name: str, typed: Type, *, served: bool = False) -> None:
        """A name that callers give a value; `served` where the function is one that serves requests."""
        origin = REQUEST if served and typed.name != "context.Context" else frozenset({f"param:{name}"})
        if typed.name in FINITE_KEYS:
            origin = FINITE
        elif FROM_OUTSIDE.search(typed.name):
            origin = REQUEST
        container = f"parameter {name}" if typed.kind in CONTAINERS else None
        self.bind(name, Binding(typed, container, origin))

    def find(self, name: str) -> Binding | None:
        """What a local name stands for."""
        return next((scope[name] for scope in reversed(self._stack) if name in scope), None)

    def pieces(self, name: str) -> Pieces | None:
        """The text that a name stands for, where the source fixes it."""
        binding = self.find(name)
        return binding.pieces if binding is not None else self.package.constants.get(name)

    # -- what an expression leads to

    def held(self, node: Node | None, depth: int = 0) -> Held:  # noqa: PLR0911 - one line for every kind
        """The container, or the holder of containers, that an expression is."""
        node = bare(node)
        if node is None or depth > 24:
            return NOTHING
        if node.type == "identifier":
            return self._name(text_of(node))
        if node.type == "selector_expression":
            return self._field(node, depth)
        if node.type == "index_expression":
            return self.inside(self.held(node.child_by_field_name("operand"), depth + 1))
        if node.type == "call_expression":
            called = text_of(node.child_by_field_name("function"))
            function = self.package.functions.get(called)
            return Held(None, self.package.resolved(function.result)) if function else NOTHING
        if node.type == "slice_expression":
            return self.held(node.child_by_field_name("operand"), depth + 1)
        return NOTHING

    def inside(self, outer: Held) -> Held:
        """What a container has in it."""
        element = outer.type.element
        typed = Type("map", text=element) if element.startswith("map[") else self._typed(element)
        return Held(outer.id if typed.kind in CONTAINERS else None, typed, made=outer.made)

    def _typed(self, name: str) -> Type:
        name = name.lstrip("*").partition("[")[0]
        return self.package.resolved(named_type(name, name)) if name else OTHER

    def _name(self, name: str) -> Held:
        binding = self.find(name)
        if binding is not None:
            made = binding.made and binding.closure == self.closure
            return Held(binding.container, self.package.resolved(binding.type), binding.fresh, made)
        variable = self.package.variables.get(name)
        return Held(name, self.package.resolved(variable.type)) if variable is not None else NOTHING

    def _field(self, node: Node, depth: int) -> Held:
        operand, name = node.child_by_field_name("operand"), text_of(node.child_by_field_name("field"))
        if operand is not None and operand.type == "identifier" and self.find(text_of(operand)) is None:
            path = self.imports.get(text_of(operand))
            if path is not None:
                return Held(f"{path}|{name}", Type("foreign"))
        holder = self.held(operand, depth + 1)
        found = self.package.field(holder.type, name)
        if found is None:
            return NOTHING
        owner, typed, _ = found
        label = f"{owner or holder.id}.{name}"
        return Held(label, self.package.resolved(typed), holder.fresh, holder.made)

    # -- where a value comes from

    def origin(self, node: Node | None, depth: int = 0) -> Tags:  # noqa: PLR0911 - one line for every kind
        """What a value is made of."""
        if node is None or depth > 24:
            return COMPUTED
        if node.type.endswith("_literal") and node.type not in {"composite_literal", "func_literal"}:
            return FIXED
        if node.type in {"true", "false", "nil", "iota", "field_identifier", "type_identifier"}:
            return FIXED
        if node.type == "identifier":
            return self._origin_of_name(text_of(node))
        if node.type == "call_expression":
            return self._origin_of_call(node, depth)
        if node.type == "binary_expression" and MODULO.search(text_of(node)):
            return FINITE
        tags: set[str] = set()
        for child in named(node):
            tags |= self.origin(child, depth + 1)
            if len(tags) > MOST_TAGS:
                return COMPUTED
        return frozenset(tags)

    def _origin_of_name(self, name: str) -> Tags:
        binding = self.find(name)
        if binding is not None:
            return binding.origin
        if name in self.package.constants or name in self.package.functions or name in self.imports:
            return FIXED
        return COMPUTED

    def _origin_of_call(self, node: Node, depth: int) -> Tags:
        function, arguments = node.child_by_field_name("function"), named(node.child_by_field_name("arguments"))
        if TYPE_OF_VALUE.search(text_of(function)) or BELOW.search(text_of(node)):
            return FINITE
        if text_of(function) == "len" and arguments:
            held = self.held(arguments[0])
            return frozenset({"computed", f"len:{held.id}"}) if held.id else COMPUTED
        tags: set[str] = set() if arguments else {"computed"}
        if function is not None and function.type == "selector_expression":
            operand = function.child_by_field_name("operand")
            of = self.origin(operand, depth + 1)
            if of == FINITE and not arguments:
                return FINITE  # reflect.TypeOf(v).String()
            tags |= of
            method = text_of(function.child_by_field_name("field"))
            tags |= REQUEST if method == "RemoteAddr" else FIXED
            if method == "Len":
                held = self.held(operand)
                tags |= {f"len:{held.id}"} if held.id else set()
        for argument in arguments:
            tags |= self.origin(argument, depth + 1)
        if not tags and not PURE.match(text_of(function)):
            return COMPUTED
        return frozenset(tags) if len(tags) <= MOST_TAGS else COMPUTED
