"""Damaged and hostile text, cleaned."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gctail.parsing.text import Decoder, plain, show, strip_nul

LOG = "gc 1 @0.016s 9%: 1.8+1.6+0.004 ms clock\nput(key=uid_1) → größe=12 🦫\n"


def decoded(stream: bytes, cuts: list[int]) -> bytes:
    """Feed a stream to a decoder, cut at the given places."""
    decoder = Decoder()
    places = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    chunks = [decoder.feed(stream[begin:end]) for begin, end in pairwise(places)]
    return b"".join(map(bytes, chunks)) + decoder.flush()


ENCODINGS = {
    "utf-8": LOG.encode(),
    "utf-8 with a mark": b"\xef\xbb\xbf" + LOG.encode(),
    "utf-16-le with a mark": b"\xff\xfe" + LOG.encode("utf-16-le"),
    "utf-16-be with a mark": b"\xfe\xff" + LOG.encode("utf-16-be"),
    "utf-16-le": LOG.encode("utf-16-le"),
    "utf-16-be": LOG.encode("utf-16-be"),
}


@pytest.mark.parametrize("encoding", ENCODINGS)
@settings(deadline=None, max_examples=60)
@given(cuts=st.lists(st.integers(0, 1000), max_size=30))
def test_every_encoding_becomes_utf8_wherever_it_is_cut(encoding: str, cuts: list[int]) -> None:
    """A chunk may end in the middle of the mark, of a unit or of a surrogate pair."""
    assert decoded(ENCODINGS[encoding], cuts) == LOG.encode()


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_encoding_becomes_utf8_byte_by_byte(encoding: str) -> None:
    """The smallest chunks there are."""
    assert decoded(ENCODINGS[encoding], list(range(len(ENCODINGS[encoding])))) == LOG.encode()


def test_utf8_passes_through_uncopied() -> None:
    """The common case costs nothing: the same object comes back, a view stays a view."""
    decoder = Decoder()
    chunk, view = LOG.encode(), memoryview(LOG.encode())
    assert decoder.feed(chunk) is chunk
    assert decoder.feed(view) is view
    assert decoder.flush() == b""


def test_a_mark_is_cut_off_without_a_copy() -> None:
    """Behind a UTF-8 mark the rest is a view of what was fed."""
    rest = Decoder().feed(b"\xef\xbb\xbfgc 1")
    assert isinstance(rest, memoryview)
    assert bytes(rest) == b"gc 1"


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=8))
def test_where_a_stream_is_cut_changes_nothing(stream: bytes, cuts: list[int]) -> None:
    """Any bytes, cut anywhere: what is settled after the first 8 bytes does not depend on the chunks."""
    first = [cut + 128 for cut in cuts]
    whole = decoded(b"x" * 128 + stream, [])
    assert decoded(b"x" * 128 + stream, first) == whole
    assert isinstance(decoded(stream, cuts), bytes)


@pytest.mark.parametrize("hole", [1, 2, 3, 4096])
def test_a_hole_left_by_copytruncate_is_no_utf16(hole: int) -> None:
    """NULs in front of UTF-8 text stay NULs."""
    stream = b"\0" * hole + LOG.encode()
    assert decoded(stream, []) == stream
    assert decoded(stream, [1, 2, 3, 4, 5]) == stream


def test_half_a_unit_and_half_a_pair_become_replacement_characters() -> None:
    """A UTF-16 file that was cut, or holds a lone surrogate, is still read to its end."""
    assert decoded("gc 1".encode("utf-16-le") + b"\x3d\xd8" + b"ab\0\0"[:1], []).decode().startswith("gc 1\ufffd")
    assert decoded("gc 12345".encode("utf-16-le") + b"\n", []).decode() == "gc 12345\ufffd"


def test_after_a_flush_a_new_stream_begins() -> None:
    """A rotated file may come in another encoding."""
    decoder = Decoder()
    decoder.feed(ENCODINGS["utf-16-le with a mark"])
    decoder.flush()
    assert decoder.feed(LOG.encode()) == LOG.encode()


def test_nuls_are_stripped_from_a_line() -> None:
    """The hole is removed; a line without one is the same object."""
    line = b"gc 1 @0.016s"
    assert strip_nul(b"\0\0\0" + line) == line
    assert strip_nul(line) is line


@pytest.mark.parametrize(
    ("line", "cleaned"),
    [
        (b"\x1b[36mINFO\x1b[0m[0000] hello", b"INFO[0000] hello"),
        (b"\x1b[38;5;196mred\x1b[K\x1b[m", b"red"),
        (b"\x1b]0;title\x07hello \x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", b"hello link"),
        (b"\x1bPq#0;1\x1b\\hello\x1b(B", b"hello"),
        (b"\x1b]never closed, text stays", b"never closed, text stays"),
        (b"cut at the end \x1b[3", b"cut at the end 3"),
        (b"#033[31mred#033[0m", b"red"),
        (b"^[[1;31mred^[[0m", b"red"),
        (rb"\x1b[31mred\u001b[0m \033[1mbold\e[0m", b"red bold"),
        (b"hello\r", b"hello"),
        (b"hello#015", b"hello"),
        (b"\0\0hello\0", b"hello"),
        (b"\xef\xbb\xbfhello", b"hello"),
        (b"4-&gt;4-&gt;2 MB &lt;nil&gt; &amp;gt; &quot;it&#39;s&quot;", b'4->4->2 MB <nil> &gt; "it\'s"'),
        (b"5 MB goal, 4 P</pre>", b"5 MB goal, 4 P"),
        (b"5 MB goal, 4 P</pre>\r", b"5 MB goal, 4 P"),
        (b"#011/src/main.go:12 +0x1d", b"\t/src/main.go:12 +0x1d"),
    ],
)
def test_what_terminals_pages_and_syslog_add_is_removed(line: bytes, cleaned: bytes) -> None:
    """Escape sequences, carriage returns, NULs, marks, entities and the end of a <pre>."""
    assert plain(line) == cleaned


@pytest.mark.parametrize(
    "line", [b"", b"gc 1 @0.016s 9%: 4->4->2 MB", b"a & b; c", b"#42 [x] &copy;", "größe ﬁ 🦫".encode(), rb'"a\\b"']
)
def test_a_clean_line_is_left_alone(line: bytes) -> None:
    """Nothing is done to it; where nothing looks suspicious not even a copy is made."""
    assert plain(line) == line
    assert plain(line) is line or any(letter in line for letter in b"&#\\\xef")


@settings(deadline=None, max_examples=300)
@given(st.lists(st.sampled_from([b"\x1b", b"[", b"]", b"31m", b"\0", b"\r", b"a", b"&amp;", b"#033[", b"\x07", b"\\"])))
def test_no_escape_survives(parts: list[bytes]) -> None:
    """However sequences are nested or cut, neither ESC nor NUL is left."""
    cleaned = plain(b"".join(parts))
    assert b"\x1b" not in cleaned
    assert b"\0" not in cleaned


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", r"\x1b[31mred"),
        ("a\tb\nc\r", r"a\tb\nc\r"),
        ("\x00\x7f\x9b", r"\x00\x7f\x9b"),
        ("user\u202egnp.exe", r"user\u202egnp.exe"),
        ("\u2066x\ufeff\u200b\U000e0041", r"\u2066x\ufeff\u200b\U000e0041"),
        (b"caf\xe9", r"caf\xe9"),
        ("\ud800", r"\ud800"),
        ("größe → 🦫 日本", "größe → 🦫 日本"),
    ],
)
def test_dangerous_characters_are_shown_and_not_obeyed(text: str | bytes, shown: str) -> None:
    """Control characters, bidi overrides and invalid bytes become visible; letters of any script stay."""
    assert show(text) == shown


def test_a_long_text_is_cut_in_the_middle() -> None:
    """Its beginning and its end tell most."""
    assert show("abcdefghij", 5) == "ab…ij"
    assert show("abcdefghij", 4) == "ab…j"
    assert show("abcdefghij", 10) == "abcdefghij"
    assert show("abc", 1) == "…"
    assert show(b"x" * 10**6 + b"end", 9) == "xxxx…xend"


@settings(deadline=None, max_examples=300)
@given(st.text(max_size=100) | st.binary(max_size=100), st.integers(-1, 60))
def test_nothing_shown_can_move_the_cursor(text: str | bytes, limit: int) -> None:
    """No control or format character but the joiners, nothing longer than asked for, and always encodable."""
    shown = show(text, limit)
    assert len(shown) <= max(1, limit)
    assert not any(unicodedata.category(letter) in {"Cc", "Cs", "Zl", "Zp"} for letter in shown)
    assert not set(shown) & set("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u061c\ufeff")
    shown.encode()
