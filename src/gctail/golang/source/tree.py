"""Go source as a syntax tree: what tree-sitter makes of it, and which files are not read at all, and why."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from gctail.errors import GctailError

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

LARGEST_BYTES = 4 << 20
"""Nobody writes such a file by hand: what is larger is data or generated."""
DEEPEST = 200
GENERATED = re.compile(rb"^// Code generated .* DO NOT EDIT\.\r?$", re.MULTILINE)
"""As `go help generate` defines it: before the first line that is neither comment nor blank."""
IGNORED = re.compile(rb"^//go:build\s+ignore\b|^// \+build\s+ignore\b", re.MULTILINE)
CLAUSE = re.compile(rb"^package\s", re.MULTILINE)
TEST_FOLDERS = re.compile(
    r"(?:testdata|tests?|testing|test_?(?:utils?|helpers?|support|framework|suite)|e2e|mocks?|fakes?|stubs|tstest"
    r"|(?:http|api|sql|grpc|db|integration|unit|storage|client|server|store)_?tests?)$"
)
"""Folders of what tests are made with. A service called `speedtest` is none of them."""
TEST_FILES = re.compile(r"(?:.*_test|(?:mocks?|fakes?|test_?(?:utils?|helpers?))(?:_.*)?|.*_(?:mocks?|fakes?))\.go$")


NEW = "neW"
"""What `new` becomes where it takes a value (`new(int64(1))`, since Go 1.26): the grammar knows types only there."""
NEW_OF_VALUE = re.compile(rb"(?<![\w.])new\((?!\s*(?:[\[*(]|map\[|struct\b|func\(|chan\b|interface\b|<-))")


class Unreadable(GctailError):
    """A file that cannot be read as Go; the sentence says why."""


class GoParser:
    """A parser of Go files; raises `GctailError` where tree-sitter is not installed."""

    def __init__(self) -> None:
        try:
            import tree_sitter_go
            from tree_sitter import Language, Parser
        except ImportError as error:
            raise GctailError(
                f"reading Go source needs tree-sitter ({error}): pip install 'gctail[source]'",
            ) from error
        self._parser: Parser = Parser(Language(tree_sitter_go.language()))

    def parse(self, data: bytes) -> Node:
        """The root of the file's tree. Raises `Unreadable`, with line and column where it stops making sense."""
        if b"\0" in data:  # for tree-sitter the file would end here; Go takes none either
            raise Unreadable(f"does not parse: a NUL byte in line {data[: data.index(0)].count(10) + 1}")
        root = self._parser.parse(data).root_node
        if root.has_error and NEW_OF_VALUE.search(data):
            root = self._parser.parse(NEW_OF_VALUE.sub(NEW.encode() + b"(", data)).root_node
        if root.has_error:
            bad = first_error(root)
            row, column = bad.start_point
            raise Unreadable(f"does not parse: line {row + 1}, column {column + 1}")
        return root


def left_out(path: str, data: bytes) -> str | None:
    """Why a file is no source to be judged: generated, test, vendored, ignored, too large; None where it is."""
    parts = path.replace("\\", "/").split("/")
    folders = parts[:-1]
    if "vendor" in folders or "third_party" in folders:
        return "vendored"
    if TEST_FILES.match(parts[-1]) or any(map(TEST_FOLDERS.match, folders)):
        return "test"
    if len(data) > LARGEST_BYTES:
        return "too large"
    clause = CLAUSE.search(data)
    head = data[: clause.start()] if clause else data
    if GENERATED.search(head):
        return "generated"
    return "excluded by go:build ignore" if IGNORED.search(head) else None


def first_error(root: Node) -> Node:
    """The first place at which the tree is broken."""
    node = root
    while True:
        broken = next((child for child in node.children if child.has_error or child.is_missing or child.is_error), None)
        if broken is None or node.is_error:
            return node
        node = broken


def text_of(node: Node | None) -> str:
    """The source of a node; bytes that are no UTF-8 become escapes."""
    if node is None or node.text is None:
        return ""
    return node.text.decode("utf-8", "backslashreplace")


def line_of(node: Node) -> int:
    """The line where a node begins, from 1."""
    return node.start_point.row + 1


def named(node: Node | None) -> list[Node]:
    """Children that mean something: no punctuation, no comments."""
    if node is None:
        return []
    return [child for child in node.named_children if child.type != "comment"]


def of_type(node: Node | None, *kinds: str) -> Iterator[Node]:
    """Children of some kinds, looking through lists (`var ( … )`)."""
    for child in named(node):
        if child.type in kinds:
            yield child
        elif child.type.endswith("_list"):
            yield from of_type(child, *kinds)


def bare(node: Node | None) -> Node | None:
    """The node without parentheses, `&` and `*` around it."""
    while node is not None:
        if node.type == "parenthesized_expression":
            node = next(iter(named(node)), None)
        elif node.type == "unary_expression" and text_of(node.child_by_field_name("operator")) in {"&", "*"}:
            node = node.child_by_field_name("operand")
        else:
            return node
    return None


def called(value: Node | None) -> Node | None:
    """The function whose result a value is, without types in brackets behind it; None where it is no call."""
    call = bare(value)
    function = call.child_by_field_name("function") if call is not None and call.type == "call_expression" else None
    if function is not None and function.type == "index_expression":
        return function.child_by_field_name("operand")
    return function
