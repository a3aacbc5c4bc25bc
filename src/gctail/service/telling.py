"""What a service tells, as findings: each with an id that depends on service, kind and place alone."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

from msgspec.structs import replace

from gctail.detectors import Signal
from gctail.epochs import Epoch
from gctail.parsing.causes import CAUSES, ON_PURPOSE
from gctail.pulse import Pulse
from gctail.records import Death, Finding, GcCycle, Sighting
from gctail.service import advising
from gctail.service.advising import LEAKS


def of_signals(
    service: str, epoch: Epoch, signals: list[Signal], sighting: Sighting, time_s: float | None
) -> list[Finding]:
    """What the judge of a process, or a rule, signalled at a collection; `time_s` is Unix time."""
    cycle = sighting.record
    uptime_s = cycle.uptime_s if isinstance(cycle, GcCycle) else None
    number = cycle.number if isinstance(cycle, GcCycle) else None
    place = sighting  # what time has brought stands nowhere in the log, and is told after this collection
    if not sighting.origin:
        place = replace(sighting, origin=f"epoch {epoch.index}", offset=number or 0)
    replay = {"origin": sighting.origin, "until_offset": sighting.offset, "epoch": epoch.index, "number": number}
    accused = [_accused(epoch, signal) for signal in signals]
    return [
        Finding(
            _id(service, signal.kind + signal.phase, place.origin, place.offset),
            signal.kind,
            signal.severity,
            service,
            epoch.index,
            time_s,
            uptime_s,
            sighting.offset,
            signal.summary,
            {"phase": signal.phase, **signal.evidence, "replay": replay},
            suspects=suspects,
            advice=advising.on_signal(epoch, signal, suspects),
        )
        for signal, suspects in zip(signals, accused, strict=True)
    ]


def _accused(epoch: Epoch, signal: Signal) -> tuple[dict[str, Any], ...]:
    """Whom the log suspects at this moment, where the signal is about a leak."""
    if signal.kind not in LEAKS or signal.phase == "resolved" or epoch.mine is None:
        return ()
    return tuple(epoch.grown_with(signal.evidence.get("onset_uptime_s") or 0.0))


def of_death(service: str, epoch: Epoch | None, sighting: Sighting, death: Death, time_s: float | None) -> Finding:
    """A process has died.

    Its id depends on the words of the report, too: a kernel's log that is read again after a crash, in another order of
    its rotated files, may have another kill at the same place.
    """
    uptime_s = epoch.last_uptime_s if epoch is not None and epoch.last is not None else None
    title, name, pid = CAUSES.get(death.cause, death.cause), death.details.get("process"), death.details.get("pid")
    who = "the process"
    if name and (epoch is None or epoch.last is None):  # a kernel's log tells of many, and has no collections
        who = f"{name} (pid {pid})" if pid else str(name)
    return Finding(
        _id(service, f"death\0{death.text}", sighting.origin, sighting.offset),
        "death",
        "info" if death.cause == ON_PURPOSE else "critical",
        service,
        epoch.index if epoch is not None else 0,
        time_s,
        uptime_s,
        sighting.offset,
        f"{who} {title}" if death.cause == ON_PURPOSE else f"{who} died: {title}",
        {"cause": death.cause, "source": death.source, **death.details},
        lines=death.lines[:8],
        advice=advising.on_death(epoch, death),
    )


def of_life(service: str, epoch: Epoch, sighting: Sighting, texts: set[str]) -> Finding:
    """A process that was said to have died goes on; `texts` are what said so."""
    return Finding(
        _id(service, "death-resolved", sighting.origin, sighting.offset),
        "death",
        "info",
        service,
        epoch.index,
        epoch.last_time_s,
        epoch.last_uptime_s,
        sighting.offset,
        "the process lives: it goes on collecting",
        {"phase": "resolved"},
        lines=tuple(sorted(texts))[:8],
    )


IN_DANGER, LEFT = "in-danger", "left"
"""Why nothing comes: its next collection was due above its limit; or it has said goodbye."""


def of_silence(  # noqa: PLR0913, PLR0917  (who, what is known of it, and when)
    service: str, epoch: Epoch | None, pulse: Pulse, silent_s: float, now_s: float, why: str = ""
) -> Finding:
    """Nothing has been written for `silent_s`, or, as soon as the pulse is no longer silent, something is again."""
    longest_s = pulse.longest_s
    if pulse.is_silent and why == LEFT:
        phase, severity = "onset", "info"
        summary = f"it said goodbye, and has written nothing for {silent_s:.0f} s"
    elif pulse.is_silent:
        phase, severity = "onset", "warning"
        summary = f"nothing was written for {silent_s:.0f} s; the longest pause before was {longest_s:.0f} s"
        if why == IN_DANGER:
            severity = "critical"
            summary += "; its next collection was due above the limit: it may have been killed for memory"
    else:
        phase, severity = "resolved", "info"
        summary = f"it writes again, after {silent_s:.0f} s"
    return Finding(
        _id(service, f"silent{phase}", "silence", pulse.silences),
        "silent",
        severity,
        service,
        epoch.index if epoch is not None else 0,
        now_s,
        None,
        0,
        summary,
        {"phase": phase, "silent_s": round(silent_s, 1), "longest_pause_s": round(longest_s, 1)},
    )


def _id(service: str, kind: str, origin: str, offset: int) -> str:
    place = f"{service}\0{kind}\0{origin}\0{offset}"
    return blake2b(place.encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()
