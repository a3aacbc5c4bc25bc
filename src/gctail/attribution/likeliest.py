"""Which of several variables of one line is the key that something is filed under, where all of them are new each time.

One with a time in it, or that holds another variable of its line: `slot=u03743@1795802607408334` after `user=u03743`;
then one that is put together of a token and something else, then one that is called a key. Last are who asked (an
address), lists of others, and what is called a value, whatever stands in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gctail.attribution.hints import stamped
from gctail.attribution.keys.forms import forms
from gctail.attribution.names import words
from gctail.templates.watch import value_of

if TYPE_CHECKING:
    from gctail.templates.courses import Slot, Template

KEY_NAMES = frozenset({"key", "id", "uid", "uuid", "guid"})
VALUE_NAMES = frozenset({"value", "val", "data", "payload", "body", "content", "message", "text"})
LONG = frozenset({"struct", "quoted", "list"})
"""Types of slots that hold more than a key."""
TOKENS = frozenset({"uuid", "hex", "token"})
FEWEST, LEAST_INCLUDED = 4, 3
"""Keys that show how all are made; characters of a value that another one holds by more than chance."""


def rank(template: Template, place: int) -> tuple[bool, ...]:
    """What tells the better of two slots of one line, the better the lower."""
    slot = template.slots[place]
    called = frozenset(words(slot.name))
    return (
        bool(called & VALUE_NAMES),
        not (stamped(slot) or holds_another(template, slot)),
        not is_composed(slot),
        not called & KEY_NAMES,
        slot.type == "ip",
        slot.type in LONG,
    )


def holds_another(template: Template, slot: Slot) -> bool:
    """Whether its value in the example holds that of another slot, and more."""
    if slot.type in LONG or VALUE_NAMES & frozenset(words(slot.name)):
        return False
    line = template.example.encode("utf-8", "replace")
    ours = value_of(slot.name, line) or b""
    theirs = (value_of(each.name, line) or b"" for each in template.slots if each is not slot and each.name)
    return any(LEAST_INCLUDED <= len(each) < len(ours) and each in ours for each in theirs)


def is_composed(slot: Slot) -> bool:
    """Whether its keys are a token and something else that varies: `cart:42:9f86d081884c7d65`."""
    if len(slot.keys) < FEWEST:
        return False
    first = forms([key.text for key in slot.keys])[0]
    varied = [
        kind for kind, column in zip(first.kinds, zip(*first.rows, strict=True), strict=True) if len({*column}) > 1
    ]
    return len(varied) > 1 and not TOKENS.isdisjoint(varied) and len(first.rows) >= FEWEST
