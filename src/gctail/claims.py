"""Which of the services that are heard a report of a death is about: the same evidence as in a post-mortem.

A report in another log that names somebody else is somebody else's, even where only one service is heard, its last line
has just come, and its heap would fit: while it lives all of that is so nearly always. Who is taken for dead by mistake
wakes somebody; what is not claimed is told all the same, under the name that it gives.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from gctail.epochs import Epoch
from gctail.parsing.messages import time_of
from gctail.records import Death, Sighting
from gctail.service import Service
from gctail.whose.identity import identity
from gctail.whose.matching import (
    WEAK,
    Life,
    Match,
    combined,
    identified,
    match,
    names_another,
    names_in,
    pace_of,
    settled,
)

MOST_COMPARED = 64
"""Of more services only those are looked at that the report names."""
LATEST_PROCESSES = 2
"""A report may come when the next process has begun."""


def claimed(
    event: Sighting, death: Death, services: Iterable[Service], *, waits: bool = False, over: bool = False
) -> Sighting:
    """The report, given to the service it is about, with how sure that is and why; else to whom it names.

    `waits`: logs are read to their ends, and what is not sure can wait until all is known. `over`: they were, and who
    says nothing more may be dead by another name than we know.
    """
    running = [service for service in services if service.collections]
    likely = [service for service in running if service.name == event.service or _named(service.name, death)]
    asked = running if len(running) <= MOST_COMPARED else likely
    best, whose, ours = Match(WEAK if over or waits else 0.0, ()), None, event
    for service in asked:
        told, found = _best(event, death, service, alone=len(running) == 1, over=over)
        if found.confidence > best.confidence:
            best, whose, ours = found, service, told
    if whose is None:
        names = names_in(death.details)
        elsewhere = event.service in {service.name for service in running}
        return replace(event, service=names[0]) if elsewhere and names else event
    confidence = combined(float(death.details.get("confidence", 0.95)), best)
    details = {**death.details, "confidence": round(confidence, 2), "matched": "; ".join(best.reasons)}
    return replace(ours, service=whose.name, record=replace(death, details=details))


def _best(event: Sighting, death: Death, service: Service, *, alone: bool, over: bool) -> tuple[Sighting, Match]:
    """The best match of its latest processes, and the report on its clock."""
    own = event.service == service.name or over
    epochs = list(service.epochs)[-LATEST_PROCESSES:]
    lives = [(epoch, _life(event, service, epoch, alone=alone and own)) for epoch in epochs]
    found = [
        (told := settled(event, life), match(told, life))
        for epoch, life in lives
        if (own or names_another(death.details, life.who) is None)
        and not (epoch.deaths and names_in(death.details) and identified(death.details, life.who) is None)
    ]
    return max(found, key=lambda each: each[1].confidence, default=(event, Match(0.0, ())))


def _life(event: Sighting, service: Service, epoch: Epoch, *, alone: bool) -> Life:
    last, derived = epoch.last, epoch.last_derived
    goal = derived.next_goal_mib if derived is not None else None
    lines = service.lines_at_the_end()
    lately = lines if epoch is service.current else []
    said_s = [when for line in lately if (when := time_of(line, epoch.last_time_s)) is not None]
    return Life(
        service=service.name,
        epoch=epoch.index,
        who=identity(service.name, service.words.first, end="\n".join(lines)),
        start_s=epoch.start_s,
        end_s=max((each for each in (epoch.last_time_s, *said_s[-4:]) if each is not None), default=None),
        live_mib=float(last.heap_live_mib) if last is not None else None,
        most_mib=float(max(goal or last.goal_mib or 0, last.heap_end_mib)) if last is not None else None,
        is_last=epoch is service.current,
        place=(event.origin if event.service == service.name else "", 0, 1 << 62),
        alone=alone,
        pace_s=pace_of(said_s),
    )


def claimant(named: str, death: Death, running: Iterable[str]) -> str | None:
    """By names alone: which of these services others report the death of; None where it is none of them."""
    known = list(running)
    return named if named in known else next((service for service in known if _named(service, death)), None)


def _named(service: str, death: Death) -> bool:
    """`payments-api.service` and the kernel's `payments-api` (cut at 15 characters) are one."""
    names = names_in(death.details)
    return any(_same(service.casefold().removesuffix(".service"), name.casefold()) for name in names)


def _same(service: str, name: str) -> bool:
    other = name.removesuffix(".service")
    if service == other or (len(other) == 15 and service.startswith(other)) or other.startswith(f"{service}-"):
        return True
    return len(other) > 3 and any(part == other for part in service.replace("/", " ").replace(".", " ").split())
