"""What all services came to, as the one object of `--output json`."""

from __future__ import annotations

from typing import Any

from gctail.engine.engine import Engine
from gctail.epochs import Epoch
from gctail.records import Death, Verdict
from gctail.service import Service


def report(engine: Engine, reading: dict[str, Any]) -> dict[str, Any]:
    """The whole outcome as one object, the JSON of `--output json`; `reading` is what is known of the input."""
    told = [_service_report(service) for service in engine.services.values() if service.kinds]
    samples = sum(service.kinds.get("heap-sample", 0) for service in engine.services.values())
    notes = [*reading.get("notes", ())]
    if engine.untimed:
        notes.append(f"{engine.untimed} records have no time, and were left out by --since and --until")
    added = engine.plan.added.values() if engine.plan is not None else ()
    notes += [
        f'detector "{each.name}" has failed ({each.failures} ×): it is silent since' for each in added if each.failures
    ]
    lines = {
        "notes": notes,
        "heap_samples": samples,
        **counts(engine),
    }
    return {"services": told, "input": {**reading, **lines}}


def counts(engine: Engine) -> dict[str, Any]:
    """What was read of all services together: collections, and what was torn, not understood, missing or doubled."""
    services = engine.services.values()
    ledgers = [service.ledger() for service in services]
    return {
        "gc_lines": sum(service.collections for service in services),
        "mended": sum(service.mended for service in services),
        "unreadable": sum(service.unreadable for service in services),
        "ledger": {name: sum(ledger[name] for ledger in ledgers) for name in ("seen", "missing", "doubled", "late")},
    }


def _service_report(service: Service) -> dict[str, Any]:
    epoch, verdict = service.judged()
    findings = list(service.findings)
    suspects, indistinct = service.accusation()
    return {
        "service": service.name,
        "epochs": service.processes.seen,
        "epoch": epoch.index if epoch else None,
        "collections": service.collections or service.ledger()["seen"],
        "records": dict(service.kinds),
        "verdict": verdict,
        "heap": _heap(epoch) if epoch else None,
        "since": _since(service, epoch) if epoch is not None and verdict is not None and verdict.leak else None,
        "limit_known": _limit_known(service, epoch),
        "death": _death_report(service),
        "suspects": suspects,
        "indistinct": indistinct,
        "turned": _turned(epoch, verdict) if epoch is not None and verdict is not None and verdict.leak else "",
        "grows_with": [] if suspects else service.grows_with(),
        "mined_lines": epoch.mined_lines if epoch else 0,
        "last_lines": service.lines_at_the_end(),
        "last_line_says": service.last_line_says(suspects) if service.deaths or (verdict and verdict.leak) else None,
        "findings": findings,
        "ledger": {
            **service.ledger(),
            "gaps": [
                {"epoch": each.index, "first": gap.first, "last": gap.last, "uptime_s": gap.uptime_s}
                for each in service.epochs
                for gap in each.ledger.gaps[:8]
            ][:16],
        },
        "unreadable": list(service.specimens),
    }


def _turned(epoch: Epoch, verdict: Verdict) -> str:
    """What the log said differently from the beginning of the leak on."""
    if epoch.mine is None or verdict.onset_uptime_s is None:
        return ""
    from gctail.attribution.turning import turned
    from gctail.attribution.usual import Usual

    return turned(Usual(epoch.mine, epoch.begin_s), verdict.onset_uptime_s)


def _limit_known(service: Service, epoch: Epoch | None) -> bool:
    derived = epoch.last_derived if epoch is not None else None
    return service.limit_mib is not None or (derived is not None and derived.memory_limit_estimate_mib is not None)


def _since(service: Service, epoch: Epoch) -> dict[str, Any] | None:
    """What became of a service whose leak is that of an earlier process, or of another one beside it."""
    later, verdict = service.processes.after(epoch)
    if later is None or verdict is None:
        return None
    return {
        "epoch": later.index,
        "beside": service.processes.mixed,
        "collections": later.ledger.seen,
        "verdict": verdict,
        "heap": _heap(later),
    }


def _heap(epoch: Epoch) -> dict[str, Any]:
    first, last, derived = epoch.first, epoch.last, epoch.last_derived
    if first is None or last is None or derived is None:
        return {}
    return {
        "first_live_mib": first.heap_live_mib,
        "last_live_mib": last.heap_live_mib,
        "last_goal_mib": last.goal_mib,
        "stacks_mib": last.stacks_mib,
        "next_goal_mib": derived.next_goal_mib,
        "gogc": derived.gogc_estimate,
        "memory_limit_estimate_mib": derived.memory_limit_estimate_mib,
        "first_uptime_s": first.uptime_s,
        "last_uptime_s": last.uptime_s,
        "last_time_s": epoch.last_time_s,
        "after_start": epoch.judge.after_start() if epoch.judge is not None else None,
        "go": last.go,
        "procs": last.procs,
    }


def _death_report(service: Service) -> dict[str, Any] | None:
    if not service.deaths:
        return None
    sighting = service.deaths[-1]
    death = sighting.record
    if not isinstance(death, Death):
        return None
    epoch = next((each for each in reversed(service.epochs) if sighting in each.deaths), None)
    return {
        "cause": death.cause,
        "confidence": death.details.get("confidence", 0.95),
        "source": death.source,
        "text": death.text,
        "evidence": [death.text, *(line for line in death.lines if line != death.text)][:8],
        "details": death.details,
        "origin": sighting.origin,
        "offset": sighting.offset,
        "time_s": sighting.time_s,
        "epoch": epoch.index if epoch is not None else None,
        "limit_mib": service.limit_mib,
        "heap": _heap_at_death(epoch) if epoch is not None else None,
    }


def _heap_at_death(epoch: Epoch) -> dict[str, Any] | None:
    last, derived = epoch.last, epoch.last_derived
    if last is None:
        return None
    return {
        "live_mib": last.heap_live_mib,
        "next_goal_mib": derived.next_goal_mib if derived is not None else None,
    }
