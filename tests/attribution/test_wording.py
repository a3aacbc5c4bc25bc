"""What is known of a suspect, in words."""

import pytest

from gctail.attribution.wording import beside, kept, keyed, said, sentence

SUSPECT = {
    "kind": "keys", "slot": "user", "field": None, "share": 1.0, "correlation": 0.999, "p_value": 0.003,
    "per_event_kib": 12.0, "events": 300, "distinct": 250,
}  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({}, "the heap grew with every new user"),
        ({"slot": "#2"}, "the heap grew with every new value no. 2"),
        ({"slot": "#2", "template": "order <*> of <*> taken"}, 'the heap grew with every new value after "of"'),
        ({"slot": "#1", "template": "order=(<*>)"}, 'the heap grew with every new value after "order"'),
        ({"slot": "#1", "template": "<*> taken"}, "the heap grew with every new value no. 1"),
        ({"slot": "#3", "template": "order <*> of <*>"}, "the heap grew with every new value no. 3"),
        ({"kind": "level", "field": "size"}, "field size grew with the heap"),
        ({"kind": "level", "field": "#1"}, "value no. 1 grew with the heap"),
        ({"kind": "sum", "field": "bytes"}, "the sum of field bytes grew with the heap"),
        ({"kind": "lines"}, "the heap grew with every such line"),
        ({"kind": "lines", "only": "tenant=acme"}, "the heap grew with every such line with tenant acme"),
        (
            {"kind": "lines", "only": "tenant=acme", "only_share": 0.12},
            "the heap grew with every such line with tenant acme (12 % of them)",
        ),
        (
            {"kind": "lines", "only": "#2=acme", "template": "order <*> for <*> placed"},
            "the heap grew with every such line",  # "order <*> for acme placed" is what they say
        ),
        ({"kind": "lines", "less": "closed"}, 'the heap grew with every such line, less those that say "closed"'),
    ],
)
def test_what_grew_with_the_heap_is_told(changed, told):
    assert sentence({**SUSPECT, **changed}).startswith(f"{told} (r 1.00, p 0.003); ")


def test_retries_of_few_keys_are_kept_by_the_line_and_not_by_the_key():
    """633 jobs are tried 3334 times: what grows is not the number of jobs."""
    retries = {**SUSPECT, "kind": "lines", "events": 3334, "distinct": 633}
    assert not keyed(retries)
    assert keyed({**retries, "distinct": 2800})
    assert keyed({**retries, "kind": "keys"})


def test_how_much_of_what_came_stays_is_told():
    told = sentence({**SUSPECT, "kind": "lines", "less": "closed", "held_share": 0.19})
    assert "12 KiB kept for each that stays, 19 % of 300 lines; it explains 100 % of the growth" in told


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"kind": "level"}, "12 KiB kept per entry"),
        ({"kind": "sum", "field": "bytes"}, "12 KiB kept for each unit of bytes"),
        ({"kind": "keys"}, "12 KiB kept for each value"),
        ({"kind": "lines"}, "12 KiB kept for each line"),
        ({"kind": "lines", "less": "closed"}, "12 KiB kept for each that stays"),
        ({"per_event_kib": None}, ""),
    ],
)
def test_what_is_kept_for_each_is_told_in_a_few_words(changed, told):
    assert kept({**SUSPECT, **changed}) == told


@pytest.mark.parametrize(
    ("message", "template", "words"),
    [
        ("user logged in", "user logged in user=<*> method=<*>", "user logged in"),
        ("put(key=, size=)", "put(key=<*>, size=<*>)", "put(key=<*>, size=<*>)"),
        ("put(key=, size=) →", "put(key=<*>, size=<*>) → of=<*>", "put(key=<*>, size=<*>) → of=<*>"),
        ("row of kept", "row <*> of <*> kept file=<*> line=<*>", "row <*> of <*> kept"),
        ("row of kept file=", "row <*> of <*> kept file=<*>", "row <*> of <*> kept"),
        ("row= of=", "row=<*> of=<*>", "row=<*> of=<*>"),
        ("hold_placed,,", "hold_placed,<*>,<*> logger=<*>", "hold_placed"),
        ("took ,", "took <*>,<*>", "took <*>,<*>"),
        ("CEF:|Norsk|Flow|||flow opened|| rt=", "CEF:<*>|Norsk|Flow|<*>|<*>|flow opened|<*>| rt=<*>", "flow opened"),
        ("CEF:|Norsk", "CEF:<*>|Norsk", "CEF:<*>|Norsk"),
        ("", "<*> <*>", "<*> <*>"),
        ("render failed", None, "render failed"),
    ],
)
def test_a_suspect_is_shown_without_holes(message, template, words):
    """Where variables stand within its message, the template shows where; those behind it are left out."""
    assert said({"message": message, "template": template}) == words


def test_suspects_that_each_explain_all_of_it_are_alternatives():
    """Three times 100 % of a growth would be three leaks to a reader."""
    alone = [{"group": 1, "share": 1.0}, {"group": 2, "share": 1.0}, {"group": 2, "share": 0.9}]
    parts = [{"group": 1, "share": 0.6}, {"group": 2, "share": 0.4}, {"group": 2, "share": 0.05}]
    assert [beside(each) for each in (alone, parts, [])] == [["", "or", "or"], ["", "and", "or"], []]


@pytest.mark.parametrize(
    ("template", "only", "words"),
    [
        ("peer of <*> speaks <*>", "#2=v1", "peer of <*> speaks v1"),
        ("peer speaks <*> conn=<*>", "#1=v1", "peer speaks v1"),
        ("peer speaks <*> conn=<*>", "tenant=acme", "peer speaks"),
        ("peer speaks", "#1=v1", "peer speaks"),
    ],
)
def test_a_word_that_all_lines_have_that_are_meant_stands_in_its_place(template, only, words):
    message = " ".join(template.partition(" conn=")[0].replace("<*>", "").split())
    assert said({"message": message, "template": template, "only": only}) == words
