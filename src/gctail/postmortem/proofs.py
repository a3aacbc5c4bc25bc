"""What lies outside the log and bears witness too, put where it belongs: heap profiles, and the program's source."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from msgspec.structs import replace

from gctail.golang.profiles import HeapProfile
from gctail.golang.source import Sources
from gctail.postmortem.certificate import Case, Certificate
from gctail.postmortem.held import with_profiles
from gctail.postmortem.sourced import with_source
from gctail.postmortem.writing import finished


def proven(case: Case, profiles: Sequence[tuple[str, HeapProfile]] = (), sources: Sources | None = None) -> Case:
    """The case with what heap profiles say, each named by its file, and where both and the log lead in the source.

    Profiles belong to one service; the source is looked through for all.
    """
    if not case.certificates or not (profiles or sources):
        return case
    mine = _service_of(profiles, case.certificates) if profiles else None
    told = []
    for certificate in case.certificates:
        held = with_profiles(certificate, profiles) if certificate is mine else certificate
        told.append(finished(with_source(held, sources) if sources is not None else held))
    return replace(case, certificates=tuple(told))


def kept(now: Case, then: Case) -> Case:
    """A case that was judged again without the source, with what the source had said then."""
    known = {each.service: each for each in then.certificates if each.places}
    return replace(now, certificates=tuple(_with_places(each, known.get(each.service)) for each in now.certificates))


def _with_places(now: Certificate, then: Certificate | None) -> Certificate:
    if then is None or now.places:
        return now
    told = {(each.get("template"), each.get("slot")): each.get("source") for each in then.suspects}
    suspects = tuple({**each, "source": told.get((each.get("template"), each.get("slot")))} for each in now.suspects)
    holds = then.holds if now.holds else ()
    return finished(replace(now, places=then.places, suspects=suspects, holds=holds))


def _service_of(profiles: Sequence[tuple[str, HeapProfile]], certificates: Sequence[Certificate]) -> Certificate:
    """The service whose name is that of the executable; where none is, the worst."""
    programs = {PurePosixPath(profile.program).stem for _, profile in profiles if profile.program}
    return next((each for each in certificates if each.service in programs), certificates[0])
