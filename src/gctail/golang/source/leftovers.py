"""What a function opens and closes by no defer, and goroutines that it starts and that may wait for ever.

Go vet and its like see the plain cases. Here it is a question that is put where a log line has led to the function
already: the memory grows with this line, and on one way out something stays.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from gctail.golang.source.tree import bare, called, named, text_of

if TYPE_CHECKING:
    from tree_sitter import Node

OPENS: tuple[tuple[re.Pattern[str], int, str], ...] = (
    (
        re.compile(r"context\.With(?:Cancel|Timeout|Deadline)(?:Cause)?$"), 1,
        "which no defer calls: on a way out without it the context stays, with all it holds",
    ),
    (re.compile(r"time\.NewTicker$"), 0, "which no defer stops: whoever waits for it stays"),
    (
        re.compile(r"(?:http|[cC]lient|\w+Client|[tT]ransport)\.(?:Get|Post|PostForm|Head|Do|RoundTrip)$"), 0,
        "whose body no defer closes: on a way out without it the connection stays, and its two goroutines",
    ),
    (
        re.compile(r"\w\.(?:Query|Queryx)(?:Context)?$"), 0,
        "which no defer closes: on a way out before their end the connection stays",
    ),
)  # fmt: skip
"""By the call: which of its results is to be ended, and what is said where no defer does that."""
HOURS = re.compile(r"(?:(?P<before>\d+)\s*\*\s*)?time\.(?P<unit>Hour|Minute|Second)(?:\s*\*\s*(?P<after>\d+))?$")
UNIT_S = {"Hour": 3600, "Minute": 60, "Second": 1}
LONG_S = 600
LABELS = re.compile(r"(?:WithLabelValues|GetMetricWithLabelValues|CurryWith|With|GetMetricWith)$")
ENDLESS = re.compile(
    r"(?:path|ur[il]|route|query|agent|referer|user|account|tenant|customer|session|token|id|ip|addr(?:ess)?|host|e?mail|name|key)$",
    re.IGNORECASE,
)
"""What values that never end are called; a route's pattern is not one, but who has it seldom gives it that name."""
MOST_NODES = 4000
COMPARED = frozenset({"==", "!="})


def opened(names: list[Node], value: Node | None, body: Node | None) -> str:
    """What `names := value` leaves open in a function with this body; empty where nothing is, or others may end it."""
    call = bare(value)
    if call is None or call.type != "call_expression" or body is None:
        return ""
    called = text_of(call.child_by_field_name("function"))
    for pattern, which, says in OPENS:
        if which < len(names) and pattern.search(called):
            name = text_of(names[which])
            if (
                name == "_"
                or not _is_meant(says, name, call, names, body)
                or any(_ends_elsewhere(each, body) for each in _mentions(name, body))
            ):
                return ""
            return f"{called} gives it {name}, {says}"
    return ""


def _is_meant(says: str, name: str, call: Node, names: list[Node], body: Node) -> bool:
    """A URL has a `Query` too, an etcd client a `Get`; and what is ended before any return needs no defer."""
    text = text_of(body)
    after = text[call.end_byte - body.start_byte :] if text.isascii() else text.partition(text_of(call))[2]
    end = re.search(rf"\b{re.escape(name)}(?:\(|(?:\.Body)?\.(?:Close|Stop)\()", after)
    if end is not None and "return" not in after[: end.start()]:
        return False
    if says.startswith("whose body"):
        return f"{name}.Body" in text
    return len(names) == 1 or bool(named(call.child_by_field_name("arguments")))


def waiting(statement: Node, body: Node | None) -> str:
    """Why a goroutine may never end: it sends on a channel without a buffer, outside a select; empty where not."""
    call = next(iter(named(statement)), None)
    function = call.child_by_field_name("function") if call is not None else None
    if function is None or function.type != "func_literal" or body is None:
        return ""
    for node in _inside(function, but=frozenset({"select_statement", "go_statement"})):
        channel = text_of(node.child_by_field_name("channel")) if node.type == "send_statement" else ""
        if channel and re.search(rf"\b{re.escape(channel)}\s*:?=\s*make\(chan [^,\n]*\)", text_of(body)):
            return (
                f"a goroutine that it starts sends on {channel}, which has no buffer: where nobody receives any more, "
                "it stays, with all it holds"
            )
    return ""


def lingering(call: Node) -> str:
    """Why a timer that nobody has keeps what its function uses for long; empty where it does not."""
    parent = call.parent
    if parent is None or parent.type != "expression_statement" or text_of(called(call)) != "time.AfterFunc":
        return ""
    duration = text_of(next(iter(named(call.child_by_field_name("arguments"))), None))
    found = HOURS.match(duration)
    if found is None or UNIT_S[found["unit"]] * int(found["before"] or found["after"] or 1) < LONG_S:
        return ""
    return f"time.AfterFunc waits for {duration}, and nobody can stop it: for so long what its function uses stays"


def labelled(call: Node, origin: Callable[[Node], frozenset[str]]) -> str:
    """Which label of a metric has values without end, each of them a series that stays; empty where none has."""
    function = called(call)
    method = text_of(function.child_by_field_name("field")) if function is not None else ""
    if LABELS.match(method) is None:
        return ""
    arguments = named(call.child_by_field_name("arguments"))
    if method.endswith("With"):
        arguments = [value for each in arguments if "Labels{" in text_of(each) for value in _values(each)]
    for value in arguments:
        made_of = origin(value)
        if made_of and "finite" not in made_of and ("request" in made_of or ENDLESS.search(text_of(value))):
            return f"{text_of(value)[:60]} is a label of a metric: each value that it never had is a series that stays"
    return ""


def _values(literal: Node) -> Iterator[Node]:
    for node in _inside(literal):
        if node.type == "keyed_element":
            yield from named(node)[1:2]


def _mentions(name: str, body: Node) -> Iterator[Node]:
    return (node for node in _inside(body) if node.type == "identifier" and text_of(node) == name)


def _ends_elsewhere(mention: Node, body: Node) -> bool:
    """It stands in a defer, or is returned, kept, or handed on, so that who has it may end it."""
    node: Node | None = mention
    while node is not None and node != body:
        if node.type == "defer_statement":
            return True
        node = node.parent
    parent = mention.parent
    if parent is None:
        return False
    if parent.type in {"selector_expression", "call_expression"}:
        return False
    if parent.type == "binary_expression":
        return text_of(parent.child_by_field_name("operator")) not in COMPARED
    declaration = parent.parent
    return declaration is None or declaration.child_by_field_name("left") != parent


def _inside(node: Node, but: frozenset[str] = frozenset()) -> Iterator[Node]:
    stack = [node]
    for _ in range(MOST_NODES):
        if not stack:
            return
        each = stack.pop()
        yield each
        stack += [child for child in each.named_children if child.type not in but]
