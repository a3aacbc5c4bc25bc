"""Go types, as far as it matters who holds memory: maps, slices, sync.Map, lists, caches, structs and names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from gctail.golang.source.tree import NEW, bare, called, named, of_type, text_of

if TYPE_CHECKING:
    from tree_sitter import Node

CONTAINERS = frozenset({"map", "slice", "sync.Map", "list", "concurrent map"})
CONCURRENT = re.compile(r"(?:xsync|cmap|haxmap|csmap)\.(?:Map|MapOf|ConcurrentMap|New\w*)$", re.ASCII)
BOUNDED_CACHE = re.compile(
    r"(?:lru|simplelru|arc|expirable|ristretto|bigcache|freecache|ttlcache|otter|theine|groupcache|fastcache|golru)"
    r"\.\w*(?:Cache|LRU|New|NewCache|NewLRU|Config)\w*$"
)
MUTEX = re.compile(r"(?:\w+\.)?(?:RW)?Mutex")
FINITE_KEYS = frozenset({
    "bool", "byte", "uint8", "int8", "uint16", "int16", "reflect.Type", "reflect.Kind", "time.Month", "time.Weekday",
    "os.Signal", "syscall.Signal", "codes.Code", "slog.Level", "zapcore.Level", "logrus.Level", "protoreflect.FullName",
    "uintptr", "schema.GroupVersionKind", "schema.GroupVersionResource", "schema.GroupKind", "schema.GroupResource",
})  # fmt: skip
"""Types of keys that come to an end by themselves: a program has so many types, months, levels and descriptors."""


class Type(Struct, frozen=True):
    """A type: `kind` is map, slice, sync.Map, list, concurrent map, cache, struct, mutex, channel, named or other.

    `name` is the type's name where it has one (`Session`, `http.Request`), `key` that of a map's key, `element` that
    of a map's value, a slice's element; `text` is the source.
    """

    kind: str
    name: str = ""
    key: str = ""
    element: str = ""
    text: str = ""
    fields: tuple[tuple[str, Type, int], ...] = ()


OTHER = Type("other")


def type_of(node: Node | None) -> Type:  # noqa: PLR0911 - one line for every kind
    """What a type expression means."""
    if node is None:
        return OTHER
    kind = node.type
    if kind in {"pointer_type", "parenthesized_type"}:
        return type_of(next(iter(named(node)), None))
    if kind == "map_type":
        key, value = text_of(node.child_by_field_name("key")), text_of(node.child_by_field_name("value"))
        return Type("map", key=key, element=value.lstrip("*"), text=text_of(node))
    if kind == "slice_type":
        return Type("slice", element=text_of(node.child_by_field_name("element")).lstrip("*"), text=text_of(node))
    if kind == "struct_type":
        return Type("struct", text="struct{…}", fields=tuple(_fields(node)))
    if kind == "channel_type":
        return Type("channel", text=text_of(node))
    if kind in {"generic_type", "index_expression"}:
        return named_type(
            text_of(node.child_by_field_name("type") or node.child_by_field_name("operand")), text_of(node)
        )
    if kind in {"type_identifier", "qualified_type", "identifier", "selector_expression"}:
        return named_type(text_of(node), text_of(node))
    return OTHER


def named_type(name: str, text: str) -> Type:
    """A type by its name; those of well-known packages are what they are."""
    if name == "sync.Map":
        return Type("sync.Map", name, text=text)
    if name == "list.List":
        return Type("list", name, text=text)
    if MUTEX.fullmatch(name):  # syncs.Mutex, deadlock.RWMutex: whoever has one of their own calls it so
        return Type("mutex", name, text=text)
    if CONCURRENT.search(name):
        return Type("concurrent map", name, text=text)
    if BOUNDED_CACHE.search(name):
        return Type("cache", name, text=text)
    return Type("named", name, text=text)


def _fields(struct: Node) -> list[tuple[str, Type, int]]:
    """Names, types and lines of a struct's fields; an embedded one is called after its type."""
    found = []
    for field in of_type(struct, "field_declaration"):
        typed = type_of(field.child_by_field_name("type"))
        names = [text_of(name) for name in field.children_by_field_name("name")]
        embedded = [typed.name.rpartition(".")[2]] if typed.name else []
        found += [(name, typed, field.start_point.row + 1) for name in names or embedded]
    return found


def value_type(node: Node | None) -> Type:
    """The type of a value as far as its expression tells; of a call, `call` and the function's name."""
    node = bare(node)
    if node is None:
        return OTHER
    if node.type == "composite_literal":
        return type_of(node.child_by_field_name("type"))
    if node.type == "type_assertion_expression":
        return type_of(node.child_by_field_name("type"))
    if node.type != "call_expression":
        return OTHER
    name = text_of(called(node))
    arguments = named(node.child_by_field_name("arguments"))
    if name in {"make", "new", NEW} and arguments:
        return type_of(arguments[0])
    known = named_type(name, name)
    return known if known.kind in {"concurrent map", "cache"} else Type("call", name, text=name)
