"""What other settings of the collector would have done, as a table for people and as JSON."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from gctail.amounts import duration, size
from gctail.palette import BOLD, DIM, GREEN, RED, YELLOW, Palette
from gctail.parsing.text import show
from gctail.runs.choice import Choice, choose, most_live_mib, settings_to_try
from gctail.runs.replay import Outcome, Setting, course_of
from gctail.service import Service

NEARLY = 0.1
"""A saving of less memory than this share is none worth naming."""


class Tuned(Struct, frozen=True):
    """One service under other settings. Without `choice` its log does not hold what is needed; `why` says what."""

    service: str
    limit_mib: float
    choice: Choice | None
    why: str = ""
    collections_in_log: int = 0
    span_s: float = 0.0
    last_live_mib: int = 0
    roots_mib: float = 0.0
    rate_mib_per_s: float | None = None
    """Of a leak; None where there is none."""

    def as_json(self) -> dict[str, Any]:
        """As plain data, with the end of each setting worked out where a leak goes on."""
        told: dict[str, Any] = msgspec.to_builtins(self)
        if self.choice is not None:
            ran, *tried = [
                {**msgspec.to_builtins(each), "lasts_s": self.lasts_s(each)}
                for each in (self.choice.ran, *self.choice.tried)
            ]
            told["choice"] = {"ran": ran, "tried": tried, "best": msgspec.to_builtins(self.choice.best)}
        return told

    def lasts_s(self, outcome: Outcome) -> float | None:
        """Seconds after the end of the log at which a leak that goes on meets the limit; None where nothing leaks."""
        if self.rate_mib_per_s is None or outcome.over_limit_at_s is not None:
            return None
        left = most_live_mib(outcome.setting, self.roots_mib, self.limit_mib) - self.last_live_mib
        return max(0.0, left / self.rate_mib_per_s)


def tuned(service: Service, limit_mib: float, asked: list[Setting] | None) -> Tuned:
    """The process that speaks for the service, replayed."""
    epoch, verdict = service.judged()
    trace = epoch.trace if epoch is not None else None
    if epoch is None or trace is None or epoch.last is None:
        return Tuned(service.name, limit_mib, None, "no collection of it was judged")
    course = course_of(trace.bins(), epoch.last.procs)
    if course is None:
        return Tuned(service.name, limit_mib, None, "too few collections with an uptime to replay")
    derived = epoch.last_derived
    gogc = derived.gogc_estimate if derived is not None else None
    memory_limit = derived.memory_limit_estimate_mib if derived is not None else None
    ran = Setting(gogc or 100.0, memory_limit)
    settings = asked if asked is not None else settings_to_try(limit_mib, ran)
    leaks = verdict is not None and verdict.leak and bool(verdict.rate_mib_per_s)
    return Tuned(
        service.name, limit_mib, choose(course, ran, settings, limit_mib), "",
        epoch.ledger.seen, course.span_s, epoch.last.heap_live_mib, course.roots_mib[-1],
        verdict.rate_mib_per_s if leaks and verdict is not None else None,
    )  # fmt: skip


def tuned_text(told: Tuned, palette: Palette) -> str:
    """The table, and below it the setting to choose."""
    name = palette.paint(show(told.service, 80), BOLD)
    choice = told.choice
    if choice is None:
        return f"{name}: {palette.paint(told.why, YELLOW)}"
    run = f"{told.collections_in_log} collections in {duration(told.span_s)}"
    lines = [
        f"{name}: {run}, replayed under {size(told.limit_mib)}",
        palette.paint("  GOGC  GOMEMLIMIT   collections/min   GC CPU   highest memory   under the limit", DIM),
    ]
    lines += [_row(told, each, palette, ran=each is choice.ran) for each in (choice.ran, *choice.tried)]
    lines += [f"  {sentence}" for sentence in _advice(told, choice)]
    return "\n".join(lines)


def _row(told: Tuned, outcome: Outcome, palette: Palette, *, ran: bool) -> str:
    setting = outcome.setting
    gogc = "off" if setting.gogc is None else f"{setting.gogc:.0f}"
    memory_limit = "-" if setting.memory_limit_mib is None else size(setting.memory_limit_mib)
    numbers = (
        f"  {gogc:>4}  {memory_limit:>10}   {outcome.collections_per_min:>15.1f}   {outcome.gc_cpu_percent:>5.1f}%"
        f"   {size(outcome.peak_total_mib):>14}"
    )
    mark = "   (as it ran)" if ran else ""
    return f"{numbers}   {_fate(told, outcome, palette)}{palette.paint(mark, DIM)}"


def _fate(told: Tuned, outcome: Outcome, palette: Palette) -> str:
    if outcome.over_limit_at_s is not None:
        return palette.paint(f"no, from {duration(outcome.over_limit_at_s)} on", RED)
    if outcome.starved:
        return palette.paint("starves: it hardly does anything but collect", RED)
    lasts_s = told.lasts_s(outcome)
    if lasts_s is not None:
        return palette.paint(f"yes, and for {duration(lasts_s)} more", YELLOW)
    return palette.paint("yes", GREEN)


def _advice(told: Tuned, choice: Choice) -> list[str]:
    """What to set, in the words that it is set by."""
    ran, best = choice.ran, choice.best
    sentences = []
    if told.rate_mib_per_s is not None:
        sentences.append("it leaks: a setting only moves the end, the leak has to be found")
    if best is None:
        sentences.append(
            f"no setting tried keeps it below {size(told.limit_mib)}: its live heap came to {told.last_live_mib} MiB,"
            " and the limit is too small for it"
        )
    elif best.setting == ran.setting or (
        best.setting.memory_limit_mib is None
        and ran.gc_cpu_percent - best.gc_cpu_percent < 1
        and ran.peak_total_mib < (1 + NEARLY) * best.peak_total_mib
        and ran.over_limit_at_s is None
    ):
        sentences.append("nothing tried is clearly better than what it ran with")
    else:
        sentences.append(f"set {_as_set(best.setting)}: {_gain(ran, best)}")
    return sentences


def _as_set(setting: Setting) -> str:
    gogc = "GOGC=off" if setting.gogc is None else f"GOGC={setting.gogc:.0f}"
    if setting.memory_limit_mib is None:
        return gogc
    memory_limit = f"GOMEMLIMIT={setting.memory_limit_mib:.0f}MiB"
    return memory_limit if setting.gogc == 100 else f"{gogc} {memory_limit}"


def _gain(ran: Outcome, best: Outcome) -> str:
    same = abs(best.peak_total_mib - ran.peak_total_mib) < 0.02 * ran.peak_total_mib
    if same and abs(ran.gc_cpu_percent - best.gc_cpu_percent) < 0.1 and ran.over_limit_at_s is None:
        return "it costs nothing here, and has the collector work harder before the limit is met"
    cpu = f"{ran.gc_cpu_percent:.1f} % -> {best.gc_cpu_percent:.1f} % of the CPU for collecting"
    memory = f"at most {size(best.peak_total_mib)} instead of {size(ran.peak_total_mib)}"
    saved = "" if ran.over_limit_at_s is None else "the limit holds; "
    return f"{saved}{cpu}, {memory}"
