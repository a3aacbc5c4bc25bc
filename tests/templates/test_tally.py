"""What is remembered of a template when others turn out to be the same."""

from gctail.templates.sketch import HOLE
from gctail.templates.slots import Span, When
from gctail.templates.tally import Tally


def test_keys_that_stood_within_a_word_are_kept_when_the_whole_word_varies():
    """`avatar key 5d4` was one template, `avatar key default` another; then the word is a variable of both."""
    keyed = Tally("info", (b"avatar", b"key", HOLE), b"avatar key 5d4", 0.0)
    spoken = Tally("info", (b"avatar", b"key", b"default"), b"avatar key default", 0.0)
    keys = [b"%x4" % at for at in range(20)]
    keyed.add(len(keys), 1.0)
    keyed.fill("2.0", "", "id", keys, When(1.0, 0, 0))
    spoken.add(7, 1.0)
    keyed.absorb([spoken], (b"avatar", b"key", HOLE), frozenset({2}))
    for tally in (keyed, spoken):
        tally.close(0, Span(0, 1, 0.0, 1.0))
    assert [*keyed.slots] == ["2"]
    assert keyed.slots["2"].key == "2"
    assert sum(keyed.slots["2"].new_keys.values) == len(keys) + 1, "of the keys, and of the word"
