"""A pattern that a line could keep busy is refused before it runs; one that is written with care is not."""

import re

import pytest

from gctail.parsing.backtracking import MOST_WAYS, refused, ways
from gctail.parsing.formats import formats
from gctail.parsing.signatures import signatures


@pytest.mark.parametrize(
    "pattern",
    [
        r"(\w+)*x",
        r"(?:a+)+b",
        r"(?>(?:a+)+b)",
        r"(?=(?:a+)+b)a",
        r"(?:(?:a+)+b)*+",
        r"(?>(?:(?:a+)+b)*)",
        r"(?>.*(?:ab)*b)",
        r"(?>.*(?:ab)+)",
        r"(?>(?:a|ab){9,})b",
        r"(a|a)*b",
        r"(?:a|ab|b)*c",
        r"(.*)(.*)x",
        r".*a",
        r"\d+\d+x",
        r"(?:\s*\w*)*;",
        r"[a-z]+[b-y]+!",
        r"(?:x?){64}y",
        r"(?:\d{1,60}){1,60}z",
    ],
)
def test_a_pattern_that_a_line_could_keep_busy_is_refused(pattern):
    """Powers and products, also inside of what is atomic, possessive or looked ahead to."""
    assert ways(pattern) > MOST_WAYS
    assert "make repeats possessive" in refused(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        r"(?P<time>\S+) (?P<service>\w+)\[\d+\]: ",
        r"\[(?:[^\]]+)\] ",
        r"(?:\d+,)*;",
        r"(?:a+)++b",
        r"(?>(?:a+)+)b",
        r"(?>(?:[ab]++|ac)*)a",
        r"(?>.*)a",
        r"(?>)a",
        r".{0,40}killed",
        r"process (\d+) \(([^)]+)\) was killed",
        r"(?:one|two|six)+ ",
        r"\w+$",
        r"[^é]+é",
        r"(?i:warn|error)?: ",
        r"(x)?(?(1)a|b)",
    ],
)
def test_a_pattern_in_which_each_repeat_ends_where_the_next_thing_begins_is_not(pattern):
    """There is one way, whatever the line."""
    assert ways(pattern) <= MOST_WAYS
    assert refused(pattern) is None


def test_all_wrappers_that_gctail_brings_would_be_taken_from_a_user():
    """What is asked of a user's patterns is what ours do."""
    assert {head.source for wrapper in formats().wrappers for head in wrapper.heads if refused(head.source)} == set()


def test_what_is_no_pattern_is_said_by_the_compiler():
    """With the place."""
    with pytest.raises(re.error, match="unterminated character set at position 1"):
        refused("a[b")


def test_all_deaths_that_gctail_knows_would_be_taken_from_a_user():
    """A line of one of them, made for it, once took four seconds."""
    assert {each.signature.name for each in signatures() if refused(each.signature.pattern)} == set()
