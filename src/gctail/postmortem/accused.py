"""Who is accused, in one line: of the message as much as there is room for, and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from gctail.advice.of_suspect import second
from gctail.attribution.wording import called, keyed, only_those, proven, said, values_of
from gctail.postmortem.certificate import Certificate, Key
from gctail.postmortem.wording import key_called

ROOM = 69
"""Columns beside a label."""
_END = re.compile(r"[\W_]+\w{0,12}$")
"""What is left of a word that was cut, with the signs before it."""


def accused(certificate: Certificate, suspect: dict[str, Any]) -> str:
    """The message, as much of it as one line holds, which of its values grew, and how much of the growth that is."""
    if told := _stays(suspect) or _of_two(certificate.suspects):
        return told
    message = str(suspect.get("message") or suspect.get("template") or "")
    about = (
        _keys(certificate.keys[0], certificate)
        if certificate.keys and certificate.keys[0].message == message and keyed(suspect)
        else ""
    )
    if about:
        return f'"{_brief(said(suspect), ROOM - len(about) - 4)}": {about}'
    name, share = suspect.get("slot") or suspect.get("field"), suspect.get("share")
    distinct, template = suspect.get("distinct"), str(suspect.get("template") or "")
    only = only_those(suspect).replace(" (", ", ").removesuffix(")")  # it stands in brackets itself
    of = called(str(name), "field", template) if name else only
    if name and isinstance(distinct, int):
        of = f"{distinct:,} {values_of(str(name), template)}"
    sure = f": {share:.0%} of the growth" if isinstance(share, float | int) else ""
    if not proven(suspect.get("p_value")):
        sure = ": likely, not proven"
    told = f" ({of})" if of and len(said(suspect)) + len(of) + len(sure) + 5 <= ROOM else ""
    return f'"{_brief(said(suspect), ROOM - len(told + sure) - 2)}"{told}{sure}'


def _stays(suspect: dict[str, Any]) -> str:
    """`"subscribed": 32 % not followed by "unsubscribed"`; empty where nothing takes back what a line brings."""
    less, held = suspect.get("less"), suspect.get("held_share")
    if not less or not isinstance(held, float | int):
        return ""
    sure = "" if proven(suspect.get("p_value")) else ", likely"
    share = f"{held:.0%} not followed by".replace("%", " %")
    room = ROOM - len(f'"": {share} ""{sure}')
    message, taken = said(suspect), str(less)
    if len(message) + len(taken) > room:
        message, taken = _brief(message, room - min(len(taken), room // 2)), _brief(taken, room // 2)
    return f'"{message}": {share} "{taken}"{sure}'


def _of_two(suspects: Sequence[dict[str, Any]]) -> str:
    """`"series registered" 56% and "message parked" 44% of the growth`; empty where one alone may explain it."""
    if second(suspects) is None:
        return ""
    shares = [f"{each['share']:.0%}" for each in suspects[:2]]
    room = (ROOM - len(f'"" {shares[0]} and "" {shares[1]} of the growth')) // 2
    one, other = (f'"{_brief(said(each), room)}" {share}' for each, share in zip(suspects, shares, strict=False))
    return f"{one} and {other} of the growth"


def _keys(key: Key, certificate: Certificate) -> str:
    """How many keys there are, and why; empty where that is not known."""
    if key.found is None:
        return ""
    name = key_called(key, certificate)
    of = "keys" if name == "key" else f"values of {name}" if name == key.slot else name.replace("value", "values", 1)
    many = f"{key.distinct:,} {of}"
    match key.found.conclusion:
        case "part":
            mixed = key.found.mixture
            which = "each" if mixed is None else f"{mixed.keys / (mixed.keys + mixed.others):.0%}"
            return f"{many}, {which} with a {key.found.cause}"
        case "spelling":
            return f"{many}, one thing written in many ways"
    return ""


def _brief(message: str, room: int) -> str:
    """The first words, as many as there is room for."""
    if len(message) <= room:
        return message
    return _END.sub("", message[:room]) + "…"
