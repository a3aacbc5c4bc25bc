"""What is known of a suspect, in words. Text of the log stands in them as written: whoever shows it escapes it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from gctail.amounts import size

PROVEN = 0.05
ALL_TOGETHER = 1.1
"""Shares of the growth that add up to no more explain it together; else one of the suspects is enough."""
_FIELD = r"[\w.@-]{1,60}=<\*>"
_LAST_FIELDS = re.compile(rf"(?<=[\w>)\].!?%])(?: {_FIELD})+$")
_LAST_COLUMNS = re.compile(r"(?<=[\w)\]])(?:[,;|]<\*>)+$")
"""`hold_placed,<*>,<*>`: the columns behind what is said."""
_CEF_NAME = re.compile(r"CEF:[^|]*(?:\|[^|]*){4}\|([^|]*\w[^|]*)\|")
"""The name of an event in ArcSight's Common Event Format: what is said, between maker, device and severity."""
_FIELDS_ALONE = re.compile(rf"(?:^| ){_FIELD}$")
_LAST_WORD = re.compile(r"(\w[\w.-]{0,39})\W{0,4}$")


def sentence(suspect: Mapping[str, Any], *, accused: bool = True) -> str:
    """Why it is suspected: what grew with the heap, how surely, what is kept for each, and how much that explains.

    How surely is said only of the `accused`: in a growth that is not called a leak there is nothing to prove.
    """
    share = f"explains {suspect['share']:.0%} of the growth".replace("%", " %")
    sure = f", {surely(suspect['p_value'])}" if accused else ""
    return f"{_grew(suspect)} (r {suspect['correlation']:.2f}{sure}); {_kept_of_all(suspect)}; it {share}"


def nobody(indistinct: Sequence[Mapping[str, Any]], lines: int) -> str:
    """That nobody is suspected, and why: no line goes with the growth, or too many do."""
    if not indistinct:
        return f"no log line explains the growth ({lines:,} were looked at)"
    named = ", ".join(f'"{said(each)[:80]}"' for each in indistinct)
    one = len(indistinct) == 1
    apart = f"{'it' if one else 'these lines'} from what writes none" if one else "these lines apart"
    return f"none is proven: the growth is so even that nothing tells {apart}: {named}"


def _grew(suspect: Mapping[str, Any]) -> str:
    template = str(suspect.get("template") or "")
    slot, field = called(suspect.get("slot"), "value", template), called(suspect.get("field"), "field", template)
    only = only_those(suspect)
    match suspect["kind"]:
        case "level":
            return f"{field} grew with the heap"
        case "sum":
            return f"the sum of {field} grew with the heap"
        case "keys":
            among = f" in lines with {only}" if only else ""
            return f"the heap grew with every new {slot}{among}"
    less = suspect.get("less")
    such = f"every such line with {only}" if only else "every such line"
    return f'the heap grew with {such}, less those that say "{less}"' if less else f"the heap grew with {such}"


def beside(suspects: Sequence[Mapping[str, Any]]) -> list[str]:
    """How each suspect stands to those before it: none is before the first; `and` where both may grow, else `or`."""
    words: list[str] = []
    groups: set[object] = set()
    explained = 0.0
    for suspect in suspects:
        both = suspect.get("group") not in groups and explained + (suspect.get("share") or 0.0) <= ALL_TOGETHER
        words.append(("and" if both else "or") if words else "")
        groups.add(suspect.get("group"))
        explained += suspect.get("share") or 0.0
    return words


def only_those(suspect: Mapping[str, Any]) -> str:
    """Which of its lines are meant, where not all are: `tenant acme (12 % of them)`; else empty.

    So it is of a word without a name, which stands in what they say.
    """
    name, _, value = str(suspect.get("only") or "").partition("=")
    if not value or _with_the_word(suspect) != str(suspect.get("template") or ""):
        return ""
    share = suspect.get("only_share")
    part = f" ({share:.0%} of them)".replace("%", " %") if isinstance(share, int | float) else ""
    if not name.startswith("#"):
        return f"{name} {value}{part}"
    word = named(name, str(suspect.get("template") or ""))
    return f'"{value}" {"as" if word.startswith("value no. ") else "after"} {word}{part}'


def one_of_them(suspect: Mapping[str, Any]) -> str:
    """A line as an example; empty where only some of its lines are meant and this is none of those."""
    example, only = str(suspect.get("example") or ""), str(suspect.get("only") or "")
    name, _, value = only.partition("=")
    of_another = value and name != "level" and "<*>" not in value and value not in example
    return "" if of_another else example


