"""Detectors that somebody has added to gctail's own: what they raise stops them, not us.

One that raises, or says what is no signal, is left out for the rest of that process; that is told once and counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import msgspec
from msgspec.structs import replace

from gctail.detectors.values import Moment, Signal
from gctail.records import SEVERITIES

PHASES = ("onset", "update", "resolved")
MOST_SIGNALS = 16
"""Of one collection."""
MOST_SUMMARY, MOST_EVIDENCE_BYTES = 1000, 1 << 14
MOST_STATE_BYTES = 1 << 16


class Detector(Protocol):
    """Watches one process. Its kinds of findings are told as `detector:` and the name that the configuration gives."""

    def observe(self, moment: Moment) -> list[Signal]:
        """One collection; what is to be said because of it. One cause has one onset until it is resolved."""

    def state(self) -> dict[str, Any]:
        """All that it remembers, as plain data of at most 64 KiB."""

    def load(self, state: dict[str, Any]) -> None:
        """Become what `state` was taken from."""


class Addition:
    """One added detector: how one is made for a process by its settings, and how often such a one has failed.

    `tell` is told a sentence when one has failed, the first time only.
    """

    def __init__(self, name: str, make: Callable[[], Detector], settings: object, tell: Callable[[str], None]) -> None:
        self.name, self.make, self.settings, self._tell = name, make, settings, tell
        self.failures = 0

    def failed(self, doing: str, error: BaseException) -> None:
        """Count it, and tell of the first."""
        self.failures += 1
        if self.failures == 1:
            why = f"{type(error).__name__}: {error}"[:300]
            self._tell(f'detector "{self.name}" failed when it was to {doing}: {why}; that process goes on without it')


class Added:
    """The added detectors of one process."""

    def __init__(self, additions: Mapping[str, Addition]) -> None:
        self._additions = additions
        self._detectors: dict[str, Detector] = {}
        for name, each in additions.items():
            try:
                self._detectors[name] = each.make()
            except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever somebody else's code raises
                each.failed("begin", error)

    def observe(self, moment: Moment) -> list[Signal]:
        """What they say of one collection."""
        found: list[Signal] = []
        for name in list(self._detectors):
            try:
                said = self._detectors[name].observe(moment)
                found += [_checked(name, signal) for signal in said[:MOST_SIGNALS]]
            except (Exception, SystemExit) as error:  # noqa: BLE001 - as above
                self._leave_out(name, "look at a collection", error)
        return found

    def state(self) -> dict[str, Any]:
        """What each remembers; one that cannot say it begins anew after a restart."""
        told = {}
        for name, detector in self._detectors.items():
            try:
                told[name] = _plain(detector.state())
            except (Exception, SystemExit) as error:  # noqa: BLE001 - as above
                self._additions[name].failed("give its state", error)
        return told

    @classmethod
    def restore(cls, additions: Mapping[str, Addition], state: dict[str, Any]) -> Added:
        """Those that are asked for now; one that is new, or does not know its state any more, begins anew."""
        added = cls(additions)
        for name in [name for name in added._detectors if name in state]:
            try:
                added._detectors[name].load(state[name])
            except (Exception, SystemExit) as error:  # noqa: BLE001 - as above
                additions[name].failed("take up its state", error)
                added._detectors[name] = additions[name].make()
        return added

    def _leave_out(self, name: str, doing: str, error: BaseException) -> None:
        del self._detectors[name]
        self._additions[name].failed(doing, error)


def _plain(state: Any) -> Any:  # noqa: ANN401 - whatever somebody else's code gives
    """The state as plain data. Raises TypeError where it is none, ValueError where it is too large."""
    size = len(msgspec.msgpack.encode(state))
    if size > MOST_STATE_BYTES:
        raise ValueError(f"{size} bytes, and at most {MOST_STATE_BYTES} are kept")
    return msgspec.to_builtins(state)


def _checked(name: str, signal: object) -> Signal:
    """The signal under the name of its detector. Raises ValueError or TypeError where it is none that can be told."""
    if not isinstance(signal, Signal):
        raise TypeError(f"{type(signal).__name__} is no Signal")
    if signal.severity not in SEVERITIES or signal.phase not in PHASES:
        raise ValueError(f"severity is one of {SEVERITIES}, phase one of {PHASES}")
    if len(msgspec.json.encode(signal.evidence)) > MOST_EVIDENCE_BYTES:
        raise ValueError(f"evidence of more than {MOST_EVIDENCE_BYTES} bytes")
    evidence: dict[str, Any] = msgspec.to_builtins(signal.evidence)
    summary = str(signal.summary)[:MOST_SUMMARY]
    return replace(signal, kind=f"detector:{name}", summary=summary, evidence=evidence)
