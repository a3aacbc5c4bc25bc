"""What lies outside the log and bears witness too, put into the certificates that it belongs to: heap profiles."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from msgspec.structs import replace

from gctail.golang.profiles import HeapProfile
from gctail.postmortem.certificate import Case, Certificate
from gctail.postmortem.held import with_profiles
from gctail.postmortem.writing import finished


def proven(case: Case, profiles: Sequence[tuple[str, HeapProfile]] = ()) -> Case:
    """The case with what heap profiles say, each named by its file. They belong to one service."""
    if not profiles or not case.certificates:
        return case
    mine = _service_of(profiles, case.certificates)
    return replace(
        case,
        certificates=tuple(
            finished(with_profiles(each, profiles)) if each is mine else each for each in case.certificates
        ),
    )


def _service_of(profiles: Sequence[tuple[str, HeapProfile]], certificates: Sequence[Certificate]) -> Certificate:
    """The service whose name is that of the executable; where none is, the worst."""
    programs = {PurePosixPath(profile.program).stem for _, profile in profiles if profile.program}
    return next((each for each in certificates if each.service in programs), certificates[0])
