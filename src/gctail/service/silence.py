"""A service that says nothing for far longer than it usually does, and one that writes again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec.structs import replace

from gctail.epochs import Epoch
from gctail.pulse import Pulse
from gctail.records import Finding
from gctail.service import telling


class Silence:
    """The pulse of one service, and what is to be told of it.

    `listened_s` is the clock of the pulse, which counts only while somebody listens; `now_s` is Unix time.
    """

    def __init__(self, service: str, pulse: Pulse | None = None) -> None:
        self._service = service
        self.pulse = pulse or Pulse()

    @property
    def has_left(self) -> bool:
        """Its last words were a goodbye, and nothing came after them."""
        return self.pulse.has_left

    def heard(self, epoch: Epoch | None, listened_s: float, now_s: float) -> Finding | None:
        """It said something: what is to be told where it had been called silent."""
        silent_s = self.pulse.beat(listened_s)
        return None if silent_s is None else telling.of_silence(self._service, epoch, self.pulse, silent_s, now_s)

    def falls(  # noqa: PLR0913, PLR0917  (what is known of it, and when)
        self,
        epoch: Epoch | None,
        limit_mib: float | None,
        listened_s: float,
        now_s: float,
        excused: Callable[[str], bool],
        farewell: Callable[[], str],
    ) -> Finding | None:
        """Where it has said nothing for far longer than usual, and nobody said that it died, or knows why.

        Where its last words are a `farewell` it has ended, and nobody is alarmed.
        """
        if epoch is not None and epoch.deaths:
            return None
        in_danger = _in_danger(epoch, limit_mib)
        silent_s = self.pulse.falls_silent(listened_s, in_danger=in_danger)
        if silent_s is None:
            return None
        if excused(self._service):
            self.pulse.excuse(listened_s)
            return None
        self.pulse.call_silent(has_left=farewell() == "asked")
        why = telling.LEFT if self.has_left else telling.IN_DANGER if in_danger else ""
        return telling.of_silence(self._service, epoch, self.pulse, silent_s, now_s, why)

    def state(self) -> dict[str, Any]:
        """Plain data: without when it was heard last, by a clock that ends with this process."""
        state: dict[str, Any] = msgspec.to_builtins(replace(self.pulse, last_s=None))
        return state

    @classmethod
    def restore(cls, service: str, state: dict[str, Any]) -> Silence:
        """The silence that `state` was taken of."""
        return cls(service, msgspec.convert(state, Pulse))


def _in_danger(epoch: Epoch | None, limit_mib: float | None) -> bool:
    """The next collection was due above the limit when it was heard of last."""
    derived = epoch.last_derived if epoch is not None else None
    goal_mib = derived.next_goal_mib if derived is not None else None
    return limit_mib is not None and goal_mib is not None and goal_mib > limit_mib
