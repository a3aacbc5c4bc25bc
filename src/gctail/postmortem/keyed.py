"""The keys of suspects in a certificate: what was sampled of them, and what the microscope shows."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from gctail.attribution.keys.report import report
from gctail.attribution.keys.sample import KeySample
from gctail.attribution.wording import keyed
from gctail.postmortem.certificate import Case, Certificate, Key
from gctail.postmortem.writing import finished

MOST_EXAMPLES = 6


class Looked(Struct):
    """The keys of one slot: whose they are, and what was sampled of them."""

    service: str
    message: str
    slot: str
    sample: KeySample


def with_keys(case: Case, looked: Sequence[Looked]) -> Case:
    """The case in which every certificate has what is known of its suspects' keys."""
    if not looked:
        return case
    told = []
    for certificate in case.certificates:
        keys = [_key(each, certificate) for each in looked if each.service == certificate.service]
        found = tuple(key for key in keys if key is not None)
        told.append(finished(replace(certificate, keys=found)) if found else certificate)
    return replace(case, certificates=tuple(told))


def _key(looked: Looked, certificate: Certificate) -> Key | None:
    sample = looked.sample
    found = report(sample, certificate.start_s)
    if found is None or found.distinct < 2:  # one value that always comes is no key
        return None
    theirs = [each for each in certificate.suspects if each.get("message") == looked.message]
    if any(each.get("less") for each in theirs) or not all(map(keyed, theirs)):
        return None  # the ids of what comes and goes are as they should be: what stays is the fault
    lasted_s = (sample.last_s or 0.0) - (sample.first_s or 0.0)
    return Key(
        message=looked.message,
        slot=looked.slot,
        distinct=found.distinct,
        new_per_s=round(found.distinct / lasted_s, 4) if lasted_s > 0 else None,
        examples=tuple((each.key, each.count) for each in found.keys[:MOST_EXAMPLES]),
        found=found,
    )
