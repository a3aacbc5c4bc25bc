"""What a kernel says of kills in the middle of an application's log: dmesg or a journal pasted, or mixed in.

Lines with a kernel's prefix are not looked for in the quick lane, where `[` begins half of all application lines; they
are read where a process has ended: in the text before it.
"""

from __future__ import annotations

import re

from gctail.parsing.deaths import Step
from gctail.parsing.kernel import KernelReader
from gctail.records import Death

_PREFIXED = re.compile(  # [  731.937672]   [Fri Nov 27 14:50:19 2026]   <4>[…]   … host kernel:
    rb"^(?:[^\n]{0,120}?\bkernel: )?(?:<\d{1,3}>)?"
    rb"(?:\[ {0,12}\d{1,12}\.\d{3,9}\] |\[\D[^\]\n]{8,36}\d{4}\] |(?<=kernel: ))", re.MULTILINE
)  # fmt: skip
_NEEDS = (b"illed process ", b"oom-kill:constraint=")


def kills_in(text: bytes) -> list[tuple[int, Death]]:
    """The kills that lines with a kernel's prefix tell of, with the place in the text where each begins."""
    if not any(need in text for need in _NEEDS):
        return []
    reader, found, begun = KernelReader(), list[tuple[int, Death]](), 0

    def take(step: Step) -> None:
        if isinstance(step.record, Death):
            found.append((begun, step.record))

    for match in _PREFIXED.finditer(text):
        end = text.find(b"\n", match.end())
        line = text[match.start() : end if end >= 0 else None].rstrip(b"\r")
        if not reader.busy:
            if not reader.starts(text[match.end() : match.start() + len(line)]):
                continue
            begun = match.start()
        take(reader.feed(line))
    take(reader.flush())
    return found
