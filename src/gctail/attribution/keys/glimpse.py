"""What the few keys that are kept while a log is read already say: for verdicts, where no log is read again."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gctail.attribution.keys.report import report
from gctail.attribution.keys.sample import KeySample, Seen
from gctail.attribution.keys.variants import QUERIES
from gctail.templates.courses import Slot

FEWEST = 8
_KEY = re.compile(r"key|cache_?key", re.IGNORECASE)


def glimpse(slots: Sequence[Slot], suspected: Slot | None) -> str:
    """Why the keys of a suspect are new, in one sentence; empty where they do not say.

    Of the variables of its line, one that calls itself a key comes before the suspected one; that it is an id of what
    happens once is told of that one alone.
    """
    named = next((slot for slot in slots if _KEY.fullmatch(slot.name)), None)
    for slot in (named, suspected):
        told = _sentence(slot, is_suspected=slot is suspected) if slot is not None and len(slot.keys) >= FEWEST else ""
        if told:
            return told
    return ""


def _sentence(slot: Slot, *, is_suspected: bool) -> str:
    sample = KeySample()
    sample.keep(Seen(key.text, key.count, key.first_uptime_s, key.last_uptime_s) for key in slot.keys)
    found = report(sample)
    if found is None:
        return ""
    match found.conclusion:
        case "id" if is_suspected:
            return found.sentence
        case "part":
            return f"{found.sentence.partition('. ')[0].rstrip('.')}."
        case "spelling" if found.variants[0].what == QUERIES:
            why = found.sentence.partition(": without it")[0]
            return f"{why}: leave it out, or keep the few parameters that matter."
        case "spelling":
            return f"The same {slot.name or 'key'} is written in many ways ({found.variants[0].what}): normalise it."
    return ""
