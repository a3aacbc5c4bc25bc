"""The lines that prove something, each with the byte at which it stands."""

from __future__ import annotations

from collections.abc import Callable

from gctail.postmortem.certificate import Quote
from gctail.records import Death, Sighting

Finder = Callable[[str, int, str], int | None]
"""The byte at which the line with this text begins in this input, at or after that byte; None: not found."""

MOST_CHARACTERS = 600
_SAYS = (  # what a line of a report proves, by words in it
    ("invoked oom-killer", "who asked for the memory that was not there"),
    ("memory: usage ", "how much the control group held, and its limit"),
    ("oom-kill:constraint=CONSTRAINT_MEMCG", "a control group met its limit; who was chosen"),
    ("oom-kill:constraint=", "the machine had no memory left; who was chosen"),
    ("Memory cgroup out of memory", "the kernel killed it at the limit of its control group"),
    ("Out of memory: Kill", "the kernel killed it because the machine had none left"),
    ("runtime: out of memory", "what was asked for, and how much address space was mapped"),
    ("out of memory", "Go gave up: no memory"),
    ("goroutine stack exceeds", "the limit that the stack met"),
    ("stack overflow", "Go gave up: the stack was full"),
    ("program exceeds", "how many threads were allowed"),
    ("failed to create new OS thread", "the system gave no new thread"),
    ("concurrent map", "two goroutines were at one map"),
    ("all goroutines are asleep", "nothing could ever run again"),
    ("[signal ", "the signal, and the address"),
    ("panic: ", "the panic"),
    ("SIGQUIT", "somebody asked for the stacks"),
    ("OOMKilled", "an orchestrator says so"),
    ("137", "the status of a process killed by SIGKILL"),
)
_ALSO = ("invoked oom-killer", "memory: usage ", "oom-kill:constraint=", "[signal ", "runtime: ", "fatal error: ")
"""Lines of a report that are quoted beside the decisive one."""


def quotes_of(sighting: Sighting, find: Finder) -> tuple[Quote, ...]:
    """The decisive line of a death first, then those that add something."""
    death = sighting.record
    if not isinstance(death, Death):
        return ()
    lines = [death.text]
    lines += [line for line in death.lines if line != death.text and _adds(line)]
    running = next(
        (at for at, line in enumerate(death.lines) if line.startswith("goroutine ") and "[run" in line), None
    )
    if death.source == "go" and running is not None and not death.cause.startswith("signal-"):
        lines += death.lines[running : running + 1]
        frames = death.details.get("frames") or ()
        own = [line for line in death.lines if frames and line.startswith(str(frames[0]).split(" ", 1)[0])]
        lines += own[:1]
    return tuple(_quote(line, sighting, find) for line in dict.fromkeys(lines[:6]))


def _adds(line: str) -> bool:
    return line.lstrip().startswith(_ALSO) or any(word in line for word in _ALSO[:3])


def _quote(line: str, sighting: Sighting, find: Finder) -> Quote:
    text = line.split("\n", 1)[0]
    at = find(sighting.origin, sighting.offset, text)
    says = next((says for word, says in _SAYS if word in line), "")
    return Quote(text[:MOST_CHARACTERS], sighting.origin, sighting.offset if at is None else at, says)
