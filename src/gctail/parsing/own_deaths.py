"""Deaths in the words of a user's own platform: a file as data/deaths.toml, tried before that.

What Go and the kernel print is theirs, so a user's sentences are those of guards, orchestrators and shells.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from gctail.errors import UsageError
from gctail.parsing.backtracking import refused, what_is_wrong
from gctail.parsing.causes import TOLD
from gctail.parsing.reports import Reporters
from gctail.parsing.signatures import Known, Signature, signatures
from gctail.parsing.toml import decoded

SOURCES = ("orchestrator", "guard", "shell")
MOST_OWN = 100
SHORTEST_NEED = 4
"""Characters of a text that a sentence needs: every line is searched for it."""


class OwnFile(Struct, frozen=True, forbid_unknown_fields=True):
    """A file of the user's."""

    signature: tuple[Signature, ...]


def with_own(toml: bytes) -> Reporters:
    """Those who tell of deaths in the words of a user's file, and after them gctail's own.

    Raises UsageError that names the signature where one cannot be used. Whatever the file holds, no line makes one of
    its patterns hang (backtracking.py).
    """
    file = decoded(toml, OwnFile)
    if len(file.signature) > MOST_OWN:
        raise UsageError(f"{len(file.signature)} signatures; a file has at most {MOST_OWN}")
    taken = {known.signature.name for known in signatures()}
    for signature in file.signature:
        for why in _wrong(signature):
            raise UsageError(f'signature "{signature.name}": {why}')
        if signature.name in taken:
            raise UsageError(f'signature "{signature.name}": there is one of this name; give yours another')
        taken.add(signature.name)
    own = [Known(place, signature) for place, signature in enumerate(file.signature)]
    made = Reporters([*own, *signatures()])
    for signature in file.signature:
        _hold_to_samples(signature, made)
    return made


def _wrong(signature: Signature) -> Iterator[str]:
    """What is wrong with a signature by itself."""
    if signature.source not in SOURCES:
        yield f'source is {", ".join(SOURCES)}, not "{signature.source}": the words of Go and of the kernel are known'
    if signature.cause not in TOLD:
        yield f'there is no cause "{signature.cause}"; there are {", ".join(TOLD)}'
    if not signature.samples:
        yield "it has no samples: add a line that it takes"
    if not signature.needs or any(len(need) < SHORTEST_NEED for need in signature.needs):
        yield f"needs: give texts of {SHORTEST_NEED} characters or more, one of which stands in every such line"
    if not all(0 <= sure <= 1 for sure in (signature.confidence, signature.inside or 0.0)):
        yield "confidence and inside lie between 0 and 1"
    try:
        slow = refused(signature.pattern)
    except re.error as problem:
        yield what_is_wrong(problem)
    else:
        if slow is not None:
            yield f"{signature.pattern}: {slow}"


def _hold_to_samples(signature: Signature, made: Reporters) -> None:
    for number, sample in enumerate(signature.samples, 1):
        found = [death.details["signature"] for death in made.find(sample.encode())]
        if found == [signature.name]:
            continue
        if not any(need in sample for need in signature.needs):
            why = "none of its needs stands in it"
        elif found:
            why = f'"{found[0]}" takes it'
        elif re.search(signature.pattern, sample) is None:
            why = "the pattern does not match it"
        else:
            why = (
                "the line only mentions it: what stands before it is more than a time, a host, a program and a level "
                "(inside = 0.6 takes it as a value in a message)"
            )
        raise UsageError(f'signature "{signature.name}", sample {number}: {why}')
