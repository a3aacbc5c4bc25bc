"""HTML as a type of its own: what is not `Markup` is text, and text is escaped. There is no other way in.

Text of a log is hostile. `gctail.parsing.text.show` makes control characters, escape sequences and bidi overrides
visible and bounds the length; `html.escape` does the rest.
"""

from __future__ import annotations

from html import escape

from gctail.parsing.text import show

LONGEST_TEXT = 1200
VOID = frozenset({"br", "col", "hr", "img", "input", "link", "meta", "wbr"})


class Markup(str):
    """A piece of finished HTML or SVG."""

    __slots__ = ()


Node = Markup | str | int | float | None
Attribute = str | int | float | bool | None


def text(value: str | float, limit: int = LONGEST_TEXT) -> Markup:
    """Words as they may stand between tags and in quoted attributes; tabs are blanks."""
    return Markup(escape(show(str(value).expandtabs(1), limit)))


def join(*nodes: Node) -> Markup:
    """Nodes one after the other; None and empty ones vanish."""
    return Markup("".join(node if isinstance(node, Markup) else text(node) for node in nodes if node not in (None, "")))


def tag(name: str, /, *children: Node, **attributes: Attribute) -> Markup:
    """An element. Attributes: `class_` is class, `data_value` is data-value; None and False leave one out."""
    written = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in VOID:
        return Markup(f"<{name}{written}>")
    return Markup(f"<{name}{written}>{join(*children)}</{name}>")


def link(url: str, words: str) -> Markup:
    """A link to the web, told nothing about where it was followed; words alone where it is none."""
    if not url.startswith(("https://", "http://")):
        return text(words)
    return tag("a", words, href=url, rel="noreferrer noopener", target="_blank")


def _attribute(key: str, value: Attribute) -> str:
    name = key.rstrip("_").replace("_", "-")
    if value is None or value is False:
        return ""
    if value is True:
        return f" {name}"
    return f' {name}="{value if isinstance(value, Markup) else text(value)}"'
