"""One pattern for the start of any wrapped line, made of all heads: most lines leave at their first byte."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from gctail.errors import UsageError
from gctail.parsing.wrapper_formats import expand

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gctail.parsing.wrapper_formats import Wrapper

_GROUP_NAME = re.compile(r"\(\?P<\w+>")
_FIRST_ATOM = re.compile(r"(?:\(\?P<\w+>)?(\[\^?\]?(?>(?:\\.|[^\]\\])*)\]|\\x[0-9a-f]{2}|\\[d{\[@]|[\w <@])")
_LETTER = r"[A-Za-z\x80-\xff]"
_BYTES = [bytes([byte]) for byte in range(256)]
_KINDS = {
    "digit": frozenset(byte for byte in _BYTES if byte.isdigit()),
    "letter": frozenset(byte for byte in _BYTES if byte.isalpha() or byte >= b"\x80"),
    "other": frozenset(byte for byte in _BYTES if not (byte.isalnum() or byte >= b"\x80" or byte == b"{")),
}


class Shared(Struct, frozen=True):
    """What wrappers share, as the head of data/wrappers.toml explains it: keys of JSON, and patterns by their names."""

    plain_keys: list[str]
    own_keys: list[str]
    shared: list[str]
    patterns: dict[str, str]


def sniff_source(wrappers: Sequence[Wrapper], known: Shared) -> bytes:
    """One pattern for the start of any line that a firm wrapper takes as a first line.

    The first byte picks the alternatives, and these share what they begin with: an application's line leaves after
    0.1 to 0.3 us, whatever the number of wrappers.
    """
    evidence = "(?=" + expand("%{evidence}", known.patterns) + ")"
    shared = [*(expand(known.patterns[name], known.patterns) for name in known.shared), " "]
    sources: dict[str, list[str]] = {"digit": [], "letter": [], "other": []}
    for wrapper in wrappers:
        for head in wrapper.heads:
            source = _GROUP_NAME.sub("(?:", head.source) + (evidence if wrapper.evidence else "")
            for kind in _first_kinds(wrapper.name, head.source):
                sources[kind].append(source)
    digit, letter, other = (_factored(some, shared) for some in sources.values())
    text = f"(?={_LETTER})(?:{letter})|(?!{_LETTER})(?:{other})"
    return rf"(?:{_json_source(wrappers, known)}|(?!\{{)(?:(?=\d)(?:{digit})|(?!\d)(?:{text})))".encode()


def _first_kinds(name: str, head: str) -> set[str]:
    """With what a line that `head` takes begins: a digit, a letter, or something else."""
    atom = _FIRST_ATOM.match(head)
    if atom is None:
        raise UsageError(f'wrapper "{name}": a head begins with a literal, a class or \\d, not with {head[:20]}')
    first = frozenset(re.findall(atom[1].encode(), bytes(range(256)), re.DOTALL))
    return {kind for kind, bytes_of_kind in _KINDS.items() if first & bytes_of_kind}


def _factored(sources: list[str], shared: list[str]) -> str:
    """The alternatives as one pattern, in which those that begin with a shared pattern stand behind it together."""
    if not shared or not sources:
        return "|".join(sources) or "(?!)"
    inside, outside = [], []
    for source in sources:
        if source.startswith(shared[0]) and source[len(shared[0]) :][:1] not in tuple("{*+?"):
            inside.append(source[len(shared[0]) :])
        elif source.startswith("(?:" + shared[0]):  # its group goes on behind it
            inside.append(("(?:" + source[len(shared[0]) + 3 :]).removeprefix("(?:)"))
        else:
            outside.append(source)
    rest = [_factored(outside, shared[1:])] if outside else []
    if not inside:
        return rest[0]
    return "|".join([f"{shared[0]}(?:{_factored(inside, shared[1:])})", *rest])


def _json_source(wrappers: Sequence[Wrapper], known: Shared) -> str:
    """The start of a JSON record: a telling key, perhaps after keys that every logger writes."""
    plain, shapes = set(known.plain_keys), [wrapper.reader.shape for wrapper in wrappers if wrapper.reader]
    telling = {key for shape in shapes for key in shape.known_by()} - plain - set(known.own_keys)
    names = {key for key in telling if not re.fullmatch(r"_{0,2}[A-Z][A-Z0-9_]*", key)}  # those are journald's
    string = r'"[^"\\\n]*+(?>(?:\\.[^"\\\n]*+)*)"'
    value = rf"(?:{string}|[-+.\deE]++|true|false|null|\{{[^{{}}\n]*+\}}|\[[^\[\]\n]*+\])"
    own = f'(?!{_trie(set(known.own_keys))}")'
    return (
        rf'\{{ *+"(?>(?:{own}{_trie(plain)}" *+: *+{value} *+, *+")*){own}'
        rf'(?:_{{0,2}}[A-Z][A-Z0-9_]*+"|{_trie(names)}")'
    )


def thin_source(wrappers: Sequence[Wrapper], runtime: str) -> bytes:
    """What a line looks like in whose thin wrappers, up to 4 of them, something stands that matches `runtime`."""
    heads = {True: "", False: ""}
    for quoted in heads:
        heads[quoted] = "|".join(
            _GROUP_NAME.sub("(?:", head.source)
            for wrapper in wrappers
            for head in wrapper.heads
            if wrapper.definition.quoted == quoted
        )
    keys = _trie({path for wrapper in wrappers if wrapper.reader for path in wrapper.reader.shape.text}) + '"'
    string = r'"[^"\\\n]*+(?>(?:\\.[^"\\\n]*+)*)"'
    pair = rf'(?!"{keys}){string} *+: *+(?:{string}|[-+.\w]++|\{{[^{{}}\n]*+\}}|\[[^\[\]\n]*+\]) *+, *+'
    record = rf'\{{ *+(?>(?:{pair})*)"{keys} *+: *+"'
    inside = rf'{record}|(?:{heads[True]})"'
    return f"(?:{inside}|(?:{heads[False]}){{1,4}}(?>{inside}|))(?={runtime})".encode()


def _trie(words: set[str]) -> str:
    """A pattern for any of the words that looks at each character once."""
    if words == {""}:
        return ""
    branches = [
        re.escape(first) + _trie({word[1:] for word in words if word[:1] == first})
        for first in sorted({word[:1] for word in words if word})
    ]
    return f"(?:{'|'.join(branches)}{'|' if '' in words else ''})"
