"""A detector: speaks when the live heap is above a ceiling, and when it is below it again."""

from typing import Annotated, Any

from gctail.plugins import Detector, Moment, Signal, Struct, key


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """The ceiling."""

    live_mib: Annotated[float, key("the live heap above which it speaks, MiB", gt=0)]
    fails_at: Annotated[int | None, key("the collection at which it fails (none)")] = None


def new_detector(settings: Settings) -> Detector:
    """Called once for every process that is seen."""
    return Ceiling(settings)


class Ceiling:
    """Watches one process."""

    def __init__(self, settings: Settings) -> None:
        self._settings, self._above = settings, False

    def observe(self, moment: Moment) -> list[Signal]:
        """One collection; what is to be said because of it."""
        cycle, ceiling = moment.cycle, self._settings.live_mib
        if cycle.number == self._settings.fails_at:
            raise RuntimeError("the roof has come down")
        live_mib, was_above = cycle.heap_live_mib, self._above
        self._above = live_mib > ceiling
        if self._above == was_above:
            return []
        evidence = {"heap_live_mib": live_mib, "ceiling_mib": ceiling}
        if self._above:
            return [Signal("ceiling", "warning", f"{live_mib:g} MiB are above the ceiling of {ceiling:g}", evidence)]
        return [Signal("ceiling", "info", f"{live_mib:g} MiB are below the ceiling again", evidence, "resolved")]

    def state(self) -> dict[str, Any]:
        """What a restart must not forget."""
        return {"above": self._above}

    def load(self, state: dict[str, Any]) -> None:
        """Become what `state` was taken from."""
        self._above = state["above"]
