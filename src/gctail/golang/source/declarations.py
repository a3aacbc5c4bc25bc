"""What a package declares: its variables, types, functions and constants, gathered from all of its files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from gctail.golang.source.strings import Pieces, pieces_of
from gctail.golang.source.tree import named, of_type, text_of
from gctail.golang.source.types import OTHER, Type, type_of, value_type

if TYPE_CHECKING:
    from tree_sitter import Node


class Variable(Struct, frozen=True):
    """A package-level variable, or a field of a struct."""

    name: str
    type: Type
    file: str
    line: int


class Function(Struct, frozen=True):
    """A function or method: the names and types of what it takes, and the type of its first result."""

    name: str
    parameters: tuple[tuple[str, Type], ...]
    result: Type
    receiver: str = ""
    receiver_name: str = ""


class Package(Struct):
    """One folder of Go files, as its declarations show it."""

    folder: str
    files: dict[str, Node] = field(default_factory=dict)
    imports: dict[str, dict[str, str]] = field(default_factory=dict)  # by file: local name -> path
    variables: dict[str, Variable] = field(default_factory=dict)
    types: dict[str, Variable] = field(default_factory=dict)
    functions: dict[str, Function] = field(default_factory=dict)  # "put", "Cache.Put"
    constants: dict[str, Pieces] = field(default_factory=dict)
    enumerations: list[str] = field(default_factory=list)  # types of which there are constants

    def add(self, path: str, root: Node) -> None:
        """Take in one file."""
        self.files[path] = root
        self.imports[path] = dict(_imports(root))
        for node in named(root):
            if node.type == "var_declaration":
                for spec in of_type(node, "var_spec"):
                    self._variable(spec, path)
            elif node.type == "const_declaration":
                for spec in of_type(node, "const_spec"):
                    self._constant(spec)
            elif node.type == "type_declaration":
                for spec in of_type(node, "type_spec", "type_alias"):
                    name = text_of(spec.child_by_field_name("name"))
                    typed = type_of(spec.child_by_field_name("type"))
                    self.types[name] = Variable(name, typed, path, spec.start_point.row + 1)
            elif node.type in {"function_declaration", "method_declaration"}:
                function = signature(node)
                self.functions[full_name(function)] = function

    def resolved(self, typed: Type) -> Type:
        """A type by what it is: names followed to their declarations, calls to what they return."""
        for _ in range(6):
            if typed.kind == "call" and typed.name in self.functions:
                typed = self.functions[typed.name].result
            elif typed.kind == "named" and typed.name in self.types:
                inner = self.types[typed.name].type
                if inner.kind == "struct":
                    return Type("struct", typed.name, text=typed.name, fields=inner.fields)
                typed = Type(inner.kind, inner.name, inner.key, inner.element, inner.text, inner.fields)
            else:
                break
        return typed

    def field(self, struct: Type, name: str) -> tuple[str, Type, int] | None:
        """A field of a struct, looked for in embedded ones too."""
        for label, typed, line in struct.fields:
            if label == name:
                return struct.name, typed, line
        for label, typed, _ in struct.fields:
            inner = self.resolved(typed)
            if inner.kind == "struct" and inner.name.rpartition(".")[2] == label and inner.name != struct.name:
                for deep, deep_type, line in inner.fields:
                    if deep == name:
                        return inner.name, deep_type, line
        return None

    def _variable(self, spec: Node, path: str) -> None:
        declared = spec.child_by_field_name("type")
        values = named(spec.child_by_field_name("value"))
        for at, name in enumerate(spec.children_by_field_name("name")):
            value = values[at] if at < len(values) else None
            typed = type_of(declared) if declared is not None else value_type(value)
            label = text_of(name)
            if label != "_":
                self.variables[label] = Variable(label, typed, path, name.start_point.row + 1)
            pieces = pieces_of(value, self.constants.get) if value is not None else ()
            if len(pieces) == 1 and pieces[0] is not None:
                self.constants.setdefault(label, pieces)

    def _constant(self, spec: Node) -> None:
        values = named(spec.child_by_field_name("value"))
        typed = spec.child_by_field_name("type")
        if typed is not None:
            self.enumerations.append(text_of(typed))
        for at, name in enumerate(spec.children_by_field_name("name")):
            if name.type == "identifier" and at < len(values):
                self.constants[text_of(name)] = pieces_of(values[at], self.constants.get)


def full_name(function: Function) -> str:
    """`put`, or `Cache.Put` of a method."""
    return f"{function.receiver}.{function.name}" if function.receiver else function.name


def shown_name(function: Function) -> str:
    """As Go prints it in a stack: `put`, `(*Cache).Put`."""
    return f"(*{function.receiver}).{function.name}" if function.receiver else function.name


def signature(node: Node) -> Function:
    """What a function takes and returns."""
    receivers = parameters_of(node.child_by_field_name("receiver"))
    receiver_name, receiver = receivers[0] if receivers else ("", OTHER)
    result = node.child_by_field_name("result")
    results = parameters_of(result) if result is not None and result.type == "parameter_list" else []
    return Function(
        text_of(node.child_by_field_name("name")),
        tuple(parameters_of(node.child_by_field_name("parameters"))),
        results[0][1] if results else type_of(result),
        receiver.name,
        receiver_name,
    )


def parameters_of(node: Node | None) -> list[tuple[str, Type]]:
    """Names (empty where there is none) and types, in order."""
    found: list[tuple[str, Type]] = []
    for each in of_type(node, "parameter_declaration", "variadic_parameter_declaration"):
        typed = type_of(each.child_by_field_name("type"))
        names = [text_of(name) for name in each.children_by_field_name("name")]
        found += [(name, typed) for name in names or [""]]
    return found


def _imports(root: Node) -> list[tuple[str, str]]:
    found = []
    for declaration in of_type(root, "import_declaration"):
        for spec in of_type(declaration, "import_spec"):
            path = text_of(spec.child_by_field_name("path")).strip('"`')
            name = text_of(spec.child_by_field_name("name"))
            found.append((name or _default_name(path), path))
    return found


def _default_name(path: str) -> str:
    """`klog` of k8s.io/klog/v2, `yaml` of gopkg.in/yaml.v3: what a package is mostly called."""
    parts = path.split("/")
    last = parts[-1]
    if last[:1] == "v" and last[1:].isdigit() and len(parts) > 1:
        last = parts[-2]
    return last.partition(".v")[0].removeprefix("go-")