def said(suspect: Mapping[str, Any]) -> str:
    """What its lines say: the message, or where variables stand within that, the template, which shows where.

    The fields behind a message are left out either way: most are the same in every line. A word that is the same in all
    lines that are meant stands in its place: `peer of <*> speaks v1`.
    """
    message, template = str(suspect.get("message") or ""), _with_the_word(suspect)
    if not message:
        return template
    if (event := _CEF_NAME.match(template)) is not None:
        return event[1]
    if template.startswith(message) and template == suspect.get("template"):
        return message
    words = _LAST_COLUMNS.sub("", _LAST_FIELDS.sub("", template))
    return template if _FIELDS_ALONE.search(words) else words or message


def _with_the_word(suspect: Mapping[str, Any]) -> str:
    """The template with what its lines have in a variable without a name, where only those are meant."""
    template = str(suspect.get("template") or "")
    place, _, word = str(suspect.get("only") or "").partition("=")
    texts, at = template.split("<*>"), int(place[1:]) if place[:1] == "#" and place[1:].isdecimal() else 0
    if not 0 < at < len(texts):
        return template
    return f"{'<*>'.join(texts[:at])}{word}{'<*>'.join(texts[at:])}"


def keyed(suspect: Mapping[str, Any]) -> bool:
    """Whether its keys are what grows: not where lines are counted and most of them bring a key that came before."""
    distinct, events = suspect.get("distinct"), suspect.get("events")
    return suspect.get("kind") != "lines" or not events or 2 * (distinct or 0) >= events


def called(name: str | None, what: str, template: str = "") -> str:
    """A variable by its name; one that has none by the word of the template before it, or by its place there.

    The place counts the `<*>`: in `order <*> of <*>` the second is the `value after "of"`, else `value no. 2`.
    """
    if name is not None and name.startswith("#"):
        word = named(name, template)
        return word if word.startswith("value no. ") else f'value after "{word}"'
    return f"{what} {name}" if what == "field" else str(name)


def named(name: str, template: str) -> str:
    """A variable in a word, where there is little room: its name, or the word before it, or `value no. 2`."""
    if not name.startswith("#"):
        return name
    texts = template.split("<*>")
    at = int(name[1:]) - 1 if name[1:].isdecimal() else len(texts)
    word = _LAST_WORD.search(texts[at]) if at < len(texts) - 1 else None
    return word[1] if word is not None else f"value no. {name[1:]}"


def values_of(name: str | None, template: str = "") -> str:
    """What its values are called when there are many: `values of user`, `values after "order"`."""
    if not name:
        return "values"
    one = called(name, "value", template)
    return one.replace("value ", "values ", 1) if name.startswith("#") else f"values of {one}"


def proven(p_value: object) -> bool:
    """Whether chance alone would hardly bring it; also where no figure is given, as it was found in another way."""
    return not (isinstance(p_value, int | float) and p_value >= PROVEN)


def surely(p_value: float | None) -> str:
    """How likely chance alone would bring it, where that is small enough to prove something; empty for None."""
    if p_value is None:
        return ""
    if not proven(p_value):
        return "likely, not proven"
    return f"p {p_value:.0e}".replace("e-0", "e-") if p_value < 0.001 else f"p {p_value:.2g}"


def kept(suspect: Mapping[str, Any]) -> str:
    """How much memory is kept for each of what grew; empty where that is not known."""
    memory = suspect.get("per_event_kib")
    if not isinstance(memory, int | float):
        return ""
    match suspect["kind"]:
        case "level":
            of = "per entry"
        case "sum":
            field = called(suspect.get("field"), "value", str(suspect.get("template") or ""))
            of = f"for each unit of {field}"
        case "keys":
            of = "for each value"
        case _:
            of = "for each that stays" if suspect.get("less") else "for each line"
    return f"{size(memory / 1024)} kept {of}"


def _kept_of_all(suspect: Mapping[str, Any]) -> str:
    """The same with how many there were, and how many of those stay."""
    match suspect["kind"]:
        case "keys":
            return kept(suspect).replace("each value", f"each of {suspect['distinct']:,} values")
        case "lines":
            held = suspect.get("held_share")
            left = f", {held:.0%} of {suspect['events']:,} lines".replace("%", " %") if held is not None else ""
            return kept(suspect).replace("each line", f"each of {suspect['events']:,} lines") + left
    return kept(suspect)
