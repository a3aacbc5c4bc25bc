"""Calls that write log lines: log, slog, zap, zerolog, logrus, klog, glog, fmt, and what is named like them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from gctail.golang.source.strings import UNKNOWN, Pieces, formatted, joined, pieces_of, unquoted
from gctail.golang.source.tree import named, text_of

if TYPE_CHECKING:
    from tree_sitter import Node

LIBRARIES = {
    "log": "log",
    "log/slog": "slog",
    "golang.org/x/exp/slog": "slog",
    "go.uber.org/zap": "zap",
    "github.com/rs/zerolog": "zerolog",
    "github.com/rs/zerolog/log": "zerolog",
    "github.com/sirupsen/logrus": "logrus",
    "k8s.io/klog": "klog",
    "k8s.io/klog/v2": "klog",
    "github.com/golang/glog": "glog",
    "github.com/hashicorp/go-hclog": "hclog",
    "github.com/charmbracelet/log": "charm",
    "github.com/go-logr/logr": "logr",
    "fmt": "fmt",
}
METHOD = re.compile(
    r"(?P<level>Debug|Info|Notice|Warn|Warning|Error|Err|Fatal|Panic|DPanic|Trace|Critical|Exit|Print|Log|Msg|Output)"
    r"(?:f|ln|w|S|fln|Attrs|Func)?(?:Ctx|Context|Contextf|Depth|SDepth|fDepth)?$"
)
FMT = re.compile(r"(?:Print|Fprint)(?:f|ln)?$")
LOGGER = re.compile(
    r"(?:log|logger|sugar|sugared|zap|slog|zlog|klog|logr|lg)(?:$|[A-Z_0-9(])|(?:^|\.)l$|[a-z]Log(?:ger)?$",
    re.IGNORECASE,
)
LOGGER_TYPE = re.compile(r"(?:Logger|SugaredLogger|\.Entry|logr\.|Logger\b.*|zerolog\.\w+)$")
WRAPPER = re.compile(
    r"(?:.*log\w*|(?:debug|info|warn|warning|error|err|fatal|trace|print|msg|say)(?:f|ln|w)?)$", re.IGNORECASE
)
LEVEL = re.compile(
    r"\W*(?:debug|info|notice|warn|warning|error|err|fatal|panic|trace|critical|crit|[DIWEF])\W*", re.IGNORECASE
)
FORMAT = re.compile(r"(?:f|fln|fCtx|fContext|Contextf|fDepth|MsgF)$")
NAMED = frozenset({"identifier", "selector_expression"})
MESSAGE_KEY = re.compile(r"(?:[Mm]sg|[Mm]essage|MSG|[Ee]vent(?:[_ ]?[Nn]ame)?)$")
MOST_NODES, MOST_LITERALS = 400, 24
FIRST_ARGUMENTS = 4
"""The message comes first, or behind a context, a level, an error or a writer."""


def library_of(function: Node, imports: Mapping[str, str], type_name: Callable[[Node], str]) -> tuple[str, str] | None:  # noqa: PLR0911 - one line for every kind
    """The library and the level of a call, by what is called; None where it writes no log line."""
    if function.type == "identifier":
        name = text_of(function)
        return ("own", level_of(name)) if WRAPPER.match(name) else None
    if function.type != "selector_expression":
        return None
    method = text_of(function.child_by_field_name("field"))
    operand = function.child_by_field_name("operand")
    if operand is None:
        return None
    root, chain = _root(operand)
    path = imports.get(text_of(root)) if root.type == "identifier" else None
    library = LIBRARIES.get(path or "")
    if library == "fmt":
        return ("fmt", "") if operand.type == "identifier" and FMT.match(method) else None
    if library is not None:
        return (library, _chained_level(method, chain)) if METHOD.match(method) else None
    if not METHOD.match(method) or (path is not None and not LOGGER.search(text_of(operand)[:120])):
        return None
    typed = type_name(operand)
    if LOGGER_TYPE.search(typed) or LOGGER.search(text_of(operand)[-120:]) or LOGGER.search(text_of(root)):
        return "logger", _chained_level(method, chain)
    return ("own", level_of(method)) if method in {"Log", "Logf", "Msg", "Msgf"} else None


def message_of(arguments: Node | None, library: str, method: str, known: Callable[[str], Pieces | None]) -> Pieces:
    """The text that a log call writes as its message, in pieces; empty where none of it is fixed."""
    values = named(arguments)
    if library == "fmt" and method.startswith("Fprint"):
        if not values or text_of(values[0]) not in {"os.Stdout", "os.Stderr", "log.Writer()"}:
            return ()
        values = values[1:]
    for at, value in enumerate(values[:FIRST_ARGUMENTS]):
        pieces = pieces_of(value, known)
        if pieces == UNKNOWN or not any(pieces):
            continue
        if value.type in NAMED and _says_more(values[at + 1 : FIRST_ARGUMENTS]):
            continue  # logger.Warn(component, "", "message"): a name comes first
        if library == "own" and LEVEL.fullmatch(pieces[0] or ""):
            continue  # say("ERROR", "message"): a level does
        if FORMAT.search(method) or ("%" in str(pieces[0]) and at + 1 < len(values)):
            return formatted(pieces)
        if re.match(r"(?:F?[Pp]rint|(?:Info|Debug|Warn|Warning|Error|Fatal|Panic|Trace)(?:ln)?$)", method) and (
            library in {"log", "fmt", "logrus", "klog", "glog"}
        ):
            return _spoken(values[:at], values[at:], known, spaced=method.endswith("ln"))
        return pieces
    return ()


def recorded(element: Node, known: Callable[[str], Pieces | None]) -> Pieces:
    """The message of a record that some function may write: `line{Msg: "…"}`, `map[string]any{"msg": "…"}`."""
    if element.type != "keyed_element":
        return ()
    parts = [next(iter(named(part)), None) if part.type == "literal_element" else part for part in named(element)]
    key, value = parts if len(parts) == 2 else (None, None)
    name = text_of(key).strip('"`') if key is not None else ""
    pieces = pieces_of(value, known) if MESSAGE_KEY.match(name) else ()
    return pieces if any(pieces) else ()


def _says_more(values: list[Node]) -> bool:
    """One of these is a text of several words."""
    texts = (unquoted(value) for value in values if value.type in {"interpreted_string_literal", "raw_string_literal"})
    return any(" " in text.strip() for text in texts)


def literals(call: Node, message: Pieces) -> tuple[str, ...]:
    """The other string literals of a call: names of fields, `zap.String("id", …)`, `.WithField("id", …)`."""
    found: list[str] = []
    waiting = [call]
    for _ in range(MOST_NODES):
        if not waiting or len(found) == MOST_LITERALS:
            break
        node = waiting.pop()
        if node.type in {"interpreted_string_literal", "raw_string_literal"}:
            text = unquoted(node)
            if text and text not in found and not any(text in piece for piece in message if piece):
                found.append(text)
        else:
            waiting += reversed(node.named_children)
    return tuple(found)


def _spoken(before: list[Node], values: list[Node], known: Callable[[str], Pieces | None], *, spaced: bool) -> Pieces:
    """What Print makes of its operands; Println puts a space between them."""
    found: list[str | None] = [None] if before else []
    for at, value in enumerate(values):
        if spaced and at:
            found.append(" ")
        found += pieces_of(value, known)
    return joined(tuple(found))


def level_of(name: str) -> str:
    """The level that a name speaks of: `Warnf` is warn."""
    found = re.match(r"(?:log)?_?(debug|info|notice|warn|error|err|fatal|panic|trace|critical)", name, re.IGNORECASE)
    return {"err": "error"}.get(found[1].lower(), found[1].lower()) if found else ""


def _chained_level(method: str, chain: list[str]) -> str:
    """zerolog says the level first: `log.Warn().Str(…).Msg(…)`."""
    return next((level for level in map(level_of, [method, *chain]) if level), "")


def _root(node: Node) -> tuple[Node, list[str]]:
    """The leftmost name of a chain of calls and fields, and the methods along it, from the end."""
    methods: list[str] = []
    for _ in range(64):
        if node.type == "call_expression":
            inner = node.child_by_field_name("function")
        elif node.type == "selector_expression":
            methods.append(text_of(node.child_by_field_name("field")))
            inner = node.child_by_field_name("operand")
        else:
            break
        if inner is None:
            break
        node = inner
    return node, methods
