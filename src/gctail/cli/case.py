"""The case that the options of `gctail postmortem` name: logs, with all that goes with them, or a bundle of them."""

from __future__ import annotations

import argparse
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from gctail.cli.inputs import opener_of
from gctail.cli.judging import limit_of
from gctail.cli.progress import Progress
from gctail.cli.window import window
from gctail.cli.wrapping import lexicon_of
from gctail.engine import USUAL_MINING, Engine
from gctail.errors import UsageError
from gctail.postmortem.certificate import Case
from gctail.postmortem.keyed import Looked
from gctail.postmortem.proofs import kept
from gctail.runners.autopsy import Autopsy
from gctail.runners.bundle import is_bundle
from gctail.runners.local import Reading
from gctail.runners.places import Places, is_pipe
from gctail.store.recorder import recorded

MOST_READ_TWICE_BYTES = 64 << 20
MOST_PROFILES = 2


class Read(Struct):
    """What was read: the case, the places of its inputs, what failed, and the inputs by what they are."""

    case: Case
    places: Places
    failed: list[str]
    inputs: dict[str, str]
    """Origin to role: log, kernel, events or profile."""
    looked: list[Looked]
    """The keys of the suspects."""


def read(options: argparse.Namespace) -> Read:
    """Read logs, or a bundle. Where the limit is told only by the kernel, the logs are judged again, knowing it."""
    options.files = [path for file in options.files for path in (recorded(file) if Path(file).is_dir() else [file])]
    if len(options.files) == 1 and not is_pipe(options.files[0]) and is_bundle(options.files[0]):
        return _unpacked(options)
    found = _once(options, limit_of(options))
    limit = _found_limit(found.case)
    if options.limit is None and limit is not None and found.case.input.get("bytes", 0) <= MOST_READ_TWICE_BYTES:
        return _once(options, limit, found.places)
    return found


def _once(
    options: argparse.Namespace,
    limit_mib: float | None,
    places: Places | None = None,
    years: dict[str, int] | None = None,
    bundled: dict[str, str] | None = None,
) -> Read:
    engine = Engine(limit_mib=limit_mib, only=options.service, window=window(options))
    engine.mined.share = USUAL_MINING
    engine.hear_replicas()
    reading = Reading(service=options.service, wrapper=options.wrapper, lexicon=lexicon_of(options, bundled))
    reading.years = years or {}
    with Progress(options.files) as progress:
        autopsy = Autopsy(reading, engine, progress.tell, places or Places(opener_of(options)))
        autopsy.logs(options.files)
        for path in options.kernel_log:
            autopsy.kernel(_readable(path, "--kernel-log", autopsy.places))
        for path in options.events:
            autopsy.events(_readable(path, "--events", autopsy.places))
        for path in options.profile:
            autopsy.profile(_readable(path, "--profile", autopsy.places))
        if options.source is not None:
            autopsy.source(options.source)
        engine.conclude()
        case = autopsy.case(limit_is_given=options.limit is not None)
    inputs = dict.fromkeys(options.files, "log")
    inputs |= dict.fromkeys(options.kernel_log, "kernel") | dict.fromkeys(options.events, "events")
    inputs |= dict.fromkeys(options.profile, "profile")
    return Read(case, autopsy.places, reading.failed, inputs, autopsy.looked)


def _found_limit(case: Case) -> float | None:
    """The limit that the kernel or the cluster told of the only service."""
    if len(case.certificates) != 1:
        return None
    memory = case.certificates[0].memory
    return memory.limit_mib if memory.limit_source in {"kernel", "kubernetes"} else None


def _unpacked(options: argparse.Namespace) -> Read:
    """Read a bundle as if its logs were here; where they are not whole, its own certificates count."""
    from gctail.runners.bundle import Opened

    bundle = Opened(options.files[0])
    manifest = bundle.manifest
    again = argparse.Namespace(**vars(options))
    again.files, again.kernel_log = bundle.inputs("log"), bundle.inputs("kernel") + options.kernel_log
    again.events = bundle.inputs("events") + options.events
    again.profile = (bundle.inputs("profile") + options.profile)[-MOST_PROFILES:]
    again.limit, again.service = options.limit or manifest.limit, options.service or manifest.service
    again.wrapper = options.wrapper or manifest.wrapper
    again.since, again.until = options.since or manifest.since, options.until or manifest.until
    years = {member.origin: member.year for member in manifest.members if member.year is not None}
    found = _once(again, limit_of(again), bundle.places, years, manifest.taught)
    limit = _found_limit(found.case)
    if again.limit is None and limit is not None:
        found = _once(again, limit, bundle.places, years, manifest.taught)
    if bundle.case is None:
        note = f"read from a bundle of {manifest.made_by}, whose certificate this version cannot read: judged anew"
        notes = [*found.case.input.get("notes", ()), note]
        found.case = replace(found.case, input={**found.case.input, "notes": notes})
        return found
    found.case = kept(found.case, bundle.case)
    same = verdicts(found.case) == verdicts(bundle.case)
    note = f"read from a bundle that {manifest.made_by} made; judged again here: "
    note += "the same verdict" if same else f"another verdict than then ({verdicts(bundle.case)})"
    case = found.case if bundle.whole else bundle.case
    if not bundle.whole:
        note += "; its logs are parts, so the certificates are those of the whole"
    notes = [*case.input.get("notes", ()), note]
    found.case = replace(case, input={**case.input, "notes": notes}, redacted=bundle.case.redacted)
    return found


def verdicts(case: Case) -> str:
    """Cause and verdict of every service, in words: what a bundle must reproduce."""
    told = [f"{each.service}: {each.cause.name}, {(each.verdict or {}).get('kind')}" for each in case.certificates]
    return "; ".join(sorted(told))


def _readable(path: str, option: str, places: Places) -> str:
    """The path, where there is something to read."""
    if path != "-" and not Path(places.path(path)).exists():
        raise UsageError(f"{option} {path}: there is no such file")
    return path
